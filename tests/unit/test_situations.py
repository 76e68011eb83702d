"""Every situation in which a port replies, and the reply that the RFCs give it."""

from __future__ import annotations

from string import Formatter

import pytest

from pytest_smtpports._ports._personality import LAST_WORDS, personality, personality_names
from pytest_smtpports._ports._situations import Refused, Situation

# What the session can always tell.
ALWAYS = frozenset({"verb", "date", "host", "hello", "client", "peer", "id"})
# What it can tell in some situations.
FACTS = {
    Situation.SENDER_OK: {"sender"},
    Situation.SENDER_NOT_ASCII: {"sender"},
    Situation.SENDER_SYNTAX: {"argument"},
    Situation.RECIPIENT_OK: {"recipient"},
    Situation.RECIPIENT_NOT_ASCII: {"recipient"},
    Situation.RECIPIENT_SYNTAX: {"argument"},
    Situation.RELAY_REFUSED: {"recipient"},
    Situation.PARAMETER_UNKNOWN: {"parameter", "path", "parameters"},
    Situation.PARAMETER_INVALID: {"parameter", "keyword", "path", "parameters"},
    Situation.AUTH_UNKNOWN: {"mechanism"},
    Situation.TAKEN: {"total"},
    Situation.CHUNK_TAKEN: {"size"},
    Situation.CHUNKS_TAKEN: {"size", "total"},
    Situation.RECIPIENT_TAKEN: {"recipient", "total"},
    Situation.TEXT_LINE_TOO_LONG: {"limit", "longest", "total"},
    Situation.CANNOT_VERIFY: {"argument"},
    Situation.QUEUE_REFUSED: {"argument"},
    Situation.HELP: {"commands"},
}
# How long a fact can be in octets where it is not a client's own words; of one a reply quotes 200, of four 100 each.
BOUNDED = {
    "path": 100,
    "parameters": 100,
    "verb": 8,
    "date": 31,
    "peer": 45,
    "id": 10,
    "size": 20,
    "total": 20,
    "limit": 20,
    "longest": 20,
}
# Where a login is due at RCPT, the recipient is known.
FACTS_AT_RCPT = {**FACTS, Situation.LOGIN_FIRST: {"recipient"}}

each_situation = pytest.mark.parametrize("situation", Situation, ids=lambda situation: situation.name)
each_personality = pytest.mark.parametrize("name", personality_names())


def braces(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@each_situation
def test_the_codes_of_a_reply_are_registered_together(situation: Situation) -> None:
    # RFC 5248 §2.4
    assert situation.value.is_registered


@each_situation
def test_the_enhanced_code_is_of_the_class_of_the_reply_code(situation: Situation) -> None:
    reply = situation.value
    # RFC 2034 §4: no enhanced code with 3yz, nor in a reply to EHLO or HELO; the same first digit elsewhere.
    has_none = reply.code // 100 == 3 or situation in {Situation.HELO, Situation.HELLO_SYNTAX}

    assert (reply.enhanced and reply.enhanced.partition(".")[0]) == (None if has_none else str(reply.code // 100))


@each_personality
def test_a_reply_is_ascii_and_fits_in_a_reply_line(name: str) -> None:
    for reply in map(personality(name).reply, Situation):
        text = reply.text.format_map({fact: "x" * BOUNDED.get(fact, 200) for fact in braces(reply.text)})

        assert text.isascii()
        # RFC 5321 §4.5.3.1.5
        assert len(f"{reply.code} {reply.enhanced} {text}\r\n") <= 512, reply


@each_personality
def test_the_braces_of_a_reply_name_what_the_session_knows(name: str) -> None:
    voice = personality(name)
    facts = {"MAIL": FACTS, "RCPT": FACTS_AT_RCPT}[voice.login_due_at]

    for situation in Situation:
        assert braces(voice.reply(situation).text) <= ALWAYS | facts.get(situation, set()), situation


@each_personality
def test_no_personality_makes_a_success_of_a_refusal(name: str) -> None:
    for situation in Situation:
        assert personality(name).reply(situation).code // 400 == situation.value.code // 400, situation


@pytest.mark.parametrize(
    ("situation", "code", "enhanced"),
    [
        # RFC 3207 §4
        (Situation.STARTTLS_FIRST, 530, "5.7.0"),
        (Situation.TLS_READY, 220, "2.0.0"),
        # RFC 4954 §4, §6
        (Situation.LOGIN_FIRST, 530, "5.7.0"),
        (Situation.AUTH_TWICE, 503, "5.5.1"),
        (Situation.AUTH_IN_TRANSACTION, 503, "5.5.1"),
        (Situation.AUTH_UNKNOWN, 504, "5.5.4"),
        (Situation.AUTH_NO_INITIAL, 501, "5.7.0"),
        (Situation.AUTH_GO_AHEAD, 334, None),
        (Situation.AUTH_CANCELLED, 501, "5.7.0"),
        (Situation.AUTH_NO_BASE64, 501, "5.5.2"),
        (Situation.AUTH_TOO_LONG, 500, "5.5.6"),
        (Situation.AUTH_FAILED, 535, "5.7.8"),
        (Situation.AUTH_SUCCEEDED, 235, "2.7.0"),
        # RFC 5321 §4.1.1.11, §4.2.4, §3.1
        (Situation.PARAMETER_UNKNOWN, 555, "5.5.4"),
        (Situation.UNKNOWN_COMMAND, 500, "5.5.2"),
        (Situation.NOT_IMPLEMENTED, 502, "5.5.2"),
        (Situation.TURNED_AWAY, 503, "5.5.1"),
        (Situation.NESTED_MAIL, 503, "5.5.1"),
        (Situation.CANNOT_VERIFY, 252, "2.5.0"),
        (Situation.HELP, 214, "2.0.0"),
        (Situation.GOODBYE, 221, "2.0.0"),
        (Situation.SEND_DATA, 354, None),
        (Situation.IDLE, 421, "4.4.2"),
        # RFC 6531 §3.5
        (Situation.SENDER_NOT_ASCII, 550, "5.6.7"),
        (Situation.RECIPIENT_NOT_ASCII, 553, "5.6.7"),
        # RFC 5321 §3.6.2, RFC 1870 §6.1, RFC 3030 §2
        (Situation.RELAY_REFUSED, 550, "5.7.1"),
        (Situation.TOO_BIG, 552, "5.3.4"),
        (Situation.CHUNKS_BEGUN, 503, "5.5.1"),
    ],
)
def test_a_reply_that_the_rfcs_fix_has_their_code(situation: Situation, code: int, enhanced: str | None) -> None:
    assert (situation.value.code, situation.value.enhanced) == (code, enhanced)


def test_no_two_situations_are_one() -> None:
    # An Enum makes an alias of a second member with an equal value.
    assert len(Situation) == len(Situation.__members__) == len({situation.value for situation in Situation})


@each_situation
def test_a_connection_is_closed_after_221_and_421_and_nothing_else(situation: Situation) -> None:
    # RFC 5321 §3.8, §4.1.1.10
    assert (situation in LAST_WORDS) is (situation.value.code in {221, 421})


def test_a_refusal_keeps_its_situation_and_what_fills_the_braces() -> None:
    refused = Refused(Situation.PARAMETER_INVALID, parameter="SIZE=x", keyword="SIZE")

    assert refused.situation is Situation.PARAMETER_INVALID
    assert refused.facts == {"parameter": "SIZE=x", "keyword": "SIZE"}
    assert "PARAMETER_INVALID" in str(refused)
