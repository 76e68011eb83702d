"""What a test captured, as JSON and back, exactly; the bytes of its messages stand elsewhere."""

from __future__ import annotations

import datetime
import json
from typing import TYPE_CHECKING, Any

from .._mail._connection import Connection, Line, Location, Login, Outcome
from .._mail._message import TLS, Envelope, Message
from ._captured import Captured

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._mail._message import Stored

    # What the JSON has in the place of a message's bytes.
    Place = list[int]

# What stands in the JSON as it is.
_OF_CONNECTION = ("id", "port", "host", "reason", "block", "timeout")
_OF_MESSAGE = ("port", "host", "user", "acknowledged", "connection")


def written(captured: Captured, keep: Callable[[bytes], Place]) -> str:
    """One line of ASCII.

    Args:
        captured: what is written.
        keep: puts the bytes of a message somewhere, and says where.
    """
    return json.dumps(
        {
            "test": captured.test,
            "outcome": captured.outcome,
            "messages": [_message(message, keep) for message in captured.messages],
            "connections": [_connection(connection) for connection in captured.connections],
            "late": [_message(message, keep) for message in captured.late],
        }
    )


def read(line: str | bytes, fetch: Callable[[Place], bytes | Stored]) -> Captured:
    """What was written.

    Args:
        line: the JSON.
        fetch: what gives the bytes at a place.
    """
    data = json.loads(line)
    return Captured(
        data["test"],
        data["outcome"],
        tuple(_read_message(each, fetch) for each in data["messages"]),
        tuple(_read_connection(each) for each in data["connections"]),
        tuple(_read_message(each, fetch) for each in data["late"]),
    )


def _message(message: Message, keep: Callable[[bytes], Place]) -> dict[str, object]:
    envelope = message.envelope
    return {
        **{name: getattr(message, name) for name in _OF_MESSAGE},
        "raw": keep(message.raw),
        "envelope": [
            envelope.mail_from,
            envelope.recipients,
            envelope.mail_parameters,
            envelope.recipient_parameters,
        ],
        "tls": _tls(message.tls),
        "received_at": message.received_at.isoformat(),
    }


def _read_message(data: dict[str, Any], fetch: Callable[[Place], bytes | Stored]) -> Message:  # what JSON holds
    mail_from, recipients, mail_parameters, recipient_parameters = data["envelope"]
    return Message(
        raw=fetch(data["raw"]),  # type: ignore[arg-type] # the field gives bytes, wherever they are
        envelope=Envelope(
            mail_from, tuple(recipients), tuple(mail_parameters), tuple(map(tuple, recipient_parameters))
        ),
        tls=_read_tls(data["tls"]),
        received_at=datetime.datetime.fromisoformat(data["received_at"]),
        **{name: data[name] for name in _OF_MESSAGE},
    )


def _connection(connection: Connection) -> dict[str, object]:
    closed_at, location = connection.closed_at, connection.location
    return {
        **{name: getattr(connection, name) for name in _OF_CONNECTION},
        "peer": connection.peer,
        "outcome": connection.outcome.value,
        "tls": _tls(connection.tls),
        "logins": [[login.username, login.mechanism, login.succeeded] for login in connection.logins],
        "dialogue": [[line.direction, line.seconds, line.text] for line in connection.dialogue],
        "location": location and [location.file, location.line],
        "opened_at": connection.opened_at.isoformat(),
        "closed_at": closed_at and closed_at.isoformat(),
    }


def _read_connection(data: dict[str, Any]) -> Connection:  # what JSON holds
    return Connection(
        peer=data["peer"] and tuple(data["peer"]),
        outcome=Outcome(data["outcome"]),
        tls=_read_tls(data["tls"]),
        logins=tuple(
            Login(username, mechanism, succeeded=succeeded) for username, mechanism, succeeded in data["logins"]
        ),
        dialogue=tuple(Line(*line) for line in data["dialogue"]),
        location=data["location"] and Location(*data["location"]),
        opened_at=datetime.datetime.fromisoformat(data["opened_at"]),
        closed_at=data["closed_at"] and datetime.datetime.fromisoformat(data["closed_at"]),
        **{name: data[name] for name in _OF_CONNECTION},
    )


def _tls(tls: TLS | None) -> list[object] | None:
    return None if tls is None else [tls.version, tls.cipher, tls.sni, tls.client, tls.fault]


def _read_tls(data: list[Any] | None) -> TLS | None:  # what JSON holds
    if data is None:
        return None
    version, cipher, sni, client, fault = data
    return TLS(version, cipher, sni, tuple(client), fault)
