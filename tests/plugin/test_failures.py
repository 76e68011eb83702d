"""What the terminal shows when an assertion on the mail fails."""

from __future__ import annotations

import pytest


def test_a_failing_assert_sent_shows_what_came_and_what_was_nearest(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from mail import send

        def test_mail(smtpports):
            send(smtpports.ports[25].address, "Goodbye", "grace@example.org")
            send(smtpports.ports[25].address, "Welcom", "ada@example.org")
            smtpports.assert_sent(to="ada@example.org", subject="Welcome", port=25, tls=False)
    """)

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E *AssertionError: no message matches, 1 expected",
            "E *to = 'ada@example.org'",
            "E *subject = 'Welcome'",
            "E *2 messages came:",
            "E *1. 25 in clear from 'app@example.com' to 'grace@example.org' 'Goodbye', * s ago",
            "E *2. 25 in clear from 'app@example.com' to 'ada@example.org' 'Welcom', * s ago",
            "E *nearest is message 2:",
            "E *✓ to",
            "E *✗ subject",
            "E *wanted 'Welcome'",
            "E *came   'Welcom'",
            "E *✓ port",
            "E *✓ tls",
        ]
    )


def test_where_nothing_came_the_connections_tell_why(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import smtplib
        import ssl
        import pytest

        def test_mail(smtpports):
            smtpports.block(587)
            smtpports.block(25, how="refuse")
            with pytest.raises(TimeoutError):
                smtplib.SMTP(*smtpports.ports[587].address, timeout=0.25)
            with pytest.raises(ConnectionRefusedError):
                smtplib.SMTP(*smtpports.ports[25].address, timeout=5)
            with pytest.raises(ssl.SSLCertVerificationError):
                smtplib.SMTP_SSL(*smtpports.ports[465].address, timeout=5, context=ssl.create_default_context())
            # The port hears a moment later than the client that the handshake has failed.
            smtpports.assert_sent(to="ada@example.org", within=0.5)
    """)

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E *no message came",
            "E *3 connections brought no message:",
            "E *587: blocked (drop): the SYN was not answered; the client would have given up after 0.25 s *",
            "E *25: blocked (refuse): the connection was refused*",
            "E *465: TLS failed: *",
            "E *blocked: 25 (refuse)",
            "E *blocked: 587 (drop)",
        ]
    )


def test_a_client_that_took_a_port_for_another_is_told_which_it_is(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import smtplib
        import ssl
        import pytest

        def test_mail(smtpports):
            with pytest.raises(ssl.SSLError):
                smtplib.SMTP_SSL(*smtpports.ports[587].address, timeout=5)
            smtpports.assert_sent(to="ada@example.org")
    """)

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E *587: TLS failed: the client began TLS at once; port 587 begins in clear and offers STARTTLS *465)*",
            "E *the last lines on port 587:",
            "E *S: 220 *",
            "E *C: (a TLS ClientHello)",
        ],
        consecutive=True,
    )


def test_where_nobody_dialled_the_failure_says_how_to_lead_the_code_here(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        def test_mail(smtpports):
            smtpports.assert_sent()
    """)

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E *no message came", "E *no connection came either: *smtpports.route(*"])


def test_a_refused_command_is_shown_with_the_last_lines_and_without_the_password(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import smtplib
        import pytest

        def test_mail(smtpports, request):
            with smtplib.SMTP(*smtpports.ports[2525].address, timeout=5) as client:
                with pytest.raises(smtplib.SMTPAuthenticationError):
                    client.login("user", request.getfixturevalue("secret"))
            smtpports.assert_sent()
    """)
    pytester.makeconftest("""
        import pytest

        @pytest.fixture
        def secret():
            return "swordfish"
    """)

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E *2525: login failed: the login of 'user' was refused*", "E *the last lines on port 2525:", "E *S: 535 *"]
    )
    result.stdout.no_fnmatch_line("*swordfish*")


@pytest.mark.parametrize(
    "assertion",
    [
        'smtpports.assert_sent(subject="Welcome")',
        'smtpports.assert_sent(subject="Welcome", within=0.2)',
        'smtpports.assert_sent_times(2, subject="Hello")',
        'smtpports.assert_not_sent(subject="Hello")',
        'smtpports.wait_for(subject="Welcome", timeout=0.2)',
        "smtpports.assert_attempted([587])",
        "smtpports.assert_not_attempted(25)",
        "smtpports.messages.matching(subject='Welcome').only",
    ],
)
def test_the_traceback_points_at_the_line_of_the_test_and_not_into_the_package(
    pytester: pytest.Pytester, assertion: str
) -> None:
    pytester.makepyfile(f"""
        from mail import send

        def test_mail(smtpports):
            send(smtpports.ports[25].address, "Hello")
            {assertion}
    """)

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [f">*{assertion.replace('[', '[[]')}", "E *AssertionError: *", "test_*.py:5: AssertionError"]
    )
    result.stdout.no_fnmatch_line("*_smtpports.py*")
    result.stdout.no_fnmatch_line("*_mailbox.py*")


@pytest.mark.parametrize(
    "mistake",
    [
        "smtpports.ports[588]",
        "smtpports.block(588)",
        'smtpports.block(587, how="dorp")',
        'smtpports.route("127.0.0.1")',
        'smtpports.assert_sent(subjct="Welcome")',
        "smtpports.assert_sent(port=588)",
    ],
)
def test_a_mistake_is_shown_where_the_user_made_it(pytester: pytest.Pytester, mistake: str) -> None:
    pytester.makepyfile(f"""
        def test_mail(smtpports):
            {mistake}
    """)

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f">*{mistake.replace('[', '[[]')}", "test_*.py:2: *"])
    result.stdout.no_fnmatch_line("*pytest_smtpports/*")


def test_a_failing_assertion_of_a_coroutine_points_at_its_line_too(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.mark.asyncio
        async def test_mail(smtpports):
            await smtpports.assert_sent_async(subject="Welcome")
    """)

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([">*await smtpports.assert_sent_async(*", "E *no message matches, 1 expected"])
    result.stdout.no_fnmatch_line("*_smtpports.py*")


def test_the_failed_handshake_is_told_at_once(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import smtplib, ssl
        import pytest

        @pytest.mark.parametrize("turn", range(20))
        def test_mail(smtpports, turn):
            with pytest.raises(ssl.SSLCertVerificationError):
                smtplib.SMTP_SSL(*smtpports.ports[465].address, timeout=5, context=ssl.create_default_context())
            with pytest.raises(AssertionError, match="TLS failed"):
                smtpports.assert_sent()
    """)

    pytester.runpytest().assert_outcomes(passed=20)


def test_a_failing_check_names_each_rule_and_what_it_found(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        def test_mail(smtpports):
            mail = "From: app@example.com\\r\\nSubject: Welcome\\r\\nBcc: eve@example.net\\r\\n\\r\\n"
            with smtpports.ports[25].connect() as client:
                client.sendmail("app@example.com", "ada@example.org", mail)
            assert not smtpports.messages.check(ignore="missing-message-id")
    """)

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E *assert not (<missing-date in 'Welcome': there is no Date>, <bcc-header in 'Welcome': a Bcc header *",
        ]
    )


def test_a_code_that_is_missing_fails_where_the_test_asked_for_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from mail import send

        def test_mail(smtpports):
            send(smtpports.ports[25].address, "Welcome", "ada@example.org")
            smtpports.messages.only.code("PIN: (.+)")
    """)

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E *AssertionError: no /PIN: (.+)/ in <Message 'Welcome' *", "test_*.py:5: AssertionError"]
    )
