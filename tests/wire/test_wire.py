"""A client's socket in a loop that the test turns, and whose clock it moves; the client has Python's own TLS."""

from __future__ import annotations

import asyncio
import fcntl
import select
import socket
import ssl
import struct
import termios
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports._server import _wire
from pytest_smtpports._server._tls import Authority
from pytest_smtpports._server._watch import NestedWatch, PostedWatch
from pytest_smtpports._server._wire import HANDSHAKE_TIMEOUT, HIGH_WATER, LINGER, LOW_WATER, ROOM, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_smtpports import SMTPPorts
    from pytest_smtpports._server._hindrance import Connect
    from pytest_smtpports._server._watch import Watch
    from tests.wire.conftest import Dial

# Seconds after which a test that waits has failed.
DEADLINE = 5.0
# linux/tcp.h: where TCP_INFO counts the segments with data that have come, in 32 bits.
DATA_SEGMENTS_IN = 152
# So many octets, no two stretches of them alike, and more than a line's buffers in the kernel hold.
PLENTY = b"".join(b"%07d\n" % number for number in range(125_000))
GOODBYE = b"221 2.0.0 Bye\r\n"


class Loop(asyncio.SelectorEventLoop):
    """An event loop that goes round, and in which time passes, when it is told to."""

    now = 1000.0

    def time(self) -> float:
        return self.now

    def turn(self, turns: int = 1) -> None:
        for _ in range(turns):
            self.call_soon(self.stop)
            self.run_forever()

    def pass_(self, seconds: float) -> None:
        self.now += seconds
        self.turn()

    def until(self, holds: Callable[[], object]) -> None:
        deadline = time.monotonic() + DEADLINE
        while not holds():
            assert time.monotonic() < deadline
            self.turn()


class Ear:
    """Who keeps what it is told, and answers where a test has it answer."""

    def __init__(self) -> None:
        self.is_busy = False
        self.heard = bytearray()
        self.told: list[str] = []
        self.answer: Callable[[], object] = int

    def hear(self, data: memoryview) -> None:
        self.heard += data
        self.answer()

    def hear_no_more(self) -> None:
        self.told.append("no more")

    def hold(self) -> None:
        self.told.append("hold")

    def release(self) -> None:
        self.told.append("release")

    def lose(self) -> None:
        self.told.append("lose")


class Line:
    """A wire, who listens to it, and the client at its other end."""

    def __init__(self, loop: Loop, watch: Watch, authority: Authority, connect: Connect = Wire) -> None:
        self.loop = loop
        self.watch = watch
        self._authority = authority
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.client = socket.create_connection(listening.getsockname(), timeout=DEADLINE)
            self.accepted, _ = listening.accept()
        for end in (self.client, self.accepted):
            end.setblocking(False)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        self._fd = self.accepted.fileno()
        self._closings: list[object] = []
        self.ear = Ear()
        self.room = memoryview(bytearray(ROOM))
        self.wire = connect(self.accepted, self, self.ear, lambda: self._closings.append(self.wire))
        self.shaken: list[Exception | None] = []

    @property
    def closings(self) -> int:
        return len(self._closings)

    @property
    def is_gone(self) -> bool:
        """Whether the socket is closed; of one that is, nothing is left in the loop."""
        if self.accepted.fileno() >= 0:
            return False
        assert self._closings
        with pytest.raises(KeyError):
            self.watch.end(self._fd)
        assert not self.loop.remove_writer(self._fd)
        return True

    def begin_tls(self) -> None:
        self.wire.secure(self._authority.server_context(), self._be_shaken)

    def _be_shaken(self, error: Exception | None) -> None:
        self.shaken.append(error)
        if error is not None:
            self.wire.abort()

    # What the client does

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        self._authority.configure_trust(context)
        return context

    def secure(self, context: ssl.SSLContext) -> None:
        """Begin TLS at both ends, and come to the end of the handshake."""
        self.begin_tls()
        # An end of the connection that is not an end of TLS would be an error.
        secured = context.wrap_socket(
            self.client, server_hostname="localhost", do_handshake_on_connect=False, suppress_ragged_eofs=False
        )
        self.client = secured
        self.loop.until(lambda: is_done(secured.do_handshake) and self.shaken)

    def send(self, data: bytes) -> None:
        """Send, and wait for it to have come."""
        self.client.send(data)
        assert select.select([self.accepted], [], [], DEADLINE)[0]

    def some(self, most: int) -> bytes | None:
        """What there is to read; empty at the end, None where nothing is there yet."""
        try:
            return self.client.recv(most)
        except (BlockingIOError, ssl.SSLWantReadError):
            return None
        except ssl.SSLZeroReturnError:
            return b""

    def read(self, size: int) -> bytes:
        read = bytearray()

        def is_enough() -> bool:
            read.extend(self.some(size - len(read)) or b"")
            return len(read) == size

        self.loop.until(is_enough)
        return bytes(read)

    def rest(self) -> bytes:
        pieces: list[bytes | None] = []

        def is_at_end() -> bool:
            pieces.append(self.some(ROOM))
            return pieces[-1] == b""

        self.loop.until(is_at_end)
        return b"".join(filter(None, pieces))

    def end_sending(self) -> None:
        # Not as an SSLSocket does it, which then forgets its TLS.
        socket.socket.shutdown(self.client, socket.SHUT_WR)

    def end_tls(self) -> None:
        assert isinstance(self.client, ssl.SSLSocket)
        assert not is_done(self.client.unwrap)

    def end_tls_too(self) -> None:
        """The same for a client that has seen the other side's end."""
        assert isinstance(self.client, ssl.SSLSocket)
        secured = self.client
        self.client = secured.unwrap()

    def reset(self) -> None:
        self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.client.close()

    def close(self) -> None:
        self.client.close()

    @property
    def segments(self) -> int:
        """How many segments with data have come to the client."""
        information = self.client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
        return int(struct.unpack_from("=I", information, DATA_SEGMENTS_IN)[0])

    # What somebody does who has the same socket as the wire

    def fill(self) -> int:
        """Send until the kernel takes no more, nor will before the client reads; how much that was."""
        filled, taken = 0, 1
        deadline = time.monotonic() + DEADLINE
        with closing(self.accepted.dup()) as same:
            while taken:
                assert time.monotonic() < deadline
                # What has come and is not acknowledged counts twice, and gives room yet.
                counted = waiting(same, termios.TIOCOUTQ) + waiting(self.client, termios.FIONREAD)
                taken = max(counted - filled, 0)
                with suppress(BlockingIOError):
                    while size := same.send(bytes(ROOM)):
                        taken += size
                        filled += size
        return filled

    def drain(self) -> None:
        with closing(self.accepted.dup()) as same:
            same.recv(ROOM)


def is_done(action: Callable[[], object]) -> bool:
    """Whether TLS has done something, or has to hear from the other side before."""
    with suppress(ssl.SSLWantReadError):
        action()
        return True
    return False


def waiting(end: socket.socket, where: int) -> int:
    return int(struct.unpack("i", fcntl.ioctl(end, where, bytes(4)))[0])


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(params=[NestedWatch, PostedWatch])
def line(request: pytest.FixtureRequest, authority: Authority) -> Iterator[Line]:
    errors: list[object] = []
    with closing(Loop()) as loop, closing(request.param(loop)) as watch:
        loop.set_exception_handler(lambda _loop, context: errors.append(context))
        opened = Line(loop, watch, authority)
        yield opened
        opened.client.close()
        opened.wire.abort()
        assert opened.is_gone
    assert errors == []


@pytest.fixture
def tls(line: Line) -> Line:
    line.secure(line.context())
    assert line.shaken == [None]
    return line


@pytest.fixture(params=["clear", "tls"])
def either(line: Line, request: pytest.FixtureRequest) -> Line:
    return line if request.param == "clear" else request.getfixturevalue("tls")


# Out


@pytest.mark.parametrize("size", [10_000, len(PLENTY)])
def test_what_is_written_arrives_in_order_though_the_client_reads_late(either: Line, size: int) -> None:
    for place in range(0, len(PLENTY), size):
        either.wire.write(PLENTY[place : place + size])

    assert either.read(len(PLENTY)) == PLENTY


def test_what_the_kernel_has_no_room_for_leaves_later(line: Line) -> None:
    filled = line.fill()
    line.wire.write(b"later")

    assert line.read(filled + 5)[filled:] == b"later"
    assert line.ear.told == []


def test_room_that_somebody_else_takes_first_is_waited_for_again(line: Line) -> None:
    line.fill()
    line.wire.write(b"later")
    while line.some(ROOM):
        assert select.select([], [line.accepted], [], DEADLINE)[1]
    line.loop.call_soon(line.fill)
    line.loop.turn()
    line.wire.write_last(b"last")

    assert line.rest().endswith(b"\0laterlast")


def test_above_high_water_the_ear_is_told_to_hold_once_and_nothing_is_read(line: Line) -> None:
    line.fill()
    line.wire.write(bytes(HIGH_WATER))
    assert line.ear.told == []

    line.wire.write(b"x")
    line.wire.write(b"x")
    line.send(b"NOOP\r\n")
    line.loop.turn(5)

    assert line.ear.told == ["hold"]
    assert line.ear.heard == b""


def test_at_low_water_it_is_released_and_hears_what_has_come_meanwhile(either: Line) -> None:
    either.wire.write(PLENTY)
    either.send(b"NOOP\r\n")

    def is_released() -> bool:
        either.some(5_000)
        assert ("release" in either.ear.told) == (len(either.wire._unsent) <= LOW_WATER)
        return "release" in either.ear.told

    either.loop.until(is_released)
    either.loop.until(lambda: either.ear.heard)

    assert either.ear.heard == b"NOOP\r\n"
    assert either.ear.told == ["hold", "release"]


# The last reply


@pytest.mark.parametrize("last", [GOODBYE, b""])
def test_what_is_written_last_is_followed_by_the_end(line: Line, last: bytes) -> None:
    line.wire.write_last(last)

    assert line.is_gone
    assert line.rest() == last


def test_the_end_comes_when_everything_has_left_and_nothing_behind_it(either: Line) -> None:
    either.wire.write(PLENTY)
    either.wire.write_last(GOODBYE)
    either.wire.write(b"more")
    either.wire.write_last(b"more")
    assert not either.is_gone

    assert either.rest() == PLENTY + GOODBYE
    either.close()
    either.loop.until(lambda: either.is_gone)
    assert either.ear.told == ["hold"]


@pytest.mark.parametrize("last", [GOODBYE, b""])
def test_tls_ends_in_the_same_segment_as_the_last_reply(tls: Line, last: bytes) -> None:
    before = tls.segments
    tls.wire.write_last(last)

    assert tls.rest() == last
    assert tls.segments == before + 1
    assert not tls.is_gone


@pytest.mark.parametrize("leave", [Line.close, Line.end_sending, Line.reset])
def test_a_client_that_has_its_last_reply_and_goes_is_let_go_at_once(tls: Line, leave: Callable[[Line], None]) -> None:
    tls.wire.write_last(GOODBYE)
    assert tls.rest() == GOODBYE
    leave(tls)

    tls.loop.until(lambda: tls.is_gone)
    assert "no more" not in tls.ear.told


def test_a_client_that_has_ended_tls_is_let_go_with_its_last_reply(tls: Line) -> None:
    tls.end_tls()
    tls.loop.until(lambda: tls.ear.told)
    tls.wire.write_last(GOODBYE)

    assert tls.is_gone
    assert tls.ear.told == ["no more"]
    assert tls.rest() == GOODBYE


def test_a_client_that_closes_its_side_before_its_last_reply_still_gets_it(tls: Line) -> None:
    tls.wire.write(PLENTY)
    tls.wire.write_last(GOODBYE)
    tls.end_sending()
    tls.loop.turn(5)
    assert not tls.is_gone

    assert tls.rest() == PLENTY + GOODBYE
    tls.loop.until(lambda: tls.is_gone)
    assert tls.ear.told == ["hold"]


@pytest.mark.parametrize("junk", [b"x", b"NOOP\r\n" * 1_000])
def test_what_comes_behind_the_last_reply_is_thrown_away(tls: Line, junk: bytes) -> None:
    tls.wire.write_last(GOODBYE)
    tls.send(junk)
    tls.loop.until(lambda: not select.select([tls.accepted], [], [], 0)[0])

    assert tls.rest() == GOODBYE
    assert tls.ear.heard == b""
    assert not tls.is_gone


@pytest.mark.parametrize("reads", [True, False], ids=["ends no TLS", "does not read"])
def test_a_client_that_leaves_its_side_of_the_end_undone_is_let_go(tls: Line, reads: bool) -> None:
    tls.wire.write(PLENTY)
    tls.wire.write_last(GOODBYE)
    if reads:
        assert tls.rest() == PLENTY + GOODBYE
    tls.loop.pass_(LINGER - 1)
    assert not tls.is_gone

    tls.loop.pass_(1)
    assert tls.is_gone


def test_a_client_that_does_not_read_its_last_reply_in_clear_is_let_go(line: Line) -> None:
    line.wire.write(PLENTY)
    line.wire.write_last(GOODBYE)
    line.loop.pass_(LINGER - 1)
    assert not line.is_gone

    line.loop.pass_(1)
    assert line.is_gone


@pytest.mark.parametrize("known", [True, False], ids=["told by the kernel", "told by nobody"])
def test_a_client_that_says_more_before_it_reads_still_gets_its_last_reply(
    line: Line, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    # A socket that is closed answers what comes with a reset, and forgets what has not been sent.
    if not known:
        monkeypatch.setattr(_wire, "_COUNTS", ())
    filled = line.fill()
    line.wire.write_last(GOODBYE)
    line.send(b"NOOP\r\n")
    line.loop.turn(3)
    assert not line.is_gone

    assert line.rest() == bytes(filled) + GOODBYE
    assert line.ear.heard == b""
    line.close()
    line.loop.until(lambda: line.is_gone)


def test_a_client_that_ends_tls_and_waits_for_the_end_of_the_connection_gets_it(tls: Line) -> None:
    tls.wire.write_last(GOODBYE)
    assert tls.rest() == GOODBYE
    tls.end_tls_too()
    tls.loop.until(lambda: tls.is_gone)

    assert tls.ear.told == []


# In


def test_while_the_ear_is_busy_nothing_is_read_and_afterwards_it_is(either: Line) -> None:
    either.ear.is_busy = True
    either.send(b"NOOP\r\n")
    either.loop.turn(5)
    assert either.ear.heard == b""

    either.ear.is_busy = False
    either.loop.until(lambda: either.ear.heard)
    assert either.ear.heard == b"NOOP\r\n"


def test_bytes_that_somebody_else_takes_first_are_not_waited_for(line: Line) -> None:
    line.send(b"taken")
    line.loop.call_soon(line.drain)
    line.loop.turn()
    line.send(b"NOOP\r\n")
    line.loop.until(lambda: line.ear.heard)

    assert line.ear.heard == b"NOOP\r\n"
    assert line.ear.told == []


@pytest.mark.parametrize("end", [Line.end_sending, Line.end_tls])
def test_a_client_that_has_said_everything_may_still_read(tls: Line, end: Callable[[Line], None]) -> None:
    tls.client.send(b"QUIT\r\n")
    end(tls)
    tls.loop.until(lambda: tls.ear.told)
    tls.loop.turn(5)
    tls.wire.write(b"250 ")
    tls.wire.write_last(GOODBYE)

    assert tls.ear.heard == b"QUIT\r\n"
    assert tls.ear.told == ["no more"]
    assert tls.rest() == b"250 " + GOODBYE
    tls.loop.until(lambda: tls.is_gone)


def test_so_may_one_in_clear(line: Line) -> None:
    line.send(b"QUIT\r\n")
    line.end_sending()
    line.loop.until(lambda: line.ear.told)
    line.wire.write_last(GOODBYE)

    assert line.ear.heard == b"QUIT\r\n"
    assert line.ear.told == ["no more"]
    assert line.rest() == GOODBYE


def test_an_end_is_told_once(either: Line) -> None:
    either.end_sending()
    either.loop.until(lambda: either.ear.told)
    either.wire.write(PLENTY)
    assert either.read(len(PLENTY)) == PLENTY
    either.loop.turn(5)

    assert either.ear.told == ["no more", "hold", "release"]


def test_nothing_is_told_behind_the_end(line: Line) -> None:
    line.reset()
    line.wire.write(b"250 2.0.0 Ok\r\n")
    line.wire.write(b"250 2.0.0 Ok\r\n")
    line.wire.abort()
    line.wire.abort()
    line.loop.turn(5)

    assert line.ear.told == []
    assert line.closings == 1


def test_what_tls_has_understood_waits_for_the_release(tls: Line) -> None:
    tls.ear.answer = lambda: tls.ear.told or tls.wire.write(PLENTY)
    tls.client.send(b"MAIL\r\n")
    tls.send(b"RCPT\r\n")
    tls.loop.until(lambda: tls.ear.told)
    tls.loop.turn(5)
    assert tls.ear.heard == b"MAIL\r\n"

    tls.read(len(PLENTY))
    assert tls.ear.heard == b"MAIL\r\nRCPT\r\n"
    assert tls.ear.told == ["hold", "release"]


@pytest.mark.parametrize("end", [lambda line: line.wire.write_last(GOODBYE), lambda line: line.wire.abort()])
def test_an_ear_that_ends_the_connection_hears_nothing_of_what_is_left(tls: Line, end: Callable[[Line], None]) -> None:
    tls.ear.answer = lambda: end(tls)
    tls.client.send(b"QUIT\r\n")
    tls.send(b"NOOP\r\n")
    tls.loop.turn(5)

    assert tls.ear.heard == b"QUIT\r\n"


# A client that is gone


@pytest.mark.parametrize("unread", [b"", PLENTY])
def test_the_client_s_reset_is_told_as_the_loss_of_the_connection(either: Line, unread: bytes) -> None:
    either.wire.write(unread)
    either.reset()
    either.loop.until(lambda: either.is_gone)

    assert either.ear.told == ["hold"] * bool(unread) + ["lose"]


def test_to_say_goodbye_to_a_client_that_is_gone_is_no_error(either: Line) -> None:
    either.reset()
    either.wire.write_last(GOODBYE)
    either.loop.until(lambda: either.is_gone)

    # It has ended already, for whoever said goodbye.
    assert either.ear.told in ([], ["lose"])


def test_to_write_to_a_client_that_is_gone_is_no_error(either: Line) -> None:
    either.reset()
    either.wire.write(b"250 2.0.0 Ok\r\n")
    # Whoever writes is not called back at once.
    assert either.ear.told == []

    either.wire.write(b"250 2.0.0 Ok\r\n")
    either.loop.until(lambda: either.ear.told)
    assert either.ear.told == ["lose"]
    assert either.is_gone


def test_a_client_that_breaks_off_tls_is_lost(tls: Line) -> None:
    socket.socket.send(tls.client, b"NOOP\r\n" * 10)
    tls.loop.until(lambda: tls.ear.told)

    assert tls.ear.told == ["lose"]
    assert tls.ear.heard == b""
    assert tls.is_gone


# The handshake


def test_a_handshake_has_its_time_and_no_more(line: Line) -> None:
    assert not line.wire.is_shaking_hands
    line.begin_tls()
    assert line.wire.is_shaking_hands
    line.loop.pass_(HANDSHAKE_TIMEOUT - 1)
    assert line.shaken == []

    line.loop.pass_(1)
    assert [type(error) for error in line.shaken] == [TimeoutError]
    assert not line.wire.is_shaking_hands


def test_behind_a_handshake_its_time_is_of_no_matter(tls: Line) -> None:
    tls.loop.pass_(HANDSHAKE_TIMEOUT + 1)

    assert tls.shaken == [None]
    assert not tls.is_gone


def test_a_handshake_byte_by_byte_is_one(line: Line) -> None:
    line.begin_tls()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = line.context().wrap_bio(incoming, outgoing, server_hostname="localhost")

    def is_over() -> bool:
        is_done(client.do_handshake)
        for octet in outgoing.read():
            line.send(bytes([octet]))
            line.loop.turn()
        incoming.write(line.some(ROOM) or b"")
        return bool(line.shaken)

    line.loop.until(is_over)
    assert line.shaken == [None]


def test_a_handshake_needs_nothing_that_only_linux_has(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_wire, "_QUICK_ACKNOWLEDGEMENT", None)
    line.secure(line.context())

    assert line.shaken == [None]


def test_a_client_with_which_there_is_no_cipher_in_common_is_told_by_an_alert(line: Line) -> None:
    context = line.context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")
    with pytest.raises(ssl.SSLError, match="HANDSHAKE_FAILURE"):
        line.secure(context)

    assert "NO_SHARED_CIPHER" in str(line.shaken[0])


def test_a_client_that_does_not_trust_the_certificate_is_heard(line: Line) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        line.secure(ssl.create_default_context())
    line.loop.until(lambda: line.shaken)

    assert "UNKNOWN_CA" in str(line.shaken[0])


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01"])
@pytest.mark.parametrize("leave", [Line.close, Line.reset])
def test_a_handshake_that_is_cut_off_fails_as_a_reset(line: Line, sent: bytes, leave: Callable[[Line], None]) -> None:
    line.begin_tls()
    line.client.send(sent)
    leave(line)
    line.loop.until(lambda: line.shaken)

    assert [type(error) for error in line.shaken] == [ConnectionResetError]
    assert line.ear.told == []


# The end


def test_to_end_a_connection_twice_is_harmless(either: Line) -> None:
    either.wire.write(PLENTY)
    either.wire.abort()
    either.wire.abort()
    either.wire.write(b"more")
    either.wire.write_last(b"more")
    either.loop.turn(5)

    assert either.is_gone
    assert either.ear.told == ["hold"]


def test_a_connection_that_ends_in_the_handshake_leaves_no_timer(line: Line) -> None:
    line.begin_tls()
    line.wire.abort()
    line.loop.pass_(HANDSHAKE_TIMEOUT + 1)

    assert line.shaken == []


# At a port


@pytest.mark.parametrize("number", [25, 465])
def test_a_client_that_reads_late_gets_every_answer_in_its_order(smtpports: SMTPPorts, dial: Dial, number: int) -> None:
    client = dial(smtpports.ports[number])
    if number == 465:
        client.secure(smtpports.client_context())
    for _ in range(100):
        client.send(b"HELO\r\nNOOP\r\n" * 50)
    client.send(b"QUIT\r\n")

    codes = [line[:3] for line in client.rest().splitlines()]
    assert codes == [b"220", *[b"501", b"250"] * 5_000, b"221"]


# Several wires at one watch


@pytest.fixture
def other(line: Line, authority: Authority) -> Iterator[Line]:
    opened = Line(line.loop, line.watch, authority)
    yield opened
    opened.client.close()
    opened.wire.abort()
    assert opened.is_gone


def test_what_somebody_else_has_read_is_waited_for_again(line: Line, other: Line) -> None:
    line.ear.answer = lambda: other.accepted.recv(ROOM)
    line.send(b"NOOP\r\n")
    other.send(b"RSET\r\n")
    line.loop.turn(3)
    assert (line.ear.heard, other.ear.heard) == (b"NOOP\r\n", b"")

    other.send(b"QUIT\r\n")
    line.loop.until(lambda: other.ear.heard)
    assert other.ear.heard == b"QUIT\r\n"


def test_who_is_ended_by_another_client_is_asked_nothing_more(line: Line, other: Line) -> None:
    line.ear.answer = other.wire.abort
    line.send(b"NOOP\r\n")
    other.send(b"RSET\r\n")
    line.loop.turn(3)

    assert (line.ear.heard, other.ear.heard) == (b"NOOP\r\n", b"")
    assert other.is_gone
