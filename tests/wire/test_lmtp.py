"""LMTP (RFC 2033), the last hop of a mail, on its port 24."""

from __future__ import annotations

import smtplib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import KINDRED, PROFILES, AuthPolicy, Outcome, ServerError, SMTPPorts, TLSMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_smtpports import Message
    from tests.wire.conftest import Dial, RawClient

MAIL = "MAIL FROM:<app@example.com>"
TEXT = "Subject: Welcome\r\n\r\nHello Ada\r\n"
LMTP = KINDRED[24]


@pytest.fixture
def last_hop() -> Iterator[SMTPPorts]:
    with SMTPPorts([LMTP]) as smtpports:
        yield smtpports


@pytest.fixture
def client(last_hop: SMTPPorts, dial: Dial) -> RawClient:
    return greeted(dial, last_hop)


def greeted(dial: Dial, smtpports: SMTPPorts) -> RawClient:
    client = dial(smtpports.ports[24])
    assert client.reply().startswith("220 ")
    assert client.ask("LHLO client.example").startswith("250-")
    return client


def begun(client: RawClient, *recipients: str) -> None:
    assert client.ask(MAIL).startswith("250 ")
    for recipient in recipients:
        client.ask(f"RCPT TO:<{recipient}>")


# The hello


def test_lhlo_names_the_extensions(last_hop: SMTPPorts, dial: Dial) -> None:
    # RFC 2033 §4.1, §5: PIPELINING and ENHANCEDSTATUSCODES are musts
    said = dial(last_hop.ports[24])
    said.reply()

    assert said.ask("LHLO client.example").splitlines() == [
        "250-localhost",
        "250-PIPELINING",
        "250-SIZE 35882577",
        "250-8BITMIME",
        "250-SMTPUTF8",
        "250-DSN",
        "250-CHUNKING",
        "250-BINARYMIME",
        "250-ENHANCEDSTATUSCODES",
        "250-VRFY",
        "250 HELP",
    ]


@pytest.mark.parametrize("hello", ["EHLO client.example", "HELO client.example", "ehlo client.example", "HELO", "EHLO"])
def test_the_hellos_of_smtp_get_500(last_hop: SMTPPorts, dial: Dial, hello: str) -> None:
    # RFC 2033 §4.1
    client = dial(last_hop.ports[24])
    client.reply()

    assert client.ask(hello) == "500 5.5.2 Command not recognized\r\n"
    assert client.ask(MAIL).startswith("503 5.5.1 ")
    assert client.ask("LHLO client.example").startswith("250-")


def test_the_hello_that_is_asked_for_is_the_one_that_there_is(last_hop: SMTPPorts, dial: Dial) -> None:
    client = dial(last_hop.ports[24])
    client.reply()

    assert "LHLO" in client.ask(MAIL)


def test_lhlo_needs_a_name_and_takes_small_letters(client: RawClient) -> None:
    assert client.ask("LHLO") == "501 Syntax: LHLO hostname\r\n"
    assert client.ask("lhlo client.example").startswith("250-")


def test_lhlo_in_a_transaction_ends_it(client: RawClient) -> None:
    begun(client, "ada@example.org")
    client.ask("LHLO client.example")

    assert client.ask("DATA").startswith("503 ")


def test_lhlo_is_unknown_where_smtp_is_spoken(smtpports: SMTPPorts, dial: Dial) -> None:
    client = dial(smtpports.ports[25])
    client.reply()

    assert client.ask("LHLO client.example").startswith("500 ")


def test_help_names_the_hello_that_there_is(client: RawClient) -> None:
    named = client.ask("HELP").split()

    assert "LHLO" in named
    assert not {"EHLO", "HELO"}.intersection(named)


# A reply for each recipient


def test_there_is_a_reply_for_each_recipient_after_the_dot(last_hop: SMTPPorts, client: RawClient) -> None:
    # RFC 2033 §4.2
    begun(client, "ada@example.org", "bob@example.org", "ada@example.org")
    client.ask("DATA")
    client.send(f"{TEXT}.\r\nQUIT\r\n".encode())

    assert client.rest().decode().splitlines() == [
        "250 2.1.5 <ada@example.org> Ok: message taken",
        "250 2.1.5 <bob@example.org> Ok: message taken",
        "250 2.1.5 <ada@example.org> Ok: message taken",
        "221 2.0.0 Bye",
    ]
    message = last_hop.messages.only
    assert message.recipients == ("ada@example.org", "bob@example.org", "ada@example.org")
    assert message.raw == TEXT.encode()


def test_there_is_none_for_a_recipient_that_was_refused(dial: Dial) -> None:
    # RFC 2033 §4.2
    with SMTPPorts([replace(LMTP, local_domains=("example.org",))]) as smtpports:
        client = greeted(dial, smtpports)
        begun(client, "eve@elsewhere.example", "ada@example.org", "mallory@elsewhere.example")
        client.ask("DATA")
        client.send(b".\r\nNOOP\r\n")

        assert client.reply() == "250 2.1.5 <ada@example.org> Ok: message taken\r\n"
        assert client.reply() == "250 2.0.0 Ok\r\n"
        assert smtpports.messages.only.recipients == ("ada@example.org",)


def test_there_is_a_reply_for_each_recipient_after_the_last_chunk(last_hop: SMTPPorts, client: RawClient) -> None:
    # RFC 2033 §4.3, which has it of CHUNKING
    begun(client, "ada@example.org", "bob@example.org")
    client.send(b"BDAT 3\r\none" + b"BDAT 3 LAST\r\ntwo" + b"QUIT\r\n")

    assert client.rest().decode().splitlines() == [
        "250 2.0.0 3 octets received",
        "250 2.1.5 <ada@example.org> Ok: message taken",
        "250 2.1.5 <bob@example.org> Ok: message taken",
        "221 2.0.0 Bye",
    ]
    assert last_hop.messages.only.raw == b"onetwo"


@pytest.mark.parametrize("content", [b"DATA\r\n%b\r\n.\r\n", b"BDAT 13 LAST\r\n%b\r\n"])
def test_a_refusal_is_said_once_for_each_recipient(dial: Dial, content: bytes) -> None:
    # RFC 2033 §4.2
    with SMTPPorts([replace(LMTP, text_line_limit=10)]) as smtpports:
        client = greeted(dial, smtpports)
        begun(client, "ada@example.org", "bob@example.org")
        client.send(content % b"eleven char" + b"QUIT\r\n")

        codes = [line[:3] for line in client.rest().decode().splitlines() if line[:3] != "354"]
        assert codes == ["500", "500", "221"]
        smtpports.assert_not_sent()


def test_a_message_that_is_too_big_is_refused_for_each_recipient(dial: Dial) -> None:
    with SMTPPorts([replace(LMTP, size_limit=10)]) as smtpports:
        client = greeted(dial, smtpports)
        begun(client, "ada@example.org", "bob@example.org")
        client.ask("DATA")
        client.send(b"more than ten octets\r\n.\r\nQUIT\r\n")

        assert [line[:9] for line in client.rest().decode().splitlines()] == ["552 5.3.4", "552 5.3.4", "221 2.0.0"]


def test_what_a_hook_raises_is_a_local_error_for_each_recipient(dial: Dial) -> None:
    class Raising:
        def pytest_smtpports_message(self, message: Message) -> None:
            raise ValueError(message.port)

    smtpports = SMTPPorts([LMTP], plugins=[Raising()])
    client = greeted(dial, smtpports)
    begun(client, "ada@example.org", "bob@example.org")
    client.ask("DATA")
    client.send(b".\r\nQUIT\r\n")

    assert [line[:9] for line in client.rest().decode().splitlines()] == ["451 4.3.0", "451 4.3.0", "221 2.0.0"]
    with pytest.raises(ServerError, match="ValueError: 24"):
        smtpports.close()


def test_data_without_a_recipient_gets_503(client: RawClient) -> None:
    # RFC 2033 §4.2
    begun(client)

    assert client.ask("DATA").startswith("503 5.5.1 ")
    assert client.ask("BDAT 0 LAST").startswith("503 5.5.1 ")


def test_a_group_of_commands_is_answered_in_order(last_hop: SMTPPorts, client: RawClient) -> None:
    # RFC 2033 §4.3
    recipients = "".join(f"RCPT TO:<user{number}@example.org>\r\n" for number in range(3))
    client.send(f"{MAIL}\r\n{recipients}DATA\r\n".encode())
    assert [client.reply()[:3] for _ in range(5)] == ["250", "250", "250", "250", "354"]
    client.send(f"{TEXT}.\r\n{MAIL}\r\nQUIT\r\n".encode())

    assert [line[:9] for line in client.rest().decode().splitlines()] == [
        *(["250 2.1.5"] * 3),
        "250 2.1.0",
        "221 2.0.0",
    ]
    assert last_hop.connections[0].outcome is Outcome.DELIVERED


# By smtplib


def test_connect_speaks_lmtp(last_hop: SMTPPorts) -> None:
    with last_hop.ports[24].connect() as client:
        assert isinstance(client, smtplib.LMTP)
        assert client.sendmail("app@example.com", "ada@example.org", TEXT) == {}

    message = last_hop.assert_sent(recipients="ada@example.org", port=24, tls=False)
    assert (message.raw, message.user) == (TEXT.encode(), None)
    assert "lhlo" in last_hop.connections[0].dialogue[1].text.lower()


def test_smtplib_sends_by_lmtp(last_hop: SMTPPorts) -> None:
    host, port = last_hop.ports[24].address
    with smtplib.LMTP(host, port, timeout=5) as client:
        client.sendmail("app@example.com", "ada@example.org", TEXT)
        client.sendmail("app@example.com", "bob@example.org", TEXT)

    assert [message.recipients for message in last_hop.messages] == [("ada@example.org",), ("bob@example.org",)]


def test_smtplib_without_lmtp_is_not_understood(last_hop: SMTPPorts) -> None:
    with smtplib.SMTP(*last_hop.ports[24].address, timeout=5) as client:
        with pytest.raises(smtplib.SMTPHeloError) as caught:
            client.sendmail("app@example.com", "ada@example.org", TEXT)

        assert caught.value.smtp_code == 500


def test_lmtp_with_tls_and_logins_is_a_profile_of_the_users_own() -> None:
    profile = replace(LMTP, tls=TLSMode.STARTTLS, starttls_required=True, auth=AuthPolicy.REQUIRED)
    with SMTPPorts([profile]) as smtpports, smtpports.ports[24].connect() as client:
        client.sendmail("app@example.com", "ada@example.org", TEXT)

        smtpports.assert_sent(port=24, tls=True, user="user")


def test_lmtp_is_one_port_among_others(dial: Dial) -> None:
    with SMTPPorts([*PROFILES.values(), LMTP]) as smtpports:
        for number in (24, 25):
            with smtpports.ports[number].connect() as client:
                client.sendmail("app@example.com", "ada@example.org", TEXT)

        assert [message.port for message in smtpports.messages] == [24, 25]
        assert dial(smtpports.ports[24]).reply() == "220 localhost ESMTP ready\r\n"
