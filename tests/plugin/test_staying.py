"""Beside a plugin such as pytest-socket, which takes away what stands in the socket module after each test."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports._staying import stay

if TYPE_CHECKING:
    from collections.abc import Callable

# A plugin of the name that pytest-socket has; what it does is done by the conftest.py.
REMOVER = ModuleType("socket")
CONFTEST = """
    import smtplib
    import socket
    import pytest

    TRUE = socket.socket.connect

    def pytest_runtest_teardown():
        socket.socket.connect = TRUE

    def pytest_unconfigure():
        if vars(socket.socket).get("connect") is TRUE:
            del socket.socket.connect

    def send():
        with smtplib.SMTP("smtp.example.com", 25, timeout=5) as client:
            client.sendmail("app@example.com", "ada@example.org", "Subject: Welcome")

    @pytest.fixture(scope="session", autouse=True)
    def mailing():
        return send
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> Callable[..., pytest.RunResult]:
    def run(tests: str, *options: str) -> pytest.RunResult:
        pytester.makeconftest(CONFTEST)
        pytester.makepyfile(tests)
        return pytester.runpytest_inprocess("-p", "no:randomly", *options, plugins=[REMOVER])

    return run


def test_a_route_holds_to_the_end_of_the_fixtures_of_its_test(suite: Callable[..., pytest.RunResult]) -> None:
    suite("""
        import pytest

        @pytest.fixture
        def app(smtpports, mailing):
            smtpports.route("smtp.example.com")
            yield
            mailing()
            smtpports.assert_sent(host="smtp.example.com")

        def test_mail(app):
            pass
    """).assert_outcomes(passed=1)


def test_a_route_that_lasts_for_longer_than_a_test_holds(suite: Callable[..., pytest.RunResult]) -> None:
    suite("""
        import pytest
        from pytest_smtpports import SMTPPorts

        @pytest.fixture(scope="module")
        def mail():
            with SMTPPorts() as smtpports:
                smtpports.route("smtp.example.com")
                yield smtpports

        @pytest.fixture
        def sent(mail, mailing):
            mailing()

        def test_one(mail, mailing):
            mailing()

        def test_two(mail, sent):
            assert len(mail.messages) == 2

        def test_three(mail, mailing):
            mailing()
    """).assert_outcomes(passed=3)


def test_nothing_is_patched_where_nobody_needs_it(suite: Callable[..., pytest.RunResult]) -> None:
    suite("""
        import socket

        def test_mail(smtpports):
            smtpports.route("smtp.example.com").remove()
            assert socket.socket.connect.__name__ == "connect"

        def test_other():
            assert socket.socket.connect.__name__ == "connect"
    """).assert_outcomes(passed=2)


def test_a_test_whose_setup_never_began_takes_nothing_down(suite: Callable[..., pytest.RunResult]) -> None:
    suite("""
        def setup_module():
            raise RuntimeError("no database")

        def test_mail(smtpports):
            pass
    """).assert_outcomes(errors=1)


def test_nothing_is_loaded_in_order_to_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "pytest_smtpports._network._patch", raising=False)
    stay()

    assert "pytest_smtpports._network._patch" not in sys.modules
