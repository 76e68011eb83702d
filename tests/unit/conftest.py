"""Captured values as the tests of the pure modules need them."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import TLS, Connection, Envelope, Line, Location, Message, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

NOON = datetime.datetime(2024, 5, 17, 12, 0, tzinfo=datetime.timezone.utc)


@pytest.fixture
def noon() -> datetime.datetime:
    """When the made messages were received, and the made connections opened."""
    return NOON


@pytest.fixture
def make_message() -> Callable[..., Message]:
    """A message in clear on 25 from app@example.com to ada@example.org, unless told."""

    def make(
        raw: bytes = b"Subject: Welcome\r\n\r\nHello Ada\r\n",
        *,
        port: int = 25,
        mail_from: str = "app@example.com",
        recipients: tuple[str, ...] = ("ada@example.org",),
        host: str | None = None,
        tls: TLS | None = None,
        user: str | None = None,
        acknowledged: bool = True,
    ) -> Message:
        envelope = Envelope(mail_from, recipients)
        return Message(raw, envelope, port, NOON, host=host, tls=tls, user=user, acknowledged=acknowledged)

    return make


@pytest.fixture
def make_connection() -> Callable[..., Connection]:
    """An ended connection of which only what is told is known."""

    def make(
        port: int,
        outcome: Outcome,
        reason: str,
        *,
        host: str | None = None,
        block: str | None = None,
        dialogue: tuple[Line, ...] = (),
        location: Location | None = None,
    ) -> Connection:
        return Connection(
            id=1,
            port=port,
            host=host,
            peer=None,
            outcome=outcome,
            reason=reason,
            block=block,
            tls=None,
            logins=(),
            dialogue=dialogue,
            timeout=None,
            location=location,
            opened_at=NOON,
            closed_at=NOON,
        )

    return make
