"""The ports in the worker processes of pytest-xdist."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def test_each_worker_has_ports_of_its_own(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import smtplib
        import ssl
        import pytest
        from mail import send

        @pytest.mark.parametrize("turn", range(3))
        def test_mail(smtpports, turn):
            send(smtpports.ports[25].address, f"mail {turn}")
            smtpports.assert_sent(subject=f"mail {turn}")

        @pytest.mark.parametrize("turn", range(3))
        def test_server(smtpports_server, turn):
            send(smtpports_server.ports[25].address, f"mail {turn}")
            smtpports_server.assert_sent(subject=f"mail {turn}")

        @pytest.mark.smtpports(route="smtp.example.com", block={25: "refuse"})
        def test_route(smtpports):
            with pytest.raises(ConnectionRefusedError):
                smtplib.SMTP("smtp.example.com", 25, timeout=5)
            with smtplib.SMTP("smtp.example.com", 587, timeout=5) as client:
                client.starttls(context=ssl.create_default_context())
            smtpports.assert_attempted([25, 587])

        def test_port(each_smtpport):
            with each_smtpport.connect():
                assert len(each_smtpport.connections) == 1
    """)

    result = pytester.runpytest_subprocess("-n", "2", timeout=60)

    result.assert_outcomes(passed=11)


def test_failures_of_tests_and_hooks_come_back_from_the_workers(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("""
        def pytest_smtpports_message(message):
            assert message.subject != "boom"
    """)
    pytester.makepyfile("""
        import smtplib
        import pytest
        from mail import send

        def test_assertion(smtpports):
            send(smtpports.ports[25].address, "Hello")
            smtpports.assert_sent(subject="Welcome")

        def test_hook(smtpports):
            with pytest.raises(smtplib.SMTPDataError):
                send(smtpports.ports[25].address, "boom")

        @pytest.mark.smtpports(block=588)
        def test_marker():
            pass
    """)

    result = pytester.runpytest_subprocess("-n", "2", timeout=60)

    result.assert_outcomes(failed=1, passed=1, errors=2)
    result.stdout.fnmatch_lines_random(
        [
            "E *wanted 'Welcome'",
            "E *ServerError: An exception was raised on the server's thread, *: AssertionError: *",
            "E *UsageError: @pytest.mark.smtpports: 588 is not an emulated port; did you mean 587? *",
        ]
    )
