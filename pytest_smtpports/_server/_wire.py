"""A client's socket in the loop: bytes in, bytes out, with TLS from the first of them on or from a later one.

Not asyncio's transports: these know no way to have a connection begin without a task, to read into memory that all
connections share, or to send the end of TLS with the last reply; and each version of Python closes in its own way.
"""

from __future__ import annotations

import socket
import ssl
import struct
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, cast

from ._fork import let_go_in_children

if sys.platform == "linux":
    from fcntl import ioctl

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from ._watch import Watch

# How much is read at once.
ROOM = 262_144
# How many bytes may wait for a client that does not read, before it is told nothing more; and when it is again.
HIGH_WATER = 65_536
LOW_WATER = 16_384
# RFC 8314 §4 leaves it open; long enough for a slow machine, short enough for a test that waits for the end of it.
HANDSHAKE_TIMEOUT = 60.0
# How long a client has to read its last reply, and to end TLS on its side.
LINGER = 5.0
# Linux has it, and the need for it.
_QUICK_ACKNOWLEDGEMENT: int | None = getattr(socket, "TCP_QUICKACK", None)
# What Linux counts of a connection: the bytes that are not sent yet (linux/sockios.h), and those that nobody has read.
_COUNTS = (0x894B, 0x541B) if sys.platform == "linux" else ()
_NONE = bytes(4)


class Ear(Protocol):
    """Who listens to a wire; called by the loop alone, never by what is asked of the wire, but for `hold`.

    Attributes:
        is_busy: what comes next may stay where it is for another turn of the loop.
    """

    is_busy: bool

    def hear(self, data: memoryview) -> None:
        """Bytes have come; the memory is theirs only during this call."""
        ...

    def hear_no_more(self) -> None:
        """The client will send no more, but may read."""
        ...

    def hold(self) -> None:
        """The client does not read: say nothing more for now."""
        ...

    def release(self) -> None:
        """It does again."""
        ...

    def lose(self) -> None:
        """The connection is gone."""
        ...


class Desk(Protocol):
    """Where wires are served.

    Attributes:
        loop: has timers, and tells when there is room to write.
        watch: tells when there is something to read.
        room: memory to read into, which all wires share.
    """

    loop: asyncio.AbstractEventLoop
    watch: Watch
    room: memoryview


class Wire:
    """One accepted connection; it owns the socket.

    Args:
        client: the socket, which does not block.
        desk: where it is read and written.
        ear: who listens.
        closed: called when the socket is closed.

    Attributes:
        tls: the TLS that is on, or None.
        is_closing: nothing that is written now will leave.
        has_heard_tls: the client has begun a handshake.
        has_answered_tls: it was shown a certificate.
    """

    def __init__(
        self,
        client: socket.socket,
        desk: Desk,
        ear: Ear,
        closed: Callable[[], object],
    ) -> None:
        self._loop = desk.loop
        self._watch = desk.watch
        self._room = desk.room
        self._socket = client
        let_go_in_children(client)
        self._fd = client.fileno()
        self._ear = ear
        self._closed = closed
        self._unsent = bytearray()
        self._is_writing = self._is_reading = self._is_held = self._is_at_end = self._lingers = False
        self._shaken: Callable[[Exception | None], object] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self.tls: ssl.SSLObject | None = None
        self.is_closing = self.has_heard_tls = self.has_answered_tls = False
        self._read(on=True)

    @property
    def is_shaking_hands(self) -> bool:
        """Whether TLS has begun, and its handshake is not over."""
        return self._shaken is not None

    @property
    def has_more_to_send(self) -> bool:
        """Whether something that was written has not left yet."""
        return bool(self._unsent)

    def secure(self, context: ssl.SSLContext, shaken: Callable[[Exception | None], object]) -> None:
        """Speak TLS from here on, as the server.

        Args:
            context: whose certificate is shown.
            shaken: called when the handshake has come to its end: with what went wrong, if anything did.
        """
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._shaken = shaken
        self._deadline = self._loop.call_later(HANDSHAKE_TIMEOUT, self._shake, TimeoutError())

    def pause_reading(self) -> None:
        """Leave what the client sends where it is."""
        self._read(on=False)

    def resume_reading(self) -> None:
        """Take it again."""
        self._read(on=True)

    def lets_through(self, _pending: bytes | bytearray) -> bool:
        """Whether one reply more gets through behind those that are about to leave."""
        return True

    def write(self, data: bytes | bytearray) -> None:
        """Send bytes, now as far as the client takes them."""
        if self.is_closing:
            return
        if self.tls is not None:
            self.tls.write(data)
            data = self._outgoing.read()
        self._send(data)

    def write_last(self, data: bytes | bytearray) -> None:
        """Send bytes, and after them close; with TLS its end leaves with them (RFC 8446 §6.1, RFC 8314 §3.4)."""
        if self.is_closing:
            return
        if self.tls is not None:
            if data:
                self.tls.write(data)
            self._lingers = not self._has_ended_tls() and not self._is_at_end
            data = self._outgoing.read()
        if data:
            self._send(data)
        self._finish()

    def give_up(self) -> None:
        """End the connection behind a handshake that failed; the alert that says why is not lost in a reset."""
        self.tls, self._lingers = None, not self._is_at_end
        self._finish()

    def reset(self) -> None:
        """End the connection now, by a reset (RFC 9293 §3.10.5)."""
        # Whatever has not left is thrown away, and RST sent in its place.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.abort()

    def abort(self) -> None:
        """End the connection now, whatever has not left."""
        if self._socket.fileno() < 0:
            return
        self.is_closing = True
        self._read(on=False)
        if self._is_writing:
            self._is_writing = False
            self._loop.remove_writer(self._fd)
        if self._deadline is not None:
            self._deadline.cancel()
        self._socket.close()
        self._closed()

    # The end

    def _needs(self) -> float:
        """How many seconds the wire itself takes for what has not left."""
        return 0.0

    def _finish(self) -> None:
        """Close when everything has left, and the client has ended its side where that matters; or in a while."""
        self.is_closing = True
        self._read(on=self._lingers)
        if not self._unsent:
            self._close()
        if self._socket.fileno() >= 0:
            self._deadline = self._loop.call_later(LINGER + self._needs(), self.abort)

    def _close(self) -> None:
        """The last byte is in the kernel."""
        if self.tls is None and not self._is_at_end and (self._lingers or _is_unsettled(self._socket)):
            # To close now would be a reset, now or as soon as the client says anything more.
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_WR)
            self._lingers = True
            self._read(on=True)
        if not self._lingers:
            self.abort()

    def _linger(self, count: int) -> None:
        """What comes now comes too late, but for the client's own end."""
        if count and self.tls is not None:
            self._incoming.write(self._room[:count])
        if not count or (self.tls is not None and self._has_ended_tls()):
            self._lingers = False
            self._read(on=False)
            if not self._unsent:
                self.abort()

    def _has_ended_tls(self) -> bool:
        """Say the end of TLS; whether the client has said it too."""
        assert self.tls is not None
        try:
            self.tls.unwrap()
        except ssl.SSLError:
            return False
        return True

    # Out

    def _send(self, data: bytes | bytearray) -> None:
        if not self._unsent:
            try:
                sent = self._socket.send(data)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError:
                # The client has gone; the loop is about to find that out.
                self.is_closing = True
                self._loop.call_soon(self._lose)
                return
            if sent == len(data):
                return
            data = data[sent:]
        self._unsent += data
        if not self._is_writing:
            self._is_writing = True
            self._loop.add_writer(self._fd, self._writable)
        if len(self._unsent) > HIGH_WATER and not self._is_held:
            self._is_held = True
            self._read(on=False)
            self._ear.hold()

    def _writable(self) -> None:
        try:
            sent = self._socket.send(self._unsent)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._lose()
            return
        del self._unsent[:sent]
        if not self._unsent:
            self._is_writing = False
            self._loop.remove_writer(self._fd)
            if self.is_closing:
                self._close()
                return
        if self._is_held and not self.is_closing and len(self._unsent) <= LOW_WATER:
            self._is_held = False
            self._read(on=not self._is_at_end)
            self._ear.release()
            self._decrypt()

    # In

    def _read(self, *, on: bool) -> None:
        if on and not self._is_reading:
            self._watch.begin(self._fd, self._readable)
        elif self._is_reading and not on:
            self._watch.end(self._fd)
        self._is_reading = on

    def _readable(self) -> None:
        if self._ear.is_busy or not self._is_reading:
            # It is asked again in the loop's next turn; or somebody who was asked before has ended it.
            return
        try:
            count = self._socket.recv_into(self._room)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._lose()
            return
        if self._lingers:
            self._linger(count)
        elif not count:
            self._come_to_the_end()
        elif self.tls is None:
            self._ear.hear(self._room[:count])
        else:
            self._incoming.write(self._room[:count])
            if self._shaken is not None:
                self._shake_hands()
            self._decrypt()

    def _come_to_the_end(self) -> None:
        self._is_at_end = True
        self._read(on=False)
        if self._shaken is not None:
            self._lose()
        else:
            self._ear.hear_no_more()

    def _decrypt(self) -> None:
        """Give on what TLS has understood, until it needs more, or nobody listens."""
        if self.tls is None or self._shaken is not None:
            return
        try:
            while self._is_reading and not self.is_closing:
                # The type stubs know no other buffer than a bytearray, nor that a number is returned.
                count = cast("int", self.tls.read(len(self._room), self._room))
                if not count:
                    # The client has ended TLS, as not every client does.
                    self._come_to_the_end()
                    return
                self._ear.hear(self._room[:count])
        except ssl.SSLWantReadError:
            self._say_of_tls()
        except ssl.SSLError:
            self._say_of_tls()
            self._lose()

    def _say_of_tls(self) -> None:
        """Send what TLS itself has to say: an alert, or a new key."""
        if self._outgoing.pending and not self.is_closing:
            self._send(self._outgoing.read())

    def _lose(self) -> None:
        if self._socket.fileno() < 0:
            return
        if self._shaken is not None:
            self._shake(ConnectionResetError())
        else:
            self.abort()
            self._ear.lose()

    # The handshake

    def _shake_hands(self) -> None:
        assert self.tls is not None
        self.has_heard_tls = True
        error: Exception | None = None
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            self.has_answered_tls |= self._outgoing.pending > 0
            self._send(self._outgoing.read())
            return
        except ssl.SSLError as failure:
            error = failure
        # The last of our side, or the alert that tells the client what is wrong.
        if self._outgoing.pending:
            self._send(self._outgoing.read())
        if _QUICK_ACKNOWLEDGEMENT is not None:
            # Nothing of ours follows a TLS 1.3 handshake, no session ticket either; a client with Nagle's algorithm on
            # would hold its EHLO back for the 40 ms after which Linux acknowledges by itself.
            self._socket.setsockopt(socket.IPPROTO_TCP, _QUICK_ACKNOWLEDGEMENT, 1)
        self._shake(error)

    def _shake(self, error: Exception | None) -> None:
        assert self._shaken is not None
        assert self._deadline is not None
        self._deadline.cancel()
        shaken, self._shaken = self._shaken, None
        shaken(error)


def _is_unsettled(wire: socket.socket) -> bool:
    """Whether the client has not made room yet for what it is told, or has said more than was heard."""
    if not _COUNTS:
        # Nobody can tell.
        return True
    unsent, unread = _COUNTS
    return ioctl(wire, unsent, _NONE) != _NONE or ioctl(wire, unread, _NONE) != _NONE
