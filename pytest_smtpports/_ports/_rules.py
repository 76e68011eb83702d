"""When something goes wrong: what is asked at each stage of a session, and keeps count. Pure, but for the counting."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from .._texts import folded
from ._faults import Action, Condition, Stage, is_met, told
from ._numbers import check_count
from ._reply import Reply

if TYPE_CHECKING:
    from collections.abc import Collection


@dataclass(frozen=True, slots=True)
class Occasion:
    """A client at a stage.

    Attributes:
        stage: where it is.
        connection: the number of its connection.
        peer: its address.
        mail_from: from whom it sends, where that is known.
        recipients: to whom: at RCPT the one that is asked for, later each that was taken.
        taken: how many recipients were taken.
        open: how many connections there are, this one among them.
        now: the time in seconds, by the clock that tests can advance.
    """

    stage: Stage
    connection: int
    peer: str = ""
    mail_from: str = ""
    recipients: tuple[str, ...] = ()
    taken: int = 0
    open: int = 1
    now: float = 0.0


class Rule(Protocol):
    """What has a say at some stages.

    Attributes:
        stages: where it is asked.
        fired: how often it had something to say.
    """

    @property
    def stages(self) -> Collection[Stage]:
        """Where it is asked."""
        ...

    fired: int

    def begin(self, connection: int) -> None:
        """A connection begins."""
        ...

    def meet(self, occasion: Occasion) -> Reply | Action | None:
        """What is to be done at one of the stages, or None."""
        ...

    def __str__(self) -> str:
        """As it is told of."""
        ...


class FaultRule:
    """One that goes by its conditions, and counts.

    Args:
        stage: where.
        action: what happens.
        times: how often, or None for always.
        after: how many occasions are let pass before.
        mail_from: from whom, or None for everybody.
        recipient: to whom.
        connection: on the how manieth connection, counted from 1 since this was laid; or None for each.

    Raises:
        ConfigurationError: a number that can't be meant.
    """

    def __init__(
        self,
        stage: Stage,
        action: Reply | Action,
        *,
        times: int | None = None,
        after: int = 0,
        mail_from: Condition | None = None,
        recipient: Condition | None = None,
        connection: int | None = None,
    ) -> None:
        for name, number, least in (("times", times, 1), ("after", after, 0), ("connection", connection, 1)):
            if number is not None:
                check_count(name, number, least)
        self.stages = (stage,)
        self.fired = 0
        self._action = action
        self._left = times
        self._to_pass = after
        self._mail_from = mail_from
        self._recipient = recipient
        self._connection = connection
        self._begun = 0
        self._chosen: int | None = None

    def begin(self, connection: int) -> None:
        """A connection begins."""
        self._begun += 1
        if self._begun == self._connection:
            self._chosen = connection

    def meet(self, occasion: Occasion) -> Reply | Action | None:
        """What happens, if it is its turn."""
        if self._left == 0 or (self._connection is not None and occasion.connection != self._chosen):
            return None
        if not is_met(self._mail_from, (occasion.mail_from,)) or not is_met(self._recipient, occasion.recipients):
            return None
        if self._to_pass:
            self._to_pass -= 1
            return None
        if self._left is not None:
            self._left -= 1
        self.fired += 1
        return self._action

    def __str__(self) -> str:
        return told(self.stages[0], self._action)


class Limit(ABC):
    """One that all connections meet alike, and that counts what it says."""

    stages: tuple[Stage, ...]
    fired = 0

    def begin(self, connection: int) -> None:  # noqa: B027 # none of them asks which one it is
        """A connection is like any other."""

    def meet(self, occasion: Occasion) -> Reply | None:
        """The reply, where there is one."""
        reply = self.reply(occasion)
        self.fired += reply is not None
        return reply

    @abstractmethod
    def reply(self, occasion: Occasion) -> Reply | None:
        """The same, not counted."""


@dataclass
class Greylist(Limit):
    """Puts off each (client, sender, recipient) until it comes again, late enough (RFC 6647 §5).

    Attributes:
        retry_after: how many seconds late.
    """

    retry_after: float
    stages = (Stage.RCPT,)
    _seen: dict[tuple[str, str, str], float] = field(default_factory=dict)

    def reply(self, occasion: Occasion) -> Reply | None:
        """450 until the time has come, counted from the first try."""
        triple = (occasion.peer, folded(occasion.mail_from), folded(occasion.recipients[0]))
        left = self._seen.setdefault(triple, occasion.now) + self.retry_after - occasion.now
        if left <= 0:
            return None
        return Reply(450, "4.7.1", f"Greylisted, try again in {max(1, round(left))} seconds")

    def __str__(self) -> str:
        return f"rcpt: greylisted for {self.retry_after:g} s"


@dataclass
class RateLimit(Limit):
    """So many messages in a time, and no more.

    Attributes:
        messages: how many.
        per: of how many seconds.
    """

    messages: int
    per: float
    stages = (Stage.MAIL,)
    _begun: deque[float] = field(default_factory=deque)

    def reply(self, occasion: Occasion) -> Reply | None:
        """450 where there were enough of late."""
        while self._begun and self._begun[0] <= occasion.now - self.per:
            self._begun.popleft()
        if len(self._begun) < self.messages:
            self._begun.append(occasion.now)
            return None
        return Reply(450, "4.7.1", f"Too much mail: {self.messages} in {self.per:g} seconds is the limit")

    def __str__(self) -> str:
        return f"mail: {self.messages} messages in {self.per:g} s"


@dataclass
class RecipientLimit(Limit):
    """So many recipients of one message (RFC 5321 §4.5.3.1.10).

    Attributes:
        recipients: how many.
    """

    recipients: int
    stages = (Stage.RCPT,)

    def reply(self, occasion: Occasion) -> Reply | None:
        """452 where there are enough."""
        if occasion.taken < self.recipients:
            return None
        return Reply(452, "4.5.3", "Too many recipients")

    def __str__(self) -> str:
        return f"rcpt: {self.recipients} recipients of a message"


@dataclass
class ConnectionLimit(Limit):
    """So many connections at a time.

    Attributes:
        connections: how many.
    """

    connections: int
    stages = (Stage.BANNER,)

    def reply(self, occasion: Occasion) -> Reply | None:
        """421 in the place of the greeting, where there are enough."""
        if occasion.open <= self.connections:
            return None
        return Reply(421, "4.7.0", "Too many connections, try again later")

    def __str__(self) -> str:
        return f"banner: {self.connections} connections at a time"
