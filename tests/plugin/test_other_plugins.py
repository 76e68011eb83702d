"""The ports beside plugins that change the order of tests, or the clock."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_tests_in_random_order_do_not_see_each_other(pytester: pytest.Pytester, seed: int) -> None:
    pytester.makepyfile("""
        import threading
        import pytest
        from mail import send

        @pytest.mark.parametrize("turn", range(4))
        def test_mail(smtpports, turn):
            assert not smtpports.messages
            send(smtpports.ports[25].address)
            smtpports.block(25)

        @pytest.mark.parametrize("turn", range(4))
        def test_server(smtpports_server, turn):
            assert not smtpports_server.messages
            send(smtpports_server.ports[25].address)
            smtpports_server.block(25)

        @pytest.mark.smtpports(route="smtp.example.com")
        def test_route():
            send(("smtp.example.com", 25))

        @pytest.mark.parametrize("turn", range(3))
        def test_nothing(turn):
            pass
    """)

    result = pytester.runpytest("-p", "randomly", f"--randomly-seed={seed}")

    result.assert_outcomes(passed=12)


@pytest.mark.parametrize("frozen", ["2001-02-03 04:05:06", "2099-02-03 04:05:06"])
@pytest.mark.parametrize(
    "decorator",
    [
        pytest.param("@freezegun.freeze_time({frozen!r})", id="freezegun"),
        pytest.param("@time_machine.travel({frozen!r}, tick=False)", id="time-machine"),
        pytest.param("@pytest.mark.time_machine({frozen!r}, tick=False)", id="time-machine's marker"),
    ],
)
def test_mail_with_tls_goes_through_while_the_clock_is_frozen(
    pytester: pytest.Pytester, decorator: str, frozen: str
) -> None:
    pytester.makepyfile(f"""
        import datetime
        import smtplib
        import ssl
        import freezegun
        import pytest
        import time_machine

        {decorator.format(frozen=frozen)}
        def test_mail(smtpports):
            smtpports.route("smtp.example.com")
            with smtplib.SMTP("smtp.example.com", 587, timeout=5) as client:
                client.starttls(context=ssl.create_default_context())
                client.login("user", "password")
                client.sendmail("app@example.com", "ada@example.org", "Subject: Hello\\r\\n\\r\\n")
            message = smtpports.assert_sent(subject="Hello", tls=True, within=5)
            assert datetime.datetime.now().year == {frozen[:4]}
            assert 2001 < message.received_at.year < 2099
            assert 2001 < smtpports.connections[0].opened_at.year < 2099

        {decorator.format(frozen=frozen)}
        def test_a_wait_ends_by_the_real_clock(smtpports):
            with pytest.raises(AssertionError, match="no message came"):
                smtpports.wait_for(subject="Hello", timeout=0.2)
    """)

    pytester.runpytest("--strict-markers").assert_outcomes(passed=2)


def test_ports_that_were_opened_in_a_frozen_test_work_in_the_next(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import freezegun

        @freezegun.freeze_time("2001-02-03")
        def test_frozen(smtpports_server):
            with smtpports_server.ports[465].connect():
                assert smtpports_server.connections[0].tls

        def test_thawed(smtpports_server):
            with smtpports_server.ports[465].connect():
                assert smtpports_server.connections[0].tls
    """)

    pytester.runpytest().assert_outcomes(passed=2)
