"""The four ports, each used as the clients of the world use it."""

from __future__ import annotations

import smtplib
import socket
from email.message import EmailMessage
from typing import TYPE_CHECKING

import aiosmtplib
import pytest

from pytest_smtpports import SMTPPorts, UnknownCriterion, UnknownPort

if TYPE_CHECKING:
    from pytest_smtpports import Port
    from tests.wire.conftest import Connected

SENDER = "app@example.com"
RECIPIENT = "ada@example.org"
MAIL = "Subject: Welcome\r\n\r\nHello Ada\r\n"


def mail(subject: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = SENDER, RECIPIENT, subject
    message.set_content("Hello Ada\n")
    return message


# smtplib


def test_smtplib_sends_in_clear_on_25(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
        assert client.sendmail(SENDER, RECIPIENT, MAIL) == {}

    message = smtpports.assert_sent(subject="Welcome", recipients=RECIPIENT, mail_from=SENDER, port=25, tls=False)
    assert (message.user, message.host, message.tls) == (None, None, None)


def test_smtplib_verifies_465_from_the_first_byte_and_logs_in(smtpports: SMTPPorts) -> None:
    context = smtpports.client_context()
    with smtplib.SMTP_SSL(*smtpports.ports[465].address, timeout=5, context=context) as client:
        client.login(smtpports.username, smtpports.password)
        client.sendmail(SENDER, RECIPIENT, MAIL)

    message = smtpports.assert_sent(subject="Welcome", port=465, tls="TLSv1.3", user="user")
    assert message.tls is not None
    assert message.tls.cipher


def test_smtplib_upgrades_587_by_starttls_and_logs_in(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(*smtpports.ports[587].address, timeout=5) as client:
        client.starttls(context=smtpports.client_context())
        client.login(smtpports.username, smtpports.password)
        client.sendmail(SENDER, RECIPIENT, MAIL)

    smtpports.assert_sent(subject="Welcome", port=587, tls=True, user="user")


def test_smtplib_logs_in_on_2525_in_clear(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(*smtpports.ports[2525].address, timeout=5) as client:
        client.login(smtpports.username, smtpports.password)
        client.sendmail(SENDER, RECIPIENT, MAIL)

    smtpports.assert_sent(port=2525, tls=False, user="user")


def test_smtplib_upgrades_2525_by_starttls(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(*smtpports.ports[2525].address, timeout=5) as client:
        client.starttls(context=smtpports.client_context())
        client.login(smtpports.username, smtpports.password)
        client.sendmail(SENDER, RECIPIENT, MAIL)

    smtpports.assert_sent(port=2525, tls=True, user="user")


# aiosmtplib


@pytest.mark.asyncio
async def test_aiosmtplib_sends_in_clear_on_25(smtpports: SMTPPorts) -> None:
    host, port = smtpports.ports[25].address
    await aiosmtplib.send(mail("by 25"), hostname=host, port=port, start_tls=False, timeout=5)

    smtpports.assert_sent(subject="by 25", to=RECIPIENT, from_=SENDER, port=25, tls=False)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("number", "mode"), [(465, {"use_tls": True}), (587, {"start_tls": True}), (2525, {"start_tls": True})]
)
async def test_aiosmtplib_verifies_tls_and_logs_in(
    smtpports: SMTPPorts, connected: Connected, number: int, mode: dict[str, bool]
) -> None:
    host, port = smtpports.ports[number].address
    client = aiosmtplib.SMTP(
        hostname=host,
        port=port,
        tls_context=smtpports.client_context(),
        username=smtpports.username,
        password=smtpports.password,
        timeout=5,
        **mode,
    )
    async with connected(client):
        await client.send_message(mail("over TLS"))

    smtpports.assert_sent(subject="over TLS", port=number, tls=True, user="user")


@pytest.mark.asyncio
async def test_aiosmtplib_logs_in_on_2525_in_clear(smtpports: SMTPPorts) -> None:
    host, port = smtpports.ports[2525].address
    await aiosmtplib.send(
        mail("in clear"), hostname=host, port=port, start_tls=False, username="user", password="password", timeout=5
    )

    smtpports.assert_sent(subject="in clear", port=2525, tls=False, user="user")


# What is asserted


def test_exactly_n_messages_are_asserted_and_others_do_not_count(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
        for recipient in (RECIPIENT, RECIPIENT, "bob@example.org"):
            client.sendmail(SENDER, recipient, MAIL)

    assert len(smtpports.assert_sent_times(2, recipients=RECIPIENT)) == 2
    smtpports.assert_sent_times(3)
    smtpports.assert_sent_times(0, recipients="eve@example.org")
    smtpports.assert_sent(recipients="bob@example.org")


def test_a_second_message_is_one_too_many_for_assert_sent(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
        client.sendmail(SENDER, RECIPIENT, MAIL)
        client.sendmail(SENDER, RECIPIENT, MAIL)

    with pytest.raises(AssertionError, match=r"2 match, 1 expected; for several: assert_sent_times\(2"):
        smtpports.assert_sent(recipients=RECIPIENT)


def test_a_message_that_should_not_be_there_is_shown(smtpports: SMTPPorts) -> None:
    smtpports.assert_not_sent()
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
        client.sendmail(SENDER, RECIPIENT, MAIL)

    smtpports.assert_not_sent(subject="Goodbye")
    with pytest.raises(AssertionError, match="1 message matches, none expected"):
        smtpports.assert_not_sent(subject="Welcome")


def test_a_failing_assertion_tells_why_nothing_came(smtpports: SMTPPorts) -> None:
    with smtpports.block(25, how="refuse"), pytest.raises(ConnectionRefusedError):
        smtplib.SMTP(*smtpports.ports[25].address, timeout=5)
    smtpports.block(587)

    with pytest.raises(AssertionError) as caught:
        smtpports.assert_sent(to=RECIPIENT)

    assert "25: blocked (refuse)" in str(caught.value)
    assert "blocked: 587 (drop)" in str(caught.value)


def test_an_unknown_criterion_and_an_unknown_port_are_named(smtpports: SMTPPorts) -> None:
    with pytest.raises(UnknownCriterion, match="'sbject' is not a criterion; did you mean 'subject'"):
        smtpports.assert_sent(sbject="Welcome")
    with pytest.raises(UnknownPort, match="588 is not an emulated port; did you mean 587"):
        smtpports.assert_not_sent(port=588)
    with pytest.raises(UnknownPort, match="is the local port of 25"):
        smtpports.assert_sent(port=smtpports.ports[25].port)


# What a port is to those who dial it


def test_a_port_gives_a_client_as_it_wants_it(each_smtpport: Port) -> None:
    with each_smtpport.connect() as client:
        client.sendmail(SENDER, RECIPIENT, MAIL)

    message = each_smtpport.messages.only
    assert message.port == each_smtpport.number
    assert (message.tls is not None) == (each_smtpport.number != 25)
    assert message.user == (None if each_smtpport.number == 25 else "user")
    assert [connection.port for connection in each_smtpport.connections] == [each_smtpport.number]


def test_a_port_keeps_to_itself_what_other_ports_took(smtpports: SMTPPorts) -> None:
    with smtpports.ports[587].connect() as client:
        client.sendmail(SENDER, RECIPIENT, MAIL)

    assert len(smtpports.messages) == 1
    assert len(smtpports.ports[25].messages) == 0
    assert smtpports.ports[25].connections == ()


def test_a_client_that_may_not_log_in_is_closed_again(smtpports: SMTPPorts) -> None:
    smtpports.add_user("user", "changed meanwhile")

    with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
        smtpports.ports[2525].connect()

    assert caught.value.smtp_code == 535


def test_an_added_user_may_log_in_until_the_reset(smtpports: SMTPPorts) -> None:
    smtpports.add_user("grace", "hopper")
    with smtplib.SMTP(*smtpports.ports[2525].address, timeout=5) as client:
        client.login("grace", "hopper")
        client.sendmail(SENDER, RECIPIENT, MAIL)
    smtpports.assert_sent(user="grace")

    smtpports.reset()

    with (
        smtplib.SMTP(*smtpports.ports[2525].address, timeout=5) as client,
        pytest.raises(smtplib.SMTPAuthenticationError),
    ):
        client.login("grace", "hopper")


def test_the_address_of_a_port_is_local_and_ephemeral_and_stays(each_smtpport: Port) -> None:
    address = each_smtpport.address

    assert address == (each_smtpport.host, each_smtpport.port)
    assert address[0] == "127.0.0.1"
    assert address[1] != each_smtpport.number
    assert each_smtpport.address == address


def test_the_url_of_a_port_says_how_to_log_in() -> None:
    with SMTPPorts(username="ada@example.org", password="p:/ss") as smtpports:
        login = "ada%40example.org:p%3A%2Fss@127.0.0.1"
        assert smtpports.ports[25].url == f"smtp://127.0.0.1:{smtpports.ports[25].port}"
        assert smtpports.ports[465].url == f"smtps://{login}:{smtpports.ports[465].port}"
        assert smtpports.ports[587].url == f"smtp://{login}:{smtpports.ports[587].port}"
        assert smtpports.ports[2525].url == f"smtp://{login}:{smtpports.ports[2525].port}"


def test_the_url_of_a_port_on_an_ipv6_address_has_brackets() -> None:
    with SMTPPorts(host="::1") as smtpports:
        port = smtpports.ports[25]

        assert port.url == f"smtp://[::1]:{port.port}"
        with port.connect() as client:
            client.sendmail(SENDER, RECIPIENT, MAIL)
        assert smtpports.connections[0].peer == ("::1", client_port_of(smtpports))


def client_port_of(smtpports: SMTPPorts) -> int:
    peer = smtpports.connections[0].peer
    assert peer is not None
    return peer[1]


def test_no_repr_shows_a_password() -> None:
    with SMTPPorts(password="tell-nobody") as smtpports:
        route = smtpports.route("smtp.example.com")
        port = smtpports.ports[587]
        with port.connect() as client:
            client.sendmail(SENDER, RECIPIENT, MAIL)
        shown = [smtpports, port, smtpports.ports, route, route[587], port.profile, smtpports.messages]
        shown += [*smtpports.messages, *smtpports.connections, *smtpports.connections[0].logins]

        assert "tell-nobody" not in "".join(map(repr, shown))


@pytest.mark.parametrize(
    "raw",
    [
        b"Subject: dots\r\n\r\n.\r\n..\r\n.x\r\n...\r\nend\r\n",
        b".\r\n",
        b"..first line\r\n",
        b"Subject: bytes\r\n\r\n\x00\x80\xff\ttab\x1b\r\n",
        b"no header at all\r\n",
        b"\r\n",
        b"Subject: long\r\n\r\n" + b"x" * 5000 + b"\r\n",
        b"Subject: large\r\n\r\n" + b"0123456789abcdef\r\n" * 20_000,
    ],
)
def test_the_bytes_of_a_message_are_kept_exactly(smtpports: SMTPPorts, raw: bytes) -> None:
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
        client.sendmail(SENDER, RECIPIENT, raw)

    assert smtpports.messages.only.raw == raw


def test_the_null_sender_is_an_empty_string(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
        client.sendmail("", RECIPIENT, MAIL)

    assert smtpports.assert_sent(mail_from="").envelope.mail_from == ""


def test_the_envelope_is_what_the_client_said_and_not_what_the_headers_say(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
        client.sendmail(
            "bounces@example.com",
            [RECIPIENT, "Bob@Example.ORG"],
            "From: App <app@example.com>\r\nTo: ada@example.org\r\nSubject: x\r\n\r\ny\r\n",
            mail_options=["BODY=8BITMIME"],
        )

    message = smtpports.assert_sent(bcc="Bob@example.org", from_=SENDER)
    assert message.mail_from == "bounces@example.com"
    assert message.recipients == (RECIPIENT, "Bob@Example.ORG")
    assert "BODY=8BITMIME" in message.envelope.mail_parameters
    assert message.envelope.recipient_parameters == ((), ())


def test_an_internationalised_address_arrives_with_smtputf8(smtpports: SMTPPorts) -> None:
    message = mail("Grüße")
    del message["To"]
    message["To"] = "zoë@example.org"
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
        client.send_message(message)

    smtpports.assert_sent(recipients="zoë@example.org", to="zoë@example.org", subject="Grüße")


def test_several_messages_of_one_connection_come_in_order(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
        for number in range(5):
            client.sendmail(SENDER, RECIPIENT, f"Subject: {number}\r\n\r\n")

    assert [message.subject for message in smtpports.messages] == list("01234")
    assert {message.connection for message in smtpports.messages} == {smtpports.connections[0].id}


def test_the_ports_are_there_without_pytest() -> None:
    with SMTPPorts() as smtpports:
        assert [port.number for port in smtpports.ports] == [25, 465, 587, 2525]
        assert (len(smtpports.ports), 587 in smtpports.ports, 588 in smtpports.ports) == (4, True, False)
        with smtpports.ports[25].connect() as client:
            client.sendmail(SENDER, RECIPIENT, MAIL)
        smtpports.assert_sent(port=25)


def test_a_context_of_the_users_own_can_be_made_to_trust_the_ports(smtpports: SMTPPorts) -> None:
    import ssl

    context = ssl.create_default_context()
    smtpports.configure_trust(context)

    with smtplib.SMTP_SSL(*smtpports.ports[465].address, timeout=5, context=context) as client:
        assert client.noop()[0] == 250


def test_the_authority_is_a_file_that_a_context_can_load(smtpports: SMTPPorts) -> None:
    import ssl

    context = ssl.create_default_context(cafile=smtpports.ca_file)

    with smtplib.SMTP_SSL("localhost", smtpports.ports[465].port, timeout=5, context=context) as client:
        assert client.noop()[0] == 250


def test_a_port_that_is_taken_stays_taken_while_it_is_not_open(smtpports: SMTPPorts) -> None:
    with smtpports.block(25, how="refuse"):
        address = smtpports.ports[25].address
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(address)
