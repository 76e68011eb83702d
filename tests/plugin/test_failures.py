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


SECTION = "*- smtpports: mail and connections -*"


@pytest.mark.parametrize("fixture", ["smtpports", "smtpports_server"])
def test_a_test_that_fails_by_itself_tells_of_its_mail_and_connections(pytester: pytest.Pytester, fixture: str) -> None:
    pytester.makepyfile(f"""
        import smtplib
        import pytest
        from mail import send

        def test_mail({fixture}):
            {fixture}.block(587)
            send({fixture}.ports[25].address, "Welcome")
            with pytest.raises(TimeoutError):
                smtplib.SMTP(*{fixture}.ports[587].address, timeout=0.2)
            assert len({fixture}.messages) == 2
    """)

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            SECTION,
            "1 message came:",
            "  1. 25 in clear from 'app@example.com' to 'ada@example.org' 'Welcome', * s ago",
            "2 connections:",
            "  25: delivered: 1 message taken*",
            "  587: blocked (drop): *",
            "blocked: 587 (drop)",
        ]
    )


def test_a_fault_that_never_fired_is_told_also_where_it_was_taken_back(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from mail import send

        def test_mail(smtpports):
            smtpports.fail("quit", "421 Bye")
            with smtpports.fail("rcpt", "450 4.7.1 Later", recipient="grace@example.org"):
                with smtpports.fail("mail", "450 4.7.1 Later", times=1):
                    try:
                        send(smtpports.ports[25].address)
                    except OSError:
                        send(smtpports.ports[25].address)
                assert len(smtpports.messages) == 2
    """)

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [SECTION, "fault at quit: 421 Bye (it fired * time*)", "fault at rcpt: 450 4.7.1 Later (it never fired)"]
    )
    result.stdout.no_fnmatch_line("fault at mail*")


def test_a_fault_before_a_reset_is_forgotten(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        def test_mail(smtpports):
            with smtpports.fail("rcpt", "450 4.7.1 Later"):
                pass
            smtpports.reset()
            assert 0
    """)

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([SECTION])
    result.stdout.no_fnmatch_line("fault at *")


def test_what_our_own_assertion_has_told_is_not_told_twice(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from mail import send

        def test_mail(smtpports):
            send(smtpports.ports[25].address, "Hello")
            smtpports.assert_sent(subject="Welcome")

        def test_fault(smtpports):
            with smtpports.fail("data", "450 4.7.1 Later"):
                pass
            smtpports.assert_sent(subject="Welcome")
    """)

    result = pytester.runpytest()

    result.assert_outcomes(failed=2)
    sections = [place for place, line in enumerate(result.outlines) if "smtpports: mail and connections" in line]
    assert [result.outlines[place + 1] for place in sections] == ["fault at data: 450 4.7.1 Later (it never fired)"]


def test_a_test_that_has_nothing_to_do_with_the_ports_tells_nothing_of_them(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.mark.parametrize("turn", range(2))
        def test_mail(smtpports, smtpports_server, turn):
            pass

        def test_other():
            assert 0

        @pytest.mark.xfail
        def test_expected(smtpports):
            assert 0
    """)

    result = pytester.runpytest()

    result.assert_outcomes(passed=2, failed=1, xfailed=1)
    result.stdout.no_fnmatch_line("*smtpports: mail and connections*")


def test_the_section_comes_back_from_a_worker(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        def test_mail(smtpports):
            assert smtpports.messages
    """)

    result = pytester.runpytest_subprocess("-n", "1", timeout=60)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([SECTION, "no message came", "no connection came either: *"])


def test_mail_that_came_once_the_assertion_had_failed_came_too_late(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import smtplib

        def test_waits_too_short(smtpports):
            try:
                smtpports.wait_for(timeout=0.01, subject="Welcome")
            finally:
                with smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
                    client.sendmail("app@example.com", "ada@example.org", "Subject: Welcome\\r\\n\\r\\n")
    """)

    result = pytester.runpytest_subprocess("-p", "no:randomly")

    result.stdout.fnmatch_lines(
        [
            "1 message came:",
            "  1. 25 in clear *",
            "  (the last of them came too late: by then the assertion had failed)",
        ]
    )
