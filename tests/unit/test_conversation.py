"""A coroutine between what a client sends and what it is told, on a loop whose clock the test moves."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports._ports._framing import LineTooLong
from pytest_smtpports._server._conversation import LINES_IN_A_ROW, MOST_UNSENT, ClientLeft, Conversation, SpokeTLS
from pytest_smtpports._server._silence import Silence

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    Talk = Callable[[Conversation], Coroutine[None, None, None]]

IDLE_TIMEOUT = 300.0
LIMIT = 40


class Loop(asyncio.SelectorEventLoop):
    """An event loop in which time passes when it is told to."""

    now = 1000.0

    def time(self) -> float:
        return self.now

    def turn(self) -> None:
        """Do what is due."""
        self.call_soon(self.stop)
        self.run_forever()

    def pass_(self, seconds: float) -> None:
        """Let time pass, and do what is due then."""
        self.now += seconds
        self.turn()


@pytest.fixture
def loop() -> Iterator[Loop]:
    opened = Loop()
    yield opened
    opened.close()


class Talked:
    """A conversation, everything that it told to the outside, and who misses the client when it is silent."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.written: list[bytes] = []
        self.ends: list[BaseException | None] = []
        self.idle = 0
        self.conversation = Conversation(loop, self.ends.append)
        self._silence = Silence(loop, IDLE_TIMEOUT, [self])

    def begin(self, talk: Talk) -> Talked:
        self.conversation.start(talk(self.conversation), self)
        self._silence.begin()
        return self

    def write(self, data: bytearray) -> None:
        self.written.append(bytes(data))

    def write_last(self, data: bytearray) -> None:
        self.written += [bytes(data)] * bool(data)

    def hear(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.conversation.hear(piece)

    @property
    def silent_since(self) -> float | None:
        return self.conversation.silent_since

    def be_idle(self) -> None:
        self.idle += 1
        self.conversation.end()


@pytest.fixture
def talked(loop: Loop) -> Talked:
    return Talked(loop)


async def echo(conversation: Conversation) -> None:
    """Greet, and say every line again until QUIT."""
    conversation.say(b"220 ")
    conversation.say(b"ready\r\n")
    line = b""
    while line != b"QUIT\r\n":
        line = await conversation.line(LIMIT)
        conversation.say(b"250 " + line)


def test_the_coroutine_speaks_first_and_in_one_write(talked: Talked) -> None:
    # RFC 5321 §4.3.1
    assert talked.begin(echo).written == [b"220 ready\r\n"]


def test_each_piece_of_input_is_answered_at_once_and_in_one_write(talked: Talked) -> None:
    talked.begin(echo).hear(b"NOOP\r\n", b"RSET\r\nNOOP\r\n")

    assert talked.written[1:] == [b"250 NOOP\r\n", b"250 RSET\r\n250 NOOP\r\n"]


def test_half_a_line_is_answered_when_the_other_half_has_come(talked: Talked) -> None:
    talked.begin(echo).hear(b"NO", b"OP\r")
    assert talked.written[1:] == []

    talked.hear(b"\nRS")
    assert talked.written[1:] == [b"250 NOOP\r\n"]


def test_nothing_is_written_where_nothing_was_said(talked: Talked) -> None:
    talked.begin(lambda conversation: _read(conversation, [])).hear(b"NOOP\r\n")

    assert talked.written == []


async def _read(conversation: Conversation, lines: list[bytes]) -> None:
    """Read lines and say nothing."""
    while True:
        lines.append(await conversation.line(LIMIT))


def test_what_came_before_the_beginning_is_heard_after_it(talked: Talked) -> None:
    talked.hear(b"NOOP\r\n")
    assert talked.written == []

    talked.begin(echo)
    assert talked.written == [b"220 ready\r\n250 NOOP\r\n"]


def test_a_coroutine_that_comes_to_its_end_says_its_last_words_before(talked: Talked) -> None:
    talked.begin(echo).hear(b"QUIT\r\nNOOP\r\n")

    assert talked.written[1:] == [b"250 QUIT\r\n"]
    assert talked.ends == [None]


def test_what_comes_after_the_end_is_not_answered(talked: Talked) -> None:
    talked.begin(echo).hear(b"QUIT\r\n", b"NOOP\r\n")
    talked.conversation.hear_no_more()

    assert talked.written[-1] == b"250 QUIT\r\n"
    assert talked.ends == [None]


def test_what_the_client_said_before_it_left_is_answered(talked: Talked) -> None:
    # RFC 5321 §4.1.1.10: and what it did not say to its end is not.
    talked.begin(echo).hear(b"NOOP\r\nRS")
    talked.conversation.hear_no_more()

    assert talked.written[1:] == [b"250 NOOP\r\n"]
    assert list(map(type, talked.ends)) == [ClientLeft]


def test_who_has_left_before_the_beginning_is_greeted_and_answered(talked: Talked) -> None:
    talked.hear(b"NOOP\r\n")
    talked.conversation.hear_no_more()
    talked.begin(echo)

    assert talked.written == [b"220 ready\r\n250 NOOP\r\n"]
    assert list(map(type, talked.ends)) == [ClientLeft]


def test_what_the_coroutine_raises_is_told_and_what_it_had_said_goes_out(talked: Talked) -> None:
    async def fail(conversation: Conversation) -> None:
        conversation.say(b"354 ")
        await conversation.line(LIMIT)
        conversation.say(b"451 \r\n")
        raise LookupError("ours")

    talked.begin(fail).hear(b"x\r\n")

    assert talked.written == [b"354 ", b"451 \r\n"]
    assert list(map(repr, talked.ends)) == ["LookupError('ours')"]


def test_a_line_that_is_too_long_is_raised_and_the_next_one_is_heard(talked: Talked) -> None:
    lines: list[bytes] = []

    async def survive(conversation: Conversation) -> None:
        with pytest.raises(LineTooLong):
            await conversation.line(LIMIT)
        lines.append(await conversation.line(LIMIT))

    talked.begin(survive).hear(b"x" * 100, b"x" * 100 + b"\r\nNO", b"OP\r\n")

    assert lines == [b"NOOP\r\n"]
    assert talked.ends == [None]


@pytest.mark.parametrize("pieces", [[b"\x16\x03\x01\n"], [b"\x16", b"\x03"], [b"NOOP\r\n\x16\x03"]])
def test_a_client_that_speaks_tls_has_left(talked: Talked, pieces: list[bytes]) -> None:
    talked.begin(echo).hear(*pieces)

    assert list(map(type, talked.ends)) == [SpokeTLS]


def test_a_client_that_speaks_tls_and_goes_has_spoken_it(talked: Talked) -> None:
    talked.hear(b"\x16\x03")
    talked.conversation.hear_no_more()
    talked.begin(echo)

    assert list(map(type, talked.ends)) == [SpokeTLS]


def test_a_message_and_chunks_are_heard_to_their_end(talked: Talked) -> None:
    heard: list[bytes] = []

    async def listen(conversation: Conversation) -> None:
        heard.append(await conversation.message(None))
        heard.append(await conversation.some(4))
        heard.append(await conversation.some(4))
        heard.append(await conversation.line(LIMIT))

    talked.begin(listen).hear(b"..a\r\n", b".", b"\r", b"\n\r\n", b"\0\r\n.\r\n", b"QUIT\r\n")

    assert heard == [b".a\r\n", b"\r\n", b"\0\r\n.", b"\r\n"]
    assert talked.ends == [None]


@pytest.mark.parametrize(
    "listen",
    [
        lambda conversation: conversation.line(LIMIT),
        lambda conversation: conversation.message(None),
        lambda conversation: conversation.some(1),
    ],
    ids=["line", "message", "some"],
)
def test_whoever_listens_is_told_that_the_client_has_left(
    talked: Talked, listen: Callable[[Conversation], Coroutine[None, None, bytes]]
) -> None:
    async def hear(conversation: Conversation) -> None:
        with pytest.raises(ClientLeft):
            await listen(conversation)
        conversation.say(b"421 \r\n")

    talked.begin(hear)
    talked.conversation.hear_no_more()

    assert (talked.written, talked.ends) == ([b"421 \r\n"], [None])


def test_input_can_be_forgotten(talked: Talked) -> None:
    # RFC 3207 §4.2
    async def forget(conversation: Conversation) -> None:
        await conversation.line(LIMIT)
        conversation.forget_input()
        conversation.say(await conversation.line(LIMIT))

    talked.begin(forget).hear(b"STARTTLS\r\nMAIL FROM:<smuggled@example.com>\r\n", b"EHLO client\r\n")

    assert talked.written == [b"EHLO client\r\n"]


def test_to_break_off_lets_the_coroutine_clean_up(talked: Talked) -> None:
    cleaned: list[str] = []

    async def tidy(conversation: Conversation) -> None:
        try:
            await conversation.line(LIMIT)
        finally:
            cleaned.append("up")

    talked.begin(tidy).conversation.end()

    assert (cleaned, talked.ends) == (["up"], [None])


def test_to_break_off_what_has_not_begun_is_the_end_as_well(talked: Talked) -> None:
    talked.conversation.end()

    assert talked.ends == [None]


def test_what_was_said_when_it_is_broken_off_goes_out(talked: Talked) -> None:
    talked.begin(echo)
    talked.conversation.say(b"421 Idle\r\n")
    talked.conversation.end()

    assert talked.written[1:] == [b"421 Idle\r\n"]
    assert talked.ends == [None]


# What the client is not asked about


async def away(conversation: Conversation) -> None:
    """Be elsewhere between two words."""
    conversation.say(b"220 go ahead\r\n")
    await conversation.elsewhere(int)
    conversation.say(b"back; " + await conversation.line(LIMIT))


def test_what_was_said_goes_out_before_the_coroutine_is_elsewhere(talked: Talked) -> None:
    talked.begin(away)

    assert talked.written == [b"220 go ahead\r\n"]


def test_what_comes_meanwhile_is_heard_when_it_is_back(talked: Talked) -> None:
    talked.begin(away).hear(b"NO", b"OP\r\n")
    assert talked.written[1:] == []

    talked.conversation.come_back()
    assert talked.written[1:] == [b"back; NOOP\r\n"]
    assert talked.ends == [None]


def test_who_leaves_meanwhile_has_left_when_it_is_back(talked: Talked) -> None:
    talked.begin(away)
    talked.conversation.hear_no_more()
    assert talked.ends == []

    talked.conversation.come_back()
    assert list(map(type, talked.ends)) == [ClientLeft]


def test_to_break_off_meanwhile_is_the_end(talked: Talked) -> None:
    talked.begin(away)
    talked.conversation.end()

    assert talked.ends == [None]


def test_nothing_is_begun_for_who_has_left_before(talked: Talked) -> None:
    begun: list[None] = []

    async def go_away(conversation: Conversation) -> None:
        await conversation.line(LIMIT)
        await conversation.elsewhere(lambda: begun.append(None))

    talked.conversation.hear_no_more()
    talked.hear(b"STARTTLS\r\n")
    talked.begin(go_away)

    assert begun == []
    assert list(map(type, talked.ends)) == [ClientLeft]


def test_a_client_is_not_missed_meanwhile(talked: Talked) -> None:
    talked.begin(away)
    talked.loop.pass_(IDLE_TIMEOUT * 3)
    assert talked.idle == 0

    talked.conversation.come_back()
    talked.loop.pass_(IDLE_TIMEOUT - 1)
    assert talked.idle == 0
    talked.loop.pass_(1)
    assert talked.idle == 1
    talked.conversation.end()


def test_a_client_that_reads_again_meanwhile_is_not_missed_either(talked: Talked) -> None:
    talked.begin(away)
    talked.conversation.hold()
    talked.conversation.release()
    talked.loop.pass_(IDLE_TIMEOUT * 3)

    assert talked.idle == 0
    talked.conversation.end()


def test_to_break_off_a_coroutine_that_is_talking_lets_it_come_to_its_next_word_and_no_further(talked: Talked) -> None:
    async def broken_off(conversation: Conversation) -> None:
        while True:
            line = await conversation.line(LIMIT)
            conversation.end()
            conversation.say(line)

    talked.begin(broken_off).hear(b"NOOP\r\nRSET\r\n")

    assert talked.written == [b"NOOP\r\n"]
    assert list(map(type, talked.ends)) == [ClientLeft]


# Silence (RFC 5321 §4.5.3.2.7)


def test_who_says_nothing_is_missed_after_the_idle_timeout_and_once(talked: Talked) -> None:
    talked.begin(echo)

    talked.loop.pass_(IDLE_TIMEOUT - 1)
    assert talked.idle == 0
    talked.loop.pass_(1)
    assert talked.idle == 1
    talked.loop.pass_(IDLE_TIMEOUT * 3)
    assert talked.idle == 1
    talked.conversation.end()


def test_every_byte_puts_it_off(talked: Talked) -> None:
    talked.begin(echo)
    for octet in (b"N", b"O", b"O", b"P"):
        talked.loop.pass_(IDLE_TIMEOUT - 1)
        talked.hear(octet)

    talked.loop.pass_(IDLE_TIMEOUT - 1)
    assert talked.idle == 0
    talked.loop.pass_(1)
    assert talked.idle == 1
    talked.conversation.end()


@pytest.mark.parametrize("leave", [lambda talked: talked.hear(b"QUIT\r\n"), lambda talked: talked.conversation.end()])
def test_nobody_is_missed_after_the_end(talked: Talked, leave: Callable[[Talked], None]) -> None:
    leave(talked.begin(echo))

    talked.loop.pass_(IDLE_TIMEOUT * 3)

    assert talked.idle == 0


# Clients that read slowly, or say very much at once


def test_who_does_not_read_is_told_nothing_more_until_it_does(talked: Talked) -> None:
    talked.begin(echo)
    talked.conversation.hold()
    talked.hear(b"NOOP\r\nRSET\r\n", b"HELP\r\n")
    assert b"".join(talked.written) == b"220 ready\r\n250 NOOP\r\n"

    talked.conversation.release()
    assert b"".join(talked.written[2:]) == b"250 RSET\r\n250 HELP\r\n"


def test_who_reads_slowly_is_not_idle(talked: Talked) -> None:
    talked.begin(echo)
    talked.conversation.hold()
    talked.loop.pass_(IDLE_TIMEOUT - 1)
    talked.conversation.release()
    talked.loop.pass_(2)

    assert talked.idle == 0


def test_much_goes_out_before_all_is_answered(talked: Talked) -> None:
    async def long_winded(conversation: Conversation) -> None:
        while True:
            await conversation.line(LIMIT)
            conversation.say(b"x" * MOST_UNSENT + b"\r\n")

    talked.begin(long_winded).hear(b"NOOP\r\n" * 3)

    assert [len(piece) for piece in talked.written] == [MOST_UNSENT + 2] * 3


def answered(talked: Talked) -> int:
    return b"".join(talked.written).count(b"250 ")


def test_after_many_lines_others_have_their_turn(talked: Talked) -> None:
    talked.begin(echo).hear(b"NOOP\r\n" * (2 * LINES_IN_A_ROW + 10))
    assert answered(talked) == LINES_IN_A_ROW
    assert talked.conversation.is_busy

    talked.loop.turn()
    assert answered(talked) == 2 * LINES_IN_A_ROW
    talked.loop.turn()
    talked.loop.turn()
    assert answered(talked) == 2 * LINES_IN_A_ROW + 10
    assert not talked.conversation.is_busy


def test_who_goes_on_talking_has_no_turn_of_the_others(talked: Talked) -> None:
    many = b"NOOP\r\n" * (LINES_IN_A_ROW + 1)
    talked.begin(echo).hear(many, many, many)
    assert answered(talked) == LINES_IN_A_ROW

    for turn in range(2, 4):
        talked.loop.turn()
        assert answered(talked) == turn * LINES_IN_A_ROW


def test_who_has_few_lines_in_each_piece_is_always_heard(talked: Talked) -> None:
    talked.begin(echo).hear(*[b"NOOP\r\n"] * (2 * LINES_IN_A_ROW))

    assert answered(talked) == 2 * LINES_IN_A_ROW
