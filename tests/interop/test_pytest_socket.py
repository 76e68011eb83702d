"""pytest-socket, which forbids sockets, or all but some hosts: routes hold beside it, and each puts back its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

MAIL = """
    import smtplib
    import socket
    import pytest

    def send(host="smtp.example.com", port=25):
        with smtplib.SMTP(host, port, timeout=5) as client:
            client.sendmail("app@example.com", "ada@example.org", "Subject: Welcome")
"""
# What stands in the socket module after each test, and before the first.
CONFTEST = """
    import _socket
    import socket
    import pytest

    def standing():
        # The plugin itself leaves an attribute of the class behind, which is the one that the class inherits.
        return socket.socket, socket.socket.connect, socket.socket.connect_ex, _socket.getaddrinfo, socket.gethostbyname

    BEFORE = standing()

    def pytest_sessionfinish():
        assert standing() == BEFORE

    def pytest_runtest_logfinish(nodeid):
        if "lasts" not in nodeid:
            assert standing() == BEFORE
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> Callable[..., pytest.RunResult]:
    def run(tests: str, *options: str) -> pytest.RunResult:
        pytester.makeconftest(CONFTEST)
        pytester.makepyfile(mailing=MAIL)
        pytester.makepyfile(f"    from mailing import *\n{tests}")
        # What it forbids it warns of as well.
        options = ("-W", "default:A test tried to use socket", "-p", "no:randomly", "-p", "no:asyncio", *options)
        return pytester.runpytest_subprocess(*options)

    return run


def test_a_route_leads_to_an_allowed_host_and_others_stay_forbidden(suite: Callable[..., pytest.RunResult]) -> None:
    result = suite(
        """
    def test_mail(smtpports):
        smtpports.route("smtp.example.com")
        send()
        send(*smtpports.ports[25].address)
        assert len(smtpports.messages) == 2

    def test_world():
        from pytest_socket import SocketConnectBlockedError
        with pytest.raises(SocketConnectBlockedError):
            socket.create_connection(("192.0.2.1", 25), 5)

    def test_world_beside_a_route(smtpports):
        from pytest_socket import SocketConnectBlockedError
        smtpports.route("smtp.example.com")
        with pytest.raises(SocketConnectBlockedError):
            socket.create_connection(("192.0.2.1", 25), 5)
    """,
        "--allow-hosts=127.0.0.1",
    )

    result.assert_outcomes(passed=3)


@pytest.mark.parametrize("order", ["smtpports, socket_enabled", "socket_enabled, smtpports"])
def test_a_test_that_enables_sockets_may_have_ports(suite: Callable[..., pytest.RunResult], order: str) -> None:
    result = suite(
        f"""
    def test_mail({order}):
        smtpports.route("smtp.example.com")
        send()
        smtpports.assert_sent(host="smtp.example.com")

    def test_forbidden():
        from pytest_socket import SocketBlockedError
        with pytest.raises(SocketBlockedError):
            socket.socket()
    """,
        "--disable-socket",
    )

    result.assert_outcomes(passed=2)


def test_where_all_sockets_are_forbidden_so_are_ports(suite: Callable[..., pytest.RunResult]) -> None:
    result = suite(
        """
    def test_mail(smtpports):
        send(*smtpports.ports[25].address)

    def test_after(socket_enabled, smtpports):
        send(*smtpports.ports[25].address)
    """,
        "--disable-socket",
    )

    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["*SocketBlockedError: A test tried to use socket.socket.*"])


def test_the_guard_and_the_plugin_forbid_side_by_side(suite: Callable[..., pytest.RunResult]) -> None:
    result = suite(
        """
    def test_mail(smtpports):
        smtpports.route("smtp.example.com")
        send()

    def test_world():
        try:
            send("192.0.2.1", 587)
        except OSError:
            pass
    """,
        "--allow-hosts=127.0.0.1",
        "--smtpports-guard",
    )

    result.assert_outcomes(passed=1, failed=1)


@pytest.mark.parametrize("options", [(), ("--allow-hosts=127.0.0.1",)])
def test_a_route_holds_to_the_end_of_the_fixtures_of_its_test(
    suite: Callable[..., pytest.RunResult], options: tuple[str, ...]
) -> None:
    result = suite(
        """
    @pytest.fixture
    def app(smtpports):
        smtpports.route("smtp.example.com")
        yield
        send()
        smtpports.block(587)
        with pytest.raises(TimeoutError):
            smtplib.SMTP("smtp.example.com", 587, timeout=60)
        smtpports.assert_attempted([25, 587])

    def test_mail(app):
        pass

    def test_that_fails_before(app, request):
        request.getfixturevalue("nothing")
    """,
        *options,
    )

    result.assert_outcomes(passed=1, failed=1)


def test_a_route_that_lasts_for_longer_than_a_test_holds(suite: Callable[..., pytest.RunResult]) -> None:
    result = suite(
        """
    from pytest_smtpports import SMTPPorts

    @pytest.fixture(scope="module")
    def mail():
        with SMTPPorts() as smtpports:
            smtpports.route("smtp.example.com")
            yield smtpports

    @pytest.fixture
    def sent(mail):
        send()

    def test_one_that_lasts(mail):
        send()

    def test_two_that_lasts(mail, sent):
        send()

    def test_three_that_lasts(mail):
        send()
        assert len(mail.messages) == 4
    """
    )

    result.assert_outcomes(passed=3)


def test_the_guard_stays_to_the_end_of_the_fixtures(suite: Callable[..., pytest.RunResult]) -> None:
    result = suite(
        """
    @pytest.fixture
    def late():
        yield
        assert socket.socket.connect.__module__ == "pytest_smtpports._network._patch"

    def test_mail(late):
        pass
    """,
        "--smtpports-guard",
    )

    result.assert_outcomes(passed=1)
