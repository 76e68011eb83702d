"""Whether clients wait at ports that drop, as a whole run is told; and what a test without a timeout is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

WAITS = """
    import socket, time

    def test_wait(smtpports):
        smtpports.block(25)
        started = time.monotonic()
        try:
            socket.create_connection(smtpports.ports[25].address, 0.2)
        except TimeoutError:
            pass
        assert (time.monotonic() - started >= 0.2) is {really}
"""


@pytest.mark.parametrize(
    ("line", "option", "really"),
    [
        ("", "", False),
        ("smtpports_real_time = false", "", False),
        ("smtpports_real_time = true", "", True),
        ("", "--smtpports-real-time", True),
        ("smtpports_scope = session", "--smtpports-real-time", True),
    ],
)
def test_a_whole_run_waits_where_it_is_told_so(
    pytester: pytest.Pytester, write_ini: Callable[..., None], line: str, option: str, really: bool
) -> None:
    write_ini(line)
    pytester.makepyfile(WAITS.format(really=really))

    pytester.runpytest(*filter(None, [option])).assert_outcomes(passed=1)


def test_a_value_that_is_no_boolean_is_told_of(pytester: pytest.Pytester, write_ini: Callable[..., None]) -> None:
    write_ini("smtpports_real_time = perhaps")
    pytester.makepyfile("def test_nothing(): pass")

    result = pytester.runpytest()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*ini smtpports_real_time: 'perhaps' is not a truth value. Valid: 'true', 'false', *"])


@pytest.mark.parametrize("fixture", ["smtpports", "smtpports_server"])
def test_a_connect_without_a_timeout_is_a_warning_of_its_test(pytester: pytest.Pytester, fixture: str) -> None:
    pytester.makepyfile(
        f"""
        import socket

        def test_dial({fixture}):
            {fixture}.block(587)
            try:
                socket.create_connection({fixture}.ports[587].address)
            except TimeoutError:
                pass

        def test_another({fixture}):
            pass
        """
    )

    result = pytester.runpytest("-W", "default")

    result.assert_outcomes(passed=2, warnings=1)
    result.stdout.fnmatch_lines(
        ["*test_a_connect_without_a_timeout_*.py:6: NoTimeoutWarning: The connect to 127.0.0.1:587 *"]
    )


def test_a_connect_without_a_timeout_fails_its_test_where_warnings_do(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import socket

        def test_dial(smtpports):
            smtpports.block(587)
            try:
                socket.create_connection(smtpports.ports[587].address)
            except TimeoutError:
                pass

        def test_another(smtpports):
            pass
        """
    )

    result = pytester.runpytest("-W", "error")

    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(
        ["*ERROR at teardown of test_dial*", "*NoTimeoutWarning: The connect to 127.0.0.1:587 *"]
    )
