"""The catalogue of faults: those that are data, each with its source; with those of hooks, another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .._data import load
from .._errors import UnknownFault, is_ours
from ._faults import BadTLS, Delay, Disconnect, Drip, Garbage, Hang, accept_then
from ._kinds import KINDS
from ._known_fault import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ._blocks import Block
    from ._faults import Action

__tracebackhide__ = is_ours


class Catalogue(Mapping[str, Fault]):
    """Faults by name, and in groups; `FAULTS` are those that are shipped.

    Raises:
        UnknownFault: from `FAULTS[name]`, for a name that is not among them; it is a `KeyError`.

    Example:
        >>> from pytest_smtpports import FAULTS
        >>> FAULTS["mailbox-full"]
        <Fault mailbox-full: rcpt: 452 4.2.2 Mailbox full>
        >>> [fault.name for fault in FAULTS.tls if fault.stage == "starttls"]
        ['tls-unavailable', 'starttls-unknown', 'garbage-at-starttls']
    """

    __module__ = "pytest_smtpports"

    __slots__ = ("_faults",)

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._faults = {fault.name: fault for fault in faults}

    def __getitem__(self, name: object) -> Fault:
        if not isinstance(name, str) or name not in self._faults:
            raise UnknownFault(name, self._faults)
        return self._faults[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._faults)

    def __len__(self) -> int:
        return len(self._faults)

    def __repr__(self) -> str:
        return f"<Catalogue of {len(self)} faults>"

    @property
    def transient(self) -> tuple[Fault, ...]:
        """Those that pass; the mail was not taken, and will be."""
        return self._group("transient")

    @property
    def permanent(self) -> tuple[Fault, ...]:
        """Those that stay until somebody does something about them."""
        return self._group("permanent")

    @property
    def ambiguous(self) -> tuple[Fault, ...]:
        """Those after which a client does not know whether the mail was taken, or gets an error though it was."""
        return self._group("ambiguous")

    @property
    def tls(self) -> tuple[Fault, ...]:
        """Those of TLS and the way to it."""
        return self._group("tls")

    @property
    def auth(self) -> tuple[Fault, ...]:
        """Those of logins."""
        return self._group("auth")

    @property
    def network(self) -> tuple[Fault, ...]:
        """Those of the network, where nobody answers, somebody else does, or the connection is lost."""
        return self._group("network")

    def _group(self, name: str) -> tuple[Fault, ...]:
        return tuple(fault for fault in self._faults.values() if name in fault.groups)


def _garbage(text: str, times: int = 1, end: str = "") -> Garbage:
    return Garbage((text * times + end).encode("latin-1"))


def _stored(then: str | list[Any]) -> Action:
    return accept_then(_action(then))


# How an action is spelled in data: a reply as a text, all others as a list of the word and what follows it.
_ACTIONS: Mapping[str, Callable[..., Action]] = {
    "disconnect": Disconnect,
    "delay": Delay,
    "drip": Drip,
    "garbage": _garbage,
    "hang": Hang,
    "bad-tls": BadTLS,
    "stored, then": _stored,
}


def _action(spelled: str | list[Any]) -> str | Action:
    if isinstance(spelled, str):
        return spelled
    word, *parameters = spelled
    return _ACTIONS[word](*parameters)


def _block(spelled: str | list[Any]) -> Block:
    kind, *parameters = [spelled] if isinstance(spelled, str) else spelled
    return KINDS[kind](*parameters)


def _of(name: str, facts: Mapping[str, Any]) -> Fault:  # the values of a JSON file, which a test checks
    return Fault(
        name,
        facts.get("stage"),
        _action(facts["action"]) if "action" in facts else None,
        block=_block(facts["block"]) if "block" in facts else None,
        groups=facts["groups"],
        meaning=facts["is"],
        source=facts["source"],
        smtplib=facts["smtplib"],
        aiosmtplib=facts["aiosmtplib"],
        retry=facts["retry"],
    )


FAULTS = Catalogue(_of(name, facts) for name, facts in load("faults").items())
