"""Bytes in, command lines and messages out: whole, byte by byte, in any pieces, with more behind."""

from __future__ import annotations

import tracemalloc
from itertools import chain, pairwise, repeat
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_smtpports._ports._framing import Framing, LineTooLong, MessageTooLong

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LIMIT = 40
JUNK = b"NOOP\r\n"

# One message as it goes over the wire, and as it is read.
MESSAGES = [
    pytest.param(b".\r\n", b"", id="nothing at all"),
    pytest.param(b"\r\n.\r\n", b"\r\n", id="an empty line"),
    pytest.param(b"Hello\r\n.\r\n", b"Hello\r\n", id="one line"),
    pytest.param(b"Subject: x\r\n\r\nHello\r\n.\r\n", b"Subject: x\r\n\r\nHello\r\n", id="head and body"),
    pytest.param(b"..\r\n.\r\n", b".\r\n", id="a dot alone in the first line"),
    pytest.param(b"..first\r\n.\r\n", b".first\r\n", id="a dot before the first line"),
    pytest.param(b"a\r\n..b\r\n...\r\n..\r\n.\r\n", b"a\r\n.b\r\n..\r\n.\r\n", id="dots before later lines"),
    pytest.param(b"a\r\n.b\r\n.\r\n", b"a\r\nb\r\n", id="a dot that was not doubled"),
    pytest.param(b"a.b\r\nc..\r\n.\r\n", b"a.b\r\nc..\r\n", id="dots inside lines"),
    pytest.param(b"\x00\xff\xc3\xbc\r\n.\r\n", b"\x00\xff\xc3\xbc\r\n", id="every kind of byte"),
    pytest.param(b"a\n.\nb\r\n.\r\n", b"a\n.\nb\r\n", id="LF.LF"),
    pytest.param(b"a\n.\r\nb\r\n.\r\n", b"a\n.\r\nb\r\n", id="LF.CRLF"),
    pytest.param(b"a\r\n.\nb\r\n.\r\n", b"a\r\n\nb\r\n", id="CRLF.LF"),
    pytest.param(b"a\r.\rb\r\n.\r\n", b"a\r.\rb\r\n", id="CR.CR"),
    pytest.param(b"a\r\n.\rb\r\n.\r\n", b"a\r\n\rb\r\n", id="CRLF.CR"),
    pytest.param(b"\n.\r\n\r\n.\r\n", b"\n.\r\n\r\n", id="LF.CRLF at the start"),
    pytest.param(b"a\r\r\n.\r\n", b"a\r\r\n", id="CRCRLF.CRLF"),
]


def singly(wire: bytes) -> list[bytes]:
    return [wire[place : place + 1] for place in range(len(wire))]


def messages_in(pieces: Iterable[bytes]) -> list[bytes]:
    """What `message()` has given, asked once after each piece."""
    framing = Framing()
    came = []
    for piece in pieces:
        framing.feed(piece)
        came.append(framing.message())
    return [message for message in came if message is not None]


def lines_in(pieces: Iterable[bytes], limit: int = LIMIT) -> list[bytes | None]:
    """What `line()` has given, None for a line that was too long."""
    framing = Framing()
    came: list[bytes | None] = []
    for piece in pieces:
        framing.feed(piece)
        came += waiting_lines(framing, limit)
    return came


def waiting_lines(framing: Framing, limit: int) -> list[bytes | None]:
    came: list[bytes | None] = []
    while True:
        try:
            line = framing.line(limit)
        except LineTooLong:
            came.append(None)
            continue
        if line is None:
            return came
        came.append(line)


def converse(pieces: Iterable[bytes], kinds: Sequence[str]) -> list[bytes]:
    """Lines and messages, read in the given order."""
    framing = Framing()
    came: list[bytes] = []
    for piece in pieces:
        framing.feed(piece)
        while len(came) < len(kinds):
            read = framing.message() if kinds[len(came)] == "message" else framing.line(10_000)
            if read is None:
                break
            came.append(read)
    return came


def stuffed(lines: Iterable[bytes]) -> bytes:
    """As a client sends it (RFC 5321 §4.5.2): a dot before each line that begins with one, and the end."""
    return b"".join(b"." * line.startswith(b".") + line + b"\r\n" for line in lines) + b".\r\n"


@pytest.mark.parametrize(("wire", "message"), MESSAGES)
def test_a_message_is_read_whole(wire: bytes, message: bytes) -> None:
    assert messages_in([wire]) == [message]


@pytest.mark.parametrize(("wire", "message"), MESSAGES)
def test_a_message_is_read_byte_by_byte(wire: bytes, message: bytes) -> None:
    assert messages_in(singly(wire)) == [message]


@pytest.mark.parametrize(("wire", "message"), MESSAGES)
def test_what_follows_a_message_is_left_for_the_next_line(wire: bytes, message: bytes) -> None:
    framing = Framing()
    framing.feed(wire + JUNK)

    assert framing.message() == message
    assert framing.line(LIMIT) == JUNK


@pytest.mark.parametrize(("wire", "message"), MESSAGES)
def test_a_message_without_its_last_byte_is_incomplete(wire: bytes, message: bytes) -> None:
    framing = Framing()
    framing.feed(wire[:-1])

    assert framing.message() is None
    framing.feed(wire[-1:])
    assert framing.message() == message


def test_two_messages_in_one_piece_are_two() -> None:
    framing = Framing()
    framing.feed(b"one\r\n.\r\ntwo\r\n.\r\n")

    assert [framing.message(), framing.message(), framing.message()] == [b"one\r\n", b"two\r\n", None]


LINES = [
    pytest.param(b"EHLO client\r\n", [b"EHLO client\r\n"], id="a command"),
    pytest.param(b"\r\n", [b"\r\n"], id="an empty line"),
    pytest.param(b"\n", [b"\n"], id="LF alone"),
    pytest.param(b"NOOP\nQUIT\r\n", [b"NOOP\n", b"QUIT\r\n"], id="a line that ends with LF"),
    pytest.param(b"NOOP\rQUIT\r\n", [b"NOOP\rQUIT\r\n"], id="a CR inside a line"),
    pytest.param(b"\x00\xff\r\n", [b"\x00\xff\r\n"], id="every kind of byte"),
    pytest.param(b"MAIL\r\nRCPT\r\nDATA\r\n", [b"MAIL\r\n", b"RCPT\r\n", b"DATA\r\n"], id="pipelined"),
    pytest.param(b"x" * (LIMIT - 2) + b"\r\n", [b"x" * (LIMIT - 2) + b"\r\n"], id="as long as it may be"),
    pytest.param(b"x" * (LIMIT - 1) + b"\r\n", [None], id="one octet too long"),
    pytest.param(b"x" * LIMIT + b"\n", [None], id="too long by its end"),
    pytest.param(b"x" * 500 + b"\r\n" + JUNK, [None, JUNK], id="far too long, then a good one"),
    pytest.param((b"x" * 500 + b"\r\n") * 2 + JUNK, [None, None, JUNK], id="far too long, twice"),
]


@pytest.mark.parametrize(("wire", "lines"), LINES)
def test_lines_are_read_whole(wire: bytes, lines: list[bytes | None]) -> None:
    assert lines_in([wire]) == lines


@pytest.mark.parametrize(("wire", "lines"), LINES)
def test_lines_are_read_byte_by_byte(wire: bytes, lines: list[bytes | None]) -> None:
    assert lines_in(singly(wire)) == lines


@pytest.mark.parametrize(("wire", "lines"), LINES)
def test_a_beginning_behind_the_lines_waits_for_its_end(wire: bytes, lines: list[bytes | None]) -> None:
    assert lines_in([wire + b"QUI", b"T\r\n"]) == [*lines, b"QUIT\r\n"]


def test_a_line_that_is_too_long_is_forgotten_while_it_comes() -> None:
    framing = Framing()
    for _ in range(1000):
        framing.feed(b"x" * 1000)
        assert framing.line(LIMIT) is None

    framing.feed(b"\r\n" + JUNK)
    with pytest.raises(LineTooLong):
        framing.line(LIMIT)
    assert framing.line(LIMIT) == JUNK


LONG_LINE = b"AUTH PLAIN " + b"x" * 500 + b"\r\n"


@pytest.mark.parametrize(
    "pieces",
    [
        [LONG_LINE],
        singly(LONG_LINE),
        [LONG_LINE[:45], LONG_LINE[45:]],
        [LONG_LINE[:45], LONG_LINE[45:90], LONG_LINE[90:-1], LONG_LINE[-1:]],
    ],
    ids=["whole", "byte by byte", "in two", "in four"],
)
def test_a_line_that_is_too_long_tells_how_it_began(pieces: list[bytes]) -> None:
    framing = Framing()
    for piece in pieces[:-1]:
        framing.feed(piece)
        assert framing.line(LIMIT) is None
    framing.feed(pieces[-1])

    with pytest.raises(LineTooLong) as caught:
        framing.line(LIMIT)

    assert caught.value.beginning == b"AUTH PLA"


def test_the_next_line_that_is_too_long_begins_anew() -> None:
    framing = Framing()
    framing.feed(LONG_LINE)
    with pytest.raises(LineTooLong):
        framing.line(LIMIT)
    framing.feed(b"MAIL FROM:<" + b"x" * 500 + b"\r\n")

    with pytest.raises(LineTooLong) as caught:
        framing.line(LIMIT)

    assert caught.value.beginning == b"MAIL FRO"


def test_a_chunk_is_as_many_octets_as_there_are_and_no_more_than_wanted() -> None:
    # RFC 3030 §2
    framing = Framing()

    assert framing.some(10) == b""
    framing.feed(b"\r\n.\r\nNOOP\r\n")
    assert framing.some(3) == b"\r\n."
    assert framing.some(0) == b""
    assert framing.some(2) == b"\r\n"
    assert framing.line(LIMIT) == JUNK
    assert framing.some(10) == b""


def test_a_chunk_and_what_follows_it_come_byte_by_byte() -> None:
    framing = Framing()
    chunk = bytearray()
    for octet in singly(b"a\0\r\n"):
        framing.feed(octet)
        chunk += framing.some(4 - len(chunk))
    framing.feed(JUNK)

    assert chunk == b"a\0\r\n"
    assert framing.line(LIMIT) == JUNK


def test_a_line_is_found_behind_a_chunk_though_it_was_looked_for_before() -> None:
    framing = Framing()
    framing.feed(b"abcdef")

    assert framing.line(LIMIT) is None
    assert framing.some(4) == b"abcd"
    framing.feed(b"\r\n")
    assert framing.line(LIMIT) == b"ef\r\n"


def test_what_was_searched_for_a_line_is_searched_again_for_a_message() -> None:
    framing = Framing()
    framing.feed(b"abc\r")

    assert framing.line(100) is None
    framing.feed(b"\n.\r\n")
    assert framing.message() == b"abc\r\n"


@pytest.mark.parametrize(("wire", "message"), MESSAGES)
def test_a_line_that_is_looked_for_in_vain_leaves_the_message_as_it_is(wire: bytes, message: bytes) -> None:
    start = wire[: wire.index(b"\n")]
    framing = Framing()
    framing.feed(start)

    assert framing.line(LIMIT) is None
    framing.feed(wire[len(start) :])
    assert framing.message() == message


def test_what_was_not_read_is_forgotten() -> None:
    framing = Framing()
    framing.feed(b"STARTTLS\r\nMAIL FROM:<smuggled@example.com>\r\nRCP")

    assert framing.line(LIMIT) == b"STARTTLS\r\n"
    framing.clear()
    framing.feed(b"EHLO client\r\n")
    assert framing.line(LIMIT) == b"EHLO client\r\n"


def test_a_line_that_was_too_long_is_forgotten_too() -> None:
    framing = Framing()
    framing.feed(b"x" * 500)

    assert framing.line(LIMIT) is None
    framing.clear()
    framing.feed(JUNK)
    assert framing.line(LIMIT) == JUNK


TEXT = st.binary(max_size=30).map(lambda octets: octets.replace(b"\r", b"").replace(b"\n", b""))
COMMANDS = st.tuples(st.just("line"), TEXT.map(lambda text: text + b"\r\n"))
DOTTED = st.sampled_from([b"", b".", b"..", b".\n", b"\r", b"\n.", b"-.", b"a"]).flatmap(
    lambda start: TEXT.map(lambda text: start + text)
)
BODIES = st.lists(DOTTED.filter(lambda line: b"\r\n" not in line and not line.endswith(b"\r")), max_size=6)


@settings(deadline=None)
@given(BODIES)
def test_a_message_comes_through_dot_stuffing_as_it_was(lines: list[bytes]) -> None:
    assert messages_in([stuffed(lines)]) == [b"".join(line + b"\r\n" for line in lines)]


@settings(deadline=None)
@given(
    st.lists(st.one_of(COMMANDS, st.tuples(st.just("message"), BODIES.map(stuffed))), min_size=1, max_size=6), st.data()
)
def test_a_conversation_reads_the_same_in_any_pieces(parts: list[tuple[str, bytes]], data: st.DataObject) -> None:
    kinds = [kind for kind, _ in parts]
    wire = b"".join(octets for _, octets in parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=12)))
    pieces = [wire[start:end] for start, end in pairwise([0, *cuts, len(wire)])]

    whole = converse([wire], kinds)

    assert len(whole) == len(parts)
    assert converse(pieces, kinds) == whole
    assert converse(singly(wire), kinds) == whole


@settings(deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=6), st.data())
def test_lines_read_the_same_in_any_pieces_however_long(parts: list[bytes], data: st.DataObject) -> None:
    wire = b"\n".join([*parts, b""])
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=12)))
    pieces = [wire[start:end] for start, end in pairwise([0, *cuts, len(wire)])]

    assert lines_in(pieces) == lines_in([wire]) == lines_in(singly(wire))


def fed_in_place(framing: Framing, piece: bytes) -> None:
    """Feed it as a wire does: as the beginning of what is read into, where an earlier piece was longer."""
    room = bytearray(piece + b"\r\n.\r\nwhat was there before")
    framing.feed(memoryview(room)[: len(piece)])


PARTS = st.sampled_from([b"\r\n", b".", b"..", b"x" * 20, b"\r", b"\n", b"\r\n.", b"\r\n.\r", b"\n.\r\n", b"ab"])


@settings(max_examples=500, deadline=None)
@given(st.lists(PARTS, max_size=30).map(b"".join), st.lists(st.integers(1, 30), min_size=1))
def test_a_message_reads_the_same_where_it_is_moved_on_in_place(sent: bytes, sizes: list[int]) -> None:
    wire = sent + b"\r\n.\r\nNOOP\r\n"
    whole, pieces = Framing(), Framing()
    whole.feed(wire)
    expected = whole.message()
    came: bytes | None = None
    place = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pytest_smtpports._ports._framing._WORTH_IT", 2)
        assert pieces.message() is None
        for size in chain(sizes, repeat(sizes[-1], len(wire))):
            fed_in_place(pieces, wire[place : place + size])
            place += size
            came = pieces.message() if came is None else came

    assert (came, pieces._buffer) == (expected, whole._buffer)


def test_a_long_message_is_moved_on_in_place_and_read_as_it_was_sent() -> None:
    sent = (b"x" * 70 + b"\r\n") * 3_000
    framing = Framing()
    assert framing.message() is None
    for place in range(0, len(sent), 60_000):
        fed_in_place(framing, sent[place : place + 60_000])
        assert framing.message() is None
    fed_in_place(framing, b".\r\n")

    assert framing.message() == sent


def test_what_is_moved_on_in_place_and_too_long_is_not_kept() -> None:
    framing = Framing()
    assert framing.message(1000) is None
    piece = b"x" * 65_536
    tracemalloc.start()
    for _ in range(200):
        fed_in_place(framing, piece)
        assert framing.message(1000) is None
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 10 * len(piece)


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("limit", [1, 2, 100])
def test_a_message_beyond_the_limit_is_passed_over(limit: int, piece: int) -> None:
    # RFC 1870 §6.3: it is refused as a whole, and what comes behind it is heard.
    sent = b"Subject: x\r\n\r\n" + b".." * 200 + b"\r\n\r\n.\n\r\n" + b"y" * 500 + b"\r\n"
    framing = Framing()
    for place in range(0, len(sent), piece):
        framing.feed(sent[place : place + piece])
        assert framing.message(limit) is None
    framing.feed(b".\r\nNOOP\r\n")

    with pytest.raises(MessageTooLong) as caught:
        framing.message(limit)
    # Two dots were doubled.
    assert caught.value.size == len(sent) - 2
    assert framing.line(1000) == b"NOOP\r\n"
    framing.feed(b".\r\n")
    assert framing.message(limit) == b""


def test_a_message_that_is_within_the_limit_but_for_its_doubled_dots_is_kept() -> None:
    stuffed, unstuffed = b"..\r\n" * 100, b".\r\n" * 100
    framing = Framing()
    framing.feed(stuffed)
    assert framing.message(len(unstuffed)) is None
    framing.feed(b".\r\n")

    assert framing.message(len(unstuffed)) == unstuffed


@pytest.mark.parametrize("cut", range(16))
def test_a_message_of_just_the_limit_is_kept_wherever_it_is_cut(cut: int) -> None:
    # RFC 1870 §5: what ends a message does not count.
    sent = b"..\r\n" * 3 + b".\r\n"
    framing = Framing()
    framing.feed(sent[:cut])
    first = framing.message(9)
    framing.feed(sent[cut:])

    assert first or framing.message(9) == b".\r\n" * 3


def test_what_is_passed_over_is_not_kept() -> None:
    framing = Framing()
    piece = b"x" * 65_536
    tracemalloc.start()
    for _ in range(200):
        framing.feed(piece)
        assert framing.message(1000) is None
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 10 * len(piece)


# The beginning of a ClientHello (RFC 8446 §4.1.2, §5.1), which has a line end where it has one.
HELLO = b"\x16\x03\x01\x02\n\x01"


@pytest.mark.parametrize("behind", [b"", JUNK, bytes(LIMIT)], ids=["alone", "with a line", "longer than any line"])
def test_a_tls_handshake_is_no_line(behind: bytes) -> None:
    framing = Framing()
    framing.feed(HELLO + behind)

    assert framing.is_tls


def test_a_tls_handshake_is_known_by_its_second_byte() -> None:
    framing = Framing()
    known = []
    for octet in singly(HELLO):
        framing.feed(octet)
        known.append(framing.is_tls)

    assert known == [False, True, True, True, True, True]


@pytest.mark.parametrize("wire", [b"", b"\x16", b"\x16\r\n", b"\x16\x02\r\n", b"\x15\x03\r\n", JUNK, JUNK + HELLO])
def test_what_does_not_begin_so_is_none(wire: bytes) -> None:
    framing = Framing()
    framing.feed(wire)

    assert not framing.is_tls


def test_a_tls_handshake_may_follow_a_line() -> None:
    framing = Framing()
    framing.feed(JUNK + HELLO)

    assert framing.line(LIMIT) == JUNK
    assert framing.is_tls


def test_the_rest_of_a_line_that_is_too_long_is_none() -> None:
    framing = Framing()
    framing.feed(b"x" * (LIMIT + 1))
    assert framing.line(LIMIT) is None
    framing.feed(HELLO)

    assert not framing.is_tls
