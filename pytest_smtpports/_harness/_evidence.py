"""What the ports of a test have to tell of it when it is over, or has failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .._mail._connection import Connection
    from .._mail._message import Message
    from ._smtpports import SMTPPorts


@dataclass(frozen=True, slots=True)
class Evidence:
    """What has happened at the ports, as it stands.

    Attributes:
        messages: in order of arrival.
        connections: in order of opening.
        blocks: the active ones, as (port, kind).
        faults: those that are set, and those that were and never fired; and how often each has fired.
    """

    messages: tuple[Message, ...]
    connections: tuple[Connection, ...]
    blocks: tuple[tuple[str, str], ...]
    faults: tuple[tuple[str, int], ...]


def evidence_of(smtpports: SMTPPorts) -> Evidence:
    """What has happened, once everything that clients did up to now is dealt with."""
    world = smtpports._world
    world.catch_up()
    # In this order no message lacks its connection.
    return Evidence(
        messages=world.journal.messages,
        connections=world.journal.connections,
        blocks=tuple(world.blocks()),
        faults=(*world.faults_told(), *((fault, 0) for fault in world.faults_in_vain())),
    )


def messages_of(smtpports: SMTPPorts) -> tuple[Message, ...]:
    """What has come by now, with nothing waited for."""
    return smtpports._world.journal.messages


def begin_anew(smtpports: SMTPPorts, seen: int) -> tuple[Message, ...]:
    """Reset ports, and return what came behind so many messages, which nobody has seen."""
    return smtpports._world.reset()[seen:]
