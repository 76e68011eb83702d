"""The rules on what goes wrong, as they are laid at the moment, and the clock that they go by."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from .. import _clock
from .._errors import ConfigurationError, is_ours

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from .._ports._faults import Action
    from .._ports._reply import Reply
    from .._ports._rules import Occasion, Rule

__tracebackhide__ = is_ours

# How many faults are remembered that were taken away and had never fired.
MOST_IN_VAIN = 20


class Clock:
    """The time by which greylists and limits go: the real one, and as much more as a test has advanced it.

    Example:
        >>> from pytest_smtpports import SMTPPorts
        >>> with SMTPPorts() as smtpports:
        ...     before = smtpports.clock.now()
        ...     smtpports.clock.advance(300)
        ...     smtpports.clock.now() - before >= 300
        True
    """

    __module__ = "pytest_smtpports"

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        """Seconds; only differences mean something."""
        return _clock.monotonic() + self._ahead

    def advance(self, seconds: float) -> None:
        """Have so many seconds pass at once, until `reset()`.

        Raises:
            ConfigurationError: no number of seconds, or one below 0.
        """
        given: object = seconds
        if not isinstance(given, (int, float)) or isinstance(given, bool) or not 0 <= given < math.inf:
            raise ConfigurationError(f"advance() takes a number of seconds from 0, not {given!r}.")
        self._ahead += given

    def reset(self) -> None:
        """Back to the real time."""
        self._ahead = 0.0


class Laid(NamedTuple):
    """A rule, and where it holds.

    Attributes:
        rule: what has a say.
        numbers: the ports.
        scope: the route that it speaks of, or None for every way to the ports.
    """

    rule: Rule
    numbers: Collection[int]
    scope: object


class Faults:
    """All of them: the latest that has something to say is heard, and those behind it are not asked.

    Attributes:
        clock: the time that they go by.
        laid: the rules, the latest in front; another tuple with each change.
        in_vain: the latest that were taken away and had never had something to say, as they are told of.
    """

    def __init__(self) -> None:
        self.clock = Clock()
        self.laid: tuple[Laid, ...] = ()
        self.in_vain: deque[str] = deque(maxlen=MOST_IN_VAIN)

    def lay(self, rule: Rule, numbers: Collection[int], scope: object) -> Callable[[], None]:
        """Have a rule asked before all others; what is returned takes it away."""
        added = Laid(rule, frozenset(numbers), scope)
        self.laid = (added, *self.laid)

        def lift() -> None:
            self.laid = tuple(each for each in self.laid if each is not added)
            if not rule.fired:
                self.in_vain.append(str(rule))

        return lift

    def reset(self) -> None:
        """Back to the real time; what there was is forgotten."""
        self.clock.reset()
        self.in_vain.clear()

    def at(self, number: int, scope: object) -> FaultsHere:
        """Those that one port has to ask."""
        return FaultsHere(self, number, scope)


class FaultsHere:
    """The rules that hold for one port on one way to it.

    Attributes:
        all: those of every port.
    """

    def __init__(self, faults: Faults, number: int, scope: object) -> None:
        self.all = faults
        self._number = number
        self._scope = scope

    def __bool__(self) -> bool:
        """Whether there is any rule, here or elsewhere."""
        return bool(self.all.laid)

    def begin(self, connection: int) -> None:
        """A connection begins."""
        for rule in reversed(self._here()):
            rule.begin(connection)

    def meet(self, occasion: Occasion) -> Reply | Action | None:
        """What a rule has to say, or None."""
        now = replace(occasion, now=self.all.clock.now())
        for rule in self._here():
            if occasion.stage in rule.stages and (action := rule.meet(now)) is not None:
                return action
        return None

    def _here(self) -> list[Rule]:
        return [
            rule for rule, numbers, scope in self.all.laid if self._number in numbers and scope in (None, self._scope)
        ]
