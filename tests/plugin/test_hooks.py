"""The hooks, as a user's conftest.py implements them."""

from __future__ import annotations

import pytest

RAISES = """
    import pytest

    def pytest_smtpports_message(message):
        if message.subject == "boom":
            {statement}
"""
BOOM = """
    import smtplib
    import pytest
    from mail import send

    def test_boom({fixture}):
        with pytest.raises(smtplib.SMTPDataError) as raised:
            send({fixture}.ports[25].address, "boom")
        assert raised.value.smtp_code == 451
        assert b"boom" not in raised.value.smtp_error
        assert not {fixture}.messages.only.acknowledged

    def test_next({fixture}):
        send({fixture}.ports[25].address, "fine")
        {fixture}.assert_sent(subject="fine")
"""


def test_the_profiles_hook_adds_a_port_and_replaces_another(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("""
        from dataclasses import replace
        from pytest_smtpports import PROFILES

        def pytest_smtpports_profiles(config):
            assert config.rootpath
            return [replace(PROFILES[587], number=2587), replace(PROFILES[25], greeting="altered")]
    """)
    pytester.makepyfile("""
        import socket

        def test_added(smtpports):
            assert [port.number for port in smtpports.ports] == [25, 465, 587, 2525, 2587]
            with smtpports.ports[2587].connect() as client:
                client.sendmail("app@example.com", "ada@example.org", "Subject: Hello\\r\\n\\r\\n")
            smtpports.assert_sent(port=2587, tls=True, user="user")

        def test_replaced(smtpports):
            with socket.create_connection(smtpports.ports[25].address, timeout=5) as client:
                assert b"altered" in client.recv(1000)
    """)

    pytester.runpytest().assert_outcomes(passed=2)


def test_a_profiles_hook_that_has_nothing_to_add_changes_nothing(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("def pytest_smtpports_profiles(config): return None")
    pytester.makepyfile("""
        def test_numbers(smtpports):
            assert [port.number for port in smtpports.ports] == [25, 465, 587, 2525]
    """)

    pytester.runpytest().assert_outcomes(passed=1)


def test_profiles_of_a_later_plugin_replace_those_of_an_earlier_one(pytester: pytest.Pytester) -> None:
    hook = """
        from dataclasses import replace
        from pytest_smtpports import PROFILES

        def pytest_smtpports_profiles(config):
            return [replace(PROFILES[25], greeting={greeting!r})]
    """
    pytester.makepyfile(earlier=hook.format(greeting="earlier"))
    pytester.makeconftest(hook.format(greeting="later"))
    pytester.makepyfile("""
        def test_greeting(smtpports):
            assert smtpports.ports[25].profile.greeting == "later"
    """)

    pytester.runpytest("-p", "earlier").assert_outcomes(passed=1)


def test_the_hook_can_bring_the_profile_of_a_number_that_the_ini_file_names(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("""
        from pytest_smtpports import Profile, Role

        def pytest_smtpports_profiles(config):
            return [Profile(26, Role.MTA)]
    """)
    pytester.makepyfile("""
        def test_numbers(smtpports):
            assert [port.number for port in smtpports.ports] == [26, 587]
    """)

    pytester.runpytest("-o", "smtpports_ports=26 587").assert_outcomes(passed=1)


def test_the_message_hook_sees_each_message_before_the_client_has_its_reply(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("""
        import threading
        import pytest

        seen = []

        def pytest_smtpports_message(message):
            seen.append((message.subject, message.port, threading.current_thread().name))

        @pytest.fixture
        def told():
            return seen
    """)
    pytester.makepyfile("""
        from mail import send

        def test_mail(smtpports, told):
            send(smtpports.ports[25].address, "one")
            assert told == [("one", 25, "pytest-smtpports")]
            send(smtpports.ports[25].address, "two")
            assert [subject for subject, *_ in told] == ["one", "two"]
    """)

    pytester.runpytest().assert_outcomes(passed=1)


def test_the_hook_of_a_folder_sees_only_the_mail_of_its_tests(pytester: pytest.Pytester) -> None:
    conftest = """
        from pathlib import Path

        def pytest_smtpports_message(message):
            with Path({file!r}).open("a", encoding="utf-8") as file:
                file.write(message.subject + "\\n")
    """
    test = """
        from mail import send

        def test_{name}(smtpports):
            send(smtpports.ports[25].address, {name!r})
    """
    pytester.makefile(
        ".py",
        **{
            "conftest": conftest.format(file=str(pytester.path / "root.txt")),
            "test_root": test.format(name="root"),
            "left/conftest": conftest.format(file=str(pytester.path / "left.txt")),
            "left/test_left": test.format(name="left"),
            "right/conftest": conftest.format(file=str(pytester.path / "right.txt")),
            "right/test_right": test.format(name="right"),
        },
    )

    pytester.runpytest("--import-mode=importlib").assert_outcomes(passed=3)

    written = {path.stem: sorted(path.read_text(encoding="utf-8").split()) for path in pytester.path.glob("*.txt")}
    assert written == {"root": ["left", "right", "root"], "left": ["left"], "right": ["right"]}


@pytest.mark.parametrize("fixture", ["smtpports", "smtpports_server"])
@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ('raise ValueError("no boom please")', "ValueError: no boom please"),
        ('pytest.fail("no boom please")', "Failed: no boom please"),
        ('assert message.subject == "fine"', "AssertionError: *"),
    ],
)
def test_what_a_hook_raises_fails_the_test_that_caused_it_and_not_the_next(
    pytester: pytest.Pytester, fixture: str, statement: str, told: str
) -> None:
    pytester.makeconftest(RAISES.format(statement=statement))
    pytester.makepyfile(BOOM.format(fixture=fixture))

    result = pytester.runpytest()

    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of test_boom*",
            "*def pytest_smtpports_message(message):",
            f">*{statement.replace('[', '[[]')}*",
            "*direct cause of the following exception*",
            f"E *ServerError: An exception was raised on the server's thread, *: {told}",
            "ERROR *::test_boom*",
        ]
    )


def test_all_that_a_hook_raised_in_a_test_is_told(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(RAISES.format(statement='raise ValueError(f"no boom for {message.recipients[0]}")'))
    pytester.makepyfile("""
        import smtplib
        import pytest
        from mail import send

        def test_boom(smtpports):
            for name in ("ada", "grace"):
                with pytest.raises(smtplib.SMTPDataError):
                    send(smtpports.ports[25].address, "boom", f"{name}@example.org")
    """)

    result = pytester.runpytest()

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["E *ServerError: 2 exceptions were raised *: *no boom for ada@*; ValueError: no boom for grace@*"]
    )


def test_a_test_that_fails_and_whose_hook_raises_shows_both(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(RAISES.format(statement='raise ValueError("no boom please")'))
    pytester.makepyfile("""
        from mail import send

        def test_boom(smtpports):
            send(smtpports.ports[25].address, "boom")
    """)

    result = pytester.runpytest()

    result.assert_outcomes(failed=1, errors=1)
    result.stdout.fnmatch_lines_random(["E *SMTPDataError: (451, *", "E *ServerError: *ValueError: no boom please"])


def test_a_misspelt_hook_is_refused_by_pytest(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("def pytest_smtpports_mesage(message): pass")
    pytester.makepyfile("def test_nothing(): pass")

    result = pytester.runpytest()

    assert result.ret == pytest.ExitCode.INTERNAL_ERROR
    result.stdout.fnmatch_lines(["*PluginValidationError: unknown hook 'pytest_smtpports_mesage' in plugin *conftest*"])


def test_a_hook_with_an_argument_that_it_has_not_is_refused_by_pytest(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("def pytest_smtpports_message(massage): pass")
    pytester.makepyfile("def test_nothing(): pass")

    result = pytester.runpytest()

    assert result.ret != pytest.ExitCode.OK
    told = "*PluginValidationError: *'pytest_smtpports_message'*"
    assert any("massage" in line for line in result.outlines + result.errlines)
    pytest.LineMatcher(result.outlines + result.errlines).fnmatch_lines([told])


def test_a_test_that_ends_after_its_fixtures_failed_keeps_the_failures_of_its_own_ports(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeconftest(RAISES.format(statement='raise ValueError("no boom please")'))
    pytester.makepyfile("""
        import smtplib
        import pytest
        from mail import send

        @pytest.fixture
        def breaks():
            yield
            raise RuntimeError("the fixture broke")

        def test_boom(smtpports, breaks):
            with pytest.raises(smtplib.SMTPDataError):
                send(smtpports.ports[25].address, "boom")

        def test_next(smtpports):
            send(smtpports.ports[25].address, "fine")
    """)

    result = pytester.runpytest()

    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines_random(["*RuntimeError: the fixture broke*", "*ValueError: no boom please*"])


def test_what_a_hook_raised_is_told_with_its_test_where_a_fixture_of_the_user_breaks_too(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeconftest("""
        def pytest_smtpports_message(message):
            assert message.subject != "boom"
    """)
    pytester.makepyfile("""
        import smtplib
        import pytest
        from mail import send

        @pytest.fixture
        def breaks():
            yield
            raise RuntimeError("the fixture broke")

        def test_boom(smtpports_server, breaks):
            with pytest.raises(smtplib.SMTPDataError):
                send(smtpports_server.ports[25].address, "boom")

        def test_next(smtpports_server):
            send(smtpports_server.ports[25].address, "fine")
    """)

    result = pytester.runpytest()

    result.assert_outcomes(passed=2, errors=1)
    result.stdout.no_fnmatch_line("*ERROR at teardown of test_next*")


@pytest.mark.parametrize("returned", ["[PROFILES[25], PROFILES[25]]", "PROFILES[25]", "[25]"])
def test_what_the_profiles_hook_can_not_mean_is_a_usage_error(pytester: pytest.Pytester, returned: str) -> None:
    pytester.makeconftest(f"""
        from pytest_smtpports import PROFILES

        def pytest_smtpports_profiles(config):
            return {returned}
    """)
    pytester.makepyfile("def test_mail(smtpports): pass")

    result = pytester.runpytest()

    lines = result.outlines + result.errlines
    pytest.LineMatcher(lines).fnmatch_lines(["*pytest_smtpports_profiles*"])
    assert any((line.startswith("E ") and "UsageError" in line) or line.startswith("ERROR: ") for line in lines)
    assert not any("TypeError" in line or "AttributeError" in line for line in lines)


def test_the_hook_of_a_folder_sees_the_mail_of_its_tests_at_the_server_too(pytester: pytest.Pytester) -> None:
    conftest = """
        def pytest_smtpports_message(message):
            print("seen by {name}:", message.subject)
    """
    test = """
        from mail import send

        def test_it(smtpports_server):
            send(smtpports_server.ports[25].address, {name!r})
    """
    pytester.makefile(
        ".py",
        **{
            "left/conftest": conftest.format(name="left"),
            "left/test_left": test.format(name="left"),
            "right/test_right": test.format(name="right"),
        },
    )

    result = pytester.runpytest("-s", "--import-mode=importlib")

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*seen by left: left*"])
    result.stdout.no_fnmatch_line("*seen by left: right*")


BREAKING_HOOK = """
    def pytest_smtpports_command(verb):
        assert verb != "AUTH", "no logins wanted"
"""
BREAKING_INSIDE = """
    import pytest
    from pytest_smtpports._server._accounts import Accounts

    def no_logins(*_):
        raise RuntimeError("no logins wanted")

    @pytest.fixture(autouse=True)
    def broken(monkeypatch):
        monkeypatch.setattr(Accounts, "password", no_logins)
"""


@pytest.mark.parametrize("conftest", [BREAKING_HOOK, BREAKING_INSIDE])
def test_what_breaks_on_a_login_shows_no_secret_even_with_local_variables(
    pytester: pytest.Pytester, conftest: str
) -> None:
    pytester.makeconftest(conftest)
    pytester.makepyfile("""
        import smtplib

        def test_login(smtpports):
            client = smtplib.SMTP(*smtpports.ports[2525].address, timeout=5)
            client.ehlo()
            client.docmd("AUTH", "PLAIN " + "AHVzZXIA" + "cGFzc3dvcmQ=")
            client.quit()
    """)

    result = pytester.runpytest("-l")

    result.assert_outcomes(passed=1, errors=1)
    assert "no logins wanted" in result.stdout.str()
    assert "AHVzZXIAcGFzc3dvcmQ=" not in result.stdout.str()
