"""Where tests share ports, one that misses a mail is told which earlier test has it, and who was cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def test_a_mail_that_an_earlier_test_got_is_told_where_one_is_missed(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_mail="""
        from mail import send

        def test_gets_it(smtpports_server):
            send(smtpports_server.ports[25].address, "Yours")

        def test_between():
            pass

        def test_misses_it(smtpports_server):
            smtpports_server.assert_sent(subject="Yours")
    """
    )

    result = pytester.runpytest()

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*smtpports: mail and connections*",
            "1 message came in an earlier test, test_mail.py::test_gets_it:",
            "  25 in clear from 'app@example.com' to 'ada@example.org' 'Yours'",
        ]
    )


def test_of_many_mails_the_latest_are_told(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from mail import send

        def test_gets_them(smtpports_server):
            for number in range(5):
                send(smtpports_server.ports[25].address, f"Number {number}")

        def test_misses_one(smtpports_server):
            smtpports_server.assert_sent(subject="Number 4")
    """)

    result = pytester.runpytest()

    result.stdout.fnmatch_lines(
        ["5 messages came in an earlier test, *::test_gets_them, the latest 3:", "*'Number 2'", "*'Number 4'"]
    )
    result.stdout.no_fnmatch_line("*'Number 1'")


def test_a_connection_of_an_earlier_test_is_told_as_cut(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import smtplib
        import pytest

        @pytest.fixture(scope="module")
        def client(smtpports_server):
            with smtplib.SMTP(*smtpports_server.ports[25].address, timeout=5) as client:
                client.helo("app")
                yield client
                client.close()

        def test_begins(client, smtpports_server):
            client.noop()

        def test_goes_on(client, smtpports_server):
            client.sendmail("app@example.com", "ada@example.org", "Hello")
    """)

    result = pytester.runpytest()

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*smtpports: mail and connections*",
            "1 connection of an earlier test, cut when this one began:",
            "  25: open: *",
        ]
    )


def test_nothing_is_told_of_earlier_tests_where_mail_came_or_the_ports_are_the_tests_own(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile("""
        from mail import send

        def test_gets_it(smtpports_server):
            send(smtpports_server.ports[25].address, "Yours")

        def test_gets_another(smtpports_server):
            send(smtpports_server.ports[25].address, "Mine")
            smtpports_server.assert_sent(subject="Yours")

        def test_has_its_own(smtpports):
            smtpports.assert_sent(subject="Yours")

        def test_has_none():
            assert False
    """)

    result = pytester.runpytest()

    result.assert_outcomes(passed=1, failed=3)
    result.stdout.no_fnmatch_line("*earlier test*")
