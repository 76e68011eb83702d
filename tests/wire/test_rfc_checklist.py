"""What the RFCs ask of a server, point by point, each with its section; the numbers are those of the project's list."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from base64 import b64encode
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import KINDRED, PROFILES, AuthPolicy, Outcome, Profile, Role, SMTPPorts, TLSMode

if TYPE_CHECKING:
    from pytest_smtpports import Connection, Port
    from tests.wire.conftest import Dial, Eventually, RawClient

PLAIN = b64encode(b"\0user\0password").decode()
WRONG = b64encode(b"\0user\0wrong").decode()
MAIL, RCPT = "MAIL FROM:<app@example.com>", "RCPT TO:<ada@example.org>"
TAKEN = "250 2.0.0 Ok: message taken\r\n"
MX = PROFILES[25]
OPPORTUNISTIC = replace(MX, tls=TLSMode.STARTTLS)
OPTIONAL_LOGIN = replace(PROFILES[2525], auth=AuthPolicy.OPTIONAL)


def greeted(dial: Dial, port: Port) -> RawClient:
    client = dial(port)
    assert client.reply().startswith("220 ")
    assert client.ask("EHLO client.example").startswith("250")
    return client


def begun(dial: Dial, port: Port) -> RawClient:
    client = greeted(dial, port)
    assert client.ask(MAIL).startswith("250 ")
    assert client.ask(RCPT).startswith("250 ")
    return client


def under_tls(dial: Dial, smtpports: SMTPPorts, number: int, name: str = "localhost") -> RawClient:
    if smtpports.ports[number].profile.tls is TLSMode.STARTTLS:
        client = greeted(dial, smtpports.ports[number])
        assert client.ask("STARTTLS").startswith("220 ")
        client.secure(smtpports.client_context(), name)
        return client
    client = dial(smtpports.ports[number])
    client.secure(smtpports.client_context(), name)
    assert client.reply().startswith("220 ")
    return client


def secured(dial: Dial, smtpports: SMTPPorts, number: int) -> RawClient:
    client = under_tls(dial, smtpports, number)
    assert client.ask("EHLO client.example").startswith("250-")
    return client


def keywords(reply: str) -> list[str]:
    return [line[4:].partition(" ")[0] for line in reply.splitlines()[1:]]


# 1. The greeting


@pytest.mark.parametrize("number", [25, 587, 2525])
def test_the_greeting_comes_before_any_input(smtpports: SMTPPorts, dial: Dial, number: int) -> None:
    # RFC 5321 §4.3.1
    assert dial(smtpports.ports[number]).reply() == "220 localhost ESMTP ready\r\n"


def test_the_greeting_of_465_comes_with_the_end_of_the_handshake(smtpports: SMTPPorts, dial: Dial) -> None:
    # RFC 5321 §4.3.1, RFC 8314 §3
    client = dial(smtpports.ports[465])
    client.secure(smtpports.client_context())

    assert client.reply() == "220 localhost ESMTP ready\r\n"


def test_behind_a_greeting_of_554_only_quit_is_served(dial: Dial, eventually: Eventually) -> None:
    # RFC 5321 §3.1
    with SMTPPorts([replace(MX, greeting="554 No mail is taken here")]) as smtpports:
        client = dial(smtpports.ports[25])

        assert client.reply() == "554 No mail is taken here\r\n"
        for command in ("EHLO client.example", "HELO client.example", MAIL, "NOOP", "RSET", "HELP"):
            assert client.ask(command).startswith("503 ")
        assert client.ask("QUIT").startswith("221 ")
        assert client.rest() == b""
        eventually(lambda: smtpports.connections[0].closed_at)
        assert smtpports.connections[0].outcome is Outcome.REFUSED


@pytest.mark.parametrize("command", ["EHLO client.example", "HELO client.example", MAIL, "NOOP"])
def test_behind_a_greeting_of_521_a_command_gets_521_or_the_end_of_the_connection(dial: Dial, command: str) -> None:
    # RFC 7504 §3
    with SMTPPorts([replace(MX, greeting="521 This host never takes mail")]) as smtpports:
        client = dial(smtpports.ports[25])

        assert client.reply() == "521 This host never takes mail\r\n"
        assert client.ask(command)[:4] in {"521 ", ""}


def test_a_greeting_of_521_leaves_room_for_quit(dial: Dial) -> None:
    # RFC 7504 §3
    with SMTPPorts([replace(MX, greeting="521 This host never takes mail")]) as smtpports:
        client = dial(smtpports.ports[25])
        client.reply()

        assert client.ask("QUIT")[:4] in {"221 ", "521 ", ""}
        assert client.rest() == b""


def test_a_greeting_of_421_is_the_last_word(dial: Dial) -> None:
    # RFC 5321 §3.8
    with SMTPPorts([replace(MX, greeting="421 Too busy")]) as smtpports:
        assert dial(smtpports.ports[25]).rest() == b"421 Too busy\r\n"


@pytest.mark.parametrize("greeting", ["554 No mail is taken here", "521 Never", "421 4.3.2 Shutting down"])
def test_a_client_is_told_why_it_was_turned_away(greeting: str) -> None:
    code, _, text = greeting.partition(" ")
    with (
        SMTPPorts([replace(MX, greeting=greeting)]) as smtpports,
        pytest.raises(smtplib.SMTPConnectError) as caught,
    ):
        smtplib.SMTP(*smtpports.ports[25].address, timeout=5)

    assert (caught.value.smtp_code, caught.value.smtp_error) == (int(code), text.encode())


# 2. A connection is closed by QUIT, 421 and silence alone


def test_no_number_of_mistakes_ends_a_connection(smtpports: SMTPPorts, dial: Dial) -> None:
    # RFC 5321 §3.8, §4.2.4
    client = greeted(dial, smtpports.ports[25])
    for mistake in ("FOO", "GET / HTTP/1.1", "MAIL", "RCPT", "DATA", "QUIT now", "AUTH", "STARTTLS", "\x00") * 10:
        assert client.ask(mistake)[0] == "5"

    assert client.ask("NOOP").startswith("250 ")


def test_an_unknown_command_gets_500_and_one_that_is_not_carried_out_502(smtpports: SMTPPorts, dial: Dial) -> None:
    # RFC 5321 §4.2.4
    client = greeted(dial, smtpports.ports[25])

    assert client.ask("FOO") == "500 5.5.2 Command not recognized\r\n"
    assert client.ask("EXPN all") == "502 5.5.2 Command not implemented\r\n"


# 3. Lines


@pytest.mark.parametrize("end", ["\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r.\r\n", "\r\n.\r"])
def test_a_dot_between_other_line_ends_is_text(smtpports: SMTPPorts, dial: Dial, end: str) -> None:
    # RFC 5321 §4.1.1.4
    client = begun(dial, smtpports.ports[25])
    client.ask("DATA")

    assert client.ask(f"one{end}two\r\n.") == TAKEN
    assert smtpports.messages.only.raw == f"one{end}two\r\n".encode().replace(b"\r\n.", b"\r\n")


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        (b"..\r\n", b".\r\n"),
        (b"..a\r\n", b".a\r\n"),
        (b"a.\r\n", b"a.\r\n"),
        (b"...\r\n\r\n..\r\n", b"..\r\n\r\n.\r\n"),
    ],
)
def test_a_dot_that_was_doubled_is_one_again(smtpports: SMTPPorts, dial: Dial, sent: bytes, taken: bytes) -> None:
    # RFC 5321 §4.5.2
    client = begun(dial, smtpports.ports[25])
    client.ask("DATA")
    client.send(sent + b".\r\n")

    assert client.reply() == TAKEN
    assert smtpports.messages.only.raw == taken


def test_a_command_line_may_have_512_octets_and_what_the_extensions_add(dial: Dial) -> None:
    # RFC 5321 §4.5.3.1.4; RFC 4954 §3 has 500 for AUTH=, RFC 6531 §3.4 10, RFC 3030 §3 16, RFC 3461 §5.4 115
    parameters = f" AUTH={'+41' * 160} SMTPUTF8 BODY=BINARYMIME ENVID={'e' * 100} RET=HDRS SIZE=12345678901234567"
    line = "MAIL FROM:<" + "a" * (512 - len("MAIL FROM:<@example.com>\r\n")) + "@example.com>"
    with SMTPPorts([replace(OPTIONAL_LOGIN, size_limit=None)]) as smtpports:
        client = greeted(dial, smtpports.ports[2525])

        assert client.ask(line + parameters) == "250 2.1.0 Ok\r\n"
        assert client.ask(RCPT + f" ORCPT=rfc822;{'a' * 480} NOTIFY=SUCCESS,FAILURE,DELAY") == "250 2.1.5 Ok\r\n"


def test_a_response_to_a_challenge_may_have_12288_octets(smtpports: SMTPPorts, dial: Dial) -> None:
    # RFC 4954 §4
    client = greeted(dial, smtpports.ports[2525])
    response = b64encode(b"\0user\0" + b"x" * (12_288 // 4 * 3 - len(b"\0user\0"))).decode()
    assert len(response) == 12_288

    assert client.ask("AUTH PLAIN") == "334 \r\n"
    assert client.ask(response).startswith("535 ")


@pytest.mark.parametrize("limit", [None, 1000])
def test_a_text_line_may_have_1000_octets_and_a_message_64_kilobytes(dial: Dial, limit: int | None) -> None:
    # RFC 5321 §4.5.3.1.6, §4.5.3.1.7
    raw = (b"x" * 998 + b"\r\n") * 66
    with SMTPPorts([replace(MX, text_line_limit=limit)]) as smtpports:
        client = begun(dial, smtpports.ports[25])
        client.ask("DATA")
        client.send(raw + b".\r\n")

        assert client.reply() == TAKEN
        assert smtpports.messages.only.raw == raw


def test_a_mail_may_have_a_hundred_recipients_and_more(smtpports: SMTPPorts, dial: Dial) -> None:
    # RFC 5321 §4.5.3.1.8
    recipients = tuple(f"user{number}@example.org" for number in range(250))
    client = greeted(dial, smtpports.ports[25])
    client.send("".join(f"{line}\r\n" for line in (MAIL, *(f"RCPT TO:<{each}>" for each in recipients))).encode())

    assert {client.reply() for _ in range(251)} == {"250 2.1.0 Ok\r\n", "250 2.1.5 Ok\r\n"}
    client.ask("DATA")
    assert client.ask(".") == TAKEN
    assert smtpports.messages.only.recipients == recipients


@pytest.mark.parametrize(
    "command",
    [
        f"MAIL FROM:{'x' * 5000}",
        f"MAIL FROM:{'é' * 5000}",
        f"MAIL FROM:{'💌' * 2000}",
        f"{MAIL} FOO={'x' * 5000}",
        f"{MAIL} {'é' * 5000}",
        f"VRFY {'x' * 5000}",
        f"{'x' * 5000} y",
        f"EHLO {'x' * 5000}",
    ],
    ids=["address", "latin", "emoji", "parameter", "latin-parameter", "vrfy", "verb", "ehlo"],
)
def test_a_reply_line_has_512_octets_at_most(smtpports: SMTPPorts, dial: Dial, command: str) -> None:
    # RFC 5321 §4.5.3.1.5
    client = greeted(dial, smtpports.ports[25])

    assert max(map(len, client.ask(command).splitlines(keepends=True))) <= 512


# 4. Replies


@pytest.mark.parametrize("number", [25, 465, 587, 2525])
def test_a_reply_of_several_lines_has_its_code_on_each_and_a_blank_in_the_last(
    smtpports: SMTPPorts, dial: Dial, number: int
) -> None:
    # RFC 5321 §4.2.1
    client = secured(dial, smtpports, number) if number == 465 else greeted(dial, smtpports.ports[number])

    *others, last = client.ask("EHLO client.example").split("\r\n")[:-1]

    assert {line[:4] for line in others} == {"250-"}
    assert last[:4] == "250 "


def test_a_challenge_of_nothing_keeps_its_blank(smtpports: SMTPPorts, dial: Dial) -> None:
    # RFC 4954 §4
    assert greeted(dial, smtpports.ports[2525]).ask("AUTH PLAIN") == "334 \r\n"


# 5. The end


@pytest.mark.parametrize("number", [25, 587, 2525])
def test_quit_gets_221_and_then_the_connection_is_closed(smtpports: SMTPPorts, dial: Dial, number: int) -> None:
    # RFC 5321 §4.1.1.10
    client = greeted(dial, smtpports.ports[number])
    client.send(b"QUIT\r\n")

    assert client.rest() == b"221 2.0.0 Bye\r\n"


def test_a_client_may_be_silent_for_five_minutes() -> None:
    # RFC 5321 §4.5.3.2.7
    assert {profile.idle_timeout for profile in (*PROFILES.values(), *KINDRED.values())} == {300.0}


def test_a_client_that_is_silent_for_longer_gets_421(dial: Dial) -> None:
    # RFC 5321 §4.5.3.2.7, §3.8
    with SMTPPorts([replace(MX, idle_timeout=0.5)]) as smtpports:
        assert greeted(dial, smtpports.ports[25]).rest().startswith(b"421 4.4.2 ")


# 6. EHLO and HELO


def test_helo_gets_one_line_and_no_extension(smtpports: SMTPPorts, dial: Dial) -> None:
    # RFC 5321 §3.2
    client = dial(smtpports.ports[25])
    client.reply()

    assert client.ask("HELO client.example") == "250 localhost\r\n"
    assert client.ask(f"{MAIL} SIZE=100").startswith("555 ")
    assert client.ask(MAIL).startswith("250 ")


def test_letter_case_does_not_matter(smtpports: SMTPPorts, dial: Dial) -> None:
    # RFC 5321 §2.4
    client = dial(smtpports.ports[25])
    client.reply()
    for command in (
        "eHlO client.example",
        "mAiL fRoM:<app@example.com> sIzE=100 bOdY=8bItMiMe",
        "RcPt To:<Ada@Example.ORG> nOtIfY=nEvEr",
    ):
        assert client.ask(command).startswith("250")
    client.ask("dAtA")

    assert client.ask(".") == TAKEN
    assert smtpports.messages.only.recipients == ("Ada@Example.ORG",)


@pytest.mark.parametrize("hello", ["EHLO client.example", "HELO client.example"])
def test_a_hello_in_a_transaction_ends_it(smtpports: SMTPPorts, dial: Dial, hello: str) -> None:
    # RFC 5321 §4.1.4
    client = begun(dial, smtpports.ports[25])
    client.ask(hello)

    assert client.ask("DATA").startswith("503 ")
    assert client.ask(MAIL).startswith("250 ")


@pytest.mark.parametrize("hello", ["EHLO", "HELO", "EHLO ", "EHLO \x00"])
def test_a_hello_that_is_refused_leaves_the_transaction_alone(smtpports: SMTPPorts, dial: Dial, hello: str) -> None:
    # RFC 5321 §4.1.4
    client = begun(dial, smtpports.ports[25])

    assert client.ask(hello)[:2] == "50"
    assert client.ask("DATA").startswith("354 ")


# 7. Nothing is advertised that is not there

SHOWN_BY = {
    "PIPELINING": "NOOP\r\nNOOP",
    "SIZE": f"{MAIL} SIZE=100",
    "8BITMIME": f"{MAIL} BODY=8BITMIME",
    "SMTPUTF8": "MAIL FROM:<é@example.com> SMTPUTF8",
    "DSN": f"{MAIL} RET=HDRS ENVID=x",
    "CHUNKING": f"{MAIL}\r\n{RCPT}\r\nBDAT 0 LAST",
    "BINARYMIME": f"{MAIL} BODY=BINARYMIME",
    "ENHANCEDSTATUSCODES": "NOOP",
    "STARTTLS": "STARTTLS",
    "AUTH": "AUTH PLAIN",
    "VRFY": "VRFY ada",
    "HELP": "HELP",
}


@pytest.mark.parametrize("profile", [OPPORTUNISTIC, OPTIONAL_LOGIN, KINDRED[1025]], ids=lambda each: str(each.number))
@pytest.mark.parametrize("keyword", SHOWN_BY)
def test_what_is_advertised_is_there(dial: Dial, profile: Profile, keyword: str) -> None:
    # RFC 5321 §4.2.4
    with SMTPPorts([profile]) as smtpports:
        client = greeted(dial, smtpports.ports[profile.number])
        advertised = keywords(client.ask("EHLO client.example"))
        client.send(f"{SHOWN_BY[keyword]}\r\n".encode())
        replies = [client.reply() for _ in SHOWN_BY[keyword].split("\r\n")]

        assert set(advertised) <= SHOWN_BY.keys()
        assert keyword not in advertised or {reply[0] for reply in replies} <= {"2", "3"}


@pytest.mark.parametrize("number", [465, 587, 2525])
def test_a_submission_port_never_advertises_etrn(smtpports: SMTPPorts, dial: Dial, number: int) -> None:
    # RFC 6409 §7
    client = secured(dial, smtpports, number)

    assert not {"ETRN", "ATRN"}.intersection(keywords(client.ask("EHLO client.example")))
    assert client.ask("ETRN example.org").startswith("502 ")


@pytest.mark.parametrize(
    ("extensions", "shown"),
    [
        # RFC 3030 §3: no BINARYMIME without CHUNKING
        (("BINARYMIME",), ["SIZE"]),
        (("BINARYMIME", "CHUNKING"), ["SIZE", "CHUNKING", "BINARYMIME"]),
        # RFC 6531 §3.1: no SMTPUTF8 without 8BITMIME
        (("SMTPUTF8",), ["SIZE"]),
        (("SMTPUTF8", "8BITMIME"), ["SIZE", "8BITMIME", "SMTPUTF8"]),
        ((), ["SIZE"]),
    ],
)
def test_an_extension_comes_with_what_it_needs(dial: Dial, extensions: tuple[str, ...], shown: list[str]) -> None:
    with SMTPPorts([replace(MX, extensions=extensions)]) as smtpports:
        client = greeted(dial, smtpports.ports[25])

        assert keywords(client.ask("EHLO client.example")) == shown


def test_smtputf8_is_advertised_without_a_parameter(smtpports: SMTPPorts, dial: Dial) -> None:
    # RFC 6531 §3.1
    assert "250-SMTPUTF8\r\n" in greeted(dial, smtpports.ports[25]).ask("EHLO client.example")


# 8. Order and arguments


@pytest.mark.parametrize(("command", "code"), [("NOOP", 250), ("RSET", 250), ("HELP", 214), ("VRFY x", 252)])
def test_some_commands_need_no_hello(smtpports: SMTPPorts, dial: Dial, command: str, code: int) -> None:
    # RFC 5321 §4.1.4
    client = dial(smtpports.ports[25])
    client.reply()

    assert client.ask(command).startswith(f"{code} ")
    assert client.ask("EXPN all").startswith("502 ")


@pytest.mark.parametrize("command", ["RSET now", "DATA now", "QUIT now"])
def test_an_argument_where_there_is_none_gets_501_and_changes_nothing(
    smtpports: SMTPPorts, dial: Dial, command: str
) -> None:
    # RFC 5321 §4.3.2
    client = begun(dial, smtpports.ports[25])

    assert client.ask(command).startswith("501 ")
    assert client.ask("DATA").startswith("354 ")


def test_mail_within_a_transaction_gets_503_and_changes_nothing(smtpports: SMTPPorts, dial: Dial) -> None:
    # RFC 5321 §3.3, §4.1.4
    client = begun(dial, smtpports.ports[25])

    assert client.ask("MAIL FROM:<eve@example.net>").startswith("503 ")
    client.ask("DATA")
    assert client.ask(".") == TAKEN
    assert smtpports.messages.only.mail_from == "app@example.com"


@pytest.mark.parametrize("command", ["MAIL", "MAIL FROM", "MAIL FROM:", "MAIL FROM <a@b.c>", "MAIL TO:<a@b.c>"])
def test_mail_that_can_not_be_read_gets_501_and_changes_nothing(smtpports: SMTPPorts, dial: Dial, command: str) -> None:
    # RFC 5321 §4.1.4
    client = greeted(dial, smtpports.ports[25])

    assert client.ask(command).startswith("501 ")
    assert client.ask(RCPT).startswith("503 ")
    assert client.ask(MAIL).startswith("250 ")


@pytest.mark.parametrize("number", [25, 465, 587, 2525])
def test_the_null_sender_is_taken_everywhere(smtpports: SMTPPorts, number: int) -> None:
    # RFC 6409 §3.2, RFC 5321 §4.5.5
    with smtpports.ports[number].connect() as client:
        client.sendmail("", "ada@example.org", "Subject: Undelivered\r\n\r\n")

    assert smtpports.messages.only.mail_from == ""


def test_the_postmaster_needs_no_domain(dial: Dial) -> None:
    # RFC 5321 §4.1.1.3
    with SMTPPorts([replace(MX, local_domains=("example.org",))]) as smtpports:
        client = greeted(dial, smtpports.ports[25])
        client.ask(MAIL)

        assert client.ask("RCPT TO:<Postmaster>").startswith("250 ")


# 9. Enhanced codes

EVERY_KIND = (
    *("NOOP", "RSET", "HELP", "VRFY x", "FOO", "EXPN x", "STARTTLS", "AUTH PLAIN", "RCPT TO:<a@b.c>", "DATA", "BDAT 0"),
    *("MAIL", "MAIL FROM:<", f"{MAIL} FOO=1", f"{MAIL} SIZE=x", f"{MAIL} SIZE=99999999999", "MAIL FROM:<é@b.c>"),
    *(MAIL, MAIL, "RCPT TO:<>", "RCPT TO:<é@b.c>", "RCPT TO:<a@elsewhere.example>", RCPT, "BDAT x", "RSET now"),
    *("BDAT 0", RCPT, "BDAT 0 LAST", f"{MAIL} BODY=BINARYMIME", RCPT, "DATA", "RSET", MAIL, RCPT, "NOOP x\x00"),
)
EXTENDED = re.compile(r"([245])\d\d[ -]\1\.\d{1,3}\.\d{1,3} \S.*\r\n")


@pytest.fixture
def mx() -> SMTPPorts:
    return SMTPPorts([replace(MX, local_domains=("example.org",))])


def test_each_reply_has_an_enhanced_code_of_its_class(mx: SMTPPorts, dial: Dial) -> None:
    # RFC 2034 §4
    with mx:
        client = greeted(dial, mx.ports[25])

        replies = [client.ask(command) for command in (*EVERY_KIND, "QUIT")]

        assert [reply for reply in replies if EXTENDED.fullmatch(reply) is None] == []


def test_greeting_hello_and_354_have_no_enhanced_code(mx: SMTPPorts, dial: Dial) -> None:
    # RFC 2034 §4
    with mx:
        client = dial(mx.ports[25])
        replies = [client.reply(), client.ask("HELO client.example"), client.ask("EHLO client.example")]
        client.ask(MAIL)
        client.ask(RCPT)
        replies.append(client.ask("DATA"))

        assert [line for reply in replies for line in reply.splitlines() if re.match(r"\d{3}.[245]\.", line)] == []


def test_without_the_extension_no_reply_has_an_enhanced_code(mx: SMTPPorts, dial: Dial) -> None:
    # RFC 2034 §3
    profile = replace(mx.ports[25].profile, extensions=("CHUNKING", "BINARYMIME"))
    with SMTPPorts([profile]) as smtpports, closing(mx):
        client = greeted(dial, smtpports.ports[25])

        replies = [client.ask(command) for command in (*EVERY_KIND, "QUIT")]

        assert [reply for reply in replies if re.match(r"\d{3}.[245]\.\d", reply)] == []


# 10. All or nothing


def test_a_message_that_is_refused_is_not_there(dial: Dial) -> None:
    # RFC 5321 §4.2.5
    with SMTPPorts([replace(MX, size_limit=10)]) as smtpports:
        client = begun(dial, smtpports.ports[25])
        client.ask("DATA")

        assert client.ask("more than ten octets\r\n.").startswith("552 ")
        smtpports.assert_not_sent()
        assert client.ask("DATA").startswith("503 ")


@pytest.mark.parametrize("said", [b"", b"DATA\r\n", b"DATA\r\nSubject: x\r\n\r\n", b"BDAT 10 LAST\r\nhalf"])
def test_a_connection_that_is_lost_cancels_the_transaction(smtpports: SMTPPorts, dial: Dial, said: bytes) -> None:
    # RFC 5321 §4.1.1.10
    client = begun(dial, smtpports.ports[25])
    client.send(said)
    client.end_of_sending()
    client.rest()

    smtpports.assert_not_sent()
    assert smtpports.connections[0].outcome is Outcome.ABANDONED


# 11. STARTTLS


def test_starttls_forgets_whatever_was_said_before(smtpports: SMTPPorts, dial: Dial) -> None:
    # RFC 3207 §4.2, §6
    client = greeted(dial, smtpports.ports[2525])
    assert client.ask(f"AUTH PLAIN {PLAIN}").startswith("235 ")
    client.ask(MAIL)
    client.send(b"STARTTLS\r\nEHLO eve.example\r\nNOOP\r\n")
    assert client.reply().startswith("220 ")
    client.secure(smtpports.client_context())

    assert client.ask(RCPT).startswith("503 ")
    assert "STARTTLS" not in client.ask("EHLO client.example")
    assert client.ask(RCPT).startswith("530 ")
    assert client.ask(f"AUTH PLAIN {PLAIN}").startswith("235 ")
    assert client.ask(RCPT).startswith("503 ")


class NoTLS:
    def pytest_smtpports_command(self, connection: Connection, verb: str) -> str | None:
        return "454 4.7.0 TLS is not available" if verb == "STARTTLS" and connection.tls is None else None


def test_where_starttls_gets_454_the_session_goes_on_in_clear() -> None:
    # RFC 3207 §4
    with (
        SMTPPorts(plugins=[NoTLS()]) as smtpports,
        smtplib.SMTP(*smtpports.ports[2525].address, timeout=5) as client,
    ):
        with pytest.raises(smtplib.SMTPResponseException, match="454"):
            client.starttls(context=smtpports.client_context())
        client.login("user", "password")
        client.sendmail("app@example.com", "ada@example.org", "Subject: in clear\r\n\r\n")

        smtpports.assert_sent(subject="in clear", tls=False, user="user")


# 13. Implicit TLS


@pytest.mark.parametrize("number", [465, 587])
def test_tls_is_closed_before_the_connection_is(smtpports: SMTPPorts, dial: Dial, number: int) -> None:
    # RFC 8314 §3.4
    client = secured(dial, smtpports, number)
    client.send(b"QUIT\r\n")

    # Without close_notify this raises SSLEOFError.
    assert client.rest() == b"221 2.0.0 Bye\r\n"


# 14. Certificates


@pytest.mark.parametrize("number", [465, 587])
@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_the_certificate_names_the_host_in_its_alternative_names(
    smtpports: SMTPPorts, dial: Dial, number: int, name: str
) -> None:
    # RFC 7817 §3
    client = under_tls(dial, smtpports, number, name)

    assert isinstance(client.socket, ssl.SSLSocket)
    named = (client.socket.getpeercert() or {})["subjectAltName"]
    assert {("DNS", "localhost"), ("IP Address", "127.0.0.1"), ("IP Address", "0:0:0:0:0:0:0:1")} == set(named)


def test_another_name_than_those_of_the_certificate_is_refused_by_a_client(smtpports: SMTPPorts, dial: Dial) -> None:
    # RFC 7817 §3
    client = dial(smtpports.ports[465])

    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        client.secure(smtpports.client_context(), "mail.example.com")


# 15. AUTH


@pytest.mark.parametrize("number", [465, 587, 2525])
def test_plain_under_tls_is_there(smtpports: SMTPPorts, dial: Dial, number: int) -> None:
    # RFC 4954 §4
    assert secured(dial, smtpports, number).ask(f"AUTH PLAIN {PLAIN}") == "235 2.7.0 Authentication successful\r\n"


@pytest.mark.parametrize(
    ("lines", "answer"),
    [
        # An initial response of no octets, which no user has
        (["AUTH PLAIN ="], "535 5.7.8"),
        (["AUTH PLAIN not!base64"], "501 5.5.2"),
        (["AUTH PLAIN", "not!base64"], "501 5.5.2"),
        (["AUTH PLAIN", "="], "501 5.5.2"),
        (["AUTH PLAIN", "*"], "501 5.7.0"),
        ([f"AUTH CRAM-MD5 {PLAIN}"], "501 5.7.0"),
        (["AUTH PLAIN", "x" * 16_384], "500 5.5.6"),
        (["AUTH PLAIN " + "x" * 16_384], "500 5.5.6"),
        (["AUTH NTLM"], "504 5.5.4"),
        (["AUTH"], "501 5.5.4"),
        ([f"AUTH PLAIN {PLAIN}", f"AUTH PLAIN {PLAIN}"], "503 5.5.1"),
        ([MAIL, f"AUTH PLAIN {PLAIN}"], "503 5.5.1"),
    ],
    ids=lambda each: each[-1][:20] if isinstance(each, list) else each,
)
def test_a_login_goes_as_it_should(dial: Dial, lines: list[str], answer: str) -> None:
    # RFC 4954 §4
    with SMTPPorts([replace(OPTIONAL_LOGIN, mechanisms=("PLAIN", "CRAM-MD5"))]) as smtpports:
        client = greeted(dial, smtpports.ports[2525])

        assert [client.ask(line) for line in lines][-1].startswith(f"{answer} ")
        assert client.ask("NOOP").startswith("250 ")


@pytest.mark.parametrize("identity", ["<>", "ada@example.org", "e+3Dmc2@example.com"])
def test_who_is_said_to_have_submitted_a_mail_is_taken_from_everybody(dial: Dial, identity: str) -> None:
    # RFC 4954 §5
    with SMTPPorts([OPTIONAL_LOGIN]) as smtpports:
        client = greeted(dial, smtpports.ports[2525])

        assert client.ask(f"{MAIL} AUTH={identity}").startswith("250 ")


@pytest.mark.parametrize("command", [MAIL, RCPT, "DATA", "BDAT 0 LAST", "VRFY ada"])
@pytest.mark.parametrize("number", [465, 587, 2525])
def test_what_needs_a_login_gets_530(smtpports: SMTPPorts, dial: Dial, number: int, command: str) -> None:
    # RFC 4954 §6, RFC 6409 §4.3
    assert secured(dial, smtpports, number).ask(command) == "530 5.7.0 Authentication required\r\n"


@pytest.mark.parametrize("command", ["AUTH PLAIN", "EHLO x", "HELO x", "NOOP", "RSET", "QUIT"])
def test_what_needs_no_login_does_not(smtpports: SMTPPorts, dial: Dial, command: str) -> None:
    # RFC 4954 §6
    assert secured(dial, smtpports, 465).ask(command)[0] in "23"


@pytest.mark.parametrize("profile", [PROFILES[587], replace(PROFILES[2525], auth_in_clear=False)], ids=["587", "2525"])
@pytest.mark.parametrize("command", ["AUTH PLAIN {}", "AUTH LOGIN {}", "AUTH {}"])
def test_where_no_login_is_taken_in_clear_nobody_learns_whether_a_password_was_right(
    dial: Dial, profile: Profile, command: str
) -> None:
    # RFC 8314 §4.1
    with SMTPPorts([profile]) as smtpports:
        client = greeted(dial, smtpports.ports[profile.number])
        answers = {client.ask(command.format(credentials)) for credentials in (PLAIN, WRONG, "=")}

        assert len(answers) == 1
        assert answers.pop()[:4] in {"530 ", "503 "}
        assert smtpports.connections[0].logins == ()


# 17. SIZE


def test_a_size_beyond_the_limit_is_refused_at_mail(dial: Dial) -> None:
    # RFC 1870 §6.1
    with SMTPPorts([replace(MX, size_limit=1000)]) as smtpports:
        client = greeted(dial, smtpports.ports[25])

        assert "250-SIZE 1000\r\n" in client.ask("EHLO client.example")
        assert client.ask(f"{MAIL} SIZE=1001").startswith("552 5.3.4 ")
        assert client.ask(f"{MAIL} SIZE=1000").startswith("250 ")


@pytest.mark.parametrize(("text", "code"), [("x" * 8, 250), ("x" * 9, 552), ("..xxxxxxx", 250), ("..xxxxxxxx", 552)])
def test_neither_the_last_dot_nor_a_doubled_one_counts(dial: Dial, text: str, code: int) -> None:
    # RFC 1870 §5, §6.3
    with SMTPPorts([replace(MX, size_limit=10)]) as smtpports:
        client = begun(dial, smtpports.ports[25])
        client.ask("DATA")

        assert client.ask(f"{text}\r\n.").startswith(f"{code} ")


def test_a_port_without_a_limit_names_none(dial: Dial) -> None:
    # RFC 1870 §4
    with SMTPPorts([replace(MX, size_limit=None)]) as smtpports:
        client = greeted(dial, smtpports.ports[25])

        assert "250-SIZE\r\n" in client.ask("EHLO client.example")
        assert client.ask(f"{MAIL} SIZE=99999999999999999999").startswith("250 ")


# 18. PIPELINING


def test_commands_in_one_group_are_answered_in_order(smtpports: SMTPPorts, dial: Dial) -> None:
    # RFC 2920 §3.2
    client = greeted(dial, smtpports.ports[25])
    client.send(f"{MAIL}\r\n{RCPT}\r\nRCPT TO:<>\r\nFOO\r\nDATA\r\n".encode())

    assert [client.reply()[:3] for _ in range(5)] == ["250", "250", "501", "500", "354"]


def test_without_a_recipient_no_message_is_asked_for(mx: SMTPPorts, dial: Dial) -> None:
    # RFC 2920 §3.2
    with mx:
        client = greeted(dial, mx.ports[25])
        client.send(f"{MAIL}\r\nRCPT TO:<eve@elsewhere.example>\r\nDATA\r\nQUIT\r\n".encode())

        assert re.findall(rb"^\d{3}", client.rest(), re.MULTILINE) == [b"250", b"550", b"503", b"221"]
        mx.assert_not_sent()


# 19. BDAT


def test_each_chunk_gets_250_and_the_last_one_ends_the_message(smtpports: SMTPPorts, dial: Dial) -> None:
    # RFC 3030 §2
    client = begun(dial, smtpports.ports[25])
    client.send(b"BDAT 4\r\nabc\nBDAT 3\r\n.\r\nBDAT 2 LAST\r\n\0\r")

    assert [client.reply() for _ in range(3)] == [
        "250 2.0.0 4 octets received\r\n",
        "250 2.0.0 3 octets received\r\n",
        "250 2.0.0 Ok: message of 9 octets taken\r\n",
    ]
    assert smtpports.messages.only.raw == b"abc\n.\r\n\0\r"


def test_a_chunk_that_is_refused_is_passed_over(smtpports: SMTPPorts, dial: Dial) -> None:
    # RFC 3030 §2
    client = greeted(dial, smtpports.ports[25])
    client.send(b"BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n")

    assert client.reply().startswith("503 ")
    assert client.reply().startswith("250 ")


@pytest.mark.parametrize(
    ("said", "command"),
    [("BDAT 0", "DATA"), ("BDAT 0", RCPT), ("BDAT 0", MAIL), ("BDAT 0 LAST", "BDAT 0"), ("BDAT 0 LAST", "BDAT 0 LAST")],
)
def test_what_can_not_follow_a_chunk_gets_503(smtpports: SMTPPorts, dial: Dial, said: str, command: str) -> None:
    # RFC 3030 §2
    client = begun(dial, smtpports.ports[25])
    assert client.ask(said).startswith("250 ")

    assert client.ask(command).startswith("503 ")


# 20. DSN


@pytest.mark.parametrize(
    "lines",
    [
        [f"{MAIL} RET=FULL"],
        [f"{MAIL} ENVID=x"],
        [MAIL, f"{RCPT} NOTIFY=NEVER"],
        [MAIL, f"{RCPT} ORCPT=rfc822;a@b.c"],
    ],
    ids=lambda lines: lines[-1],
)
def test_without_dsn_its_parameters_are_unknown(dial: Dial, lines: list[str]) -> None:
    # RFC 3461 §4, RFC 5321 §4.1.1.11
    with SMTPPorts([replace(MX, extensions=())]) as smtpports:
        client = greeted(dial, smtpports.ports[25])

        assert [client.ask(line) for line in lines][-1].startswith("555 ")


def test_with_dsn_they_are_part_of_the_envelope(smtpports: SMTPPorts, dial: Dial) -> None:
    # RFC 3461 §4
    client = greeted(dial, smtpports.ports[25])
    for command in (
        f"{MAIL} RET=HDRS ENVID=QQ314159",
        f"{RCPT} NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Ada+40x@Example.org",
        "RCPT TO:<bob@example.org> NOTIFY=NEVER",
        "DATA",
        ".",
    ):
        assert client.ask(command)[0] in "23"

    envelope = smtpports.messages.only.envelope
    assert envelope.mail_parameters == ("RET=HDRS", "ENVID=QQ314159")
    assert envelope.recipient_parameters == (
        ("NOTIFY=SUCCESS,DELAY", "ORCPT=rfc822;Ada+40x@Example.org"),
        ("NOTIFY=NEVER",),
    )


# 21. LMTP


def test_lmtp_has_a_hello_of_its_own_and_a_reply_for_each_recipient(dial: Dial) -> None:
    # RFC 2033 §4.1, §4.2, §5
    with SMTPPorts([KINDRED[24]]) as smtpports:
        client = dial(smtpports.ports[24])
        client.reply()

        assert client.ask("EHLO client.example").startswith("500 ")
        assert client.ask("HELO client.example").startswith("500 ")
        assert {"PIPELINING", "ENHANCEDSTATUSCODES"} <= set(keywords(client.ask("LHLO client.example")))
        client.ask(MAIL)
        assert client.ask("DATA").startswith("503 ")
        for recipient in ("ada", "bob"):
            client.ask(f"RCPT TO:<{recipient}@example.org>")
        client.ask("DATA")
        client.send(b".\r\n")
        assert client.reply() == "250 2.1.5 <ada@example.org> Ok: message taken\r\n"
        assert client.reply() == "250 2.1.5 <bob@example.org> Ok: message taken\r\n"
        assert smtpports.ports[24].profile.role is Role.LMTP


# 22. What a sender that insists on TLS finds on 25


@pytest.mark.parametrize(("profile", "is_offered"), [(MX, False), (OPPORTUNISTIC, True)], ids=["without", "with"])
def test_a_sender_that_insists_on_tls_can_tell_whether_a_mail_exchanger_has_it(
    dial: Dial, profile: Profile, is_offered: bool
) -> None:
    # RFC 7672 §2.2, RFC 8461 §5, RFC 3207 §4
    with SMTPPorts([profile]) as smtpports:
        client = greeted(dial, smtpports.ports[25])

        assert ("STARTTLS" in keywords(client.ask("EHLO client.example"))) is is_offered
        assert client.ask(MAIL).startswith("250 ")
        assert client.ask("STARTTLS").startswith("220 " if is_offered else "502 ")


@pytest.mark.parametrize("greeting", ["No {mail} here", "554 No {mail} here", "x" * 400])
def test_a_greeting_of_the_users_is_said_as_it_is(dial: Dial, greeting: str) -> None:
    with SMTPPorts([replace(MX, greeting=greeting)]) as smtpports:
        assert greeting in dial(smtpports.ports[25]).reply()


@pytest.mark.parametrize("verb", ["R\u017fET", "QU\u0131T", "\ufb05ARTTLS"])
def test_a_verb_is_ascii(dial: Dial, smtpports: SMTPPorts, verb: str) -> None:
    # RFC 5321 §2.4
    client = dial(smtpports.ports[25])
    client.reply()

    assert client.ask(verb).startswith("500 ")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_before_1_2_is_refused(smtpports: SMTPPorts, version: ssl.TLSVersion) -> None:
    # RFC 8314 §4, RFC 8997 §3, whatever the client would put up with
    context = smtpports.client_context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version

    with socket.create_connection(smtpports.ports[465].address, timeout=5) as client, pytest.raises(ssl.SSLError):
        context.wrap_socket(client, server_hostname="localhost")

    (connection,) = smtpports.connections
    assert connection.outcome is Outcome.TLS_FAILED
    assert connection.reason.startswith("client and port share no TLS version")
