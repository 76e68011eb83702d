"""Mail that comes behind the end of its test is told of there, and counted nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEADING = "*= smtpports: mail that came after the end of the test =*"
# A plugin that has a client send when a test and its fixtures are over: as a thread of the application may.
CONFTEST = """
    import pytest
    from mail import send

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logfinish(nodeid):
        for address in sending.pop(nodeid.partition("::")[2].partition("@")[0], ()):
            send(address, "Too late")

    sending = {}

    @pytest.fixture
    def send_late(request):
        def later(*addresses):
            sending[request.node.name] = addresses
        return later
"""
SUITE = """
    from mail import send

    def test_sends_late(smtpports_server, send_late):
        address = smtpports_server.ports[25].address
        send(address, "In time")
        send_late(address, address)

    def test_comes_behind(smtpports_server):
        assert not smtpports_server.messages
        assert not smtpports_server.connections
        send(smtpports_server.ports[25].address, "Next")
        smtpports_server.assert_sent(subject="Next")
"""


@pytest.fixture(autouse=True)
def suite(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)


@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["serial", "xdist"])
def test_it_is_told_in_the_summary_under_the_name_of_its_test_and_not_counted_in_the_next(
    pytester: pytest.Pytester, options: tuple[str, ...]
) -> None:
    pytester.makepyfile(test_mail=SUITE)

    result = pytester.runpytest_subprocess(*options, timeout=60)

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        [
            HEADING,
            "test_mail.py::test_sends_late: 1. 25 in clear from 'app@example.com' to 'ada@example.org' 'Too late'",
            "test_mail.py::test_sends_late: 2. 25 in clear from 'app@example.com' to 'ada@example.org' 'Too late'",
        ]
    )
    result.stdout.no_fnmatch_line("*test_comes_behind: *")


def test_it_is_told_in_the_section_of_a_test_that_failed(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        def test_fails(smtpports_server, send_late):
            send_late(smtpports_server.ports[25].address)
            smtpports_server.assert_sent(subject="Too late")

        def test_fails_next(smtpports_server):
            assert smtpports_server.messages

        def test_nothing():
            pass
    """)

    result = pytester.runpytest()

    result.assert_outcomes(failed=2, passed=1)
    result.stdout.fnmatch_lines(
        [
            "*_ test_fails _*",
            "*- smtpports: mail that came after the end of the test -*",
            "  1. 25 in clear from *'Too late'",
            "*_ test_fails_next _*",
            "*- smtpports: mail and connections -*",
            "no message came",
            HEADING,
            "*::test_fails: 1. 25 *",
        ]
    )
    assert sum("smtpports: mail that came after" in line for line in result.outlines) == 2


def test_it_is_saved_with_its_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_mail=SUITE)

    result = pytester.runpytest("--smtpports-save=mail")

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*smtpports: 4 messages and 2 connections in 2 tests*"])
    saved = {path.parent.name[:-11]: sorted(each.name for each in path.parent.iterdir()) for path in files(pytester)}
    assert saved == {
        "test_mail.py-test_sends_late": [
            "001-25-in-time.eml",
            "001.dialogue.txt",
            "002-late-25-too-late.eml",
            "003-late-25-too-late.eml",
        ],
        "test_mail.py-test_comes_behind": ["001-25-next.eml", "001.dialogue.txt"],
    }


def test_it_is_saved_with_a_test_that_has_not_used_the_ports_itself(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        def test_uses(smtpports_server, pytestconfig):
            pytestconfig.stash["address"] = smtpports_server.ports[25].address

        def test_has_nothing_to_do_with_it(send_late, pytestconfig):
            send_late(pytestconfig.stash["address"])

        def test_after(smtpports_server):
            assert not smtpports_server.messages
    """)

    result = pytester.runpytest("--smtpports-save=mail")

    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*::test_has_nothing_to_do_with_it: 1. 25 *"])
    assert [path.name for path in files(pytester)] == ["001-late-25-too-late.eml"]


def test_a_client_that_is_in_the_middle_of_a_mail_when_its_test_ends_sends_it_nowhere(
    pytester: pytest.Pytester, write_ini: Callable[..., None]
) -> None:
    write_ini("smtpports_scope = session")
    pytester.makepyfile("""
        import smtplib
        import pytest

        clients = []

        def test_begins(smtpports):
            client = smtplib.SMTP(*smtpports.ports[25].address, timeout=5)
            clients.append(client)
            client.ehlo("client.example")
            client.mail("app@example.com")
            client.rcpt("ada@example.org")
            assert client.docmd("DATA")[0] == 354

        def test_goes_on(smtpports):
            with pytest.raises((smtplib.SMTPServerDisconnected, OSError)):
                clients[0].send("Subject: Late\\r\\n\\r\\n.\\r\\n")
                clients[0].getreply()
            assert not smtpports.messages
            assert not smtpports.connections
            clients[0].close()
    """)

    result = pytester.runpytest("--smtpports-save=mail")

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        [
            "*= smtpports: connections open at the end of the test =*",
            "*::test_begins: 25: open: the client has not closed it yet; the last it said was 'DATA'*",
        ]
    )
    assert [path.name for path in files(pytester)] == ["001.dialogue.txt"]


@pytest.mark.parametrize("scope", ["function", "session"])
def test_clients_that_never_rest_are_counted_in_the_test_in_which_they_began(
    pytester: pytest.Pytester, write_ini: Callable[..., None], scope: str
) -> None:
    write_ini(f"smtpports_scope = {scope}")
    pytester.makepyfile("""
        import contextlib
        import smtplib
        import threading
        import pytest
        from mail import send

        current = []
        stopped = threading.Event()

        def keep_sending():
            while not stopped.is_set():
                if current:
                    with contextlib.suppress(OSError, smtplib.SMTPException):
                        send(*current[0])

        @pytest.fixture(scope="module", autouse=True)
        def clients():
            threads = [threading.Thread(target=keep_sending) for _ in range(2)]
            for thread in threads:
                thread.start()
            yield
            stopped.set()
            for thread in threads:
                thread.join(10)

        @pytest.mark.parametrize("turn", range(30))
        def test_sends(smtpports, turn):
            current[:] = [(smtpports.ports[25].address, f"Mail {turn}")]
            smtpports.wait_for(subject=f"Mail {turn}")
            # Read in this order: a connection is there before its messages.
            messages, connections = smtpports.messages, smtpports.connections
            assert {message.connection for message in messages} <= {connection.id for connection in connections}
    """)

    result = pytester.runpytest("--smtpports-save=mail")

    result.assert_outcomes(passed=30)


def files(pytester: pytest.Pytester) -> list[Path]:
    return [*pytester.path.glob("mail/*/*")]
