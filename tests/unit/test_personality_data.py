"""The personalities as data: each fact has a source, and every value is one that there is."""

from __future__ import annotations

import dataclasses

import pytest

from pytest_smtpports import PROFILES, Reply, UnknownName
from pytest_smtpports._data import load
from pytest_smtpports._ports._personality import Personality, personality, personality_names
from pytest_smtpports._ports._policy import Policy
from pytest_smtpports._ports._profile import EXTENSIONS
from pytest_smtpports._ports._sasl import EXCHANGES
from pytest_smtpports._ports._situations import Situation

DATA = load("personalities")
FACTS = {
    f"{name}-{what}": (name, fact)
    for name, each in DATA.items()
    for what, fact in {**each["facts"], **each["facts"]["replies"]}.items()
    if what != "replies"
}
FIELDS = {field.name for field in dataclasses.fields(Personality)}
# What a session can fill in.
FILLED_IN = {
    **dict.fromkeys(
        ("host", "hello", "client", "peer", "verb", "date", "id", "commands", "argument", "keyword", "parameter"), "x"
    ),
    **dict.fromkeys(
        ("path", "parameters", "mechanism", "sender", "recipient", "size", "total", "limit", "longest"), "x"
    ),
}


def test_these_personalities_exist() -> None:
    assert personality_names() == ("rfc", "postfix", "exim", "gmail", "microsoft365", "ses", "sendgrid", "mailgun")


@pytest.mark.parametrize("name", DATA)
def test_a_personality_tells_what_it_is_and_where_its_facts_are_from(name: str) -> None:
    assert sorted(DATA[name]) == ["facts", "is", "sources"]
    assert all(isinstance(place, str) and place for place in DATA[name]["sources"].values())


@pytest.mark.parametrize(("name", "fact"), FACTS.values(), ids=FACTS)
def test_every_fact_has_a_source(name: str, fact: list[object]) -> None:
    _, source = fact

    assert source in DATA[name]["sources"]


@pytest.mark.parametrize("name", DATA)
def test_every_source_has_a_fact(name: str) -> None:
    used = {fact[1] for owner, fact in FACTS.values() if owner == name}

    assert used == set(DATA[name]["sources"])


@pytest.mark.parametrize("name", DATA)
def test_every_fact_is_of_something_that_a_personality_has(name: str) -> None:
    facts = DATA[name]["facts"]

    assert set(facts) <= FIELDS
    assert set(facts["replies"]) <= {situation.name for situation in Situation}


@pytest.mark.parametrize("name", personality_names())
def test_a_personality_names_mechanisms_that_there_are(name: str) -> None:
    assert set(personality(name).mechanisms) <= set(EXCHANGES)


@pytest.mark.parametrize("name", personality_names())
@pytest.mark.parametrize("situation", Situation)
def test_every_reply_can_be_filled_in(name: str, situation: Situation) -> None:
    reply = personality(name).reply(situation)

    assert Reply(reply.code, reply.enhanced, reply.text.format_map(FILLED_IN)).lines()


@pytest.mark.parametrize("name", personality_names())
def test_a_greeting_can_be_filled_in(name: str) -> None:
    voice = personality(name)

    assert voice.greeting.format_map(FILLED_IN).isprintable()
    assert voice.hello.format_map(FILLED_IN).isprintable()


@pytest.mark.parametrize("name", personality_names())
@pytest.mark.parametrize("number", PROFILES)
def test_nothing_is_promised_that_is_not_done(name: str, number: int) -> None:
    policy = Policy(dataclasses.replace(PROFILES[number], personality=name))
    keywords = {*policy.voice.keywords, *(policy.voice.submission_keywords or ())}

    # ETRN is answered, PIPECONNECT is what every port allows, PRDR is taken as a parameter, and "Ok" is no promise.
    assert keywords <= {*EXTENSIONS, "SIZE", "STARTTLS", "AUTH", "AUTH=", "ETRN", "PIPECONNECT", "PRDR", "Ok"}


def test_a_server_without_enhanced_codes_in_its_promise_says_those_that_it_was_heard_saying() -> None:
    reply = personality("mailgun").reply(Situation.LOGIN_FIRST)

    assert reply.lines(enhanced=False) == ("550 5.7.1 Relaying denied",)


def test_a_server_whose_codes_contradict_each_other_is_not_corrected() -> None:
    reply = personality("microsoft365").reply(Situation.STARTTLS_FIRST)

    assert reply == Reply(451, None, "5.7.3 STARTTLS is required to send mail [{host}]")


def test_an_unknown_personality_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownName, match="'postfux' is not a personality; did you mean 'postfix'"):
        dataclasses.replace(PROFILES[25], personality="postfux")
