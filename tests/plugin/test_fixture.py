"""The fixtures, as the tests of a user's suite meet them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


def test_unchanged_code_falls_back_and_its_mail_is_asserted(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        welcome="""
        import smtplib
        import ssl
        from email.message import EmailMessage

        def send_welcome_mail(recipient):
            mail = EmailMessage()
            mail["From"], mail["To"], mail["Subject"] = "shop@example.com", recipient, "Welcome"
            mail.set_content("Please confirm your address.")
            for port in (587, 2525):
                try:
                    with smtplib.SMTP("smtp.example.com", port, timeout=0.3) as client:
                        client.starttls(context=ssl.create_default_context())
                        client.login("user", "password")
                        client.send_message(mail)
                    return
                except TimeoutError:
                    pass
        """,
        test_welcome="""
        from welcome import send_welcome_mail

        def test_falls_back_to_2525_when_587_is_blocked(smtpports):
            smtpports.route("smtp.example.com")
            smtpports.block(587)

            send_welcome_mail("ada@example.org")

            mail = smtpports.assert_sent(to="ada@example.org", subject="Welcome", port=2525, tls=True)
            assert "confirm" in mail.text
            smtpports.assert_attempted([587, 2525])
        """,
    )

    pytester.runpytest().assert_outcomes(passed=1)


def test_each_test_has_ports_of_its_own(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import smtplib
        import pytest
        from mail import send

        seen = []

        def test_first(smtpports):
            smtpports.block(587)
            smtpports.route("smtp.example.com")
            smtpports.add_user("ada", "secret")
            send(smtpports.ports[25].address)
            seen.append(smtpports)

        def test_second(smtpports):
            assert smtpports is not seen[0]
            assert not smtpports.messages
            assert not smtpports.connections
            assert smtpports.ports[587].blocked is None
            with smtplib.SMTP(*smtpports.ports[2525].address, timeout=5) as client:
                with pytest.raises(smtplib.SMTPAuthenticationError):
                    client.login("ada", "secret")

        def test_the_first_ports_are_closed():
            with pytest.raises(RuntimeError, match="is closed"):
                seen[0].ports[25].address
    """)

    pytester.runpytest().assert_outcomes(passed=3)


def test_the_server_of_the_session_keeps_its_local_ports_and_forgets_all_else(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest
        from mail import send

        addresses = set()

        @pytest.mark.parametrize("subject", ["one", "two", "three"])
        def test_mail(smtpports_server, subject):
            assert not smtpports_server.messages
            assert not smtpports_server.connections
            assert smtpports_server.ports[587].blocked is None
            send(smtpports_server.ports[25].address, subject)
            smtpports_server.assert_sent(subject=subject)
            smtpports_server.block(587)
            addresses.add(smtpports_server.ports[25].address)

        def test_they_all_had_the_same_port():
            assert len(addresses) == 1
    """)

    pytester.runpytest().assert_outcomes(passed=4)


def test_an_application_that_is_configured_once_has_its_mail_reset_for_each_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest
        from mail import send

        class App:
            def __init__(self, smtpports):
                self.address = smtpports.ports[25].address
                self.outbox = smtpports

        @pytest.fixture(scope="session")
        def app(smtpports_server):
            return App(smtpports_server)

        @pytest.mark.parametrize("subject", ["one", "two"])
        def test_mail(app, subject):
            send(app.address, subject)
            assert app.outbox.messages.only.subject == subject
    """)

    pytester.runpytest().assert_outcomes(passed=2)


def test_each_test_finds_the_session_server_as_new_whether_it_asks_for_it_or_not(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from mail import send

        servers = []

        def test_mail(smtpports_server):
            send(smtpports_server.ports[25].address)
            servers.append(smtpports_server)

        def test_nothing():
            assert not servers[0].messages
    """)

    pytester.runpytest().assert_outcomes(passed=2)


def test_both_fixtures_can_be_taken_by_one_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from mail import send

        def test_mail(smtpports, smtpports_server):
            assert smtpports is not smtpports_server
            send(smtpports.ports[25].address, "for the test")
            send(smtpports_server.ports[25].address, "for the session")
            assert smtpports.messages.only.subject == "for the test"
            assert smtpports_server.messages.only.subject == "for the session"
    """)

    pytester.runpytest().assert_outcomes(passed=1)


def test_with_session_scope_smtpports_is_the_server_of_the_session(
    pytester: pytest.Pytester, write_ini: Callable[..., None]
) -> None:
    write_ini("smtpports_scope = session")
    pytester.makepyfile("""
        import pytest
        from mail import send

        seen = []

        @pytest.mark.parametrize("subject", ["one", "two"])
        def test_mail(smtpports, subject):
            send(smtpports.ports[25].address, subject)
            assert smtpports.messages.only.subject == subject
            seen.append((smtpports, smtpports.ports[25].address))

        def test_all_is_one(smtpports, smtpports_server):
            assert smtpports is smtpports_server
            assert not smtpports.messages
            assert {each for each, _ in seen} == {smtpports}
            assert {address for _, address in seen} == {smtpports.ports[25].address}
    """)

    pytester.runpytest().assert_outcomes(passed=3)


def test_with_session_scope_a_marker_holds_for_its_test_alone(
    pytester: pytest.Pytester, write_ini: Callable[..., None]
) -> None:
    write_ini("smtpports_scope = session")
    pytester.makepyfile("""
        import pytest

        @pytest.mark.smtpports(block=587)
        def test_marked(smtpports):
            assert smtpports.ports[587].blocked.kind == "drop"

        def test_bare(smtpports):
            assert smtpports.ports[587].blocked is None
    """)

    pytester.runpytest().assert_outcomes(passed=2)


def test_each_smtpport_runs_a_test_once_for_each_emulated_number(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        def test_port(each_smtpport, smtpports):
            with each_smtpport.connect() as client:
                client.sendmail("app@example.com", "ada@example.org", "Subject: Hello\\r\\n\\r\\n")
            assert each_smtpport.messages.only.port == each_smtpport.number
            assert len(smtpports.connections) == 1
    """)

    result = pytester.runpytest("-v")

    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines([f"*::test_port[[]{number}[]] PASSED*" for number in (25, 465, 587, 2525)])


def test_each_smtpport_tells_a_test_case_what_to_do_instead(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import unittest
        import pytest

        class TestMail(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def take(self, each_smtpport):
                pass

            def test_port(self):
                pass
    """)

    result = pytester.runpytest()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["E *UsageError: each_smtpport runs a test function once for each port*self.subTest(*"])


def test_each_smtpport_follows_the_ini_file_and_the_hook(
    pytester: pytest.Pytester, write_ini: Callable[..., None]
) -> None:
    write_ini("smtpports_ports = 587 25")
    pytester.makeconftest("""
        from pytest_smtpports import Profile, Role

        def pytest_smtpports_profiles(config):
            return [Profile(26, Role.MTA)]
    """)
    pytester.makepyfile("""
        import pytest

        @pytest.mark.parametrize("letter", ["a"])
        def test_port(each_smtpport, letter):
            assert each_smtpport.port
    """)

    result = pytester.runpytest("-v")

    result.assert_outcomes(passed=3)
    assert [line.split()[0] for line in result.outlines if "::" in line] == [
        f"test_each_smtpport_follows_the_ini_file_and_the_hook.py::test_port[{number}-a]" for number in (25, 26, 587)
    ]


def test_profiles_can_be_altered_by_overriding_their_fixture(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("""
        from dataclasses import replace
        import pytest

        @pytest.fixture(scope="session")
        def smtpports_profiles(smtpports_profiles):
            return {**smtpports_profiles, 25: replace(smtpports_profiles[25], greeting="altered")}
    """)
    pytester.makepyfile("""
        import socket

        def test_greeting(smtpports, smtpports_server):
            for each in (smtpports, smtpports_server):
                with socket.create_connection(each.ports[25].address, timeout=5) as client:
                    assert b"altered" in client.recv(1000)
    """)

    pytester.runpytest().assert_outcomes(passed=1)


def test_a_unittest_case_takes_the_fixture_by_an_autouse_fixture(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import unittest
        import pytest
        from mail import send

        class TestMail(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def take(self, smtpports):
                self.smtpports = smtpports

            def test_one(self):
                send(self.smtpports.ports[25].address, "one")
                self.assertEqual(self.smtpports.messages.only.subject, "one")

            def test_two(self):
                self.assertEqual(len(self.smtpports.messages), 0)
    """)

    pytester.runpytest().assert_outcomes(passed=2)


def test_a_parametrized_test_has_ports_of_its_own_for_each_parameter(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest
        from mail import send

        @pytest.mark.parametrize("subject", ["one", "two", "three"])
        def test_mail(smtpports, subject):
            send(smtpports.ports[25].address, subject)
            assert smtpports.messages.only.subject == subject
    """)

    pytester.runpytest().assert_outcomes(passed=3)


def test_usefixtures_on_a_class_opens_ports_for_each_of_its_tests(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.mark.usefixtures("smtpports")
        class TestMail:
            def test_one(self, smtpports):
                smtpports.block(25)

            def test_two(self, smtpports):
                assert smtpports.ports[25].blocked is None
    """)

    pytester.runpytest().assert_outcomes(passed=2)


def test_a_fixture_that_is_asked_for_at_run_time_is_closed_with_its_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import threading
        from mail import send

        def test_mail(request):
            smtpports = request.getfixturevalue("smtpports")
            send(smtpports.ports[25].address)
            smtpports.assert_sent()

        def test_nothing():
            assert "pytest-smtpports" not in [thread.name for thread in threading.enumerate()]
    """)

    pytester.runpytest().assert_outcomes(passed=2)


def test_doctests_are_left_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile('''
        def double(number):
            """
            >>> double(2)
            4
            """
            return 2 * number

        def test_after_the_doctest(smtpports):
            assert smtpports.ports[25].port
    ''')

    pytester.runpytest("--doctest-modules").assert_outcomes(passed=2)


def test_the_fixtures_are_listed_with_their_first_sentence(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--fixtures")

    result.stdout.fnmatch_lines_random(
        [
            "smtpports -- *",
            "    A mail provider on this machine: *",
            "smtpports_server [[]session scope[]] -- *",
            "each_smtpport -- *",
            "smtpports_profiles [[]session scope[]] -- *",
        ]
    )


def test_the_server_is_reset_for_a_test_that_asks_for_it_at_run_time(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from mail import send

        def test_one(request):
            send(request.getfixturevalue("smtpports_server").ports[25].address)

        def test_two(request):
            assert not request.getfixturevalue("smtpports_server").messages
    """)

    pytester.runpytest().assert_outcomes(passed=2)
