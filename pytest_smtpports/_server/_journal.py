"""The record of what happened at the ports of one `SMTPPorts`: messages, connections, and what went wrong inside."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from .. import _clock
from .._mail._connection import Connection, Facts, Line, Login, outcome_of, went_on
from .._mail._duration import duration
from .._ports import _flaws
from .._ports._kinds import Tarpit
from ._spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._mail._connection import Location
    from .._mail._message import TLS, Message, Stored
    from .._ports._blocks import Block

# How many seconds those who have begun to dial have to come; they take none to speak of.
PATIENCE = 2.0


class Entry:
    """One connection while it is written down; `snapshot()` is its value at the moment."""

    _now = staticmethod(_clock.Real.monotonic)

    def __init__(self, number: int, port: int, host: str | None) -> None:
        self.number = number
        self.port = port
        self.host = host
        self.peer: tuple[str, int] | None = None
        self.block: Block | None = None
        self.tls: TLS | None = None
        self.timeout: float | None = None
        self.location: Location | None = None
        self._opened = self._now()
        self._opened_at = _clock.now()
        self._closed_after: float | None = None
        # Lines are made of these when somebody looks.
        self._lines: list[tuple[str, float, str]] = []
        self._logins: list[Login] = []
        self._blocked: str | None = None
        self._not_emulated = False
        self._tls_error: str | None = None
        self._delivered = 0
        self._unacknowledged = 0
        self._refusal: str | None = None
        self._said_quit = False
        self._ending: str | None = None
        self._fault: str | None = None
        self._hindrance: str | None = None
        self._awaited: str | None = None

    def accepted(self, peer: tuple[str, int]) -> None:
        """The port has taken the connection, perhaps one whose SYN was dropped before."""
        self.peer = peer
        self.block = self._blocked = self._closed_after = None

    def heard(self, line: str) -> None:
        """The client said something; secrets are masked before they get here."""
        self._lines.append(("C", self._now() - self._opened, line))

    def said(self, line: str) -> None:
        """The port said something."""
        self._lines.append(("S", self._now() - self._opened, line))

    def blocked(self, block: Block, waited: float | None = None) -> None:
        """The network let nothing through; `waited` is how many seconds the client gave it."""
        self.block = block
        self._blocked = block.reason
        if waited is not None:
            self._blocked += f"; the client gave up after {duration(waited)}"
        self.closed()

    def spared(self, block: Block, timeout: float | None) -> None:
        """The same, and the client was not kept waiting for its timeout, if it had one."""
        self.blocked(block)
        self.timeout = timeout
        if timeout is None:
            self._blocked = f"{block.reason}; the client has set no timeout, and would have waited long"
        else:
            self._blocked = f"{block.reason}; the client would have given up after {duration(timeout)}"

    def met(self, block: Block, hindrance: str | None = None) -> None:
        """The network has something in the way of the connection, which may still bring mail; told in a sentence."""
        self.block = block
        self._hindrance = hindrance

    def obstructed(self, block: Block) -> None:
        """The same, and no mail can come, or no more."""
        self.block = block
        self._blocked = block.reason

    def fails(self, fault: str) -> None:
        """Something goes wrong on purpose, which the connection may not survive."""
        self._fault = fault

    def not_emulated(self) -> None:
        """A number was dialled that no profile has."""
        self._not_emulated = True
        self.closed()

    def awaits(self, what: str) -> None:
        """TLS is to come about, and what is to be said of a client that is there and has not done its part."""
        self._awaited = what

    def tls_failed(self, sentence: str) -> None:
        """The handshake did not come to an end."""
        self._tls_error = sentence

    def logged_in(self, login: Login) -> None:
        """A login was tried."""
        self._logins.append(login)

    def refused(self, reply: str | None) -> None:
        """A command on the way to a message was refused, or None where that counts no more."""
        self._refusal = reply

    def delivered(self, *, acknowledged: bool) -> None:
        """A message was taken, and the client learns of it or not."""
        self._delivered += 1
        self._unacknowledged += not acknowledged

    def said_quit(self) -> None:
        """The client ended the session as it should."""
        self._said_quit = True
        self.closed()

    def closed(self, ending: str | None = None) -> None:
        """The connection is over; only the first word on why counts."""
        if self._closed_after is None:
            self._closed_after = self._age()
            self._ending = ending

    @property
    def has_heard_client(self) -> bool:
        """Whether the client has said anything."""
        return any(direction == "C" for direction, _, _ in self._lines)

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self._closed_after is None

    def snapshot(self) -> Connection:
        """The connection as it stands."""
        lines = tuple(Line(*line) for line in tuple(self._lines))
        last_heard = next((line.text for line in reversed(lines) if line.direction == "C"), None)
        closed_after = self._closed_after
        flaw = self.tls.fault if self.tls else None
        is_accepted = flaw is not None and went_on(lines)
        outcome, reason = outcome_of(
            Facts(
                blocked=self._blocked,
                not_emulated=self._not_emulated,
                tls_error=self._tls_error,
                delivered=self._delivered,
                unacknowledged=self._unacknowledged,
                logins=tuple(self._logins),
                refusal=self._refusal,
                said_quit=self._said_quit,
                closed=closed_after is not None,
                ending=self._ending,
                fault=self._fault,
                accepted=_flaws.accepted(flaw) if flaw is not None and is_accepted else None,
                left=_flaws.left(flaw) if flaw is not None and not is_accepted else None,
                last_line=last_heard,
                hindrance=self._hindrance,
                encrypted=self.tls is not None,
                awaited=self._awaited if self.tls is None else None,
                waited=closed_after if isinstance(self.block, Tarpit) else None,
            )
        )
        return Connection(
            id=self.number,
            port=self.port,
            host=self.host,
            peer=self.peer,
            outcome=outcome,
            reason=reason,
            block=self.block.kind if self.block else None,
            tls=self.tls,
            logins=tuple(self._logins),
            dialogue=lines,
            timeout=self.timeout,
            location=self.location,
            opened_at=self._opened_at,
            closed_at=None if closed_after is None else _clock.after(self._opened_at, closed_after),
        )

    def _age(self) -> float:
        return self._now() - self._opened


# How many bytes of messages stay in memory.
MEMORY_LIMIT = 64 * 1024 * 1024


class Journal:
    """What happened, in order; safe to read and write from any thread.

    Args:
        memory_limit: how many bytes of messages stay in memory; the others are in a temporary file.
    """

    def __init__(self, memory_limit: int = MEMORY_LIMIT) -> None:
        self._changed = threading.Condition()
        self.memory_limit = memory_limit
        self._spool = Spool(memory_limit)
        self._entries: list[Entry] = []
        self._messages: list[Message] = []
        self._failures: list[BaseException] = []
        self._waits: list[Entry] = []
        self._listeners: list[Callable[[], None]] = []
        self._end_listeners: list[Callable[[Entry], None]] = []
        self._dialled: dict[int | None, tuple[Entry, Callable[[], bool]]] = {}
        self._opened = 0
        # How many messages are forgotten, and how often that was.
        self._forgotten = 0
        self.generation = 0

    @property
    def messages(self) -> tuple[Message, ...]:
        """Every message, in order of arrival."""
        return self.messages_behind(0)[1]

    def messages_behind(self, number: int) -> tuple[int, tuple[Message, ...]]:
        """How many messages are forgotten, and the others, but for so many, the forgotten ones among them."""
        with self._changed:
            return self._forgotten, tuple(self._messages[max(0, number - self._forgotten) :])

    @property
    def connections(self) -> tuple[Connection, ...]:
        """Every connection and attempt, in order of opening."""
        with self._changed:
            return tuple(entry.snapshot() for entry in self._entries)

    @property
    def numbers(self) -> frozenset[int]:
        """Every port that was dialled."""
        with self._changed:
            return frozenset(entry.port for entry in self._entries)

    @property
    def has_open(self) -> bool:
        """Whether a connection goes on, as far as it is known."""
        with self._changed:
            return any(entry.is_open for entry in self._entries)

    @property
    def open_connections(self) -> int:
        """How many connections go on that were accepted."""
        with self._changed:
            return sum(entry.is_open and entry.peer is not None for entry in self._entries)

    def open(self, port: int, host: str | None) -> Entry:
        """Begin the record of a connection."""
        with self._changed:
            self._opened += 1
            entry = Entry(self._opened, port, host)
            self._entries.append(entry)
        return entry

    def accept(self, port: int, host: str | None, peer: tuple[str, int]) -> Entry:
        """The record of an accepted connection: the one that its dial in this process began, or a new one."""
        with self._changed:
            dialled = self._dialled.pop(peer[1], None)
            entry = dialled[0] if dialled else self.open(port, host)
            entry.accepted(peer)
            self._changed.notify_all()
        return entry

    def expect(self, entry: Entry, local_port: int, is_awaited: Callable[[], bool]) -> None:
        """A dial of this process begins at a local port; the listener will know it by that.

        Args:
            entry: its record.
            local_port: where it comes from.
            is_awaited: whether nothing keeps it from being accepted, at each moment.
        """
        with self._changed:
            self._dialled[local_port] = entry, is_awaited

    def unexpect(self, local_port: int | None) -> None:
        """The dial from a local port got nowhere."""
        with self._changed:
            self._dialled.pop(local_port, None)
            self._changed.notify_all()

    def await_dials(self, port: int, host: str | None) -> None:
        """Wait until every dial of this process to a port has been accepted, or has failed, or is given up."""

        def are_there() -> bool:
            begun = [awaited for entry, awaited in self._dialled.values() if (entry.port, entry.host) == (port, host)]
            return not any(is_awaited() for is_awaited in begun)

        self.wait(are_there, PATIENCE)

    def discard(self, entry: Entry) -> None:
        """Forget a connection that turned out to be none of its own."""
        with self._changed:
            self._entries = [each for each in self._entries if each is not entry]

    def keep(self, raw: bytes) -> bytes | Stored:
        """The bytes of a message as it is to hold them."""
        with self._changed:
            return self._spool.keep(raw)

    def add(self, message: Message) -> None:
        """Put a message where the test can see it, and wake who waits for it."""
        with self._changed:
            self._messages.append(message)
            self._changed.notify_all()
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()

    def wait(self, found: Callable[[], bool], seconds: float) -> bool:
        """Wait until `found` holds, looking again whenever a message comes; whether it did."""
        with self._changed:
            return self._changed.wait_for(found, seconds)

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Have a function called, on the server's thread, after each message; calling the result ends that."""
        with self._changed:
            self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def end(self, entry: Entry) -> None:
        """Tell who listens that nothing of a connection is left in the loop."""
        for listener in tuple(self._end_listeners):
            listener(entry)

    def listen_to_ends(self, listener: Callable[[Entry], None]) -> None:
        """Have a function called, on the server's thread, at the end of each connection that was accepted."""
        self._end_listeners.append(listener)

    def forget(self, number: int) -> None:
        """Forget the messages up to this one, counted from the first that ever came."""
        with self._changed:
            count = max(0, number - self._forgotten)
            del self._messages[:count]
            self._forgotten += count
            if not self._messages:
                self._spool.clear()

    def note_wait(self, entry: Entry) -> None:
        """Keep a dial that had no timeout where it needed one, for the end of the test."""
        with self._changed:
            self._waits.append(entry)

    def take_waits(self) -> tuple[Entry, ...]:
        """The dials that would have waited as long as the kernel does; they are told once."""
        with self._changed:
            waits, self._waits = tuple(self._waits), []
        return waits

    def fail(self, error: BaseException) -> None:
        """Keep an exception of ours, or of a hook, for the test that caused it."""
        with self._changed:
            self._failures.append(error)

    def take_failures(self) -> tuple[BaseException, ...]:
        """The exceptions kept so far; they are told once."""
        with self._changed:
            failures, self._failures = tuple(self._failures), []
        return failures

    def clear(self) -> tuple[Message, ...]:
        """Forget messages and connections; the messages that there were."""
        with self._changed:
            self.generation += 1
            messages = tuple(self._messages)
            self._forgotten += len(messages)
            self._messages.clear()
            self._spool.clear()
            self._entries.clear()
            self._dialled.clear()
        return messages
