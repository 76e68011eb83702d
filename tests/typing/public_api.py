"""The public API as a user writes it, for the type checker; it is never run."""

from __future__ import annotations

import datetime
import re
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import replace
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import assert_type

from pytest_smtpports import (
    FAULTS,
    KINDRED,
    PROFILES,
    TLS,
    AcceptThen,
    Action,
    Attachment,
    AuthPolicy,
    BadTLS,
    Block,
    BlockingWaitError,
    Catalogue,
    Clock,
    ClosedError,
    ConfigurationError,
    Connection,
    Delay,
    Disconnect,
    Drip,
    Drop,
    Envelope,
    Fault,
    Finding,
    Garbage,
    Handle,
    Hang,
    Line,
    Location,
    Login,
    Mailbox,
    Message,
    Outcome,
    Port,
    Ports,
    Profile,
    Refuse,
    Reply,
    Retry,
    Role,
    Route,
    ServerError,
    SMTPPorts,
    SMTPPortsError,
    TLSMode,
    UnknownCriterion,
    UnknownFault,
    UnknownName,
    UnknownPort,
    accept_then,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


# A conftest.py


def pytest_smtpports_profiles(config: pytest.Config | None) -> Iterable[Profile]:
    assert_type(PROFILES, Mapping[int, Profile])
    return [
        replace(PROFILES[587], number=2587),
        Profile(
            26,
            Role.MTA,
            tls=TLSMode.STARTTLS,
            starttls_required=True,
            auth=AuthPolicy.OPTIONAL,
            auth_in_clear=False,
            mechanisms=("PLAIN",),
            local_domains=("example.org",),
            size_limit=None,
            extensions=("8BITMIME",),
            greeting="hello",
            idle_timeout=5.0,
            text_line_limit=1000,
            personality="postfix",
        ),
        KINDRED[24],
    ]


def pytest_smtpports_faults(config: pytest.Config | None) -> Iterable[Fault]:
    return [Fault("ours", "rcpt", Reply(450, "4.7.1", "No")), Fault("shut", block="drop", smtplib="builtins.OSError")]


def pytest_smtpports_message(message: Message) -> None:
    assert message.subject


def pytest_smtpports_connection(connection: Connection) -> None:
    assert connection.port in PROFILES


def pytest_smtpports_command(connection: Connection, verb: str, argument: str) -> Reply | str | None:
    if verb == "RCPT":
        return Reply(450, "4.7.1", "Greylisted")
    return "502 5.5.2 No" if argument else None


@pytest.fixture(scope="session")
def smtpports_profiles(smtpports_profiles: Mapping[int, Profile]) -> Mapping[int, Profile]:
    return {**smtpports_profiles, 25: replace(smtpports_profiles[25], size_limit=1000)}


@pytest.fixture
def closed_at_the_end() -> Iterator[SMTPPorts]:
    SMTPPorts(memory_limit=1_000_000).close()
    with SMTPPorts() as smtpports:
        assert_type(smtpports, SMTPPorts)
        yield smtpports


# Tests


@pytest.mark.smtpports(block={587: "drop", 25: Refuse()}, route=("mx1.example.org", "mx2.example.org"))
def test_marked(smtpports: SMTPPorts, smtpports_server: SMTPPorts, each_smtpport: Port) -> None:
    assert_type(each_smtpport.number, int)


def test_an_object_of_ones_own() -> None:
    class Plugin:
        def pytest_smtpports_message(self, message: Message) -> None:
            raise AssertionError(message)

    smtpports = SMTPPorts(PROFILES.values(), host="::1", username="ada", password="secret", plugins=[Plugin()])
    SMTPPorts(PROFILES)
    SMTPPorts([PROFILES[25], PROFILES[587]])
    assert_type(smtpports.host, str)
    assert_type(smtpports.username, str)
    assert_type(smtpports.password, str)
    assert_type(smtpports.ca_file, str)
    assert_type(smtpports.env(), dict[str, str])
    assert_type(smtpports.env(465), dict[str, str])
    assert_type(smtpports.client_context(), ssl.SSLContext)
    assert_type(smtpports.client_context(certificate_for="ada"), ssl.SSLContext)
    smtpports.configure_trust(ssl.create_default_context())
    smtpports.add_user("grace", "secret")
    smtpports.add_token("grace", "token")
    assert_type(Reply.parse("250 2.0.0 Ok").lines(enhanced=False), tuple[str, ...])
    smtpports.reset()
    smtpports.raise_failures()
    smtpports.close()


def test_ports(smtpports: SMTPPorts) -> None:
    assert_type(smtpports.ports, Ports)
    assert_type([port for port in smtpports.ports], list[Port])  # noqa: C416 # the type of what iterating gives
    assert_type(len(smtpports.ports), int)
    assert_type(587 in smtpports.ports, bool)

    port = smtpports.ports[587]
    assert_type(port, Port)
    assert_type(port.number, int)
    assert_type(port.host, str)
    assert_type(port.port, int)
    assert_type(port.address, tuple[str, int])
    assert_type(port.url, str)
    assert_type(port.settings("django"), dict[str, Any])
    assert_type(port.profile, Profile)
    assert_type(port.messages, Mailbox)
    assert_type(port.connections, tuple[Connection, ...])
    assert_type(port.blocked, Block | None)
    assert_type(port.block(), Handle)
    assert_type(port.block("refuse"), Handle)
    assert_type(port.unblock(), Handle)
    assert_type(port.connect(), smtplib.SMTP)
    smtplib.SMTP(*port.address, timeout=5)


def test_blocks_and_routes(smtpports: SMTPPorts) -> None:
    assert_type(smtpports.block(587), Handle)
    assert_type(smtpports.block(25, 465, how="refuse"), Handle)
    assert_type(smtpports.only(2525, how=Drop()), Handle)
    assert_type(smtpports.unblock(), Handle)
    with smtpports.block(25) as handle:
        assert_type(handle, Handle)
        handle.remove()
    blocks: list[Block] = [Drop(), Refuse()]
    assert_type([(block.kind, block.reason) for block in blocks], list[tuple[str, str]])

    with smtpports.route("smtp.example.com", "mx.example.com", ports=[25, 587], trust=None) as route:
        assert_type(route, Route)
        assert_type(route.hosts, tuple[str, ...])
        assert_type(route[25], Port)
        assert_type([port.number for port in route], list[int])
        assert_type(route.block(25, how="refuse"), Handle)
        assert_type(route.only(25), Handle)
        assert_type(route.unblock(25), Handle)
        assert_type(route.messages, Mailbox)
        assert_type(route.connections, tuple[Connection, ...])
        route.remove()


def test_assertions(smtpports: SMTPPorts) -> None:
    assert_type(smtpports.assert_sent(to="ada@example.org", subject="Welcome", port=2525, tls=True), Message)
    assert_type(smtpports.assert_sent(within=1, header={"X-Tag": "news"}, to=["ada@example.org"]), Message)
    assert_type(smtpports.assert_sent_times(2, subject="Welcome"), Mailbox)
    assert_type(smtpports.wait_for(timeout=1, body=str.isascii), Message)
    smtpports.assert_not_sent(settle=0.1, to="grace@example.org")
    smtpports.assert_attempted([587, 2525])
    smtpports.assert_attempted((587, 2525))
    smtpports.assert_not_attempted(25, 465)


async def test_awaited_assertions(smtpports: SMTPPorts) -> None:
    assert_type(await smtpports.assert_sent_async(within=1, subject="Welcome"), Message)
    assert_type(await smtpports.assert_sent_times_async(2, within=1, subject="Welcome"), Mailbox)
    assert_type(await smtpports.wait_for_async(timeout=1, subject="Welcome"), Message)
    await smtpports.assert_not_sent_async(settle=0.1)


def test_messages(smtpports: SMTPPorts) -> None:
    assert_type(smtpports.messages, Mailbox)
    assert_type(smtpports.messages[0], Message)
    assert_type(smtpports.messages[1:], Mailbox)
    assert_type([message.port for message in smtpports.messages], list[int])
    assert_type(smtpports.messages.matching(to="ada@example.org"), Mailbox)

    findings = smtpports.messages.check(ignore=("missing-date", "bare-lf"))
    assert_type(findings, tuple[Finding, ...])
    assert_type(smtpports.messages.matching(to="ada@example.org").check(ignore="missing-date")[0].message, Message)
    assert_type([findings[0].rule, findings[0].what, findings[0].mend, findings[0].source], list[str])

    message = smtpports.messages.only
    assert_type(message, Message)
    assert_type(message.raw, bytes)
    assert_type(message.envelope, Envelope)
    assert_type(message.envelope.mail_parameters, tuple[str, ...])
    assert_type(message.envelope.recipient_parameters, tuple[tuple[str, ...], ...])
    assert_type(message.email, EmailMessage)
    assert_type((message.subject, message.text, message.html, message.body), tuple[str, str, str, str])
    assert_type((message.mail_from, message.message_id), tuple[str, str])
    assert_type([message.from_, message.to, message.cc, message.bcc, message.recipients], list[tuple[str, ...]])
    assert_type(message.attachments, Mapping[str, Attachment])
    assert_type(message.attachments["a.pdf"].content, bytes)
    assert_type(message.attachments["a.pdf"].filename, str)
    assert_type(message.attachments["a.pdf"].content_type, str)
    assert_type(message.attachments["a.pdf"].content_id, str | None)
    assert_type(message.links, tuple[str, ...])
    assert_type([message.code(), message.code(r"\d{6}"), message.code(re.compile("PIN: (.+)"))], list[str])
    assert_type(message.headers, tuple[tuple[str, str], ...])
    assert_type(message.header_values("Received"), tuple[str, ...])
    assert_type(message.date, datetime.datetime | None)
    assert_type(message.received_at, datetime.datetime)
    assert_type(message.defects, tuple[str, ...])
    assert_type(message.port, int)
    assert_type(message.host, str | None)
    assert_type(message.tls, TLS | None)
    assert_type(message.user, str | None)
    assert_type(message.acknowledged, bool)
    assert_type(message.connection, int)


def test_connections(smtpports: SMTPPorts) -> None:
    assert_type(smtpports.connections, tuple[Connection, ...])
    connection = smtpports.connections[0]
    assert_type(connection.id, int)
    assert_type(connection.port, int)
    assert_type(connection.host, str | None)
    assert_type(connection.peer, tuple[str, int] | None)
    assert_type(connection.outcome, Outcome)
    assert connection.outcome is Outcome.DELIVERED
    assert_type(connection.reason, str)
    assert_type(connection.block, str | None)
    assert_type(connection.logins, tuple[Login, ...])
    assert_type(connection.logins[0].succeeded, bool)
    assert_type(connection.dialogue, tuple[Line, ...])
    assert_type(connection.dialogue[0].seconds, float)
    assert_type(connection.timeout, float | None)
    assert_type(connection.location, Location | None)
    assert_type(connection.opened_at, datetime.datetime)
    assert_type(connection.closed_at, datetime.datetime | None)
    if connection.tls:
        assert_type(connection.tls.version, str)
        assert_type(connection.tls.cipher, str)
        assert_type(connection.tls.sni, str | None)


def test_errors(smtpports: SMTPPorts) -> None:
    try:
        smtpports.block(588, how="dorp")
    except UnknownPort as error:
        assert_type(error.known, tuple[int, ...])
        assert_type(error.local_port_of, int | None)
    except UnknownName as error:
        assert_type(error.what, str)
        assert_type(error.known, tuple[object, ...])
    except UnknownCriterion as error:
        assert_type(error.known, tuple[str, ...])
    except BlockingWaitError as error:
        assert_type(error.twin, str)
    except (ClosedError, ConfigurationError, ServerError) as error:
        base: SMTPPortsError = error
        assert base.args
    with pytest.raises(KeyError):
        smtpports.ports[588]
    with pytest.raises(UnknownFault):
        FAULTS["mailbox-ful"]
    with pytest.raises(ValueError, match="dorp"):
        smtpports.block(587, how="dorp")


# Faults


def test_faults(smtpports: SMTPPorts) -> None:
    assert_type(smtpports.fail("rcpt", "450 4.7.1 Greylisted", times=2, after=1), Handle)
    smtpports.fail("message", accept_then(Disconnect("reset")), mail_from=re.compile("@example"), port=(25, 587))
    smtpports.ports[587].fail("quit", Hang(), recipient=lambda address: address.startswith("ada"), connection=2)
    smtpports.route("mx1.example.org")[25].fail("banner", Reply(421, "4.3.2", "Later"))
    assert_type(smtpports.fail_tls("expired", times=1, after=1, port=(465, 587), connection=2), Handle)
    smtpports.ports[587].fail_tls("wrong-host", times=1)
    smtpports.route("mx2.example.org").fail_tls("tls1.0", port=587)
    smtpports.fail("handshake", BadTLS("self-signed"))
    with smtpports.greylist(retry_after=300), smtpports.limit_rate(2, per=60), smtpports.limit_recipients(100):
        smtpports.limit_connections(1).remove()
    smtpports.clock.advance(300)
    assert_type(smtpports.clock, Clock)
    assert_type(smtpports.assert_delivered_once(key=lambda message: message.subject, to="ada@example.org"), Mailbox)
    assert_type(FAULTS["mailbox-full"], Fault)
    assert_type(FAULTS.transient, tuple[Fault, ...])
    assert_type(smtpports.fail(FAULTS["mailbox-full"], times=1, port=25), Handle)
    assert_type(smtpports.fail("mailbox-full"), Handle)
    assert_type(smtpports.ports[587].fail("mailbox-full", recipient="ada@example.org"), Handle)
    assert_type([each.retry for each in FAULTS.values()], list[Retry | None])
    catalogue: Catalogue = FAULTS
    assert Fault("ours", "rcpt", "450 4.7.1 No", groups=["transient"], retry=Retry.YES) not in catalogue.values()
    actions: list[Action] = [Delay(1), Drip(20), Garbage(b"x"), AcceptThen(Hang())]
    assert actions


def test_audits(smtpports: SMTPPorts) -> None:
    smtpports.assert_verifies_certificate(lambda: None)
    smtpports.assert_sets_timeout(lambda: None, at_most=10)
    smtpports.assert_no_cleartext_credentials()


async def test_audits_of_async_code(smtpports: SMTPPorts) -> None:
    async def send() -> int:
        return 1

    await smtpports.assert_verifies_certificate(send)
    await smtpports.assert_sets_timeout(send, at_most=10)


# What the type checker refuses; a comment that is not needed is an error of its own (warn_unused_ignores).


def test_mistakes(smtpports: SMTPPorts) -> None:
    smtpports.block("587")  # type: ignore[arg-type] # a port is an int
    smtpports.block(587, how=25)  # type: ignore[arg-type] # a kind is a name or a Block
    smtpports.route(25)  # type: ignore[arg-type] # a host is a name
    smtpports.fail(FAULTS["spam"], Hang())  # type: ignore[call-overload] # a fault says what happens
    smtpports.assert_attempted(587)  # type: ignore[arg-type] # a sequence of numbers
    smtpports.ports[587].profile.greeting = "hello"  # type: ignore[misc] # a profile does not change
    smtpports.messages[0] = smtpports.messages[1]  # type: ignore[index] # a mailbox does not change
    smtpports.ports["587"]  # type: ignore[index] # a port is an int
