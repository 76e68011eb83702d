"""Hooks of an `SMTPPorts` without pytest."""

from __future__ import annotations

import asyncio
import smtplib
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

import pluggy
import pytest

from pytest_smtpports import PROFILES, ConfigurationError, Outcome, Profile, Role, ServerError, SMTPPorts
from pytest_smtpports._server._accounts import Accounts
from pytest_smtpports._server._session import Session
from pytest_smtpports._server._tls import Authority

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_smtpports import Connection, Message

MAIL = "Subject: Welcome\r\n\r\nHello Ada\r\n"


def send(smtpports: SMTPPorts, number: int = 25) -> None:
    with smtpports.ports[number].connect() as client:
        client.sendmail("app@example.com", "ada@example.org", MAIL)


class Watching:
    def __init__(self) -> None:
        self.smtpports: SMTPPorts | None = None
        self.seen: list[tuple[str, int]] = []

    def pytest_smtpports_message(self, message: Message) -> None:
        assert self.smtpports is not None
        self.seen.append((message.subject, len(self.smtpports.messages)))


class Failing:
    error: BaseException = ValueError("no mail today")

    def pytest_smtpports_message(self) -> None:
        raise self.error


def test_a_hook_sees_a_message_before_the_mailbox_has_it() -> None:
    watching = Watching()
    with SMTPPorts(plugins=[watching]) as smtpports:
        watching.smtpports = smtpports
        send(smtpports)
        send(smtpports)

        assert watching.seen == [("Welcome", 0), ("Welcome", 1)]
        assert all(message.acknowledged for message in smtpports.messages)


def test_every_plugin_sees_every_message() -> None:
    plugins = [Watching(), Watching()]
    with SMTPPorts(plugins=plugins) as smtpports:
        for each in plugins:
            each.smtpports = smtpports
        send(smtpports, 587)

    assert [each.seen for each in plugins] == [[("Welcome", 0)]] * 2


@pytest.mark.parametrize(
    "error", [ValueError("no mail today"), AssertionError("no mail today"), SystemExit("no mail today")]
)
def test_a_hook_that_raises_refuses_the_message_and_is_told_of_at_the_end(error: BaseException) -> None:
    failing = Failing()
    failing.error = error
    smtpports = SMTPPorts(plugins=[failing])

    with pytest.raises(smtplib.SMTPDataError) as refused:
        send(smtpports)
    with pytest.raises(ServerError, match=f"{type(error).__name__}: no mail today") as told:
        smtpports.close()

    assert (refused.value.smtp_code, refused.value.smtp_error) == (451, b"4.3.0 Local error in processing")
    assert "no mail today" not in repr(refused.value)
    assert told.value.__cause__ is error
    assert not smtpports.messages.only.acknowledged
    assert smtpports.connections[0].outcome is Outcome.REFUSED
    smtpports.close()


def test_several_failures_are_all_told_of() -> None:
    smtpports = SMTPPorts(plugins=[Failing()])
    for _ in range(2):
        with pytest.raises(smtplib.SMTPDataError):
            send(smtpports)

    with pytest.raises(ServerError, match="2 exceptions were raised on the server's thread"):
        smtpports.close()


def test_failures_can_be_raised_before_the_end_and_are_told_once() -> None:
    with SMTPPorts(plugins=[Failing()]) as smtpports:
        with pytest.raises(smtplib.SMTPDataError):
            send(smtpports)

        with pytest.raises(ServerError, match="An exception was raised on the server's thread"):
            smtpports.raise_failures()
        smtpports.raise_failures()


def test_a_session_goes_on_after_a_hook_has_raised() -> None:
    failing = Failing()
    with SMTPPorts(plugins=[failing]) as smtpports:
        with smtpports.ports[25].connect() as client:
            with pytest.raises(smtplib.SMTPDataError):
                client.sendmail("app@example.com", "ada@example.org", MAIL)
            assert client.noop()[0] == 250
        with pytest.raises(ServerError):
            smtpports.raise_failures()


def test_a_hook_may_change_the_ports() -> None:
    class Closing:
        smtpports: SMTPPorts

        def pytest_smtpports_message(self) -> None:
            self.smtpports.block(25, how="refuse")

    closing = Closing()
    with SMTPPorts(plugins=[closing]) as smtpports:
        closing.smtpports = smtpports
        send(smtpports)

        with pytest.raises(ConnectionRefusedError):
            send(smtpports)


def test_a_hook_may_look_at_the_connections() -> None:
    class Looking:
        smtpports: SMTPPorts
        seen: tuple[Connection, ...] = ()

        def pytest_smtpports_message(self) -> None:
            self.seen = self.smtpports.connections

    looking = Looking()
    with SMTPPorts(plugins=[looking]) as smtpports:
        looking.smtpports = smtpports
        send(smtpports)

    assert [connection.outcome for connection in looking.seen] == [Outcome.OPEN]


def test_a_hook_may_close_again_what_it_has_just_opened() -> None:
    class Switching:
        smtpports: SMTPPorts

        def pytest_smtpports_message(self) -> None:
            with self.smtpports.block(25, how="refuse"):
                pass
            self.smtpports.block(25, how="refuse")

    switching = Switching()
    with SMTPPorts(plugins=[switching]) as smtpports:
        switching.smtpports = smtpports
        send(smtpports)

        with pytest.raises(ConnectionRefusedError):
            send(smtpports)


@pytest.mark.parametrize("error", [ValueError("too late"), OSError("network")])
def test_what_a_hook_leaves_in_the_loop_is_told_of_unless_it_is_the_networks_doing(error: Exception) -> None:
    def fail() -> None:
        raise error

    class Leaving:
        def pytest_smtpports_message(self) -> None:
            asyncio.get_running_loop().call_soon(fail)

    smtpports = SMTPPorts(plugins=[Leaving()])
    send(smtpports)
    expected = pytest.raises(ServerError, match="too late") if isinstance(error, ValueError) else nullcontext()

    with expected:
        smtpports.close()


def test_what_goes_wrong_inside_is_told_of_at_the_end_and_not_to_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    smtpports = SMTPPorts()

    def break_down(*_: object) -> str:
        raise AttributeError("broken inside")

    monkeypatch.setattr(Accounts, "password", break_down)

    with smtplib.SMTP(*smtpports.ports[2525].address, timeout=5) as client:
        client.ehlo()
        assert client.docmd("AUTH", "PLAIN AHVzZXIAcGFzc3dvcmQ=") == (451, b"4.3.0 Local error in processing")
        assert client.noop()[0] == 250
    with pytest.raises(ServerError, match="AttributeError: broken inside"):
        smtpports.close()


def test_what_goes_wrong_on_the_way_to_tls_ends_the_connection_and_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    smtpports = SMTPPorts()

    def break_down(*_: object, **__: object) -> str:
        raise AttributeError("broken inside")

    monkeypatch.setattr(Authority, "server_context", break_down)

    with smtplib.SMTP(*smtpports.ports[587].address, timeout=5) as client:
        client.ehlo()
        with pytest.raises((smtplib.SMTPServerDisconnected, OSError)):
            client.starttls()
        client.close()
    with pytest.raises(ServerError, match="AttributeError: broken inside"):
        smtpports.close()


def test_what_goes_wrong_where_nothing_should_ends_the_connection_and_is_told_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    smtpports = SMTPPorts()

    def break_down(*_: object) -> None:
        raise AttributeError("broken inside")

    monkeypatch.setattr(Session, "_greet", break_down)

    with pytest.raises(smtplib.SMTPServerDisconnected):
        smtpports.ports[25].connect()
    with pytest.raises(ServerError, match="AttributeError: broken inside"):
        smtpports.close()


def test_a_hook_adds_profiles_and_replaces_those_of_the_same_number() -> None:
    class Profiles:
        def pytest_smtpports_profiles(self) -> Iterable[Profile]:
            return [Profile(26, Role.MTA), replace(PROFILES[25], greeting="replaced")]

    with SMTPPorts(plugins=[Profiles()]) as smtpports:
        assert [port.number for port in smtpports.ports] == [25, 26, 465, 587, 2525]
        with smtplib.SMTP(timeout=5) as client:
            assert client.connect(*smtpports.ports[25].address)[1] == b"localhost replaced"
        send(smtpports, 26)
        smtpports.assert_sent(port=26)


def test_a_hook_without_profiles_changes_none() -> None:
    class Nothing:
        def pytest_smtpports_profiles(self, config: object) -> None:
            assert config is None

    with SMTPPorts(plugins=[Nothing()]) as smtpports:
        assert len(smtpports.ports) == 4


def test_a_marked_hook_keeps_its_options() -> None:
    order: list[str] = []

    class Late:
        @pytest.hookimpl(trylast=True)
        def pytest_smtpports_message(self) -> None:
            order.append("late")

    class Early:
        def pytest_smtpports_message(self) -> None:
            order.append("early")

    with SMTPPorts(plugins=[Early(), Late()]) as smtpports:
        send(smtpports)

    assert order == ["early", "late"]


def test_a_hook_that_does_not_exist_is_rejected() -> None:
    class Mistaken:
        def pytest_smtpports_mesage(self) -> None: ...

    with pytest.raises(pluggy.PluginValidationError, match="pytest_smtpports_mesage"):
        SMTPPorts(plugins=[Mistaken()])


def test_a_hook_with_an_argument_that_it_has_not_is_rejected() -> None:
    class Mistaken:
        def pytest_smtpports_message(self, mail: object) -> None: ...

    with pytest.raises(pluggy.PluginValidationError, match="mail"):
        SMTPPorts(plugins=[Mistaken()])


def test_what_else_a_plugin_has_is_left_alone() -> None:
    class Other:
        pytest_smtpports_note = "not a hook"

        def helper(self) -> None: ...

    with SMTPPorts(plugins=[Other()]) as smtpports:
        send(smtpports)


def test_two_profiles_of_one_number_and_none_at_all_are_errors() -> None:
    with pytest.raises(ConfigurationError, match="Two profiles have the number 25"):
        SMTPPorts([PROFILES[25], PROFILES[25]])
    with pytest.raises(ConfigurationError, match="There is no profile"):
        SMTPPorts([])


@pytest.mark.parametrize("host", ["localhost", "smtp.example.com", ""])
def test_a_name_is_no_address_to_bind(host: str) -> None:
    with pytest.raises(ConfigurationError, match="host is the address to bind"):
        SMTPPorts(host=host)


def test_an_address_of_another_machine_is_no_address_to_bind() -> None:
    with SMTPPorts(host="192.0.2.1") as smtpports, pytest.raises(ConfigurationError, match="Nothing can listen on"):
        smtpports.ports[25].connect()


def test_a_login_that_is_no_text_is_refused_and_not_shown() -> None:
    with SMTPPorts() as smtpports, pytest.raises(ConfigurationError, match="password is a string") as added:
        smtpports.add_user("user", 42)  # type: ignore[arg-type] # the mistake that is tested
    with pytest.raises(ConfigurationError, match="password is a string") as made:
        SMTPPorts(password=None)  # type: ignore[arg-type] # as above

    assert "42" not in str(added.value)
    assert "None'" not in str(made.value)
