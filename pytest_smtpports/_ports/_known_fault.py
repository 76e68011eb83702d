"""A fault that has a name: what happens, what it stands for in the world, and what clients make of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from .._errors import ConfigurationError, UnknownName, is_ours
from ._faults import action_of, stage_of, told
from ._kinds import block_of
from ._named import check_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._blocks import Block
    from ._faults import Action
    from ._reply import Reply

__tracebackhide__ = is_ours

# The first three tell what is to come of it, and a shipped fault is of exactly one; the others, what it is about.
GROUPS = ("transient", "permanent", "ambiguous", "tls", "auth", "network")
# How much of what happens is told, in characters: garbage may go on for long.
LONGEST = 120


class Retry(str, Enum):
    """Whether a client should send the mail again.

    Example:
        >>> from pytest_smtpports import FAULTS
        >>> FAULTS["mailbox-full"].retry, FAULTS["no-such-user"].retry
        (<Retry.YES: 'yes'>, <Retry.NO: 'no'>)
    """

    __module__ = "pytest_smtpports"

    # The same would fail the same, or was delivered; somebody has to be told.
    NO = "no"
    # Later, after a pause that grows from time to time.
    YES = "yes"
    # At once, on a new connection: the old one was lost, or had become too old.
    RECONNECT = "reconnect"
    # At once, by another port or host; this one stays shut until somebody opens it.
    ELSEWHERE = "elsewhere"
    # It may have been delivered: only with the same Message-ID, by which two of them are known for one.
    RISKY = "risky"


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Fault:
    """Something that goes wrong, by name: what `fail()` and the marker's `fail=` take.

    It happens at a stage, or the network does it. In a `parametrize` its name is the id of the test.

    Attributes:
        name: what it is called.
        stage: where, as `fail()` has it, or None where the network does it.
        action: what happens there: a reply, written out or as a `Reply`, or an `Action`.
        block: what the network does: a kind or a `Block`, in the place of stage and action.
        groups: which of "transient", "permanent", "ambiguous", "tls", "auth" and "network" it is of.
        meaning: what it stands for in the world.
        source: where that is written.
        smtplib: the full name of the exception that `smtplib` raises, such as "smtplib.SMTPDataError", or None.
        aiosmtplib: the same for `aiosmtplib`.
        retry: whether a client should send the mail again, or None where that is not said.

    Raises:
        ConfigurationError: no name, an action that has no place there, or not one of stage and block.
        UnknownName: a stage, a kind of block, a group or a word on `retry` that does not exist.

    Example:
        >>> from pytest_smtpports import Fault, SMTPPorts
        >>> maintenance = Fault("maintenance", "banner", "421 4.3.2 Back at noon", groups=["transient"], retry="yes")
        >>> with SMTPPorts() as smtpports:
        ...     _ = smtpports.fail(maintenance)
        ...     try:
        ...         smtpports.ports[25].connect()
        ...     except OSError as error:
        ...         print(error)
        (421, b'4.3.2 Back at noon')
    """

    __module__ = "pytest_smtpports"

    name: str
    stage: str | None
    action: Reply | Action | None
    block: Block | None
    groups: tuple[str, ...]
    meaning: str
    source: str
    smtplib: str | None
    aiosmtplib: str | None
    retry: Retry | None

    def __init__(
        self,
        name: str,
        stage: str | None = None,
        action: str | Reply | Action | None = None,
        *,
        block: str | Block | None = None,
        groups: Iterable[str] = (),
        meaning: str = "",
        source: str = "",
        smtplib: str | None = None,
        aiosmtplib: str | None = None,
        retry: str | Retry | None = None,
    ) -> None:
        check_name(Fault, name)
        if (stage is None) != (action is None) or (stage is None) == (block is None):
            raise ConfigurationError(
                f"The fault {name!r} takes either a stage and an action, such as 'rcpt', '452 4.2.2 Mailbox full', "
                f"or block=, such as block='drop'; not stage={stage!r}, action={action!r}, block={block!r}."
            )
        facts = {
            "name": name,
            "stage": None if stage is None else stage_of(stage).value,
            "action": None if stage is None else action_of(stage_of(stage), action),
            "block": None if block is None else block_of(block),
            "groups": _groups(groups),
            "meaning": meaning,
            "source": source,
            "smtplib": smtplib,
            "aiosmtplib": aiosmtplib,
            "retry": None if retry is None else _retry(retry),
        }
        for attribute, value in facts.items():
            object.__setattr__(self, attribute, value)

    @property
    def __name__(self) -> str:
        """The id that pytest gives to a test which it is a parameter of."""
        return self.name

    def __str__(self) -> str:
        """What happens, in a few words."""
        if self.stage is None or self.action is None:
            told_of = f"network: {self.block!r}"
        else:
            told_of = told(stage_of(self.stage), self.action)
        return told_of if len(told_of) <= LONGEST else f"{told_of[:LONGEST]}..."

    def __repr__(self) -> str:
        return f"<Fault {self.name}: {self}>"


def _groups(names: Iterable[str]) -> tuple[str, ...]:
    groups = (names,) if isinstance(names, str) else tuple(names)
    for group in groups:
        if group not in GROUPS:
            raise UnknownName("group of faults", group, GROUPS)
    return groups


def _retry(word: str | Retry) -> Retry:
    try:
        return Retry(word)
    except ValueError:
        raise UnknownName("word on retry", word, [each.value for each in Retry]) from None
