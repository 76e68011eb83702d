"""A client by raw socket: it costs little, and says exactly what it is told to."""

from __future__ import annotations

import socket
import ssl
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

HOST = "127.0.0.1"
# Seconds for whatever is waited for.
DEADLINE = 20.0


class Client:
    """A connection that has been greeted and has said EHLO.

    Args:
        port: where.
        tls: "implicit", "starttls", or None.
    """

    def __init__(self, port: int, tls: str | None = None) -> None:
        self._socket = socket.create_connection((HOST, port), DEADLINE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls == "implicit":
            self._secure()
        self._replies = self._socket.makefile("rb")
        self.expect(220)
        self._greet()
        if tls == "starttls":
            self.say(b"STARTTLS", 220)
            self._replies.close()
            self._secure()
            self._replies = self._socket.makefile("rb")
            self._greet()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self.say(b"QUIT", 221)
        self.close()

    def deliver(self, message: bytes, recipient: str = "ada@example.org") -> None:
        """Send a message, whose lines end with CRLF and begin with no dot."""
        self.begin(recipient)
        self.send(message + b".\r\n")
        self.expect(250)

    def begin(self, recipient: str = "ada@example.org") -> None:
        """Come to where the message is to be sent."""
        self.send(b"MAIL FROM:<app@example.com>\r\nRCPT TO:<%b>\r\nDATA\r\n" % recipient.encode())
        for code in (250, 250, 354):
            self.expect(code)

    def say(self, line: bytes, code: int) -> None:
        """Send a line, and read the reply."""
        self.send(line + b"\r\n")
        self.expect(code)

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._socket.sendall(data)

    def expect(self, code: int) -> None:
        """Read a reply that has this code."""
        line = b"   -"
        while line[3:4] == b"-":
            line = self._replies.readline()
        if line[:3] != b"%d" % code:
            raise ConnectionError(f"a reply {code} is expected, and {line!r} came")

    def close(self) -> None:
        """Close without a word."""
        self._replies.close()
        self._socket.close()

    def _greet(self) -> None:
        self.say(b"EHLO client.example.com", 250)

    def _secure(self) -> None:
        self._socket = _context().wrap_socket(self._socket)


@cache
def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def lines(length: int) -> bytes:
    """So many bytes of text, in lines of 80 at most, their CRLF counted."""
    whole, rest = divmod(length, 80)
    last = b"x" * (rest - 2) + b"\r\n" if rest >= 2 else b"x" * rest
    return (b"x" * 78 + b"\r\n") * whole + last
