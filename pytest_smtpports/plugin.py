"""pytest's hooks and fixtures, translated: what a test says becomes calls to an `SMTPPorts`.

Every run of pytest loads this module, so that nothing is imported, and nothing made, before a test needs it.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Literal

import pytest

# Loaded early so that it has the real clock's functions before a test freezes them.
from . import _clock as _clock
from . import hookspecs

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    import pluggy

    from ._harness._port import Port
    from ._harness._smtpports import SMTPPorts
    from ._harness._surroundings import Surroundings
    from ._ports._profile import Profile
    from ._settings import Settings
    from ._telling import Telling

# The fixture by which a test runs once in each of several networks.
_NETWORK = "_smtpports_network"
FIXTURES = frozenset({"smtpports", "smtpports_server", "each_smtpport"})

# The ini values: a type, the default, and a help text. Tests compare the defaults with those that hold without pytest.
_INI: Mapping[str, tuple[Literal["string", "args"], object, str]] = {
    "smtpports_ports": ("args", [], "the SMTP port numbers that smtpports emulates (default: 25 465 587 2525)"),
    "smtpports_host": ("string", "127.0.0.1", "the address that smtpports binds (default: 127.0.0.1)"),
    "smtpports_scope": (
        "string",
        "function",
        "function: each test has ports of its own; session: all share smtpports_server (default: function)",
    ),
    "smtpports_loop": (
        "string",
        "asyncio",
        "the event loop behind the ports: asyncio, or uvloop, which the extra [speed] installs (default: asyncio)",
    ),
    "smtpports_memory_limit": (
        "string",
        "67108864",
        "how many bytes of messages a test keeps in memory; more go to a temporary file (default: 67108864)",
    ),
    "smtpports_guard": ("string", "false", "no test may dial an SMTP port of another machine (default: false)"),
    "smtpports_guard_ports": ("args", [], "the ports that are guarded besides 25 465 587 2525"),
    "smtpports_network": ("string", "", "the network that the tests run behind, such as digitalocean (default: none)"),
    "smtpports_real_time": (
        "string",
        "false",
        "clients wait at ports that drop as long as they would in the world (default: false)",
    ),
    "smtpports_save": ("string", "", "the folder to save what the tests captured in, as .eml files (default: none)"),
    "smtpports_save_attachments": ("string", "false", "save attachments there as files, too (default: false)"),
}
# The options that have something to say where they are given.
_SAYING = ("smtpports_network", "smtpports_guard", "smtpports_save", "smtpports_report")
_MARKER = (
    "smtpports(profiles=..., route=..., provider=..., network=..., only=..., block=..., fail=..., guard=...): "
    "emulated SMTP ports for this test; each argument as the method of its name"
)

_SETTINGS: pytest.StashKey[Settings] = pytest.StashKey()
_SURROUNDINGS: pytest.StashKey[Surroundings] = pytest.StashKey()
_SERVER: pytest.StashKey[SMTPPorts] = pytest.StashKey()
_ITEM: pytest.StashKey[pytest.Item] = pytest.StashKey()
_TELLING: pytest.StashKey[Telling] = pytest.StashKey()


def _is_a_users_mistake(excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
    from ._settings import is_a_users_mistake

    return is_a_users_mistake(excinfo)


__tracebackhide__ = _is_a_users_mistake


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare our hooks."""
    pluginmanager.add_hookspecs(hookspecs)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the ini values and options."""
    group = parser.getgroup("smtpports")
    group.addoption(
        "--smtpports-guard", action="store_true", help="fail each test that dials an SMTP port of another machine"
    )
    group.addoption("--smtpports-network", metavar="NAME", help="block what this network blocks, such as digitalocean")
    group.addoption(
        "--smtpports-real-time",
        action="store_true",
        help="have clients wait at ports that drop as long as they would in the world",
    )
    group.addoption("--smtpports-save", metavar="DIR", help="save what the tests captured there, as .eml files")
    group.addoption("--smtpports-report", metavar="FILE", help="write a page of HTML with what the tests captured")
    for name, (kind, default, told) in _INI.items():
        parser.addini(name, told, type=kind, default=default)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker, and check the ini values before any test runs."""
    config.addinivalue_line("markers", _MARKER)
    if config.pluginmanager.hasplugin("socket"):
        from ._staying import Staying

        config.pluginmanager.register(Staying(), "smtpports-staying")
    said = any(config.getini(name) != default for name, (_, default, _) in _INI.items())
    if said or any(config.getoption(name) not in (None, False) for name in _SAYING):
        settings = _settings_of(config)
        if settings.guard:
            from ._guarding import Guarding

            config.pluginmanager.register(Guarding(settings.guard_ports), "smtpports-guard")
        if (settings.save or settings.report) and not config.getoption("collectonly"):
            from ._collecting import collect

            collect(config, settings)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the thread, wherever the session stopped."""
    if (surroundings := config.stash.get(_SURROUNDINGS, None)) is not None:
        surroundings.rest()


def pytest_itemcollected(item: pytest.Item) -> None:
    """The marker alone activates the fixture, before those that the test asks for; and it holds for the server too."""
    if item.get_closest_marker("smtpports") is None or not isinstance(item, pytest.Function):
        return
    names = item.fixturenames
    if "smtpports" not in names:
        asked = inspect.signature(item.function).parameters
        place = next((place for place, name in enumerate(names) if name in asked), len(names))
        added = "_marked_server" if "smtpports_server" in names else "smtpports"
        # A new list: the other parameter sets of the test share the old one.
        item.fixturenames = [*names[:place], added, *names[place:]]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes `each_smtpport` runs once for each emulated number, one with several networks once in each."""
    if "each_smtpport" in metafunc.fixturenames:
        metafunc.parametrize("each_smtpport", sorted(_profiles(metafunc.config)), indirect=True)
    if metafunc.definition.get_closest_marker("smtpports") is not None:
        from ._settings import marked_networks

        if networks := marked_networks(metafunc.definition):
            metafunc.fixturenames.append(_NETWORK)
            metafunc.parametrize(_NETWORK, networks)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Each test finds the session's server, once there is one, as new."""
    item.config.stash[_ITEM] = item
    server = item.config.stash.get(_SERVER, None)
    if server is not None:
        item.config.stash[_TELLING].renew(server)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, object, object]:
    """Once the fixtures are gone: tell what was left, and end the thread before a test that doesn't use it."""
    try:
        return (yield)
    finally:
        try:
            server = item.config.stash.get(_SERVER, None)
            if server is not None:
                from ._telling import note_left_open

                note_left_open(item, server)
                server.raise_failures()
        finally:
            surroundings = item.config.stash.get(_SURROUNDINGS, None)
            if surroundings is not None:
                surroundings.settle()
                if nextitem is None or not _uses_ports(nextitem):
                    surroundings.rest()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Have each failing test tell what came behind it, and in colour, before the terminal shows it."""
    terminalreporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminalreporter is not None:
        from ._closing import tell_late

        reports = _reports(terminalreporter)
        tell_late(reports)
        writer = session.config.get_terminal_writer()
        if session.testsfailed and writer.hasmarkup:
            from ._colour import colour

            colour(writer, reports)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell which tests ended with connections open, and which mail came behind its test."""
    from ._closing import summarise

    summarise(terminalreporter, _reports(terminalreporter))


@pytest.fixture(scope="session")
def smtpports_profiles(request: pytest.FixtureRequest) -> Mapping[int, Profile]:
    """The profiles by emulated number. Override it to alter them; the numbers come from ini or the hook."""
    return _profiles(request.config)


@pytest.fixture(scope="session")
def smtpports_server(request: pytest.FixtureRequest, smtpports_profiles: Mapping[int, Profile]) -> Iterator[SMTPPorts]:
    """An `SMTPPorts` for the whole session, for an application that is configured once; as new for each test."""
    config = request.config
    # Whichever test is running, its own conftest files are asked.
    server = _open(config, smtpports_profiles, lambda: config.stash[_ITEM].ihook)
    config.stash[_SERVER] = server
    config.stash[_TELLING].share(server)
    yield server
    del config.stash[_SERVER]
    from ._telling import note_left_open

    # At the end of the last test its teardown goes on; this is the last moment to tell what it left.
    note_left_open(config.stash[_ITEM], server)
    server.close()


@pytest.fixture
def smtpports(request: pytest.FixtureRequest, smtpports_profiles: Mapping[int, Profile]) -> Iterator[SMTPPorts]:
    """A mail provider on this machine: SMTP ports as they behave in the world, fresh for each test."""
    if _settings_of(request.config).scope == "session":
        yield _applied(request.node, _shared_arguments(request.node), request.getfixturevalue("smtpports_server"))
        return
    from ._settings import marked_profiles, marker_arguments
    from ._telling import note_left_open

    arguments = marker_arguments(request.node)
    profiles = marked_profiles(arguments, smtpports_profiles)
    opened = _open(request.config, profiles, lambda: request.node.ihook)
    request.config.stash[_TELLING].add(opened)
    try:
        yield _applied(request.node, arguments, opened)
    finally:
        note_left_open(request.node, opened)
        opened.close()


@pytest.fixture
def _marked_server(request: pytest.FixtureRequest, smtpports_server: SMTPPorts) -> None:
    """For a marked test that takes the session's server and nothing else of ours."""
    _applied(request.node, _shared_arguments(request.node), smtpports_server)


@pytest.fixture
def each_smtpport(request: pytest.FixtureRequest, smtpports: SMTPPorts) -> Port:
    """A port; the test runs once for each emulated number."""
    if not hasattr(request, "param"):
        raise pytest.UsageError(
            "each_smtpport runs a test function once for each port, and pytest runs a unittest.TestCase's methods only "
            "once. Take smtpports there, and go through smtpports.ports in a loop with self.subTest(port=port)."
        )
    return smtpports.ports[request.param]


def _settings_of(config: pytest.Config) -> Settings:
    settings = config.stash.get(_SETTINGS, None)
    if settings is None:
        from ._settings import read

        settings = config.stash[_SETTINGS] = read(config)
    return settings


def _profiles(config: pytest.Config) -> Mapping[int, Profile]:
    from ._settings import profiles_for

    return profiles_for(_settings_of(config), config)


def _open(config: pytest.Config, profiles: Mapping[int, Profile], hook: Callable[[], pluggy.HookRelay]) -> SMTPPorts:
    from ._harness._smtpports import SMTPPorts
    from ._harness._surroundings import Surroundings

    settings = _settings_of(config)
    surroundings = config.stash.get(_SURROUNDINGS, None)
    if surroundings is None:
        from ._telling import Telling

        surroundings = config.stash[_SURROUNDINGS] = Surroundings(settings.loop)
        collector = config.pluginmanager.get_plugin("smtpports-collecting")
        telling = config.stash[_TELLING] = Telling(_uses_ports, collector)
        config.pluginmanager.register(telling, "smtpports-telling")
    return SMTPPorts(
        profiles,
        host=settings.host,
        network=settings.network,
        memory_limit=settings.memory_limit,
        _surroundings=surroundings,
        _hook=hook,
        _real_time=settings.real_time,
        _config=config,
    )


def _applied(item: pytest.Item, arguments: list[Mapping[str, object]], smtpports: SMTPPorts) -> SMTPPorts:
    if arguments:
        from ._settings import apply

        network = getattr(getattr(item, "callspec", None), "params", {}).get(_NETWORK)
        for each in arguments:
            apply(each, smtpports, network)
    return smtpports


def _shared_arguments(item: pytest.Item) -> list[Mapping[str, object]]:
    from ._settings import marker_arguments

    arguments = marker_arguments(item)
    if any("profiles" in each for each in arguments):
        raise pytest.UsageError(
            "@pytest.mark.smtpports(profiles=...) needs ports of the test's own, and this one shares those of the "
            "session. Override the fixture smtpports_profiles instead."
        )
    return arguments


def _uses_ports(item: pytest.Item) -> bool:
    return not FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))


def _reports(terminalreporter: pytest.TerminalReporter) -> list[object]:
    """All that the terminal keeps, of tests and others."""
    return [report for reports in terminalreporter.stats.values() for report in reports]
