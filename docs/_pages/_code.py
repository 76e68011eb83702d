"""What the package's own definitions tell: fixtures, options, ini values, objects, blocks, stages, rules, settings."""

from __future__ import annotations

import ast
import inspect
import re
import ssl
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest_smtpports
from pytest_smtpports import (
    FAULTS,
    KINDRED,
    PROFILES,
    Action,
    Block,
    Port,
    Profile,
    Reply,
    SMTPPorts,
    hookspecs,
    plugin,
)
from pytest_smtpports._mail._lint import RULES
from pytest_smtpports._ports._faults import _PLACES, STAGES, Stage, has_stage
from pytest_smtpports._ports._flaws import FLAWS
from pytest_smtpports._ports._kinds import KINDS
from pytest_smtpports._settings import MARKER_ARGUMENTS

from ._markdown import code, codes, sentence, table, unbroken

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "actions",
    "argument",
    "bad_tls",
    "block_exceptions",
    "blocks",
    "checks",
    "fixture",
    "hooks",
    "ini",
    "objects",
    "option",
    "profiles",
    "settings",
    "stages",
    "variables",
]


class Declared:
    """What the plugin declares, in the place of pytest's parser."""

    def __init__(self) -> None:
        self.options: dict[str, dict[str, Any]] = {}
        self.inis: dict[str, dict[str, Any]] = {}
        plugin.pytest_addoption(self)  # type: ignore[arg-type] # it has what is called

    def getgroup(self, _name: str) -> Declared:
        """There is one group."""
        return self

    def addoption(self, name: str, **facts: Any) -> None:
        """Note an option."""
        self.options[name] = facts

    def addini(self, name: str, told: str, **facts: Any) -> None:
        """Note an ini value."""
        self.inis[name] = {"help": told, **facts}


def option(name: str) -> str:
    """How an option is written, and what its help says."""
    facts = Declared().options[name]
    written = f"{name}={facts['metavar']}" if "metavar" in facts else name
    return f"{code(written)}: {facts['help']}."


def ini(name: str) -> str:
    """What the help of an ini value says, and how several are written."""
    facts = Declared().inis[name]
    return sentence(facts["help"]) + " Several have blanks between them." * (facts["type"] == "args")


def fixtures() -> Mapping[str, tuple[str, str]]:
    """The scope and the docstring of each fixture, by name."""
    module = ast.parse(Path(plugin.__file__).read_text(encoding="utf-8"))
    functions = [each for each in module.body if isinstance(each, ast.FunctionDef) and not each.name.startswith("_")]
    return {
        each.name: (_scope(decorator), ast.get_docstring(each) or "")
        for each in functions
        for decorator in each.decorator_list
        if "pytest.fixture" in ast.unparse(decorator)
    }


def _scope(decorator: ast.expr) -> str:
    keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
    return next((ast.literal_eval(each.value) for each in keywords if each.arg == "scope"), "function")


def fixture(name: str) -> str:
    """A fixture's scope, and its docstring."""
    scope, docstring = fixtures()[name]
    return f"Scope: {code(scope)}. {docstring}"


def argument(name: str) -> str:
    """What an argument of the marker takes."""
    return f"{code(f'{name}=')} takes {MARKER_ARGUMENTS[name]}."


def objects(*names: str) -> str:
    """Public names, each with its docstring and all of its members."""
    return "\n".join(["```{eval-rst}", *(_directive(name) for name in names), "```"])


def hooks() -> str:
    """Every hook with its docstring."""
    names = [name for name, each in vars(hookspecs).items() if name.startswith("pytest_") and inspect.isfunction(each)]
    directives = (f".. autofunction:: pytest_smtpports.hookspecs.{name}\n" for name in names)
    return "\n".join(["```{eval-rst}", *directives, "```"])


def _directive(name: str) -> str:
    public = getattr(pytest_smtpports, name)
    if inspect.isfunction(public):
        return f".. autofunction:: pytest_smtpports.{name}\n"
    inherited = "object, BaseException, Enum, Mapping, Sequence, str, tuple"
    lines = [f".. autoclass:: pytest_smtpports.{name}", "   :members:", f"   :inherited-members: {inherited}"]
    if hasattr(public, "__members__"):
        lines.append("   :undoc-members:")
    return "\n".join([*lines, ""])


# What nobody makes who uses it: a port, or a message, is given by what has it.
_GIVEN = frozenset(
    {
        *("Ports", "Port", "Route", "Handle", "Expectation", "Clock"),
        *("Mailbox", "Message", "Envelope", "Attachment", "TLS", "Connection", "Line", "Login", "Location", "Finding"),
        *("Catalogue", "Block", "Action"),
    }
)


def signature(name: str, written: str | None) -> str | None:
    """What a user needs to know of how something is called: nothing that is private, or that somebody else calls."""
    if name.removeprefix("pytest_smtpports.") in _GIVEN:
        return ""
    return re.sub(r", _.*\)$", ")", written) if written else written


def blocks() -> str:
    """The kinds of block, each with its class and the parameters of that."""
    rows = [(f"{code(kind)}\n{_linked(made)}", _first(made), _parameters(made)) for kind, made in KINDS.items()]
    return table(("kind, class", "what happens", "parameters"), rows)


def _linked(public: type) -> str:
    return f"{{py:class}}`~pytest_smtpports.{public.__name__}`"


def _parameters(block: type[Block]) -> str:
    return "\n".join(code(f"{each.name}={each.default!r}") for each in fields(block))


def block_exceptions() -> str:
    """What clients make of a block, as far as the catalogue of faults has it."""
    rows = [(code(kind), *_raised(kind)) for kind in KINDS]
    return table(("kind", "smtplib raises", "aiosmtplib raises"), [row for row in rows if any(row[1:])])


def _first(public: object) -> str:
    """The first paragraph of a docstring."""
    return inspect.cleandoc(public.__doc__ or "").split("\n\n")[0].replace("\n", " ")


def _raised(kind: str) -> tuple[str, str]:
    named = [fault for fault in FAULTS.values() if fault.block is not None and fault.block == KINDS[kind]()]
    return (exception(named[0].smtplib), exception(named[0].aiosmtplib)) if named else ("", "")


def exception(name: str | None) -> str:
    """An exception as one who catches it writes it, without its module."""
    return code(name.rpartition(".")[2]) if name else "nothing"


def bad_tls() -> str:
    """The kinds of bad TLS, with OpenSSL's number and its alert."""
    rows = [
        (code(kind), flaw.shows, str(flaw.verify_code or ""), code(flaw.alert.lower())) for kind, flaw in FLAWS.items()
    ]
    return table(("kind", "a client is shown", "`verify_code`", "alert"), rows)


# What brings a client to a stage, where it is no command.
_MOMENTS: Mapping[Stage, str] = {
    Stage.CONNECT: "the connection has come about",
    Stage.BANNER: "the greeting is due",
    Stage.HANDSHAKE: "TLS begins, at once or after STARTTLS",
    Stage.MESSAGE: "the message is whole",
}


def stages() -> str:
    """The stages, what brings a client there, and on which ports."""
    rows = [(code(stage.value), _moment(stage), _ports_with(stage)) for stage in Stage]
    return table(("stage", "is when", "ports"), rows)


def _moment(stage: Stage) -> str:
    commands = " or ".join(command for command, each in STAGES.items() if each is stage)
    return _MOMENTS.get(stage, f"{commands} has come")


def _ports_with(stage: Stage) -> str:
    numbers = [number for number, profile in PROFILES.items() if has_stage(profile, stage)]
    return "all" if len(numbers) == len(PROFILES) else ", ".join(map(str, numbers))


def actions() -> str:
    """What can be done at the stages, and at which."""
    made = [each for each in map(pytest_smtpports.__getattr__, pytest_smtpports.__all__) if _is_action(each)]
    rows = [(_linked(each), _first(each), _places(each)) for each in made]
    return table(("action", "what the port does", "at"), rows)


def _is_action(public: object) -> bool:
    return inspect.isclass(public) and issubclass(public, (Action, Reply)) and public is not Action


def _places(action: type) -> str:
    valid = _PLACES.get(action, frozenset(Stage))
    return "every stage" if len(valid) == len(Stage) else codes(stage.value for stage in Stage if stage in valid)


def checks() -> str:
    """The rules for a mail, what each finds, and what to do about it."""
    rows = [(code(name), rule.finds, _quoted(rule.mend), unbroken(rule.source)) for name, rule in RULES.items()]
    return table(("rule", "finds", "what to do", "source"), rows)


def _quoted(text: str) -> str:
    """A text in which nothing is taken for a link."""
    return text.replace("<", "\\<")


def profiles() -> str:
    """Every profile that is shipped."""
    rows = [_profile(profile) for profile in (*PROFILES.values(), *KINDRED.values())]
    return table(("number", "role", "TLS", "login", "mechanisms", "emulated"), rows)


def _profile(profile: Profile) -> tuple[str, ...]:
    is_offered = profile.auth is not profile.auth.FORBIDDEN
    return (
        str(profile.number),
        code(profile.role.value),
        code(profile.tls.value) + ", required" * profile.starttls_required,
        code(profile.auth.value) + ", also in clear" * profile.auth_in_clear,
        codes(profile.mechanisms) if is_offered else "",
        "always" if profile.number in PROFILES else "when it is named",
    )


def settings(style: str) -> str:
    """What a client is configured with for each of the four ports."""
    with SMTPPorts() as smtpports:
        columns = [dict(_flat(port.settings(style), port, smtpports)) for port in smtpports.ports]
    return _compared(columns)


def variables() -> str:
    """The environment variables that tell of each of the four ports."""
    with SMTPPorts() as smtpports:
        columns = [dict(_flat(smtpports.env(port.number), port, smtpports)) for port in smtpports.ports]
    # The others depend on where the documentation is built.
    return _compared([{name: told for name, told in each.items() if name.startswith("SMTP_")} for each in columns])


def _compared(columns: list[dict[str, str]]) -> str:
    """What is the same for all ports as a list, the rest as a table."""
    names = list(dict.fromkeys(name for column in columns for name in column))
    told = {name: [column.get(name, "") for column in columns] for name in names}
    same = [f"- {code(name)}: {each[0]}" for name, each in told.items() if len(set(each)) == 1]
    rows = [(code(name), *each) for name, each in told.items() if len(set(each)) > 1]
    return "\n".join([*same, "", table(("name", *map(str, PROFILES)), rows)])


def _flat(given: Mapping[str, Any], port: Port, smtpports: SMTPPorts) -> Iterator[tuple[str, str]]:
    for name, value in given.items():
        if isinstance(value, dict) and value:
            for inner, told in _flat(value, port, smtpports):
                yield f"{name}.{inner}", told
        else:
            yield name, _told(value, port, smtpports)


def _told(value: object, port: Port, smtpports: SMTPPorts) -> str:
    """A value, or what it is where it is another one each time."""
    if isinstance(value, ssl.SSLContext):
        return "a context"
    if value in (port.port, str(port.port)):
        return "the local port"
    if value == smtpports.ca_file:
        return "path"
    if isinstance(value, str) and "BEGIN CERTIFICATE" in value:
        return "PEM text"
    return code(repr(value))
