"""The shipped faults, each by its own row: what two clients raise at it, and what became of the mail."""

from __future__ import annotations

import asyncio
import pkgutil
import smtplib
import time
from typing import TYPE_CHECKING, Any

import aiosmtplib
import pytest

from pytest_smtpports import (
    FAULTS,
    AcceptThen,
    ConfigurationError,
    Disconnect,
    Drip,
    Drop,
    Fault,
    Hang,
    Reply,
    Silent,
    SMTPPorts,
    Stall,
    UnknownFault,
    UnknownName,
)

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable, Iterator

HOST = "smtp.example.com"
MAIL = "Subject: Welcome\r\nMessage-ID: <1@example.com>\r\n\r\nHello Ada\r\n"
SENDER, ADA = "app@example.com", "ada@example.org"
# Seconds that a client has: where it waits in vain, and where it does not.
SHORT, LONG = 0.3, 10.0
RELAY, SUBMISSION = 25, 587
each_fault = pytest.mark.parametrize("fault", FAULTS.values())


@pytest.fixture
def provider() -> Iterator[SMTPPorts]:
    """One that is dialled by its name."""
    with SMTPPorts() as smtpports:
        smtpports.route(HOST)
        yield smtpports


def number_for(fault: Fault) -> int:
    """A port where the fault meets the client by itself.

    At 587 HELO meets another refusal before STARTTLS, and over TLS on Python 3.10 aiosmtplib takes it for the reply to
    QUIT that the connection is closed.
    """
    return RELAY if fault.stage in ("ehlo", "quit") else SUBMISSION


def patience_for(fault: Fault) -> float:
    """The timeout of a client: a short one, where nothing else ends the wait."""
    action = fault.action.action if isinstance(fault.action, AcceptThen) else fault.action
    waits = isinstance(action, (Hang, Drip)) or isinstance(fault.block, (Drop, Silent, Stall))
    return SHORT if waits else LONG


def send(smtpports: SMTPPorts, number: int = RELAY, timeout: float = LONG) -> None:
    """As an application does, to the end."""
    client = smtplib.SMTP(HOST, number, timeout=timeout)
    try:
        if number == SUBMISSION:
            client.starttls(context=smtpports.client_context())
            client.login(smtpports.username, smtpports.password)
        client.sendmail(SENDER, [ADA], MAIL)
        client.quit()
    finally:
        client.close()


class Client(aiosmtplib.SMTP):
    """One that does not wait for the end of TLS, which may never come, when it closes."""

    wire: socket.socket | None = None

    def close(self) -> None:
        if isinstance(self.transport, asyncio.Transport):
            self.wire = self.transport.get_extra_info("socket") or self.wire
            self.transport.abort()
        super().close()

    async def closed(self) -> None:
        """Have the loop see the end."""
        deadline = time.monotonic() + 5
        while self.wire is not None and self.wire.fileno() >= 0:
            assert time.monotonic() < deadline
            await asyncio.sleep(0)


async def send_async(smtpports: SMTPPorts, number: int, timeout: float) -> None:
    submission = number == SUBMISSION
    client = Client(
        hostname=HOST,
        port=number,
        username=smtpports.username if submission else None,
        password=smtpports.password if submission else None,
        start_tls=submission,
        tls_context=smtpports.client_context(),
        timeout=timeout,
    )
    try:
        await client.connect()
        await client.sendmail(SENDER, [ADA], MAIL)
        await client.quit()
    finally:
        client.close()
        await client.closed()


def named(error: BaseException | None) -> type[BaseException] | None:
    return None if error is None else type(error)


def class_of(name: str | None) -> type[BaseException] | None:
    """The class of that full name."""
    found: type[BaseException] | None = None if name is None else pkgutil.resolve_name(name)
    return found


def codes_in(error: BaseException | None) -> set[int]:
    """The codes that a client finds in its exception."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return {code for code, _ in error.recipients.values()}
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return {refused.code for refused in error.recipients}
    if isinstance(error, smtplib.SMTPResponseException):
        return {error.smtp_code}
    return {error.code} if isinstance(error, aiosmtplib.SMTPResponseException) else set()


def assert_told(fault: Fault, error: BaseException | None) -> None:
    """The code of the row is that of the exception, where there are both."""
    action = fault.action.action if isinstance(fault.action, AcceptThen) else fault.action
    if isinstance(action, Reply):
        assert codes_in(error) <= {action.code}


def assert_delivered(fault: Fault, smtpports: SMTPPorts, error: BaseException | None) -> None:
    """What was stored, and whether the client knows."""
    if isinstance(fault.action, AcceptThen):
        assert [message.acknowledged for message in smtpports.messages] == [False]
    elif error is None or fault.stage == "quit":
        assert [message.acknowledged for message in smtpports.messages] == [True]
    else:
        assert not smtpports.messages


@each_fault
def test_smtplib_raises_what_the_row_says(provider: SMTPPorts, fault: Fault) -> None:
    provider.fail(fault)
    error: BaseException | None = None

    try:
        send(provider, number_for(fault), patience_for(fault))
    except OSError as raised:
        error = raised

    assert named(error) is class_of(fault.smtplib)
    assert_told(fault, error)
    assert_delivered(fault, provider, error)


@each_fault
@pytest.mark.asyncio
async def test_aiosmtplib_raises_what_the_row_says(provider: SMTPPorts, fault: Fault) -> None:
    provider.fail(fault)
    error: BaseException | None = None

    try:
        await send_async(provider, number_for(fault), patience_for(fault))
    except (OSError, aiosmtplib.SMTPException) as raised:
        error = raised

    assert named(error) is class_of(fault.aiosmtplib)
    assert_told(fault, error)
    assert_delivered(fault, provider, error)


# How a fault is laid


def test_a_fault_is_laid_by_its_name(provider: SMTPPorts) -> None:
    with provider.fail("mailbox-full"), pytest.raises(smtplib.SMTPRecipientsRefused, match="452"):
        send(provider)
    send(provider)


def test_what_the_network_does_is_a_block_and_can_be_taken_back(provider: SMTPPorts) -> None:
    with provider.fail("refused", port=RELAY):
        assert provider.ports[RELAY].blocked == FAULTS["refused"].block
        assert provider.ports[SUBMISSION].blocked is None
    send(provider)


def test_a_fault_fires_so_often_and_for_whom_it_is_told(provider: SMTPPorts) -> None:
    provider.fail(FAULTS["greylisted"], times=1, recipient=ADA)

    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(provider)
    send(provider)


def test_a_port_and_a_route_have_faults_of_their_own(provider: SMTPPorts) -> None:
    route = provider.route("mx.example.org")
    with provider.ports[RELAY].fail("service-unavailable"), pytest.raises(smtplib.SMTPConnectError):
        send(provider)
    route[RELAY].fail(FAULTS["refused"])

    send(provider)
    with pytest.raises(ConnectionRefusedError):
        smtplib.SMTP("mx.example.org", RELAY, timeout=LONG)


class Own:
    """A plugin with faults of its own."""

    def pytest_smtpports_faults(self, config: object) -> Iterable[Fault]:
        assert config is None
        return [Fault("maintenance", "banner", "421 4.3.2 Back at noon"), Fault("spam", "data", "550 5.7.1 Spam")]


def test_a_plugin_has_faults_of_its_own_which_replace_those_of_their_names() -> None:
    with SMTPPorts(plugins=[Own()]) as smtpports:
        smtpports.route(HOST)
        with smtpports.fail("maintenance"), pytest.raises(smtplib.SMTPConnectError, match="noon"):
            send(smtpports)
        with smtpports.fail("spam"), pytest.raises(smtplib.SMTPDataError, match="Spam"):
            send(smtpports)
        with smtpports.fail("no-such-user"), pytest.raises(smtplib.SMTPRecipientsRefused):
            send(smtpports)


def test_an_unknown_fault_is_told_with_the_nearest_one_of_a_hook_too(provider: SMTPPorts) -> None:
    with pytest.raises(UnknownFault, match=r"^'mailbox-ful' is not a fault; did you mean 'mailbox-full'\? There are "):
        provider.fail("mailbox-ful")
    with SMTPPorts(plugins=[Own()]) as smtpports, pytest.raises(UnknownFault, match="did you mean 'maintenance'"):
        smtpports.fail("maintenence")


def test_what_is_no_fault_in_a_hook_is_told() -> None:
    class Wrong:
        def pytest_smtpports_faults(self) -> list[str]:
            return ["spam"]

    with SMTPPorts(plugins=[Wrong()]) as smtpports, pytest.raises(ConfigurationError, match="A Fault is expected"):
        smtpports.fail("spam")


def test_a_stage_alone_is_no_fault(provider: SMTPPorts) -> None:
    with pytest.raises(ConfigurationError, match=r"^'rcpt' is a stage: say what happens there as well, as in fail\("):
        provider.fail("rcpt")


def test_a_fault_takes_no_other_action(provider: SMTPPorts) -> None:
    with pytest.raises(ConfigurationError, match=r"^The fault 'spam' says what happens, and where \(message: 550"):
        provider.fail(FAULTS["spam"], Disconnect())  # type: ignore[call-overload] # wrong on purpose
    with pytest.raises(UnknownName, match="'spam' is not a stage"):
        provider.fail("spam", Disconnect())


@pytest.mark.parametrize(
    "terms", [{"times": 1}, {"after": 1}, {"mail_from": SENDER}, {"recipient": ADA}, {"connection": 1}]
)
def test_a_network_looks_at_no_mail(provider: SMTPPorts, terms: dict[str, Any]) -> None:  # Any: one of several types
    (name,) = terms

    with pytest.raises(ConfigurationError, match=rf"^{name}= can't be met by 'refused': it is done by the network"):
        provider.fail("refused", **terms)
