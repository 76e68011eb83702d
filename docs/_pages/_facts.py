"""What the data tells: faults, networks, providers, personalities, and the clients that the tests send with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_smtpports import FAULTS
from pytest_smtpports._data import load
from pytest_smtpports._ports._faults import Stage

from ._code import exception
from ._markdown import code, codes, linked, sentence, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_smtpports import Fault

__all__ = ["client_notes", "clients", "faults", "networks", "personalities", "providers"]

_CLIENTS = Path(__file__).parents[2] / "tests" / "interop" / "clients.json"
# The ports of most clients, and of most networks.
_NUMBERS = ("25", "465", "587", "2525")


def faults() -> str:
    """The faults by where they happen, in the order in which a client comes by; each place has an overview."""
    stages = {"the network": None, **{stage.value: stage.value for stage in Stage}}
    by_stage = {name: [fault for fault in FAULTS.values() if fault.stage == stage] for name, stage in stages.items()}
    return "\n\n".join(_stage(name, found) for name, found in by_stage.items() if found)


def _stage(name: str, found: Iterable[Fault]) -> str:
    place = f"At {name}" if name == "the network" else f"At `{name}`"
    rows = [(f"[`{fault.name}`](#{fault.name.replace('.', '')})", fault.meaning, _retry(fault)) for fault in found]
    overview = table(("fault", "is", "send again"), rows)
    return "\n\n".join([f"## {place}", overview, *map(_fault, found)])


def _fault(fault: Fault) -> str:
    happens = str(fault).partition(": ")[2]
    facts = [
        ("happens", code(happens)),
        ("smtplib raises", exception(fault.smtplib)),
        ("aiosmtplib raises", exception(fault.aiosmtplib)),
        ("send again", _retry(fault)),
        ("groups", codes(fault.groups)),
        ("source", linked(fault.source)),
    ]
    lines = [f"### {fault.name}", "", sentence(fault.meaning), "", *(f"- {name}: {told}" for name, told in facts)]
    return "\n".join(lines)


def _retry(fault: Fault) -> str:
    return code(fault.retry.value) if fault.retry else ""


def networks() -> str:
    """The networks: which port is blocked how, then where each fact comes from."""
    data = load("networks")
    numbers = sorted({number for each in data.values() for number in each["blocks"]}, key=int)
    rows = [
        (f"[`{name}`](#{name})", each["is"], *(_how(each["blocks"].get(number)) for number in numbers))
        for name, each in data.items()
    ]
    overview = table(("name", "is", *numbers), rows)
    return "\n\n".join([overview, *(_network(name, each) for name, each in data.items())])


def _how(fact: Mapping[str, Any] | None) -> str:
    return code(fact["how"]) if fact else ""


def _network(name: str, each: Mapping[str, Any]) -> str:
    facts = [(f"port {number}", _how(fact), _source(fact)) for number, fact in each["blocks"].items()]
    return f"## {name}\n\n{sentence(each['is'])}\n\n{_sourced(facts, each['sources'])}"


def _source(fact: Mapping[str, Any]) -> str:
    return f"{fact['source']}{'?' * fact.get('assumed', False)}"


def providers() -> str:
    """The providers: hosts and ports, then every fact about each and where it comes from."""
    data = load("providers")
    rows = [
        (f"[`{name}`](#{name})", codes(each["hosts"][0]), ",\u00a0".join(each["ports"])) for name, each in data.items()
    ]
    overview = table(("name", "hosts", "ports"), rows)
    return "\n\n".join([overview, *(_provider(name, each) for name, each in data.items())])


def _provider(name: str, each: Mapping[str, Any]) -> str:
    facts = [(f"port {number}", code(mode), source) for number, (mode, source) in each["ports"].items()]
    for what, fact in each.items():
        if what not in ("is", "ports", "sources"):
            facts.append((_words(what), _listed(fact[0]), fact[1]))
    return f"## {name}\n\n{sentence(each['is'])}\n\n{_sourced(facts, each['sources'])}"


def personalities() -> str:
    """What each personality says and does other than the RFCs have it, and where that comes from."""
    return "\n\n".join(_personality(name, each) for name, each in load("personalities").items())


def _personality(name: str, each: Mapping[str, Any]) -> str:
    facts = {**each["facts"], **each["facts"]["replies"]}
    del facts["replies"]
    rows = [(_words(what), _listed(value), source) for what, (value, source) in facts.items()]
    return f"## {name}\n\n{sentence(each['is'])}\n\n{_sourced(rows, each['sources'])}"


def _sourced(facts: Iterable[tuple[str, str, str]], sources: Mapping[str, str]) -> str:
    listed = [f"- {source}: {linked(place)}" for source, place in sources.items()]
    return "\n".join([table(("what", "is", "source"), facts), "", "Sources:", "", *listed])


def _words(name: str) -> str:
    return name.replace("_", " ").lower()


def _listed(value: object) -> str:
    return codes(value if isinstance(value, list) else str(value).split("\n"))


def _client_rows() -> dict[str, Any]:
    tables = json.loads(_CLIENTS.read_text(encoding="utf-8"))
    return {name: row for each in tables.values() for name, row in each.items()}


def clients() -> str:
    """Which client sends by which port, and whether it checks certificates there."""
    rows = [
        (name, row["from"], *(row["ports"].get(number, "no") for number in _NUMBERS))
        for name, row in _client_rows().items()
    ]
    return table(("client", "from", *_NUMBERS), rows)


def client_notes() -> str:
    """What else was seen of each client."""
    return "\n\n".join(_client(name, row) for name, row in _client_rows().items())


def _client(name: str, row: Mapping[str, Any]) -> str:
    said = ["It composes the mail itself." if row["composes"] else "It sends the mail as given."]
    if row.get("lacks"):
        said.append(f"It does not send: {', '.join(row['lacks'])}.")
    if row.get("accepts"):
        said.append(f"It takes all the same: {codes(row['accepts'])}.")
    return f"**{name}.** {' '.join([*said, row.get('note', '')]).strip()}"
