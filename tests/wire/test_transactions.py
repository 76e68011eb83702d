"""A mail transaction with everything that the extensions add, and what of it a message keeps."""

from __future__ import annotations

import smtplib
from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from typing import TYPE_CHECKING

import aiosmtplib
import pytest

from pytest_smtpports import KINDRED, PROFILES, AuthPolicy, ServerError, SMTPPorts

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_smtpports import Envelope
    from tests.wire.conftest import Dial, RawClient

    Say = Callable[..., list[str]]

MX = PROFILES[25]
MAIL, RCPT = "MAIL FROM:<app@example.com>", "RCPT TO:<ada@example.org>"
TAKEN = "250 2.0.0 Ok: message taken\r\n"
EVERY_OCTET = bytes(range(256))


@pytest.fixture
def mx(smtpports: SMTPPorts, dial: Dial) -> RawClient:
    return greeted(dial, smtpports)


def greeted(dial: Dial, smtpports: SMTPPorts, number: int = 25) -> RawClient:
    client = dial(smtpports.ports[number])
    client.reply()
    assert client.ask("EHLO client.example").startswith("250")
    return client


def say(client: RawClient, *lines: str) -> None:
    for line in lines:
        assert client.ask(line)[0] in "23"


def envelope_of(smtpports: SMTPPorts, client: RawClient, *lines: str) -> Envelope:
    say(client, *lines, "DATA", "Subject: x\r\n\r\n.")
    return smtpports.messages.only.envelope


# BDAT (RFC 3030)


def bdat(client: RawClient, chunk: bytes, last: str = "") -> str:
    client.send(b"BDAT %d%s\r\n" % (len(chunk), last.encode()) + chunk)
    return client.reply()


def test_a_message_by_bdat_is_byte_for_byte_what_was_sent(smtpports: SMTPPorts, mx: RawClient) -> None:
    raw = b"Subject: x\r\n\r\n..\r\n.\r\n\r\n.\n.\r" + EVERY_OCTET
    say(mx, f"{MAIL} BODY=BINARYMIME", RCPT)

    assert bdat(mx, raw, " LAST") == f"250 2.0.0 Ok: message of {len(raw)} octets taken\r\n"
    message = smtpports.messages.only
    assert message.raw == raw
    assert message.envelope.mail_parameters == ("BODY=BINARYMIME",)


@pytest.mark.parametrize("size", [1, 2, 7, 100, 10_000])
def test_a_message_in_chunks_is_put_together(smtpports: SMTPPorts, mx: RawClient, size: int) -> None:
    raw = b"Subject: x\r\n\r\n" + EVERY_OCTET * 2
    say(mx, MAIL, RCPT)
    for place in range(0, len(raw), size):
        assert bdat(mx, raw[place : place + size]).startswith("250 2.0.0 ")

    assert bdat(mx, b"", " LAST").startswith("250 2.0.0 ")
    assert smtpports.messages.only.raw == raw


def test_chunks_that_come_with_their_commands_in_one_segment_are_told_apart(
    smtpports: SMTPPorts, mx: RawClient
) -> None:
    mx.send(
        f"{MAIL}\r\n{RCPT}\r\n".encode()
        + b"BDAT 5\r\nQUIT\nbdat 2 last\r\n\r\n"
        + f"{MAIL}\r\n{RCPT}\r\n".encode()
        + b"BDAT 4 LAST\r\nRSETQUIT\r\n"
    )

    assert [line[:3] for line in mx.rest().decode().splitlines()] == ["250"] * 7 + ["221"]
    assert [message.raw for message in smtpports.messages] == [b"QUIT\n\r\n", b"RSET"]


def test_chunks_byte_by_byte_are_read_alike(smtpports: SMTPPorts, mx: RawClient) -> None:
    mx.send_byte_by_byte(f"{MAIL}\r\n{RCPT}\r\nBDAT 3\r\n\r\n.BDAT 2 LAST\r\n\r\nQUIT\r\n".encode())

    assert [line[:3] for line in mx.rest().decode().splitlines()] == ["250", "250", "250", "250", "221"]
    assert smtpports.messages.only.raw == b"\r\n.\r\n"


def test_a_large_message_comes_by_bdat(smtpports: SMTPPorts, mx: RawClient) -> None:
    raw = EVERY_OCTET * 20_000
    say(mx, MAIL, RCPT)

    assert bdat(mx, raw, " LAST").startswith("250 ")
    assert smtpports.messages.only.raw == raw


def test_two_messages_by_bdat_are_two(smtpports: SMTPPorts, mx: RawClient) -> None:
    for raw in (b"one", b"two"):
        say(mx, MAIL, RCPT)
        assert bdat(mx, raw, " LAST").startswith("250 ")

    assert [message.raw for message in smtpports.messages] == [b"one", b"two"]


def test_a_message_of_no_octets_is_a_message(smtpports: SMTPPorts, mx: RawClient) -> None:
    say(mx, MAIL, RCPT)

    assert bdat(mx, b"", " LAST").startswith("250 ")
    assert smtpports.messages.only.raw == b""


def test_a_message_without_its_last_chunk_is_none(smtpports: SMTPPorts, mx: RawClient) -> None:
    say(mx, MAIL, RCPT)
    bdat(mx, b"half a message")
    say(mx, "QUIT")

    smtpports.assert_not_sent()


@pytest.mark.parametrize("command", ["RSET", "EHLO client.example", "HELO client.example"])
def test_what_ends_a_transaction_forgets_its_chunks(smtpports: SMTPPorts, mx: RawClient, command: str) -> None:
    say(mx, MAIL, RCPT)
    bdat(mx, b"forgotten")
    say(mx, command, MAIL, RCPT)

    bdat(mx, b"kept", " LAST")
    assert smtpports.messages.only.raw == b"kept"


@pytest.mark.parametrize(
    "argument",
    ["", "LAST", "x", "-1", "+1", "1.5", "0x10", "1_0", "٣", "1 LAST LAST", "1 FIRST", "1LAST", "1" * 21, "1 2", "1,2"],
)
def test_bdat_that_can_not_be_read_gets_501(mx: RawClient, argument: str) -> None:
    say(mx, MAIL, RCPT)

    assert mx.ask(f"BDAT {argument}") == "501 5.5.4 Syntax: BDAT size [LAST]\r\n"
    assert mx.ask("BDAT 0 LAST").startswith("250 ")


@pytest.mark.parametrize("said", [(), (MAIL,)])
def test_a_chunk_before_its_time_is_passed_over(smtpports: SMTPPorts, mx: RawClient, said: tuple[str, ...]) -> None:
    # RFC 3030 §2
    say(mx, *said)

    assert bdat(mx, b"QUIT\r\n" * 1000, " LAST").startswith("503 5.5.1 ")
    assert mx.ask("NOOP").startswith("250 ")
    smtpports.assert_not_sent()


def test_a_chunk_of_a_client_that_is_not_logged_in_is_passed_over(smtpports: SMTPPorts, dial: Dial) -> None:
    client = greeted(dial, smtpports, 2525)

    assert bdat(client, b"QUIT\r\n").startswith("530 5.7.0 ")
    assert client.ask("NOOP").startswith("250 ")


def test_a_chunk_before_starttls_is_passed_over(smtpports: SMTPPorts, dial: Dial) -> None:
    client = greeted(dial, smtpports, 587)

    assert bdat(client, b"QUIT\r\n").startswith("530 5.7.0 ")
    assert client.ask("NOOP").startswith("250 ")


@pytest.mark.parametrize("size", [11, 100_000])
def test_a_chunk_that_makes_the_message_too_big_is_passed_over_and_ends_it(dial: Dial, size: int) -> None:
    with SMTPPorts([replace(MX, size_limit=10)]) as smtpports:
        client = greeted(dial, smtpports)
        say(client, MAIL, RCPT)

        assert bdat(client, b"x").startswith("250 ")
        assert bdat(client, b"\n" * (size - 1)).startswith("552 5.3.4 ")
        assert bdat(client, b"more", " LAST").startswith("503 ")
        smtpports.assert_not_sent()
        say(client, MAIL, RCPT)
        assert bdat(client, b"x" * 10, " LAST").startswith("250 ")


def test_without_chunking_there_is_no_bdat(dial: Dial) -> None:
    with SMTPPorts([replace(MX, extensions=("8BITMIME",))]) as smtpports:
        client = greeted(dial, smtpports)
        say(client, MAIL, RCPT)

        assert client.ask("BDAT 0 LAST").startswith("502 ")
        assert "BDAT" not in client.ask("HELP")


def test_help_names_bdat_where_it_is(mx: RawClient) -> None:
    assert "BDAT" in mx.ask("HELP").split()


def test_a_hook_that_refuses_a_chunk_has_it_passed_over(dial: Dial) -> None:
    class Refusing:
        def pytest_smtpports_command(self, verb: str) -> str | None:
            return {"BDAT": "452 4.3.1 No room"}.get(verb)

    with SMTPPorts([MX], plugins=[Refusing()]) as smtpports:
        client = greeted(dial, smtpports)
        say(client, MAIL, RCPT)

        assert bdat(client, b"QUIT\r\n", " LAST") == "452 4.3.1 No room\r\n"
        assert client.ask("NOOP").startswith("250 ")


def test_a_message_by_bdat_that_a_hook_raises_at_is_not_acknowledged(dial: Dial) -> None:
    class Raising:
        def pytest_smtpports_message(self) -> None:
            raise ValueError("no mail today")

    smtpports = SMTPPorts([MX], plugins=[Raising()])
    client = greeted(dial, smtpports)
    say(client, MAIL, RCPT)

    assert bdat(client, b"x", " LAST") == "451 4.3.0 Local error in processing\r\n"
    assert not smtpports.messages.only.acknowledged
    with pytest.raises(ServerError, match="no mail today"):
        smtpports.close()


# BINARYMIME (RFC 3030 §3)


def test_a_binary_message_does_not_come_by_data(mx: RawClient) -> None:
    say(mx, f"{MAIL} BODY=binarymime", RCPT)

    assert mx.ask("DATA").startswith("503 5.5.1 ")
    assert mx.ask("BDAT 0 LAST").startswith("250 ")


@pytest.mark.parametrize("extensions", [("CHUNKING", "8BITMIME"), ("8BITMIME", "BINARYMIME"), ("CHUNKING",)])
def test_binarymime_is_taken_only_where_it_was_offered(dial: Dial, extensions: tuple[str, ...]) -> None:
    with SMTPPorts([replace(MX, extensions=extensions)]) as smtpports:
        client = greeted(dial, smtpports)

        assert client.ask(f"{MAIL} BODY=BINARYMIME").startswith("555 ")


@pytest.mark.parametrize("parameters", ["", " BODY=7BIT", " BODY=8BITMIME"])
def test_a_strict_port_counts_the_lines_of_what_is_not_binary(dial: Dial, parameters: str) -> None:
    with SMTPPorts([replace(MX, text_line_limit=1000)]) as smtpports:
        client = greeted(dial, smtpports)
        for suffix, code in ((parameters, "500"), (" BODY=BINARYMIME", "250")):
            say(client, f"{MAIL}{suffix}", RCPT)

            assert bdat(client, b"x" * 999 + b"\r\n", " LAST").startswith(code)


# DATA


def test_what_a_message_holds_is_not_changed(smtpports: SMTPPorts, mx: RawClient) -> None:
    raw = b"Subject: x\r\n\r\n" + EVERY_OCTET.replace(b"\r", b"").replace(b"\n", b"") + b"\0\r\n\r\n \t\r\n"
    say(mx, MAIL, RCPT, "DATA")
    mx.send(raw + b".\r\n")

    assert mx.reply() == TAKEN
    assert smtpports.messages.only.raw == raw


def test_a_large_message_comes_by_data(smtpports: SMTPPorts, mx: RawClient) -> None:
    raw = b".dotted\r\n" * 500_000
    say(mx, MAIL, RCPT, "DATA")
    mx.send(raw.replace(b".", b"..") + b".\r\n")

    assert mx.reply() == TAKEN
    assert smtpports.messages.only.raw == raw


@pytest.mark.parametrize("parameter", ["", "BODY=7BIT", "BODY=8BITMIME", "SMTPUTF8"])
def test_eight_bits_arrive_whatever_was_announced(smtpports: SMTPPorts, mx: RawClient, parameter: str) -> None:
    say(mx, f"{MAIL} {parameter}", RCPT, "DATA")

    assert mx.ask("Subject: \N{LATIN SMALL LETTER E WITH ACUTE}\r\n.") == TAKEN
    assert smtpports.messages.only.raw == "Subject: é\r\n".encode()


def test_one_connection_brings_many_messages(smtpports: SMTPPorts, mx: RawClient) -> None:
    for number in range(50):
        say(mx, MAIL, RCPT, "DATA", f"Subject: {number}\r\n\r\n.")

    assert [message.subject for message in smtpports.messages] == [str(number) for number in range(50)]
    assert len({message.connection for message in smtpports.messages}) == 1


# SMTPUTF8 (RFC 6531)

UTF8 = "dömäin.example"


@pytest.mark.parametrize(
    "address",
    [
        "jürgen@example.com",
        f"ada@{UTF8}",
        "用户@例子.广告",
        "अजय@डाटा.भारत",
        "квіточка@пошта.укр",
        '"jürgen müller"@example.com',
        "💌@example.com",
        # RFC 6532 §3.1 takes every character beyond ASCII, joiners too, which Persian and emoji are written with.
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645@example.com",
        "\U0001f469\u200d\U0001f4bb@example.com",
    ],
)
def test_an_address_beyond_ascii_is_taken_with_smtputf8(smtpports: SMTPPorts, mx: RawClient, address: str) -> None:
    # RFC 6531 §3.3
    envelope = envelope_of(smtpports, mx, f"MAIL FROM:<{address}> SMTPUTF8", f"RCPT TO:<{address}>")

    assert (envelope.mail_from, envelope.recipients) == (address, (address,))
    assert envelope.mail_parameters == ("SMTPUTF8",)


@pytest.mark.parametrize("address", ["jürgen@example.com", f"ada@{UTF8}"])
def test_an_address_beyond_ascii_is_refused_without_smtputf8(mx: RawClient, address: str) -> None:
    # RFC 6531 §3.5
    assert mx.ask(f"MAIL FROM:<{address}>").startswith("550 5.6.7 ")
    say(mx, MAIL)
    assert mx.ask(f"RCPT TO:<{address}>").startswith("553 5.6.7 ")
    say(mx, RCPT)


def test_smtputf8_holds_for_one_transaction(mx: RawClient) -> None:
    say(mx, "MAIL FROM:<é@example.com> SMTPUTF8", "RSET", MAIL)

    assert mx.ask("RCPT TO:<é@example.com>").startswith("553 ")


def test_smtputf8_is_unknown_where_it_was_not_offered(dial: Dial) -> None:
    # RFC 6531 §3.1
    with SMTPPorts([replace(MX, extensions=("8BITMIME",))]) as smtpports:
        client = greeted(dial, smtpports)

        assert client.ask(f"{MAIL} SMTPUTF8").startswith("555 ")
        assert client.ask("MAIL FROM:<é@example.com>").startswith("550 ")


def test_smtplib_sends_an_address_beyond_ascii(smtpports: SMTPPorts) -> None:
    message = EmailMessage(policy=SMTPUTF8)
    message["From"], message["To"], message["Subject"] = "jürgen@example.com", "用户@example.org", "Grüße"
    message.set_content("Hallo\n")
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
        assert client.send_message(message) == {}

    taken = smtpports.assert_sent(mail_from="jürgen@example.com", recipients="用户@example.org", subject="Grüße")
    assert taken.raw == message.as_bytes()
    # smtplib writes them in other letter cases on some versions of Python.
    parameters = {parameter.upper() for parameter in taken.envelope.mail_parameters}
    assert parameters == {"BODY=8BITMIME", "SMTPUTF8", f"SIZE={len(taken.raw)}"}


@pytest.mark.asyncio
async def test_aiosmtplib_sends_an_address_beyond_ascii(smtpports: SMTPPorts) -> None:
    host, port = smtpports.ports[25].address
    async with aiosmtplib.SMTP(hostname=host, port=port, timeout=5) as client:
        await client.sendmail("jürgen@example.com", "用户@example.org", "Subject: x\r\n\r\n", mail_options=["SMTPUTF8"])

    smtpports.assert_sent(mail_from="jürgen@example.com", recipients="用户@example.org")


def test_a_client_is_told_that_there_is_no_smtputf8() -> None:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = "jürgen@example.com", "ada@example.org"
    with (
        SMTPPorts([replace(MX, extensions=("8BITMIME",))]) as smtpports,
        smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client,
        pytest.raises(smtplib.SMTPNotSupportedError),
    ):
        client.send_message(message)


# DSN (RFC 3461)


@pytest.mark.parametrize(
    "parameters",
    [
        ("RET=FULL",),
        ("RET=HDRS", "ENVID=QQ314159"),
        ("ENVID=+3Cid+40example+2Ecom+3E",),
        ("ret=full", "envid=a"),
        ("ENVID=" + "x" * 100,),
    ],
)
def test_what_mail_says_of_notifications_is_kept(
    smtpports: SMTPPorts, mx: RawClient, parameters: tuple[str, ...]
) -> None:
    # RFC 3461 §4.3, §4.4
    envelope = envelope_of(smtpports, mx, " ".join((MAIL, *parameters)), RCPT)

    assert envelope.mail_parameters == parameters
    assert envelope.recipient_parameters == ((),)


@pytest.mark.parametrize(
    "parameters",
    [
        ("NOTIFY=NEVER",),
        ("NOTIFY=SUCCESS",),
        ("NOTIFY=FAILURE,DELAY",),
        ("notify=success,failure,delay", "orcpt=rfc822;ada@example.org"),
        ("ORCPT=rfc822;Carol+2BTag@Ivory.EDU",),
        ("ORCPT=utf-8;用户@example.org",),
        ("ORCPT=utf-8;\\x{7528}@example.org",),
        ("ORCPT=X400;/G+3DAda/S+3DLovelace/",),
    ],
    ids=lambda parameters: parameters[0][:25].encode("ascii", "replace").decode(),
)
def test_what_rcpt_says_of_notifications_is_kept(
    smtpports: SMTPPorts, mx: RawClient, parameters: tuple[str, ...]
) -> None:
    # RFC 3461 §4.1, §4.2; RFC 6533 §3
    envelope = envelope_of(
        smtpports,
        mx,
        f"{MAIL} SMTPUTF8",
        " ".join((RCPT, *parameters)),
        "RCPT TO:<bob@example.org>",
    )

    assert envelope.recipients == ("ada@example.org", "bob@example.org")
    assert envelope.recipient_parameters == (parameters, ())


@pytest.mark.parametrize(
    "parameter",
    ["RET=NONE", "RET", "RET=", "ENVID", "ENVID=", "ENVID=a+b", "ENVID=a+zz", "ENVID=a=b", "ENVID=" + "x" * 101],
)
def test_what_says_nothing_of_notifications_gets_501(mx: RawClient, parameter: str) -> None:
    assert mx.ask(f"{MAIL} {parameter}").startswith("501 5.5.4 ")


def test_smtplib_asks_for_notifications(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
        client.sendmail(
            "app@example.com",
            ["ada@example.org"],
            "Subject: x\r\n\r\n",
            mail_options=["RET=HDRS", "ENVID=1"],
            rcpt_options=["NOTIFY=FAILURE"],
        )

    envelope = smtpports.messages.only.envelope
    assert set(envelope.mail_parameters) >= {"RET=HDRS", "ENVID=1"}
    assert envelope.recipient_parameters == (("NOTIFY=FAILURE",),)


def test_smtplib_is_refused_where_there_is_no_dsn() -> None:
    with (
        SMTPPorts([replace(MX, extensions=())]) as smtpports,
        smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client,
        pytest.raises(smtplib.SMTPRecipientsRefused) as caught,
    ):
        client.sendmail("app@example.com", "ada@example.org", "Subject: x\r\n\r\n", rcpt_options=["NOTIFY=NEVER"])

    assert caught.value.recipients["ada@example.org"][0] == 555


# Further parameters


def test_parameters_are_kept_as_they_came(dial: Dial) -> None:
    parameters = ("size=100", "Body=8BITMIME", "SMTPUTF8", "AUTH=e+3Dmc2@example.com", "RET=hdrs", "ENVID=x")
    with SMTPPorts([replace(PROFILES[2525], auth=AuthPolicy.OPTIONAL)]) as smtpports:
        client = greeted(dial, smtpports, 2525)
        envelope = envelope_of(
            smtpports, client, "AUTH PLAIN AHVzZXIAcGFzc3dvcmQ=", "   ".join((MAIL, *parameters)), RCPT
        )

    assert envelope.mail_parameters == parameters


@pytest.mark.parametrize("identity", ["", " ", "a b", "a=b", "a+4", "a+4g", "é"])
def test_an_identity_that_is_no_xtext_is_refused(dial: Dial, identity: str) -> None:
    # RFC 4954 §5
    with SMTPPorts([replace(PROFILES[2525], auth=AuthPolicy.OPTIONAL)]) as smtpports:
        client = greeted(dial, smtpports, 2525)

        assert client.ask(f"{MAIL} AUTH={identity}")[:3] in {"501", "555"}
        assert client.ask(MAIL).startswith("250 ")


def test_what_is_said_after_a_refused_mail_is_the_first_word(smtpports: SMTPPorts, mx: RawClient) -> None:
    assert mx.ask("MAIL FROM:<é@example.com> RET=HDRS").startswith("550 ")

    envelope = envelope_of(smtpports, mx, MAIL, RCPT)
    assert (envelope.mail_from, envelope.mail_parameters) == ("app@example.com", ())


def test_what_helo_was_said_for_has_no_parameters(dial: Dial, smtpports: SMTPPorts) -> None:
    # RFC 5321 §4.1.1.11
    client = greeted(dial, smtpports)
    say(client, f"{MAIL} RET=HDRS", "HELO client.example")

    for parameter in ("SIZE=1", "BODY=8BITMIME", "SMTPUTF8", "RET=HDRS", "FOO"):
        assert client.ask(f"{MAIL} {parameter}").startswith("555 ")
    say(client, MAIL)
    assert client.ask(f"{RCPT} NOTIFY=NEVER").startswith("555 ")


# SIZE (RFC 1870)


def test_a_message_may_be_bigger_than_announced(smtpports: SMTPPorts, mx: RawClient) -> None:
    # RFC 1870 §6.3: no more than a hint
    say(mx, f"{MAIL} SIZE=1", RCPT, "DATA", "Subject: more than one octet\r\n\r\n.")

    assert smtpports.messages.only.subject == "more than one octet"


def test_a_refused_size_leaves_no_transaction(dial: Dial) -> None:
    with SMTPPorts([replace(MX, size_limit=100)]) as smtpports:
        client = greeted(dial, smtpports)

        assert client.ask(f"{MAIL} SIZE=101") == "552 5.3.4 Message size exceeds the limit of this port\r\n"
        assert client.ask(RCPT).startswith("503 ")
        say(client, f"{MAIL} SIZE=100", RCPT)


@pytest.mark.parametrize(("number", "replies"), [(25, 1), (24, 2)])
def test_a_message_far_beyond_the_limit_is_refused_and_the_session_goes_on(
    dial: Dial, number: int, replies: int
) -> None:
    # RFC 1870 §6.3; RFC 2033 §4.2: by LMTP for each recipient
    profile = replace({**PROFILES, **KINDRED}[number], size_limit=1000)
    with SMTPPorts([profile]) as smtpports:
        client = dial(smtpports.ports[number])
        client.reply()
        hello = {25: "EHLO", 24: "LHLO"}[number]
        for line in (f"{hello} x", "MAIL FROM:<a@b.c>", "RCPT TO:<ada@example.org>", "RCPT TO:<bob@example.org>"):
            client.ask(line)
        client.ask("DATA")
        client.send(b"x" * 5_000_000 + b"\r\n.\r\n")

        assert [client.reply()[:3] for _ in range(replies)] == ["552"] * replies
        assert client.ask("NOOP").startswith("250 ")
        smtpports.assert_not_sent()
        said = [line.text for line in smtpports.connections[0].dialogue]
        assert "(a message of 5000002 bytes, ignored)" in said
