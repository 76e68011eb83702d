"""What comes to the ports, as JSON in ASCII, an object in each line, for programs. Pure; no passwords."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .._harness._port import Port
    from .._mail._connection import Connection
    from .._mail._message import Message
    from ._opened import Opened
    from ._totals import Totals


class JSONLines:
    """Tells a program."""

    def ready(self, opened: Opened) -> Iterator[str]:
        """The ports."""
        smtpports = opened.smtpports
        yield _line(
            "ready",
            host=smtpports.host,
            ports={str(port.number): _port(port) for port in smtpports.ports},
            username=smtpports.username,
            ca_file=smtpports.ca_file,
            **dict(opened.files),
        )

    def message(self, message: Message) -> Iterator[str]:
        """One mail that came."""
        yield _line(
            "message",
            connection=message.connection,
            port=message.port,
            host=message.host,
            tls=message.tls and message.tls.version,
            user=message.user,
            mail_from=message.mail_from,
            recipients=message.recipients,
            subject=message.subject,
            bytes=len(message.raw),
            acknowledged=message.acknowledged,
            received_at=message.received_at.isoformat(),
        )

    def connection(self, connection: Connection) -> Iterator[str]:
        """One connection that has ended, or was cut at the end."""
        yield _line(
            "connection",
            id=connection.id,
            port=connection.port,
            host=connection.host,
            peer=connection.peer,
            tls=connection.tls and connection.tls.version,
            outcome=connection.outcome.value,
            reason=connection.reason,
            block=connection.block,
            logins=[asdict(login) for login in connection.logins],
            opened_at=connection.opened_at.isoformat(),
            closed_at=connection.closed_at and connection.closed_at.isoformat(),
        )

    def end(self, totals: Totals) -> Iterator[str]:
        """What it was in all."""
        yield _line("end", **asdict(totals))


def _port(port: Port) -> dict[str, Any]:  # what JSON holds
    profile = port.profile
    return {
        "address": port.address,
        "role": profile.role.value,
        "tls": profile.tls.value,
        "login": profile.auth.value,
        "block": port.blocked and port.blocked.kind,
    }


def _line(event: str, **facts: object) -> str:
    return json.dumps({"event": event, **facts})
