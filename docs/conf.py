"""Sphinx's configuration, and the pages that are made from data."""

import json
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent

project = "pytest-smtpports"
author = "The pytest-smtpports maintainers"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = "pytest-smtpports"
exclude_patterns = ["_build", "examples"]
default_role = "code"
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
add_module_names = False


def _personalities(_app: object) -> None:
    """Write the page of the personalities from their data."""
    data = _data("personalities")
    lines = [
        "# Personalities",
        "",
        "What each says and does other than `rfc`, with the source of every fact; for the rest it is `rfc`.",
        "In braces stands what the session fills in.",
    ]
    for name, each in data.items():
        facts = {**each["facts"], **each["facts"]["replies"]}
        del facts["replies"]
        lines += ["", f"## {name}", "", each["is"] + ".", "", "| what | is | source |", "|---|---|---|"]
        lines += [f"| {_words(what)} | {_cell(value)} | {source} |" for what, (value, source) in facts.items()]
        lines += ["", "Sources:", ""]
        lines += [f"- {source}: {place}" for source, place in each["sources"].items()]
    (_HERE / "personalities.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _networks(_app: object) -> None:
    """Write the page of the networks from their data."""
    data = _data("networks")
    lines = [
        "# Networks",
        "",
        "What `network()`, `--smtpports-network` and the marker's `network=` know, with the source of every fact.",
        "Where a source tells that a port is blocked and not how, it is taken to be dropped, as every one that was",
        "measured is; a source with a question mark is such a one. Networks change: look at the source.",
        "",
        "| name | is | blocks | sources |",
        "|---|---|---|---|",
    ]
    for name, each in data.items():
        blocks = ", ".join(f"{number} {fact['how']} ({_source(fact)})" for number, fact in each["blocks"].items())
        sources = "; ".join(f"{source}: {place}" for source, place in each["sources"].items())
        lines.append(f"| `{name}` | {each['is']} | {blocks} | {sources} |")
    (_HERE / "networks.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _providers(_app: object) -> None:
    """Write the page of the providers from their data."""
    data = _data("providers")
    lines = [
        "# Providers",
        "",
        "What `provider()` and the marker's `provider=` know, with the source of every fact; what has none is left",
        "out, and is as in the profile of 587. `starttls-optional` takes logins in clear as well.",
    ]
    for name, each in data.items():
        lines += ["", f"## {name}", "", each["is"] + ".", "", "| what | is | source |", "|---|---|---|"]
        lines += [f"| port {number} | `{mode}` | {source} |" for number, (mode, source) in each["ports"].items()]
        facts = {what: fact for what, fact in each.items() if what not in ("is", "ports", "sources")}
        lines += [f"| {_words(what)} | {_cell(value)} | {source} |" for what, (value, source) in facts.items()]
        lines += ["", "Sources:", ""]
        lines += [f"- {source}: {place}" for source, place in each["sources"].items()]
    (_HERE / "providers.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _faults(_app: object) -> None:
    """Write the page of the faults from their data."""
    data = _data("faults")
    lines = [
        "# Faults",
        "",
        "What `FAULTS`, `fail()` and the marker's `fail=` know by name, in the order in which a client comes by. What",
        "is raised was seen with smtplib and aiosmtplib on port 587, from the connect by STARTTLS, login and",
        "`sendmail()` to `quit()` (where EHLO or QUIT fails, on port 25), with a timeout that is reached where nothing",
        "comes any more, or too slowly.",
        "",
        "Whether to send again: `yes`, later; `reconnect`, at once on a new connection; `elsewhere`, by another port",
        "or host; `risky`, it may have been delivered, so that the Message-ID has to stay the same; `no`.",
        "",
        "| name | is | at | what happens | groups | smtplib | aiosmtplib | again | source |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, each in data.items():
        cells = (
            f"`{name}`",
            each["is"],
            each.get("stage", "network"),
            _spelled(each.get("action", each.get("block"))),
            ", ".join(each["groups"]),
            _exception(each["smtplib"]),
            _exception(each["aiosmtplib"]),
            each["retry"],
            each["source"],
        )
        lines.append(f"| {' | '.join(cells)} |")
    (_HERE / "faults.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _clients(_app: object) -> None:
    """Write the page of the clients from the table by which the tests send."""
    tables = json.loads((_HERE.parent / "tests" / "interop" / "clients.json").read_text(encoding="utf-8"))
    numbers = ("25", "465", "587", "2525")
    lines = [
        "# Clients",
        "",
        "Other people's clients, from their registries or from Debian, that the tests send with, unchanged. Each",
        "sends one letter by each port that it can speak to: a subject and a text that are not ASCII, HTML, an",
        "attachment with bytes of every kind and a name that is not ASCII, a Cc, a Bcc, with a login everywhere",
        "but on 25. What arrives is compared with what was sent: envelope, subject, addresses, text, HTML,",
        "attachment, TLS and user. Python's clients dial a routed name; the others dial this machine, and are",
        "given `smtpports.ca_file`.",
        "",
        "By TLS on 465, by STARTTLS on 587 and 2525. What `assert_verifies_certificate()` finds out, of Python's",
        "clients on 465 and 587, of programs on 587:",
        "",
        "- checked: the client, with its defaults, refuses certificates that prove nothing, but for those that",
        "  are named;",
        "- on request: not with its defaults, but where it is given a context or a setting;",
        "- unchecked: it takes every certificate, and has no setting to change it;",
        "- clear: it sends without TLS; no: it can't.",
        "",
        "| client | from | " + " | ".join(numbers) + " | takes all the same | composes the mail | does not send | |",
        "|---|---|" + "---|" * (len(numbers) + 4),
    ]
    for name, row in (each for table in tables.values() for each in table.items()):
        cells = [name, row["from"], *(row["ports"].get(number, "no") for number in numbers)]
        cells += [", ".join(f"`{kind}`" for kind in row.get("accepts", ()))]
        cells += ["itself" if row["composes"] else "as given", ", ".join(row.get("lacks", ())), row.get("note", "")]
        lines.append(f"| {' | '.join(cells)} |")
    (_HERE / "clients.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _spelled(what: str | list[Any]) -> str:
    """What happens, shortly: garbage may be long, or no text at all."""
    if isinstance(what, str):
        return _cell(what)
    word, *others = (_spelled(each) if isinstance(each, list) else ascii(each).strip("'") for each in what)
    return f"{word} {' '.join(others)}"


def _exception(name: str | None) -> str:
    return f"`{name.removeprefix('builtins.')}`" if name else "nothing"


def _data(name: str) -> Any:  # as json reads it
    return json.loads((_HERE.parent / "pytest_smtpports" / "_data" / f"{name}.json").read_text(encoding="utf-8"))


def _source(fact: dict[str, Any]) -> str:
    return f"{fact['source']}?" if fact.get("assumed") else str(fact["source"])


def _words(name: str) -> str:
    return name.replace("_", " ").lower()


def _cell(value: object) -> str:
    lines = value if isinstance(value, list) else str(value).split("\n")
    return ", ".join(f"`` {line} ``".replace("|", "\\|") for line in lines)


def setup(app: Any) -> None:  # Sphinx's own application class
    """Have the generated pages there before Sphinx looks for pages."""
    app.connect("builder-inited", _personalities)
    app.connect("builder-inited", _faults)
    app.connect("builder-inited", _networks)
    app.connect("builder-inited", _clients)
    app.connect("builder-inited", _providers)
