"""A provider's hosts lead here: with its ports, its words, its limit and its convention for logins."""

from __future__ import annotations

import smtplib
import ssl
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import KINDRED, PROFILES, Provider, SMTPPorts, UnknownName, UnknownPort
from pytest_smtpports._ports._providers import shipped

if TYPE_CHECKING:
    from collections.abc import Iterable

MAIL = "Subject: Welcome\r\n\r\nHello Ada\r\n"


class Own:
    """A plugin with a provider of its own."""

    def pytest_smtpports_providers(self, config: object) -> Iterable[Provider]:
        assert config is None
        return [Provider("ours", ("*.mail.example.com",), (PROFILES[587], KINDRED[2587]), username="key")]


def client_of(host: str, number: int, login: tuple[str, str], *, is_implicit: bool) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if is_implicit:
        client: smtplib.SMTP = smtplib.SMTP_SSL(host, number, timeout=5, context=context)
    else:
        client = smtplib.SMTP(host, number, timeout=5)
        client.starttls(context=context)
    client.login(*login)
    return client


@pytest.mark.parametrize("name", [name for name in shipped() if name != "outlook"])
def test_every_port_of_every_host_takes_mail_with_its_login(smtpports: SMTPPorts, name: str) -> None:
    provider, route = shipped()[name], smtpports.provider(name)
    for host in provider.hosts[:2]:
        for profile in provider.profiles:
            login = (route.username, route.password)
            with client_of(host, profile.number, login, is_implicit=profile.tls.value == "implicit") as client:
                client.sendmail("app@example.com", "ada@example.org", MAIL)

    sent = {(message.host, message.port) for message in route.messages}
    assert sent == {(host, profile.number) for host in provider.hosts[:2] for profile in provider.profiles}


def test_sendgrid_has_its_words_its_limit_and_one_user_name(smtpports: SMTPPorts) -> None:
    route = smtpports.provider("sendgrid")
    with smtplib.SMTP("smtp.sendgrid.net", 587, timeout=5) as client:
        client.ehlo()
        assert client.esmtp_features["size"] == "31457280"
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login(smtpports.username, smtpports.password)
        client.login("apikey", smtpports.password)

    assert (route.username, route.password) == ("apikey", smtpports.password)
    assert route[2525].url.startswith("smtp://apikey:password@")
    with route[465].connect() as client:
        assert client.noop()[0] == 250


def test_postmark_has_one_secret_for_both(smtpports: SMTPPorts) -> None:
    route = smtpports.provider("postmark")

    assert route.username == route.password == smtpports.password
    with route[2525].connect() as client:
        assert client.noop()[0] == 250
    client = smtplib.SMTP("smtp.postmarkapp.com", 2525, timeout=5)
    with client, pytest.raises(smtplib.SMTPAuthenticationError):
        client.login(smtpports.username, smtpports.password)


def test_outlook_takes_tokens(smtpports: SMTPPorts) -> None:
    smtpports.provider("outlook")
    smtpports.add_token("ada@outlook.com", "t0ken")
    with smtplib.SMTP("smtp-mail.outlook.com", 587, timeout=5) as client:
        client.starttls(context=ssl.create_default_context())
        client.ehlo()
        code, _ = client.auth("XOAUTH2", lambda _=None: "user=ada@outlook.com\1auth=Bearer t0ken\1\1")

    assert code == 235


@pytest.mark.parametrize("user", ["key", "ada"])
def test_a_convention_leaves_tokens_as_they_are(user: str) -> None:
    from dataclasses import replace

    token = replace(PROFILES[587], mechanisms=("XOAUTH2", "OAUTHBEARER", "PLAIN"))
    ours = Provider("ours", ("smtp.example.com",), (token,), username="key")

    class Plugin:
        def pytest_smtpports_providers(self) -> list[Provider]:
            return [ours]

    with SMTPPorts(plugins=[Plugin()]) as smtpports:
        smtpports.add_token(user, "t0ken")
        smtpports.provider("ours")
        for mechanism, said in (
            ("XOAUTH2", f"user={user}\1auth=Bearer t0ken\1\1"),
            ("OAUTHBEARER", f"n,a={user},\1auth=Bearer t0ken\1\1"),
        ):
            with smtplib.SMTP("smtp.example.com", 587, timeout=5) as client:
                client.starttls(context=ssl.create_default_context())
                client.ehlo()
                assert client.auth(mechanism, lambda _=None, said=said: said)[0] == 235


def test_a_port_that_the_provider_has_not_is_refused(smtpports: SMTPPorts) -> None:
    smtpports.provider("gmail")

    with pytest.raises(ConnectionRefusedError):
        smtplib.SMTP("smtp.gmail.com", 2525, timeout=5)


def test_ports_of_a_provider_alone_can_be_blocked_and_asked_for(smtpports: SMTPPorts) -> None:
    with pytest.raises(UnknownPort):
        smtpports.block(2587)
    route = smtpports.provider("resend")
    with smtpports.block(2587, how="refuse"), pytest.raises(ConnectionRefusedError):
        smtplib.SMTP("smtp.resend.com", 2587, timeout=5)
    with route.only(2465, how="refuse"):
        assert [port.number for port in route if not port.blocked] == [2465]
    with smtpports.only(25, how="refuse"):
        assert [port.number for port in route if not port.blocked] == [25]

    assert route[2587].profile.number == 2587
    with pytest.raises(UnknownPort, match=r"^2525 is not an emulated port"):
        route[2525]
    with pytest.raises(UnknownPort):
        route.block(2525)


def test_a_network_holds_for_a_provider_that_comes_later() -> None:
    class Plugin:
        def pytest_smtpports_networks(self) -> list[object]:
            from pytest_smtpports import Network

            return [Network("hotel", {2587: "drop"})]

    with SMTPPorts(plugins=[Plugin()], network="hotel") as smtpports:
        route = smtpports.provider("resend")
        assert [port.number for port in route if port.blocked] == [2587]


def test_a_provider_is_gone_with_its_handle_and_with_a_reset(smtpports: SMTPPorts) -> None:
    with smtpports.provider("resend"):
        assert smtpports._world.network.routes("smtp.resend.com")
    assert not smtpports._world.network.routes("smtp.resend.com")
    smtpports.provider("resend")
    smtpports.reset()
    assert not smtpports._world.network.routes("smtp.resend.com")


def test_a_plugin_has_providers_of_its_own() -> None:
    with SMTPPorts(plugins=[Own()]) as smtpports:
        route = smtpports.provider("ours")
        with client_of("eu.mail.example.com", 2587, ("key", "password"), is_implicit=False) as client:
            client.sendmail("app@example.com", "ada@example.org", MAIL)

        assert route.messages.only.host == "eu.mail.example.com"


def test_an_unknown_provider_is_told_with_the_nearest(smtpports: SMTPPorts) -> None:
    with pytest.raises(UnknownName, match=r"^'sengrid' is not a provider; did you mean 'sendgrid'\?"):
        smtpports.provider("sengrid")
    with pytest.raises(UnknownName, match=r"^'evrybody' is not a trust"):
        smtpports.provider("sendgrid", trust="evrybody")


def test_the_ports_of_a_provider_can_be_asserted_of_during_its_route_and_behind_it(smtpports: SMTPPorts) -> None:
    route = smtpports.provider("resend")
    smtpports.assert_not_attempted(2587)
    with smtplib.SMTP("smtp.resend.com", 2587, timeout=5) as client:
        client.starttls(context=ssl.create_default_context())
        client.login("resend", smtpports.password)
        client.sendmail("app@example.com", "ada@example.org", "Subject: Welcome\r\n\r\n")
    smtpports.assert_sent(port=2587)
    route.remove()

    smtpports.assert_attempted([2587])
    smtpports.assert_sent(port=2587)


def test_a_provider_that_comes_later_is_behind_what_only_says(smtpports: SMTPPorts) -> None:
    smtpports.only(2525, how="refuse")
    smtpports.provider("resend")

    with pytest.raises(ConnectionRefusedError):
        smtplib.SMTP("smtp.resend.com", 2587, timeout=5)
