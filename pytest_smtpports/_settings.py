"""Ini values and marker arguments, read and checked, as frozen values; loaded when a test, or an ini file, needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from ._errors import ConfigurationError, SMTPPortsError, UnknownName, UnknownPort

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import TypeVar

    from ._harness._smtpports import SMTPPorts
    from ._ports._profile import Profile

    T = TypeVar("T")


def is_a_users_mistake(excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
    """For `__tracebackhide__`: our own frames tell nothing of it."""
    return excinfo.errisinstance((pytest.UsageError, SMTPPortsError))


__tracebackhide__ = is_a_users_mistake

SCOPES = ("function", "session")
# As pytest takes them.
FLAGS = {"true": True, "false": False, "yes": True, "no": False, "on": True, "off": False, "1": True, "0": False}
LOOPS = ("asyncio", "uvloop")
# What the marker takes, each in the order in which it is applied.
MARKER_ARGUMENTS = {
    "profiles": "a `Profile` or a tuple of them",
    "route": "a host name or a tuple of them",
    "provider": "the name of a provider or a tuple of them",
    "network": "the name of a network, or a list or tuple of them",
    "only": "a number or a tuple of them",
    "block": "a number, a tuple of them, or a dict of number and kind",
    "fail": "a `Fault`, the name of one, a pair of stage and action, or a list of these",
    "guard": "`True` or `False`",
}
MAX_PORT = 65535
# The numbers for which there is a profile without a hook; a test compares them with the profiles.
SHIPPED = frozenset({25, 465, 587, 2525, 24, 26, 588, 1025, 2465, 2587, 8025, 8465})


@dataclass(frozen=True, slots=True)
class Settings:
    """What the ini file and the command line say.

    Attributes:
        numbers: the emulated numbers, or None for the shipped ones.
        host: the address to bind.
        scope: "function" or "session".
        loop: "asyncio" or "uvloop".
        memory_limit: how many bytes of messages stay in memory.
        network: the name of the network that the tests run behind, or None.
        guard: no test may dial an SMTP port of another machine.
        guard_ports: the ports that are guarded besides the usual ones.
        real_time: clients are spared no wait.
        save: the folder in which what the tests captured is saved, or None.
        save_attachments: attachments are saved there as files of their own too.
        report: the file of the HTML page, or None.
    """

    numbers: tuple[int, ...] | None
    host: str
    scope: str
    loop: str
    memory_limit: int
    network: str | None
    guard: bool
    guard_ports: tuple[int, ...]
    real_time: bool
    save: Path | None
    save_attachments: bool
    report: Path | None


def read(config: pytest.Config) -> Settings:
    """What the ini file says.

    Raises:
        pytest.UsageError: a value that can't be meant.
    """
    scope = config.getini("smtpports_scope")
    if scope not in SCOPES:
        raise pytest.UsageError(f"ini smtpports_scope: {UnknownName('scope', scope, SCOPES)}")
    numbers = _numbers("smtpports_ports", config)
    settings = Settings(
        numbers=numbers or None,
        host=_address(config.getini("smtpports_host")),
        scope=scope,
        loop=_loop(config.getini("smtpports_loop")),
        memory_limit=_bytes(config.getini("smtpports_memory_limit")),
        network=_network(config),
        guard=config.getoption("smtpports_guard") or _flag("smtpports_guard", config.getini("smtpports_guard")),
        guard_ports=_numbers("smtpports_guard_ports", config),
        real_time=config.getoption("smtpports_real_time")
        or _flag("smtpports_real_time", config.getini("smtpports_real_time")),
        save=_path("--smtpports-save", config.getoption("smtpports_save"), config.invocation_params.dir)
        or _path("", config.getini("smtpports_save"), config.rootpath),
        save_attachments=_flag("smtpports_save_attachments", config.getini("smtpports_save_attachments")),
        report=_path("--smtpports-report", config.getoption("smtpports_report"), config.invocation_params.dir),
    )
    if not SHIPPED.issuperset(numbers):
        # Only a number that is not shipped is worth the imports: it needs a hook.
        profiles_for(settings, config)
    return settings


def _numbers(name: str, config: pytest.Config) -> tuple[int, ...]:
    words: list[str] = config.getini(name)
    for word in words:
        if not word.isascii() or not word.isdigit() or not 1 <= int(word) <= MAX_PORT:
            raise pytest.UsageError(
                f"ini {name}: {word!r} is not a port number; write numbers from 1 to {MAX_PORT} with blanks "
                f"between them, such as: {name} = 25 587"
            )
    return tuple(map(int, words))


def _address(host: str) -> str:
    # Only a host that is not the usual one is worth an import.
    if host != "127.0.0.1":
        import ipaddress

        try:
            ipaddress.ip_address(host)
        except ValueError:
            raise pytest.UsageError(
                f"ini smtpports_host: {host!r} is not an address to bind; write one such as 127.0.0.1 or ::1."
            ) from None
    return host


def _loop(name: str) -> str:
    if name not in LOOPS:
        raise pytest.UsageError(f"ini smtpports_loop: {UnknownName('loop', name, LOOPS)}")
    if name == "uvloop":
        from importlib.util import find_spec

        if find_spec("uvloop") is None:
            raise pytest.UsageError(
                "ini smtpports_loop: uvloop is not installed; pip install 'pytest-smtpports[speed]' does it, and "
                "smtpports_loop = asyncio needs nothing."
            )
    return name


def _network(config: pytest.Config) -> str | None:
    option, line = config.getoption("smtpports_network"), config.getini("smtpports_network")
    name: str = line if option is None else option
    if not name and option is None:
        return None
    # Only a network is worth the imports.
    from ._harness._hooks import known_networks
    from ._ports._named import named
    from ._ports._networks import Network

    place = "ini smtpports_network" if option is None else "--smtpports-network"
    try:
        return named(Network, name, known_networks(config.hook, config)).name
    except (ConfigurationError, UnknownName) as error:
        raise pytest.UsageError(f"{place}: {error}") from None


def _flag(name: str, word: str) -> bool:
    if word.lower() not in FLAGS:
        raise pytest.UsageError(f"ini {name}: {UnknownName('truth value', word, FLAGS)}")
    return FLAGS[word.lower()]


def _path(option: str, given: str | None, start: Path) -> Path | None:
    """What is given is meant from somewhere; the ini file may give nothing."""
    if given:
        return start / given
    if given is not None and option:
        raise pytest.UsageError(f"{option}: no path is given; write one, such as {option}=build/mail.")
    return None


def _bytes(number: str) -> int:
    if not number.isascii() or not number.isdigit():
        raise pytest.UsageError(
            f"ini smtpports_memory_limit: {number!r} is not a number of bytes; write one such as 67108864, "
            "or 0 to keep every message in the file."
        )
    return int(number)


def profiles_for(settings: Settings, config: pytest.Config) -> dict[int, Profile]:
    """The profiles of the emulated numbers: the ini file's, or the shipped ones, and those of the hooks.

    Raises:
        pytest.UsageError: a number for which there is no profile, or a hook that returns something else.
    """
    from ._harness._hooks import hooked_profiles
    from ._ports._profile import KINDRED, PROFILES

    try:
        hooked = hooked_profiles(config.hook, config)
    except ConfigurationError as error:
        raise pytest.UsageError(f"hook pytest_smtpports_profiles: {error}") from None
    known = {**PROFILES, **KINDRED, **hooked}
    for number in settings.numbers or ():
        if number not in known:
            raise pytest.UsageError(
                f"ini smtpports_ports: {UnknownPort(number, tuple(sorted(known)))} "
                "For another one return a profile from the hook pytest_smtpports_profiles."
            )
    chosen = PROFILES if settings.numbers is None else settings.numbers
    return {number: known[number] for number in (*chosen, *hooked)}


def marker_arguments(item: pytest.Item) -> list[Mapping[str, object]]:
    """The arguments of the test's `smtpports` markers, the outermost (module, class) first.

    Raises:
        pytest.UsageError: an argument that the marker has not.
    """
    marks = list(item.iter_markers("smtpports"))[::-1]
    for mark in marks:
        if mark.args:
            raise pytest.UsageError(
                f"@pytest.mark.smtpports takes keyword arguments only, not {mark.args[0]!r}: "
                f"{', '.join(f'{name}=' for name in MARKER_ARGUMENTS)}"
            )
        for name in mark.kwargs:
            if name not in MARKER_ARGUMENTS:
                raise pytest.UsageError(
                    f"@pytest.mark.smtpports: {UnknownName('marker argument', name, MARKER_ARGUMENTS)}"
                )
    return [mark.kwargs for mark in marks]


def marked_profiles(arguments: list[Mapping[str, object]], profiles: Mapping[int, Profile]) -> Mapping[int, Profile]:
    """The session's profiles, with those that the test's markers put in their place or beside them.

    Raises:
        pytest.UsageError: something that is no profile, or two of one number.
    """
    from ._ports._profile import Profile, by_number

    chosen = dict(profiles)
    try:
        for each in arguments:
            marked = each.get("profiles", ())
            chosen.update(by_number((marked,) if isinstance(marked, Profile) else marked))
    except ConfigurationError as error:
        raise pytest.UsageError(f"@pytest.mark.smtpports(profiles=...): {error}") from None
    return chosen


def marked_networks(item: pytest.Item) -> tuple[str, ...]:
    """The networks of the innermost marker that names several: the test runs once in each.

    What can't be meant is told when the test runs, as with every other argument.
    """
    said = [mark.kwargs["network"] for mark in item.iter_markers("smtpports") if "network" in mark.kwargs]
    return next((tuple(value) for value in said if isinstance(value, (tuple, list)) and _are_names(value)), ())


def _are_names(value: object) -> bool:
    several = value if isinstance(value, (tuple, list)) else (value,)
    return bool(several) and all(isinstance(name, str) for name in several)


def apply(arguments: Mapping[str, object], smtpports: SMTPPorts, network: str | None) -> None:
    """Have a marker's arguments do what the methods of their names do.

    Args:
        arguments: those of the marker.
        smtpports: whose methods.
        network: the one in which the test runs, of several.

    Raises:
        pytest.UsageError: a value that the method does not take.
    """
    try:
        if "route" in arguments:
            smtpports.route(*_several("route", arguments["route"], str))
        if "provider" in arguments:
            for name in _several("provider", arguments["provider"], str):
                smtpports.provider(name)
        if "network" in arguments:
            smtpports.network(_network_of(arguments["network"], network))
        if "only" in arguments:
            smtpports.only(*_several("only", arguments["only"], int))
        if not isinstance(arguments.get("guard", True), bool):
            raise ConfigurationError(f"guard= takes True or False, not {arguments['guard']!r}.")
        if "block" in arguments:
            _block(arguments["block"], smtpports)
        if "fail" in arguments:
            _fail(arguments["fail"], smtpports)
    except SMTPPortsError as error:
        raise pytest.UsageError(f"@pytest.mark.smtpports: {error}") from None


def _network_of(value: object, network: str | None) -> str:
    if not _are_names(value):
        raise ConfigurationError(f"network= takes a name, or a list of them, not {value!r}.")
    names: tuple[str, ...] = (value,) if isinstance(value, str) else tuple(value)  # type: ignore[arg-type] # as above
    if len(names) == 1:
        return names[0]
    if network is None:
        raise ConfigurationError(
            f"network={value!r} has a test run once in each, and this one can't be run several times: a method of a "
            "unittest.TestCase, or a single parameter of a test. Name one network, or mark a test function."
        )
    return network


def _block(value: object, smtpports: SMTPPorts) -> None:
    if isinstance(value, dict):
        for number, how in value.items():
            smtpports.block(number, how=how)
    else:
        smtpports.block(*_several("block", value, int))


def _fail(value: object, smtpports: SMTPPorts) -> None:
    from ._ports._known_fault import Fault

    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, (str, Fault)):
            smtpports.fail(each)
        elif isinstance(each, tuple) and len(each) == 2 and isinstance(each[0], str):
            smtpports.fail(*each)
        else:
            raise ConfigurationError(
                "fail= takes a fault, such as FAULTS['mailbox-full'] or 'mailbox-full', or a pair such as ('rcpt', "
                f"'450 4.7.1 Greylisted'), or a list of these, not {each!r}."
            )


def _several(name: str, value: object, kind: type[T]) -> tuple[T, ...]:
    values = value if isinstance(value, (tuple, list, set, frozenset)) else (value,)
    for each in values:
        if not isinstance(each, kind):
            what = {"route": "a host name", "provider": "a name"}.get(name, "a port number")
            raise ConfigurationError(f"{name}= takes {what} or a tuple of them, not {each!r}.")
    return tuple(values)
