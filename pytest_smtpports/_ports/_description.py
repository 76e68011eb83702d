"""What is shipped, as rows to read: faults, networks, providers and profiles."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from .._data import load
from ._profile import KINDRED, PROFILES, AuthPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ._known_fault import Fault
    from ._profile import Profile

    Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Topic:
    """One of the things that can be described.

    Attributes:
        facts: everything that is known, as values that JSON has.
        rows: the same by name, as texts under headings.
        brief: the headings of those that an overview needs.
    """

    facts: Mapping[str, Any]
    rows: Mapping[str, Row]
    brief: tuple[str, ...]


def described(topic: str) -> Topic:
    """What is shipped of one of `TOPICS`."""
    return _DESCRIBE[topic]()


def _faults() -> Topic:
    # Only who asks for the faults has them made.
    from ._catalogue import FAULTS

    rows = {name: _fault(fault) for name, fault in FAULTS.items()}
    return Topic(load("faults"), rows, ("fault", "at", "what happens", "retry"))


def _fault(fault: Fault) -> Row:
    at, _, what = str(fault).partition(": ")
    return {
        "fault": fault.name,
        "at": at,
        "what happens": what,
        "is": fault.meaning,
        "groups": ", ".join(fault.groups),
        "smtplib": fault.smtplib or "nothing",
        "aiosmtplib": fault.aiosmtplib or "nothing",
        "retry": fault.retry.value if fault.retry else "",
        "source": fault.source,
    }


def _networks() -> Topic:
    facts = load("networks")
    return Topic(facts, {name: _network(name, each) for name, each in facts.items()}, ("network", "blocks", "is"))


def _network(name: str, facts: Mapping[str, Any]) -> Row:
    blocks = [
        f"{number} {fact['how']} ({fact['source']}{'?' * fact.get('assumed', False)})"
        for number, fact in facts["blocks"].items()
    ]
    return {"network": name, "blocks": ", ".join(blocks), "is": facts["is"], "sources": _sources(facts)}


def _providers() -> Topic:
    facts = load("providers")
    return Topic(facts, {name: _provider(name, each) for name, each in facts.items()}, ("provider", "hosts", "ports"))


def _provider(name: str, facts: Mapping[str, Any]) -> Row:
    other = {
        key.replace("_", " "): _listed(fact[0])
        for key, fact in facts.items()
        if key not in ("is", "hosts", "ports", "sources")
    }
    return {
        "provider": name,
        "is": facts["is"],
        "hosts": _listed(facts["hosts"][0]),
        "ports": ", ".join(f"{number} {mode}" for number, (mode, _) in facts["ports"].items()),
        "and": "; ".join(f"{key}: {value}" for key, value in other.items()),
        "sources": _sources(facts),
    }


def _profiles() -> Topic:
    known = {**PROFILES, **KINDRED}
    facts = {str(number): asdict(profile) for number, profile in known.items()}
    rows = {str(number): row_of(profile) for number, profile in known.items()}
    return Topic(facts, rows, ("port", "role", "TLS", "login", "emulated"))


def row_of(profile: Profile) -> Row:
    """What a port is, as an overview tells it."""
    return {
        "port": str(profile.number),
        "role": profile.role.value,
        "TLS": profile.tls.value + ", required" * profile.starttls_required,
        "login": profile.auth.value + ", also in clear" * profile.auth_in_clear,
        "emulated": "always" if profile.number in PROFILES else "when it is named",
        "mechanisms": "none" if profile.auth is AuthPolicy.FORBIDDEN else _listed(profile.mechanisms),
        "extensions": _listed(profile.extensions),
        "size limit": str(profile.size_limit or "none"),
    }


def _sources(facts: Mapping[str, Any]) -> str:
    return "; ".join(f"{source}: {place}" for source, place in facts["sources"].items())


def _listed(value: object) -> str:
    return ", ".join(value) if isinstance(value, (list, tuple)) else str(value)


_DESCRIBE: Mapping[str, Callable[[], Topic]] = {
    "faults": _faults,
    "networks": _networks,
    "profiles": _profiles,
    "providers": _providers,
}
TOPICS = tuple(_DESCRIBE)
