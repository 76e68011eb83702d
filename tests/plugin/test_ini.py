"""The ini values: what they do, and what a value that can't be meant says before any test runs."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports._server._journal import MEMORY_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("value", "numbers"),
    [
        ("", [25, 465, 587, 2525]),
        ("25", [25]),
        ("587 25", [25, 587]),
        ("25 25 465", [25, 465]),
        ("\n    25\n    2525", [25, 2525]),
    ],
)
def test_smtpports_ports_says_which_numbers_are_emulated(
    pytester: pytest.Pytester, write_ini: Callable[..., None], value: str, numbers: list[int]
) -> None:
    write_ini(f"smtpports_ports = {value}")
    pytester.makepyfile(f"""
        def test_numbers(smtpports, smtpports_server):
            assert [port.number for port in smtpports.ports] == {numbers}
            assert [port.number for port in smtpports_server.ports] == {numbers}
    """)

    pytester.runpytest().assert_outcomes(passed=1)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_smtpports_host_is_the_address_that_the_ports_are_bound_to(
    pytester: pytest.Pytester, write_ini: Callable[..., None], host: str
) -> None:
    write_ini(f"smtpports_host = {host}")
    pytester.makepyfile(f"""
        from mail import send

        def test_host(smtpports, smtpports_server):
            for each in (smtpports, smtpports_server):
                assert each.host == each.ports[25].host == {host!r}
                send(each.ports[25].address)
                with each.ports[465].connect():
                    each.assert_sent(port=25)
    """)

    pytester.runpytest().assert_outcomes(passed=1)


@pytest.mark.parametrize(("scope", "relation"), [("function", "is not"), ("session", "is")])
def test_smtpports_scope_says_whether_tests_share_their_ports(
    pytester: pytest.Pytester, write_ini: Callable[..., None], scope: str, relation: str
) -> None:
    write_ini(f"smtpports_scope = {scope}")
    pytester.makepyfile(f"""
        def test_scope(smtpports, smtpports_server):
            assert smtpports {relation} smtpports_server
    """)

    pytester.runpytest().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "smtpports_ports = 25 58x",
            "ini smtpports_ports: '58x' is not a port number; write numbers from 1 to 65535 *",
        ),
        ("smtpports_ports = 25,587", "ini smtpports_ports: '25,587' is not a port number; *blanks between them*"),
        ("smtpports_ports = 0", "ini smtpports_ports: '0' is not a port number; *"),
        ("smtpports_ports = -25", "ini smtpports_ports: '-25' is not a port number; *"),
        ("smtpports_ports = 65536", "ini smtpports_ports: '65536' is not a port number; *"),
        ("smtpports_ports = ٢٥", "ini smtpports_ports: '٢٥' is not a port number; *"),
        ("smtpports_host = localhost", "ini smtpports_host: 'localhost' is not an address to bind; *127.0.0.1 or ::1*"),
        ("smtpports_host =", "ini smtpports_host: '' is not an address to bind; *"),
        (
            "smtpports_scope = sesion",
            "ini smtpports_scope: 'sesion' is not a scope; did you mean 'session'? Valid: 'function', 'session'.",
        ),
        ("smtpports_scope = module", "ini smtpports_scope: 'module' is not a scope*Valid: 'function', 'session'."),
        ("smtpports_loop = uv", "ini smtpports_loop: 'uv' is not a loop*Valid: 'asyncio', 'uvloop'."),
        ("smtpports_memory_limit = 64M", "ini smtpports_memory_limit: '64M' is not a number of bytes; *67108864*"),
        ("smtpports_memory_limit = -1", "ini smtpports_memory_limit: '-1' is not a number of bytes; *"),
        ("smtpports_memory_limit =", "ini smtpports_memory_limit: '' is not a number of bytes; *"),
    ],
)
def test_a_value_that_can_not_be_meant_ends_the_session_with_one_line_before_any_test(
    pytester: pytest.Pytester, write_ini: Callable[..., None], line: str, told: str
) -> None:
    write_ini(line)
    pytester.makepyfile("""
        from pathlib import Path

        def test_anything():
            Path("ran").touch()
    """)

    result = pytester.runpytest()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {told}"])
    assert len([line for line in result.errlines if line]) == 1
    assert not (pytester.path / "ran").exists()


def test_an_address_that_this_machine_has_not_is_named_where_it_is_first_bound(
    pytester: pytest.Pytester, write_ini: Callable[..., None]
) -> None:
    # RFC 5737 §3: nobody has this address.
    write_ini("smtpports_host = 192.0.2.1")
    pytester.makepyfile("""
        def test_mail(smtpports):
            smtpports.ports[25].address
    """)

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E *Nothing can listen on 192.0.2.1 on this machine (*); 127.0.0.1 always works."])


def test_the_ini_values_are_listed_in_the_help(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--help")

    result.stdout.fnmatch_lines_random(["*smtpports_ports (args):*", "*smtpports_host (string):*"])
    result.stdout.fnmatch_lines(["*smtpports_scope (string):*"])
    result.stdout.fnmatch_lines(["*smtpports_loop (string):*"])
    result.stdout.fnmatch_lines(["*smtpports_memory_limit (string):*"])


without_uvloop = pytest.mark.skipif(find_spec("uvloop") is None, reason="uvloop is not built for this Python")


@pytest.mark.parametrize(
    ("name", "module"), [("asyncio", "pytest_smtpports"), pytest.param("uvloop", "uvloop", marks=without_uvloop)]
)
def test_smtpports_loop_says_which_event_loop_serves(
    pytester: pytest.Pytester, write_ini: Callable[..., None], name: str, module: str
) -> None:
    write_ini(f"smtpports_loop = {name}")
    pytester.makepyfile(f"""
        import pytest

        @pytest.mark.parametrize("number", [25, 465, 587])
        def test_mail(smtpports, number):
            with smtpports.ports[number].connect() as client:
                client.sendmail("app@example.com", "ada@example.org", "Subject: Welcome\\r\\n\\r\\n")
            smtpports.assert_sent(port=number, subject="Welcome")
            loop = smtpports._world.surroundings.engine.background.loop
            assert type(loop).__module__.partition(".")[0] == {module!r}
    """)

    pytester.runpytest().assert_outcomes(passed=3)


def test_uvloop_that_is_not_installed_is_a_usage_error(
    pytester: pytest.Pytester, write_ini: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    # What find_spec says of a module that can't be imported.
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    write_ini("smtpports_loop = uvloop")
    pytester.makepyfile("def test_anything(): pass")

    result = pytester.runpytest_inprocess()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: ini smtpports_loop: uvloop is not installed; pip install *[[]speed[]]*"])


@pytest.mark.parametrize(("line", "limit"), [("", MEMORY_LIMIT), ("smtpports_memory_limit = 1000", 1000)])
def test_smtpports_memory_limit_says_how_much_of_the_mail_stays_in_memory(
    pytester: pytest.Pytester, write_ini: Callable[..., None], line: str, limit: int
) -> None:
    write_ini(line)
    pytester.makepyfile(f"""
        def test_limit(smtpports, smtpports_server):
            assert smtpports._world.journal.memory_limit == {limit}
            assert smtpports_server._world.journal.memory_limit == {limit}
    """)

    pytester.runpytest().assert_outcomes(passed=1)


def test_a_number_without_a_profile_ends_the_session_before_any_test(
    pytester: pytest.Pytester, write_ini: Callable[..., None]
) -> None:
    write_ini("smtpports_ports = 464")
    pytester.makepyfile("def test_nothing(): pass")

    result = pytester.runpytest()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: ini smtpports_ports: 464 *did you mean 465?*"])


def test_tls_is_valid_for_the_address_that_the_ini_file_names(
    pytester: pytest.Pytester, write_ini: Callable[..., None]
) -> None:
    write_ini("smtpports_host = 127.0.0.2")
    pytester.makepyfile("""
        def test_mail(smtpports):
            with smtpports.ports[465].connect():
                pass
    """)

    pytester.runpytest().assert_outcomes(passed=1)


def test_a_kindred_port_is_emulated_when_it_is_named(pytester: pytest.Pytester, write_ini: Callable[..., None]) -> None:
    write_ini("smtpports_ports = 24 2587")
    pytester.makepyfile("""
        def test_mail(smtpports):
            assert [port.number for port in smtpports.ports] == [24, 2587]
            for port in smtpports.ports:
                with port.connect() as client:
                    client.sendmail("app@example.com", "ada@example.org", "Subject: x\\r\\n\\r\\ny")
            smtpports.assert_sent_times(2)
    """)

    pytester.runpytest().assert_outcomes(passed=1)
