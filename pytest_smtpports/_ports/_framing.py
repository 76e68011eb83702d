"""Bytes in; command lines, messages and chunks out (RFC 5321 §2.3.8, §4.5.2; RFC 3030 §2). No I/O."""

from __future__ import annotations

from io import BytesIO

LINE_END = b"\r\n"
_LINE_FEED = b"\n"
_DOT = b"\r\n."
_MESSAGE_END = b"\r\n.\r\n"
# RFC 8446 §5.1: a record of type handshake, of whatever version of TLS.
_TLS_HANDSHAKE = b"\x16\x03"


def without_end(line: bytes) -> bytes:
    """A line without the CRLF, or the LF alone, that ended it."""
    return line.removesuffix(LINE_END) if line.endswith(LINE_END) else line.removesuffix(_LINE_FEED)


# How many octets are worth to be looked at before they are copied.
_WORTH_IT = 1024
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
        size: how many octets it had, dots unstuffed.
    """

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class Framing:
    """What has come from a client and has not been read yet.

    Only CRLF.CRLF ends a message, so that no other line end can smuggle one into another.
    """

    __slots__ = ("_body", "_buffer", "_overlong", "_searched", "_size")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._overlong = b""
        # What there is of a message that has begun, and how much of it has come; while there is one, the buffer begins
        # with the two octets before those that are not yet read.
        self._body: BytesIO | None = None
        self._size = 0

    def feed(self, data: bytes | memoryview) -> None:
        """Add what has arrived: some bytes, or the beginning of a `bytearray`."""
        if self._body is not None and isinstance(data, memoryview) and len(data) > _WORTH_IT:
            data = self._moved_on(self._body, data)
        self._buffer += data

    def clear(self) -> None:
        """Forget what has not been read, as STARTTLS demands (RFC 3207 §4.2)."""
        self.__init__()  # type: ignore[misc] # as new

    @property
    def has_more(self) -> bool:
        """Whether there is anything that has not been read."""
        return bool(self._buffer)

    @property
    def is_tls(self) -> bool:
        """Whether a TLS handshake begins where a line is to begin."""
        return self._buffer.startswith(_TLS_HANDSHAKE) and not self._overlong

    def line(self, limit: int) -> bytes | None:
        """The next line with its end, or None while it is incomplete.

        Raises:
            LineTooLong: the line was longer than `limit` octets; it is gone.
        """
        end = self._buffer.find(_LINE_FEED, self._searched)
        if end < 0:
            self._searched = len(self._buffer)
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
            MessageTooLong: it was longer than `limit` octets, and not kept; it is gone.
        """
        if self._body is None:
            self._body, self._size = BytesIO(), 0
            # The line before has ended, so that the message's first one is as any other.
            self._buffer[:0] = LINE_END
        # Most of what comes has no line that begins with a dot, and is searched once.
        dot = _dot_line(self._buffer, len(self._buffer))
        end = self._buffer.find(_MESSAGE_END, dot) if dot >= 0 else -1
        if end < 0:
            self._read_on(self._body, len(self._buffer) - len(_MESSAGE_END) + 1, dot)
            if limit is not None and self._size > limit:
                self._body = BytesIO()
            return None
        self._read_on(self._body, end + len(LINE_END), dot)
        del self._buffer[: len(_MESSAGE_END)]
        body, self._body = self._body, None
        if limit is not None and self._size > limit:
            raise MessageTooLong(self._size)
        # What BytesIO gives is its own memory, not a copy.
        return body.getvalue()

    def some(self, most: int) -> bytes:
        """As much as there is, up to so many octets, whatever they are."""
        return self._take(min(most, len(self._buffer)))

    def _moved_on(self, body: BytesIO, data: memoryview) -> memoryview:
        """Move most of what has arrived straight to the body, up to the first line that begins with a dot; the rest."""
        room = data.obj
        assert isinstance(room, bytearray)
        if (self._buffer + data[: len(_MESSAGE_END)]).find(_DOT) >= 0:
            return data
        dot = _dot_line(room, len(data))
        end = dot if dot >= 0 else len(data) - len(_MESSAGE_END) + 1
        begin = len(LINE_END)
        if end <= begin:
            return data
        self._size += body.write(self._buffer[begin:]) + body.write(data[:end])
        self._buffer.clear()
        return data[end - begin :]

    def _read_on(self, body: BytesIO, end: int, dot: int) -> None:
        """Move octets from the buffer to the body, up to where the message's end may begin; `dot` is the first one."""
        begin = len(LINE_END)
        if end <= begin:
            return
        if not 0 <= dot <= end - len(_DOT):
            with memoryview(self._buffer) as buffer, buffer[begin:end] as piece:
                self._size += body.write(piece)
        else:
            # The two octets before tell whether a dot is the first one of its line.
            self._size += body.write(self._buffer[:end].replace(_DOT, LINE_END)[begin:])
        del self._buffer[: end - begin]

    def _forget_overlong(self, limit: int) -> None:
        if len(self._buffer) > limit:
            self._overlong = self._overlong or bytes(self._buffer[:_BEGINNING])
            self._take(len(self._buffer))

    def _take(self, length: int) -> bytes:
        taken = bytes(self._buffer[:length])
        del self._buffer[:length]
        self._searched = 0
        return taken


def _dot_line(octets: bytearray, length: int) -> int:
    """Where the first line that begins with a dot has the CRLF before it, or -1."""
    # What attachments are encoded in has no dot (RFC 4648 §4), and most other messages have none there. That one octet
    # is missing is found in a seventieth of the time that three take, and from the end three in a quarter of it.
    first = octets.find(_DOT[-1:], 0, length)
    begin = max(0, first - len(LINE_END))
    if first < 0 or octets.rfind(_DOT, begin, length) < 0:
        return -1
    return octets.find(_DOT, begin, length)
