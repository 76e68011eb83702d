"""Bytes in; command lines, messages and chunks out (RFC 5321 §2.3.8, §4.5.2; RFC 3030 §2). No I/O."""

from __future__ import annotations

_LINE_END = b"\r\n"
_LINE_FEED = b"\n"
_FIRST_LINE_IS_THE_END = b".\r\n"
_MESSAGE_END = b"\r\n.\r\n"


# As much of a line that is too long as tells what it was meant to be.
_BEGINNING = 8


class LineTooLong(Exception):
    """A whole line has gone by that was longer than the limit; what follows it is untouched.

    Attributes:
        beginning: its first octets.
    """

    def __init__(self, beginning: bytes) -> None:
        super().__init__(beginning)
        self.beginning = beginning


class MessageTooLong(Exception):
    """A whole message has gone by that was longer than the limit; what follows it is untouched.

    Attributes:
        size: how many octets came, doubled dots included.
    """

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class Framing:
    """What has come from a client and has not been read yet.

    Only CRLF.CRLF ends a message, so that no other line end can smuggle one into another.
    """

    __slots__ = ("_buffer", "_overlong", "_passed_over", "_searched", "_searched_for")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._searched_for = _LINE_FEED
        self._overlong = b""
        self._passed_over = 0

    def feed(self, data: bytes) -> None:
        """Add what has arrived."""
        self._buffer += data

    def clear(self) -> None:
        """Forget what has not been read, as STARTTLS demands (RFC 3207 §4.2)."""
        self._take(len(self._buffer))
        self._overlong = b""
        self._passed_over = 0

    def line(self, limit: int) -> bytes | None:
        """The next line with its end, or None while it is incomplete.

        Raises:
            LineTooLong: the line was longer than `limit` octets; it is gone.
        """
        end = self._find(_LINE_FEED)
        if end < 0:
            self._forget_overlong(limit)
            return None
        line = self._take(end + len(_LINE_FEED))
        if self._overlong or len(line) > limit:
            beginning, self._overlong = self._overlong or line[:_BEGINNING], b""
            raise LineTooLong(beginning)
        return line

    def message(self, limit: int | None = None) -> bytes | None:
        """The message up to the dot, dots unstuffed, or None while it is incomplete.

        Raises:
            MessageTooLong: the message was so much longer than `limit` octets that it was not kept; it is gone.
        """
        if not self._passed_over and self._buffer.startswith(_FIRST_LINE_IS_THE_END):
            self._take(len(_FIRST_LINE_IS_THE_END))
            return b""
        end = self._find(_MESSAGE_END)
        if end < 0:
            self._pass_over(limit)
            return None
        if self._passed_over:
            size, self._passed_over = self._passed_over + len(self._take(end + len(_MESSAGE_END))), 0
            raise MessageTooLong(size - len(_FIRST_LINE_IS_THE_END))
        stuffed = self._take(end + len(_MESSAGE_END))[: end + len(_LINE_END)]
        return stuffed.removeprefix(b".").replace(b"\r\n.", _LINE_END)

    def some(self, most: int) -> bytes:
        """As much as there is, up to so many octets, whatever they are."""
        return self._take(min(most, len(self._buffer)))

    def _find(self, end: bytes) -> int:
        """Where an end begins, or -1; what has been searched for it before is not searched again."""
        if end != self._searched_for:
            self._searched, self._searched_for = 0, end
        place = self._buffer.find(end, self._searched)
        self._searched = max(0, len(self._buffer) - len(end) + 1)
        return place

    def _pass_over(self, limit: int | None) -> None:
        """Keep no more of a message that can't be taken than may be the beginning of its end.

        A doubled dot stands in a line of four octets at least, so that three quarters of what comes are the message's.
        """
        if limit is not None and len(self._buffer) * 3 // 4 > limit:
            self._passed_over += len(self._take(max(0, len(self._buffer) - len(_MESSAGE_END) + 1)))

    def _forget_overlong(self, limit: int) -> None:
        if len(self._buffer) > limit:
            self._overlong = self._overlong or bytes(self._buffer[:_BEGINNING])
            self._take(len(self._buffer))

    def _take(self, length: int) -> bytes:
        taken = bytes(self._buffer[:length])
        del self._buffer[:length]
        self._searched = 0
        return taken
