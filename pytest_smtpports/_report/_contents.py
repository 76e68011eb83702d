"""What the page shows of a mail and of a connection that is opened, as JSON takes it."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._mail._attachments import Attachment
    from .._mail._connection import Connection, Line
    from .._mail._message import Message
    from ._rows import Values

# Characters of a text, bytes of a file, and header fields beyond which the page keeps no more, and says so.
LONGEST_TEXT = 1_048_576
LARGEST_FILE = 8 * 1_048_576
MOST_HEADERS = 1_000
LONGEST_HEADER = 16_384


def mail(message: Message) -> Values:
    """The mail, whole but for what is too long for a page."""
    return {
        "subject": _cut(message.subject, LONGEST_HEADER),
        "from": message.from_,
        "to": message.to,
        "cc": message.cc,
        "bcc": message.bcc,
        "envelope": asdict(message.envelope),
        "user": message.user,
        "tls": asdict(message.tls) if message.tls else None,
        "message_id": message.message_id[:LONGEST_HEADER],
        "defects": message.defects[:MOST_HEADERS],
        "headers": [[name, _cut(value, LONGEST_HEADER)] for name, value in message.headers[:MOST_HEADERS]],
        "more_headers": max(0, len(message.headers) - MOST_HEADERS),
        "text": _cut(message.text, LONGEST_TEXT),
        "html": message.html if len(message.html) <= LONGEST_TEXT else "",
        "html_length": len(message.html),
        "source": _source(message.raw),
        "files": [_file(attachment) for attachment in message.attachments.values()],
    }


def connection(connection: Connection) -> Values:
    """The connection with all that was said."""
    return {
        "peer": connection.peer,
        "tls": asdict(connection.tls) if connection.tls else None,
        "logins": [asdict(login) for login in connection.logins],
        "timeout": connection.timeout,
        "location": str(connection.location) if connection.location else None,
        "reason": connection.reason,
        "closed_at": connection.closed_at.isoformat() if connection.closed_at else None,
        "lasted": (connection.closed_at - connection.opened_at).total_seconds() if connection.closed_at else None,
        "dialogue": _dialogue(connection.dialogue),
    }


def _dialogue(lines: Sequence[Line]) -> list[tuple[str, float, str]]:
    return [(line.direction, round(line.seconds, 6), line.text) for line in lines]


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text) - longest} more characters)"


def _source(raw: bytes) -> Values:
    """The bytes as text of which they can be had again: UTF-8, or a character per byte."""
    kept = raw[:LONGEST_TEXT]
    try:
        return {"text": kept.decode("utf-8"), "encoding": "utf-8", "left_out": len(raw) - len(kept)}
    except UnicodeDecodeError:
        return {"text": kept.decode("latin-1"), "encoding": "latin-1", "left_out": len(raw) - len(kept)}


def _file(attachment: Attachment) -> Values:
    kept = len(attachment.content) <= LARGEST_FILE
    return {
        "name": attachment.filename[:LONGEST_HEADER],
        "type": attachment.content_type[:LONGEST_HEADER],
        "bytes": len(attachment.content),
        "content": b64encode(attachment.content).decode("ascii") if kept else None,
        "id": attachment.content_id or "",
    }
