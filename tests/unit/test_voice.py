"""What a port says to one client: filled in, written down, and sent in one piece."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import PROFILES, Outcome, Profile, Reply
from pytest_smtpports._ports._policy import Policy
from pytest_smtpports._ports._precedents import Precedents
from pytest_smtpports._ports._situations import Situation
from pytest_smtpports._server._conversation import Conversation
from pytest_smtpports._server._journal import Journal
from pytest_smtpports._server._voice import Voice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_smtpports import Connection

FACTS = {
    "host": "mail.example.com",
    "hello": "EHLO",
    "client": "client.example",
    "peer": "127.0.0.1",
    "id": "0000010001",
}


class Said:
    """A voice, what it sent, and what was written down of it."""

    def __init__(self, profile: Profile, loop: asyncio.AbstractEventLoop) -> None:
        self._entry = Journal().open(profile.number, None)
        self._conversation = Conversation(loop, bool)
        self.voice = Voice(Precedents(Policy(profile), FACTS["host"]), self._entry, self._conversation, lambda: FACTS)

    @property
    def sent(self) -> list[bytes]:
        """All that would go out, in one piece."""
        return [bytes(self._conversation._unsent)]

    @property
    def record(self) -> Connection:
        self._entry.closed()
        return self._entry.snapshot()


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    opened = asyncio.new_event_loop()
    yield opened
    opened.close()


@pytest.fixture
def said(loop: asyncio.AbstractEventLoop) -> Said:
    return Said(PROFILES[25], loop)


def speaking_as(personality: str, loop: asyncio.AbstractEventLoop) -> Said:
    return Said(replace(PROFILES[25], personality=personality), loop)


def test_a_situation_is_said_in_the_words_of_the_rfcs(said: Said) -> None:
    said.voice.say(Situation.NOOP)

    assert said.sent == [b"250 2.0.0 Ok\r\n"]
    assert [(line.direction, line.text) for line in said.record.dialogue] == [("S", "250 2.0.0 Ok")]


def test_a_personality_has_other_words(loop: asyncio.AbstractEventLoop) -> None:
    said = speaking_as("postfix", loop)

    said.voice.say(Situation.RELAY_REFUSED, recipient="ada@elsewhere.example")

    assert said.sent == [b"454 4.7.1 <ada@elsewhere.example>: Relay access denied\r\n"]


def test_enhanced_codes_are_left_out_where_they_are_not_promised(loop: asyncio.AbstractEventLoop) -> None:
    # RFC 2034 §3
    said = Said(replace(PROFILES[25], extensions=()), loop)

    said.voice.say(Situation.NOOP)

    assert said.sent == [b"250 Ok\r\n"]


def test_a_reply_of_several_lines_is_one_write_and_several_lines_of_dialogue(said: Said) -> None:
    said.voice.answer(Reply(250, None, "mail.example.com\nSIZE 1000\nHELP"))

    assert said.sent == [b"250-mail.example.com\r\n250-SIZE 1000\r\n250 HELP\r\n"]
    assert [line.text for line in said.record.dialogue] == ["250-mail.example.com", "250-SIZE 1000", "250 HELP"]


def test_braces_are_filled_in_with_the_verb_the_circumstances_and_the_facts(said: Said) -> None:
    said.voice.verb = "BDAT"
    filled = said.voice.filled(Reply(250, "2.0.0", "{verb} {size} {id} {host} {client} [{peer}]"), {"size": 5})

    assert filled.lines == ("250 2.0.0 BDAT 5 0000010001 mail.example.com client.example [127.0.0.1]",)


def test_the_braces_of_a_reply_that_is_none_of_ours_are_left_alone(said: Said) -> None:
    said.voice.answer(Reply(554, None, "No {mail} here"))

    assert said.sent == [b"554 No {mail} here\r\n"]


def test_a_date_is_one_of_mail(said: Said) -> None:
    # RFC 5322 §3.3
    day, _, rest = said.voice.filled(Reply(220, None, "{date}"), {}).lines[0].removeprefix("220 ").partition(", ")

    assert (len(day), len(rest.split())) == (3, 5)


def test_braces_in_a_clients_own_words_are_said_back_as_they_came(said: Said) -> None:
    said.voice.say(Situation.SENDER_SYNTAX, argument="{host} {0} {")

    assert said.sent == [b"501 5.1.7 That is no address: {host} {0} {\r\n"]


@pytest.mark.parametrize("character", ["x", "å", "例", "\N{GRINNING FACE}"])
@pytest.mark.parametrize(
    ("personality", "situation", "fact"),
    [
        ("rfc", Situation.SENDER_SYNTAX, "argument"),
        ("rfc", Situation.PARAMETER_UNKNOWN, "parameter"),
        ("postfix", Situation.RELAY_REFUSED, "recipient"),
    ],
)
def test_a_clients_own_words_never_make_a_reply_too_long(
    loop: asyncio.AbstractEventLoop, personality: str, character: str, situation: Situation, fact: str
) -> None:
    # RFC 5321 §4.5.3.1.5, §2.4
    said = speaking_as(personality, loop)

    said.voice.say(situation, **{fact: character * 5000})

    (line,) = said.sent
    assert line.isascii()
    assert len(line) <= 512


@pytest.mark.parametrize("verb", ["EHLO", "HELO", "LHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "BDAT"])
def test_a_refusal_on_the_way_to_a_message_is_the_outcome(said: Said, verb: str) -> None:
    said.voice.verb = verb
    said.voice.say(Situation.LOCAL_ERROR)

    assert said.record.outcome is Outcome.REFUSED
    assert f"{verb} got 451 4.3.0 Local error in processing" in said.record.reason


@pytest.mark.parametrize("verb", ["", "VRFY", "NOOP", "QUIT", "FOO"])
def test_a_refusal_of_anything_else_is_none(said: Said, verb: str) -> None:
    said.voice.verb = verb
    said.voice.say(Situation.LOCAL_ERROR)

    assert said.record.outcome is Outcome.ABANDONED


def test_a_success_on_the_way_is_no_refusal(said: Said) -> None:
    said.voice.verb = "MAIL"
    said.voice.say(Situation.SENDER_OK, sender="app@example.com")

    assert said.record.outcome is Outcome.ABANDONED


@pytest.mark.parametrize(
    ("situation", "is_the_last"),
    [
        (Situation.GOODBYE, True),
        (Situation.IDLE, True),
        (Situation.UNKNOWN_COMMAND, False),
        (Situation.LOCAL_ERROR, False),
        (Situation.NOOP, False),
    ],
)
def test_nothing_is_to_be_said_after_the_last_words(said: Said, situation: Situation, *, is_the_last: bool) -> None:
    # RFC 5321 §3.8
    said.voice.say(situation)

    assert said.voice.has_said_goodbye is is_the_last


def test_a_goodbye_stays_one(said: Said) -> None:
    said.voice.say(Situation.GOODBYE)
    said.voice.say(Situation.NOOP)

    assert said.voice.has_said_goodbye


def test_however_many_commands_are_unknown_the_rfcs_let_the_session_go_on(said: Said) -> None:
    # RFC 5321 §3.8
    for _ in range(1000):
        said.voice.say(Situation.UNKNOWN_COMMAND)

    assert not said.voice.has_said_goodbye


def test_a_server_may_have_had_enough_of_unknown_commands(loop: asyncio.AbstractEventLoop) -> None:
    # Exim's smtp_max_unknown_commands
    said = speaking_as("exim", loop)
    for _ in range(3):
        said.voice.say(Situation.UNKNOWN_COMMAND)
        said.voice.say(Situation.NESTED_MAIL)
    assert not said.voice.has_said_goodbye

    said.voice.say(Situation.UNKNOWN_COMMAND)
    assert said.voice.has_said_goodbye
    assert b"Too many" in said.sent[-1].splitlines()[-1]


def test_what_the_client_said_is_written_down_beside_it(said: Said) -> None:
    said.voice.heard("NOOP")
    said.voice.say(Situation.NOOP)

    assert [(line.direction, line.text) for line in said.record.dialogue] == [("C", "NOOP"), ("S", "250 2.0.0 Ok")]
