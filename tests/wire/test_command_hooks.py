"""The hooks that hear of connections and commands, and may answer the latter."""

from __future__ import annotations

import smtplib

import pytest

from pytest_smtpports import KINDRED, PROFILES, Connection, Outcome, Reply, ServerError, SMTPPorts

SENDER, RECIPIENT, MAIL = "app@example.com", "ada@example.org", "Subject: x\r\n\r\ny\r\n"


class Listener:
    def __init__(self) -> None:
        self.connections: list[Connection] = []
        self.commands: list[tuple[str, str]] = []

    def pytest_smtpports_connection(self, connection: Connection) -> None:
        self.connections.append(connection)

    def pytest_smtpports_command(self, connection: Connection, verb: str, argument: str) -> None:
        assert connection.dialogue[-1].direction == "C"
        self.commands.append((verb, argument))


def test_a_hook_hears_of_a_connection_before_its_greeting() -> None:
    listener = Listener()
    with SMTPPorts(plugins=[listener]) as smtpports, smtpports.ports[465].connect():
        pass

    (connection,) = listener.connections
    assert (connection.port, connection.outcome, connection.dialogue) == (465, Outcome.OPEN, ())
    assert connection.tls is not None


def test_a_hook_hears_every_command_with_what_is_secret_masked() -> None:
    listener = Listener()
    with SMTPPorts(plugins=[listener]) as smtpports, smtplib.SMTP(*smtpports.ports[2525].address, timeout=5) as client:
        client.ehlo("client.example")
        client.docmd("auth", "plain AHVzZXIAcGFzc3dvcmQ=")
        client.docmd("mail", f"FROM:<{SENDER}>")
        client.docmd("rset")
        client.docmd("foo", "bar")

    assert listener.commands[:-1] == [
        ("EHLO", "client.example"),
        ("AUTH", "plain ***"),
        ("MAIL", f"FROM:<{SENDER}>"),
        ("RSET", ""),
        ("FOO", "bar"),
    ]
    assert listener.commands[-1] == ("QUIT", "")


def answering(answers: dict[str, Reply | str]) -> object:
    class Answers:
        def pytest_smtpports_command(self, verb: str) -> Reply | str | None:
            return answers.get(verb)

    return Answers()


@pytest.mark.parametrize("reply", ["450 4.7.1 Greylisted", Reply(450, "4.7.1", "Greylisted")])
def test_a_reply_of_a_hook_stands_for_the_one_of_the_port(reply: Reply | str) -> None:
    with SMTPPorts(plugins=[answering({"RCPT": reply})]) as smtpports:
        with smtpports.ports[25].connect() as client, pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
            client.sendmail(SENDER, RECIPIENT, MAIL)

        assert caught.value.recipients == {RECIPIENT: (450, b"4.7.1 Greylisted")}
        connection = smtpports.connections[0]
        assert (connection.outcome, connection.reason) == (Outcome.REFUSED, "RCPT got 450 4.7.1 Greylisted")
        smtpports.assert_not_sent()


def test_a_reply_of_several_lines_is_written_as_one() -> None:
    with (
        SMTPPorts(plugins=[answering({"NOOP": "250 2.0.0 one\ntwo"})]) as smtpports,
        smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client,
    ):
        assert client.noop() == (250, b"2.0.0 one\n2.0.0 two")


def test_421_of_a_hook_ends_the_connection() -> None:
    with SMTPPorts(plugins=[answering({"MAIL": "421 4.3.2 Shutting down"})]) as smtpports:
        client = smtpports.ports[25].connect()
        with pytest.raises(smtplib.SMTPSenderRefused, match="Shutting down"):
            client.sendmail(SENDER, RECIPIENT, MAIL)
        with pytest.raises(smtplib.SMTPServerDisconnected):
            client.noop()


def test_a_chunk_behind_a_command_that_a_hook_answers_is_passed_over() -> None:
    with (
        SMTPPorts(plugins=[answering({"BDAT": "452 4.3.1 Disk full"})]) as smtpports,
        smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client,
    ):
        client.ehlo()
        client.mail(SENDER)
        client.rcpt(RECIPIENT)
        client.send(b"BDAT 6 LAST\r\nQUIT\r\n")

        assert client.getreply() == (452, b"4.3.1 Disk full")
        assert client.noop()[0] == 250


class Breaking:
    def pytest_smtpports_connection(self) -> None:
        pytest.fail("no connection wanted")

    def pytest_smtpports_command(self, verb: str) -> None:
        assert verb != "MAIL", "no mail wanted"


def test_what_a_hook_raises_fails_the_test_and_the_client_gets_451() -> None:
    smtpports = SMTPPorts([PROFILES[25]], plugins=[Breaking()])
    with smtpports.ports[25].connect() as client, pytest.raises(smtplib.SMTPSenderRefused) as caught:
        client.sendmail(SENDER, RECIPIENT, MAIL)

    assert (caught.value.smtp_code, caught.value.smtp_error) == (451, b"4.3.0 Local error in processing")
    with pytest.raises(ServerError, match=r"no connection wanted.*no mail wanted"):
        smtpports.close()


def test_a_hook_that_returns_no_reply_fails_the_test() -> None:
    smtpports = SMTPPorts([PROFILES[25]], plugins=[answering({"NOOP": "all is well"})])
    with smtpports.ports[25].connect() as client:
        assert client.noop()[0] == 451

    with pytest.raises(ServerError, match="A reply is written as a code"):
        smtpports.close()


def test_the_braces_in_a_reply_of_a_hook_are_its_own() -> None:
    with (
        SMTPPorts(plugins=[answering({"NOOP": "250 2.0.0 {host} {what}"})]) as smtpports,
        smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client,
    ):
        assert client.noop() == (250, b"2.0.0 {host} {what}")


def test_a_hook_does_not_hear_what_may_be_a_secret_that_went_astray() -> None:
    listener = Listener()
    with SMTPPorts(plugins=[listener]) as smtpports, smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
        client.ehlo()
        assert client.docmd("AUTH", "LOGIN")[0] == 503
        assert client.docmd("cGFzc3dvcmQ=")[0] == 500

    assert [verb for verb, _ in listener.commands] == ["EHLO", "AUTH", "QUIT"]


def test_a_hook_hears_a_login_in_the_wrong_place_without_its_secret() -> None:
    listener = Listener()
    with SMTPPorts(plugins=[listener]) as smtpports, smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
        client.docmd(" AUTH", "PLAIN AHVzZXIAcGFzc3dvcmQ=")

    assert listener.commands[0] == ("", "AUTH PLAIN ***")


def test_a_hook_that_returns_something_else_is_told_what_it_may_return() -> None:
    smtpports = SMTPPorts([PROFILES[25]], plugins=[answering({"NOOP": 5})])  # type: ignore[dict-item] # on purpose
    with smtpports.ports[25].connect() as client:
        assert client.noop()[0] == 451

    with pytest.raises(ServerError, match=r"pytest_smtpports_command returns a Reply, a string such as .*, not 5"):
        smtpports.close()


class RefusingTheFirstChunk:
    def __init__(self) -> None:
        self.replies = ["452 4.3.1 Disk full"]

    def pytest_smtpports_command(self, verb: str) -> str | None:
        return self.replies.pop() if verb == "BDAT" and self.replies else None


def test_a_message_with_a_refused_chunk_is_not_taken() -> None:
    # RFC 3030 §2
    with (
        SMTPPorts(plugins=[RefusingTheFirstChunk()]) as smtpports,
        smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client,
    ):
        client.ehlo()
        client.mail(SENDER)
        client.rcpt(RECIPIENT)
        client.send(b"BDAT 3\r\nabcBDAT 3 LAST\r\ndef")

        assert [client.getreply()[0], client.getreply()[0]] == [452, 503]
        smtpports.assert_not_sent()


def test_lmtp_has_a_reply_of_a_hook_for_each_recipient_behind_the_last_chunk() -> None:
    # RFC 2033 §4.3
    with SMTPPorts([KINDRED[24]], plugins=[answering({"BDAT": "452 4.3.1 Disk full"})]) as smtpports:
        client = smtpports.ports[24].connect()
        client.ehlo_or_helo_if_needed()
        client.mail(SENDER)
        client.rcpt(RECIPIENT)
        client.rcpt("bob@example.org")
        client.send(b"BDAT 3 LAST\r\nabc")

        assert [client.getreply()[0], client.getreply()[0], client.quit()[0]] == [452, 452, 221]
