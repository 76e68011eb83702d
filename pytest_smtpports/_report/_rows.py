"""What the page's list shows of a test, a mail and a connection, as JSON takes it."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._mail._connection import Connection
    from .._mail._message import Message
    from ._captured import Captured

# Whatever JSON takes.
Values = dict[str, Any]

# Characters and addresses beyond which a row is cut; what is opened has them all.
LONGEST = 300
MOST_ADDRESSES = 3
LONGEST_PREVIEW = 160
# Characters of a body in which its beginning is looked for.
_LOOKED_AT = 4_000

_UNSEEN = re.compile(r"<(style|script|title)\b[^<]*</\1\s*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")


def row_of_test(captured: Captured) -> Values:
    """The test above what it captured."""
    return {
        "kind": "test",
        "test": captured.test,
        "outcome": captured.outcome,
        "mails": len(captured.messages) + len(captured.late),
        "connections": len(captured.connections),
    }


def row_of_mail(message: Message, *, late: bool = False) -> Values:
    """A mail by whom, to whom, about what, and the way that it came, perhaps when its test was over."""
    return {
        "kind": "mail",
        "subject": message.subject[:LONGEST],
        "from": (message.from_ or (message.mail_from,))[0][:LONGEST],
        **_addresses("to", message.recipients),
        "preview": preview(message),
        "port": message.port,
        "host": message.host,
        "tls": message.tls.version if message.tls else None,
        "acknowledged": message.acknowledged,
        "late": late,
        "connection": message.connection,
        "at": message.received_at.isoformat(),
        "bytes": len(message.raw),
    }


def row_of_connection(connection: Connection) -> Values:
    """A connection by where it led, and how it ended."""
    return {
        "kind": "connection",
        "id": connection.id,
        "port": connection.port,
        "host": connection.host,
        "tls": connection.tls.version if connection.tls else None,
        "outcome": connection.outcome.value,
        "reason": connection.reason[:LONGEST],
        "block": connection.block,
        "at": connection.opened_at.isoformat(),
    }


def preview(message: Message) -> str:
    """How the mail begins, in one line."""
    text = message.text[:_LOOKED_AT]
    if not text.strip():
        text = html.unescape(_TAG.sub(" ", _UNSEEN.sub(" ", message.html[:_LOOKED_AT])))
    return " ".join(text.split())[:LONGEST_PREVIEW]


def _addresses(name: str, addresses: Sequence[str]) -> Values:
    shown = [address[:LONGEST] for address in addresses[:MOST_ADDRESSES]]
    return {name: shown, "others": len(addresses) - len(shown)}
