"""One connection, or one attempt at one, and the words for how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from ._cleartext import place_of_tls
from ._duration import duration

if TYPE_CHECKING:
    import datetime
    from collections.abc import Sequence

    from ._message import TLS


class Outcome(str, Enum):
    """How a connection ended, or stands.

    `DELIVERED`: at least one message was taken. `BLOCKED`: the network did not let it through. `TLS_FAILED`: the
    handshake failed, or the client began one where the port speaks in clear. `AUTH_FAILED`: a login was refused and
    none succeeded. `REFUSED`: a command on the way to a message got 4yz or 5yz, or the port is closed. `QUIT`: the
    client said QUIT and had sent nothing. `ABANDONED`: it went away without QUIT and had sent nothing. `OPEN`: it has
    not closed the connection yet.

    Example:
        >>> from pytest_smtpports import Outcome
        >>> Outcome("tls-failed") is Outcome.TLS_FAILED
        True
    """

    __module__ = "pytest_smtpports"

    DELIVERED = "delivered"
    BLOCKED = "blocked"
    TLS_FAILED = "tls-failed"
    AUTH_FAILED = "auth-failed"
    REFUSED = "refused"
    QUIT = "quit"
    ABANDONED = "abandoned"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the dialogue between client and port.

    Attributes:
        direction: "C" for what the client said, "S" for what the port said.
        seconds: since the connection was opened.
        text: the line without its end; what is secret reads `***`.

    Example:
        >>> from pytest_smtpports import Line
        >>> str(Line("C", 0.25, "QUIT"))
        '  0.250 C: QUIT'
    """

    __module__ = "pytest_smtpports"

    direction: str
    seconds: float
    text: str

    def __str__(self) -> str:
        return f"{self.seconds:7.3f} {self.direction}: {self.text}"


@dataclass(frozen=True, slots=True)
class Login:
    """An attempt to log in; what was given as a secret is not kept.

    Attributes:
        username: the name that was given.
        mechanism: the SASL mechanism.
        succeeded: whether the port let it in.

    Example:
        >>> from pytest_smtpports import Login
        >>> Login("user", "PLAIN", succeeded=True).username
        'user'
    """

    __module__ = "pytest_smtpports"

    username: str
    mechanism: str
    succeeded: bool


@dataclass(frozen=True, slots=True)
class Location:
    """Where in the code a connection was dialled.

    Attributes:
        file: the path of the source file.
        line: the line number.

    Example:
        >>> from pytest_smtpports import Location
        >>> str(Location("app/mail.py", 12))
        'app/mail.py:12'
    """

    __module__ = "pytest_smtpports"

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection that a port accepted, or an attempt of this process that a block or a route saw.

    Attributes:
        id: unique in this `SMTPPorts`, in order of opening.
        port: the emulated number; for a routed host the number that was dialled, emulated or not.
        host: the routed name that was dialled, or None.
        peer: the client's (address, port), or None where it did not get that far.
        outcome: how it ended.
        reason: the same as a sentence.
        block: the kind of block that stopped it, or that it got through, or None.
        tls: what protected it, or None.
        logins: the attempts to log in, in order.
        dialogue: what was said, in order, secrets masked.
        timeout: the seconds that the client had set for connecting, or None where it set none or it is not known.
        location: where in this process it was dialled, or None where that is not known.
        opened_at: aware, in UTC, by the real clock.
        closed_at: the same, or None while it is open.

    Example:
        >>> import smtplib
        >>> from pytest_smtpports import SMTPPorts
        >>> with SMTPPorts() as smtpports:
        ...     client = smtplib.SMTP(*smtpports.ports[25].address, timeout=5)
        ...     _ = client.quit()
        ...     smtpports.connections[0].dialogue[-1].text
        '221 2.0.0 Bye'
    """

    __module__ = "pytest_smtpports"

    id: int
    port: int
    host: str | None
    peer: tuple[str, int] | None
    outcome: Outcome
    reason: str
    block: str | None
    tls: TLS | None
    logins: tuple[Login, ...]
    dialogue: tuple[Line, ...]
    timeout: float | None
    location: Location | None
    opened_at: datetime.datetime
    closed_at: datetime.datetime | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What decides a connection's outcome.

    Attributes:
        hindrance: what the network put in its way, and did not stop it.
        encrypted: TLS is on.
        awaited: what has not come yet of a client that is there.
        waited: for how many seconds a client had patience that was kept waiting.
    """

    blocked: str | None = None
    not_emulated: bool = False
    tls_error: str | None = None
    accepted: str | None = None
    delivered: int = 0
    unacknowledged: int = 0
    logins: tuple[Login, ...] = ()
    refusal: str | None = None
    said_quit: bool = False
    closed: bool = False
    ending: str | None = None
    fault: str | None = None
    left: str | None = None
    last_line: str | None = None
    hindrance: str | None = None
    encrypted: bool = False
    awaited: str | None = None
    waited: float | None = None


def outcome_of(facts: Facts) -> tuple[Outcome, str]:
    """The outcome and its sentence, which begins with what was in the client's way and did not stop it.

    Behind it stands what the client should not have accepted.
    """
    outcome, reason = _weighed(facts)
    if facts.hindrance is not None:
        in_clear = ", in clear" * (outcome is Outcome.DELIVERED and not facts.encrypted)
        reason = f"{facts.hindrance}; {reason}{in_clear}"
    return outcome, reason if facts.accepted is None else f"{reason}; {facts.accepted}"


def went_on(dialogue: Sequence[Line]) -> bool:
    """Whether the client said anything under TLS, by which it accepts what it was shown."""
    return any(line.direction == "C" for line in dialogue[place_of_tls(dialogue) :])


def _weighed(facts: Facts) -> tuple[Outcome, str]:
    """What lets a message through, or stops it for good, weighs most."""
    if facts.blocked is not None and not facts.delivered:
        return Outcome.BLOCKED, facts.blocked
    if facts.not_emulated:
        return Outcome.REFUSED, "the connection was refused: this number is not an emulated port"
    if facts.tls_error is not None:
        return Outcome.TLS_FAILED, facts.tls_error
    if facts.delivered:
        return Outcome.DELIVERED, _taken(facts.delivered, facts.unacknowledged)
    if facts.logins and not any(login.succeeded for login in facts.logins):
        refused = f"the login of {facts.logins[-1].username!r} was refused"
        return Outcome.AUTH_FAILED, f"{refused}; {facts.refusal}" if facts.refusal else refused
    if facts.refusal is not None:
        return Outcome.REFUSED, facts.refusal
    if not facts.closed:
        return Outcome.OPEN, f"the client has not closed it yet; {facts.awaited or _last_word(facts)}"
    if facts.said_quit:
        met = f", after a fault ({facts.fault})" if facts.fault else ""
        return Outcome.QUIT, f"the client said QUIT without sending a message{met}"
    if facts.fault is not None:
        return Outcome.ABANDONED, _after(f"a fault ended it ({facts.fault})", facts.last_line)
    if facts.left is not None and facts.ending is None:
        return Outcome.TLS_FAILED, facts.left
    if facts.waited is not None and facts.ending is None:
        return Outcome.ABANDONED, f"the client gave up after {duration(facts.waited)}; {_last_word(facts)}"
    return Outcome.ABANDONED, _after(facts.ending or "the client went away", facts.last_line)


def _taken(delivered: int, unacknowledged: int) -> str:
    taken = f"{delivered} message{'s' * (delivered > 1)} taken"
    if not unacknowledged:
        return taken
    return f"{taken}, {f'{unacknowledged} of them ' * (delivered > 1)}never acknowledged"


def _after(what: str, last_line: str | None) -> str:
    return f"{what} after {last_line!r}" if last_line else f"{what} before it said anything"


def _last_word(facts: Facts) -> str:
    if facts.last_line:
        return f"the last it said was {facts.last_line!r}"
    return "it said nothing" if facts.closed else "it has said nothing"
