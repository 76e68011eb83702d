"""The personalities: the default, and the form that every other one has."""

from __future__ import annotations

import re
from dataclasses import replace
from string import Formatter
from typing import Any

import pytest

from pytest_smtpports import PROFILES, UnknownName
from pytest_smtpports._data import load
from pytest_smtpports._ports._personality import ENHANCED, LAST_WORDS, Personality, personality, personality_names
from pytest_smtpports._ports._policy import Policy, State
from pytest_smtpports._ports._profile import EXTENSIONS
from pytest_smtpports._ports._situations import Situation

DATA: dict[str, Any] = load("personalities")  # a JSON file, which these tests check
EHLO_TLS = State(greeted=True, extended=True, encrypted=True)
ALWAYS = {"verb", "date", "host", "client", "peer", "id"}

each_personality = pytest.mark.parametrize("name", personality_names())
each_that_is_data = pytest.mark.parametrize("name", DATA)


def test_the_default_is_the_first() -> None:
    assert personality_names()[0] == PROFILES[25].personality == "rfc"


@each_personality
def test_a_personality_is_found_by_its_name(name: str) -> None:
    assert personality(name).name == name


@each_personality
def test_a_personality_is_made_once(name: str) -> None:
    assert personality(name) is personality(name)


@pytest.mark.parametrize("name", ["Postfix", "sendmail", "", "rfc "])
def test_an_unknown_personality_is_refused_with_the_names_of_all(name: str) -> None:
    with pytest.raises(UnknownName) as caught:
        personality(name)

    assert (caught.value.what, caught.value.name) == ("personality", name)
    assert caught.value.known == personality_names()


@pytest.mark.parametrize("situation", Situation, ids=lambda situation: situation.name)
def test_the_default_says_what_the_rfcs_say(situation: Situation) -> None:
    assert personality("rfc").reply(situation) is situation.value


def test_the_default_deviates_from_nothing() -> None:
    rfc = personality("rfc")
    plain = Personality("rfc", keywords=rfc.keywords, submission_keywords=rfc.submission_keywords)

    assert rfc == plain
    assert (plain.hello_needed, plain.login_due_at, plain.auth_in_clear) == (True, "MAIL", False)
    assert (plain.forbidden, plain.errors_allowed, plain.last_words) == ((), None, LAST_WORDS)


def test_the_default_names_every_extension_that_a_profile_may_switch() -> None:
    assert set(personality("rfc").keywords) == {*EXTENSIONS, "SIZE", "STARTTLS", "AUTH"}


@each_that_is_data
def test_no_fact_says_what_the_default_says_anyway(name: str) -> None:
    default = Personality(name)
    same = {key for key in DATA[name]["facts"] if getattr(personality(name), key) == getattr(default, key)}

    assert same <= {"hello", "greeting"}


@each_personality
def test_its_values_are_of_the_kinds_that_a_policy_takes(name: str) -> None:
    voice = personality(name)

    assert voice.keywords
    assert voice.login_due_at in {"MAIL", "RCPT"}
    assert LAST_WORDS <= voice.last_words <= set(Situation)
    assert {type(each) for each in (voice.hello_needed, voice.auth_in_clear, voice.auth_after_login)} == {bool}
    assert voice.text_line_limit is None or voice.text_line_limit >= 1000
    assert voice.errors_allowed is None or voice.errors_allowed > 0
    assert set(voice.named_anyway) <= set(voice.keywords)


@each_personality
def test_its_collections_cannot_be_changed(name: str) -> None:
    voice = personality(name)
    collections = (voice.keywords, voice.mechanisms, voice.lacks, voice.named_anyway, voice.forbidden)

    assert {type(each) for each in collections} == {tuple}


@each_personality
def test_its_greeting_and_its_hello_are_ascii_with_braces_for_what_is_known(name: str) -> None:
    voice = personality(name)
    text = voice.greeting + voice.hello

    assert text.isascii()
    assert text.isprintable()
    assert {brace for _, brace, _, _ in Formatter().parse(text) if brace is not None} <= ALWAYS


@each_personality
def test_it_greets_with_a_name_first(name: str) -> None:
    # RFC 5321 §4.2: a domain, or what goes for one, and then the text
    assert re.match(r"\S+ \S", personality(name).greeting)


@each_personality
def test_each_keyword_is_a_line_of_ehlo(name: str) -> None:
    # RFC 5321 §4.1.1.1, but for AUTH=, which is older than it, and for words that a server says where none belongs
    words = " ".join(personality(name).keywords).split()

    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]*=?", word) for word in words)


@each_personality
def test_it_names_no_line_twice(name: str) -> None:
    voice = personality(name)

    assert len(set(voice.keywords)) == len(voice.keywords)
    assert len(set(voice.mechanisms)) == len(voice.mechanisms)


@each_personality
@pytest.mark.parametrize("number", PROFILES)
def test_each_port_can_speak_with_it(name: str, number: int) -> None:
    policy = Policy(replace(PROFILES[number], personality=name))

    assert any(line.startswith("SIZE") for line in policy.ehlo_keywords(EHLO_TLS))


@each_personality
def test_who_promises_no_enhanced_codes_has_none(name: str) -> None:
    # RFC 2034 §3; a server that says them nevertheless has them in its text, where they are not left out.
    voice = personality(name)
    enhanced = [reply for reply in voice.replies.values() if reply.enhanced is not None]

    assert ENHANCED in voice.keywords or not enhanced


@pytest.mark.parametrize(
    ("name", "situation", "line"),
    [
        # Postfix: relaying is put off, and who has not logged in is told at RCPT.
        ("postfix", Situation.RELAY_REFUSED, "454 4.7.1 <{recipient}>: Relay access denied"),
        ("postfix", Situation.LOGIN_FIRST, "554 5.7.1 <{recipient}>: Recipient address rejected: Access denied"),
        # Exim: no enhanced codes
        ("exim", Situation.RELAY_REFUSED, "550 relay not permitted"),
        # Mailgun: text where RFC 4954 §4 wants base64
        ("mailgun", Situation.AUTH_GO_AHEAD, "334 Go ahead"),
    ],
)
def test_a_personality_has_its_own_words(name: str, situation: Situation, line: str) -> None:
    assert str(personality(name).reply(situation)) == line
