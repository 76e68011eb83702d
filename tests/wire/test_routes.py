"""Host names that lead here, for clients that know nothing of it."""

from __future__ import annotations

import _socket
import asyncio
import errno
import functools
import os
import select
import smtplib
import socket
import ssl
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import aiosmtplib
import pytest

from pytest_smtpports import ClosedError, ConfigurationError, Outcome, SMTPPorts, UnknownName, UnknownPort
from pytest_smtpports._network._patch import PATCH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.wire.conftest import Connected, Eventually

HOST = "smtp.example.com"
MAIL = "Subject: Welcome\r\n\r\nHello Ada\r\n"


def standing() -> dict[str, object]:
    """What look-up and connect are at the moment."""
    names = ("getaddrinfo", "gethostbyname", "gethostbyname_ex")
    found: dict[str, object] = {
        f"{module.__name__}.{name}": getattr(module, name) for module in (_socket, socket) for name in names
    }
    found["asyncio"] = asyncio.BaseEventLoop.getaddrinfo
    return found | dict(vars(socket.socket))


def environment_now() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}


def send(host: str, number: int = 25, timeout: float = 5) -> None:
    with smtplib.SMTP(host, number, timeout=timeout) as client:
        client.sendmail("app@example.com", "ada@example.org", MAIL)


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    stood, environment = standing(), environment_now()
    yield
    assert standing() == stood
    assert environment_now() == environment


@pytest.fixture
def provider(nothing_is_left: None) -> Iterator[SMTPPorts]:
    with SMTPPorts() as smtpports:
        yield smtpports


# Code that is not changed


def test_smtplib_reaches_25_of_a_routed_host(provider: SMTPPorts) -> None:
    provider.route(HOST)

    send(HOST)

    provider.assert_sent(host=HOST, port=25)


def test_smtplib_verifies_465_of_a_routed_host_with_a_default_context(provider: SMTPPorts) -> None:
    provider.route(HOST)

    with smtplib.SMTP_SSL(HOST, 465, timeout=5, context=ssl.create_default_context()) as client:
        client.login("user", "password")
        client.sendmail("app@example.com", "ada@example.org", MAIL)

    message = provider.assert_sent(host=HOST, port=465, tls=True, user="user")
    assert message.tls is not None
    assert message.tls.sni == HOST


def test_smtplib_verifies_587_of_a_routed_host_with_a_default_context(provider: SMTPPorts) -> None:
    provider.route(HOST)

    with smtplib.SMTP(HOST, 587, timeout=5) as client:
        client.starttls(context=ssl.create_default_context())
        client.login("user", "password")
        client.sendmail("app@example.com", "ada@example.org", MAIL)

    message = provider.assert_sent(host=HOST, port=587, tls=True)
    assert message.tls is not None
    assert message.tls.sni == HOST


@pytest.mark.asyncio
@pytest.mark.parametrize(("number", "mode"), [(465, {"use_tls": True}), (587, {"start_tls": True}), (2525, {})])
async def test_aiosmtplib_verifies_a_routed_host_as_it_is_shipped(
    provider: SMTPPorts, connected: Connected, number: int, mode: dict[str, bool]
) -> None:
    provider.route(HOST)

    client = aiosmtplib.SMTP(hostname=HOST, port=number, username="user", password="password", timeout=5, **mode)
    async with connected(client):
        await client.sendmail("app@example.com", "ada@example.org", MAIL)

    provider.assert_sent(host=HOST, port=number, tls=True)
    provider.assert_attempted([number])


@pytest.mark.parametrize("dialled", ["SMTP.Example.COM", "smtp.example.com.", "Smtp.Example.Com."])
def test_a_name_is_the_same_in_any_letter_case_and_with_its_final_dot(provider: SMTPPorts, dialled: str) -> None:
    provider.route(HOST)

    send(dialled)

    provider.assert_sent(host=HOST)


def test_a_name_is_routed_in_any_letter_case_and_with_its_final_dot(provider: SMTPPorts) -> None:
    route = provider.route("SMTP.Example.COM.")

    send(HOST)

    assert route.hosts == (HOST,)
    assert route.messages.only.host == HOST


def test_an_internationalised_name_is_routed(provider: SMTPPorts) -> None:
    route = provider.route("smtp.bücher.example")

    send("smtp.bücher.example")
    send("SMTP.BÜCHER.example")
    send("smtp.xn--bcher-kva.example")
    with smtplib.SMTP_SSL("smtp.bücher.example", 465, timeout=5, context=ssl.create_default_context()) as client:
        client.noop()

    assert route.hosts == ("smtp.xn--bcher-kva.example",)
    provider.assert_sent_times(3, host="smtp.xn--bcher-kva.example")


def test_a_source_address_is_kept(provider: SMTPPorts) -> None:
    provider.route(HOST)

    with smtplib.SMTP(HOST, 25, timeout=5, source_address=("127.0.0.1", 0)) as client:
        assert client.sock is not None
        local = client.sock.getsockname()

    assert provider.connections[0].peer == local
    provider.assert_attempted([25])


# Look-up


@pytest.mark.parametrize("name", [HOST, HOST.encode(), bytearray(HOST.encode())])
def test_the_look_up_of_a_routed_name_gives_a_loopback_address(provider: SMTPPorts, name: str | bytes) -> None:
    provider.route(HOST)

    ((family, kind, _, canonical, address),) = socket.getaddrinfo(name, 587, type=socket.SOCK_STREAM)

    assert (family, kind, canonical, address[1]) == (socket.AF_INET, socket.SOCK_STREAM, "", 587)
    assert address[0].startswith("127.")
    assert address[0] != "127.0.0.1"


@pytest.mark.parametrize(
    ("service", "number"),
    [
        ("submission", 587),
        (b"submission", 587),
        ("smtp", 25),
        ("smtps", 465),
        ("submissions", 465),
        ("2525", 2525),
        (None, 0),
    ],
)
def test_a_service_name_means_its_number(provider: SMTPPorts, service: str | bytes | None, number: int) -> None:
    provider.route(HOST)

    found = socket.getaddrinfo(HOST, service, type=socket.SOCK_STREAM)

    assert [each[4][1] for each in found] == [number]


def test_the_canonical_name_is_given_where_it_is_asked_for(provider: SMTPPorts) -> None:
    provider.route(HOST)

    found = socket.getaddrinfo("SMTP.example.com.", 25, type=socket.SOCK_STREAM, flags=socket.AI_CANONNAME)

    assert found[0][3] == HOST


def test_a_look_up_for_ipv6_gives_an_address_that_an_ipv6_socket_can_dial(provider: SMTPPorts) -> None:
    provider.route(HOST)

    found = socket.getaddrinfo(HOST, 25, socket.AF_INET6, socket.SOCK_STREAM)
    with socket.socket(socket.AF_INET6) as client:
        client.settimeout(5)
        client.connect(found[0][4])

        assert client.recv(1000) == b"220 smtp.example.com ESMTP ready\r\n"
    provider.assert_attempted([25])


def test_the_older_look_ups_lead_here_too(provider: SMTPPorts) -> None:
    provider.route(HOST)
    address = socket.getaddrinfo(HOST, 25)[0][4][0]

    assert socket.gethostbyname(HOST) == address
    assert socket.gethostbyname_ex(HOST.upper()) == (HOST, [], [address])
    send(address)
    provider.assert_sent(host=HOST)


def test_a_socket_can_dial_a_routed_name_without_a_look_up(provider: SMTPPorts) -> None:
    provider.route(HOST)
    with socket.socket() as client:
        client.connect((HOST, 25))

        assert client.recv(1000) == b"220 smtp.example.com ESMTP ready\r\n"


def test_a_name_that_is_not_routed_is_untouched(provider: SMTPPorts) -> None:
    before = (
        socket.getaddrinfo("localhost", 25),
        socket.gethostbyname("localhost"),
        socket.gethostbyname_ex("localhost"),
    )
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        provider.route(HOST)

        after = (
            socket.getaddrinfo("localhost", 25),
            socket.gethostbyname("localhost"),
            socket.gethostbyname_ex("localhost"),
        )
        with socket.socket() as client, socket.socket() as other:
            client.connect(("localhost", elsewhere.getsockname()[1]))
            assert other.connect_ex(("127.0.0.1", elsewhere.getsockname()[1])) == 0

    assert after == before
    assert provider.connections == ()


@pytest.mark.parametrize("name", ["example.com", "x.smtp.example.com", "smtp.example.co"])
def test_a_similar_name_is_not_routed(provider: SMTPPorts, name: str) -> None:
    provider.route(f"{HOST}.invalid")

    with pytest.raises(socket.gaierror):
        socket.getaddrinfo(f"{name}.invalid.", 25)
    assert provider.connections == ()


@pytest.mark.parametrize("name", [None, "", "\udcff.invalid", "x" * 70 + "ü.invalid"])
def test_what_is_no_name_is_looked_up_as_ever(provider: SMTPPorts, name: str | None) -> None:
    def outcome() -> object:
        try:
            return socket.getaddrinfo(name, 25, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            return type(error)

    before = outcome()
    provider.route(HOST)

    assert outcome() == before


# Ports that don't lead here


def test_a_port_that_is_not_emulated_is_refused(provider: SMTPPorts) -> None:
    provider.route(HOST)

    with pytest.raises(ConnectionRefusedError):
        smtplib.SMTP(HOST, 26, timeout=5)
    with socket.socket() as client:
        assert client.connect_ex((HOST, 80)) == errno.ECONNREFUSED

    assert [(each.port, each.outcome) for each in provider.connections] == [
        (26, Outcome.REFUSED),
        (80, Outcome.REFUSED),
    ]
    assert "not an emulated port" in provider.connections[0].reason


def test_a_port_that_is_not_emulated_is_refused_to_a_socket_that_does_not_block(provider: SMTPPorts) -> None:
    provider.route(HOST)
    with socket.socket() as client:
        client.setblocking(False)

        met = client.connect_ex((HOST, 26))

        assert met in (errno.EINPROGRESS, errno.ECONNREFUSED)
        assert select.select([], [client], [], 5)[1] == [client]
        assert errno.ECONNREFUSED in (met, client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))


def test_only_the_named_ports_of_a_route_lead_here(provider: SMTPPorts) -> None:
    route = provider.route(HOST, ports=[587, 2525])

    assert [port.number for port in route] == [587, 2525]
    with pytest.raises(ConnectionRefusedError):
        smtplib.SMTP(HOST, 25, timeout=5)
    with smtplib.SMTP(HOST, 2525, timeout=5) as client:
        assert client.noop()[0] == 250
    with pytest.raises(UnknownPort, match="25 is not an emulated port"):
        route[25]
    with pytest.raises(UnknownPort, match="26 is not an emulated port"):
        provider.route(HOST, ports=[26])


# Blocks


def test_a_block_of_the_network_holds_for_routes_too(provider: SMTPPorts) -> None:
    provider.route(HOST)
    provider.block(25)

    with pytest.raises(TimeoutError, match=r"^timed out$"):
        smtplib.SMTP(HOST, 25, timeout=0.3)

    connection = provider.connections[0]
    assert (connection.host, connection.outcome, connection.block) == (HOST, Outcome.BLOCKED, "drop")
    assert connection.reason == "the SYN was not answered; the client would have given up after 0.3 s"


def test_two_hosts_can_be_blocked_each_in_its_own_way(provider: SMTPPorts) -> None:
    first, second = provider.route("mx1.example.org"), provider.route("mx2.example.org")
    first.block(25)
    second.block(25, how="refuse")

    with pytest.raises(TimeoutError):
        smtplib.SMTP("mx1.example.org", 25, timeout=0.3)
    with pytest.raises(ConnectionRefusedError):
        smtplib.SMTP("mx2.example.org", 25, timeout=5)
    with provider.ports[25].connect() as client:
        client.sendmail("app@example.com", "ada@example.org", MAIL)

    assert [connection.host for connection in provider.connections] == ["mx1.example.org", "mx2.example.org", None]
    assert (first.connections[0].block, second.connections[0].block) == ("drop", "refuse")
    with pytest.raises(AssertionError, match=r"blocked: mx1.example.org:25 \(drop\)"):
        provider.assert_sent(subject="none")


def test_the_ports_of_a_route_have_the_same_verbs(provider: SMTPPorts) -> None:
    route = provider.route(HOST)
    with route.only(2525, how="refuse"):
        assert [port.number for port in route if port.blocked is None] == [2525]
        with route.unblock(25):
            send(HOST)
    with route[587].block("refuse"), pytest.raises(ConnectionRefusedError):
        smtplib.SMTP(HOST, 587, timeout=5)
    with route[587].connect() as client:
        client.sendmail("app@example.com", "ada@example.org", MAIL)

    assert repr(route[587]) == "<Port smtp.example.com:587 submission, TLS starttls>"
    assert repr(route) == "<Route smtp.example.com>"
    assert len(route.messages) == 2
    assert len(route[25].messages) == 1
    assert len(route.connections) == 3


def test_what_came_by_another_way_is_not_of_the_route(provider: SMTPPorts) -> None:
    route = provider.route(HOST)

    with provider.ports[25].connect() as client:
        client.sendmail("app@example.com", "ada@example.org", MAIL)

    assert (len(route.messages), route.connections, len(route[25].messages)) == (0, (), 0)
    assert len(provider.ports[25].messages) == 1


def test_a_route_of_several_names_has_the_ports_of_each(provider: SMTPPorts) -> None:
    route = provider.route("mx1.example.org", "mx2.example.org", "MX1.example.org", ports=[25])

    send("mx1.example.org")
    send("mx2.example.org")

    assert route.hosts == ("mx1.example.org", "mx2.example.org")
    assert [message.host for message in route.messages] == ["mx1.example.org", "mx2.example.org"]
    assert len({port.port for port in route}) == 2
    provider.assert_attempted([25, 25])


# Beginning and end


def test_an_inner_route_of_a_name_replaces_the_outer_and_gives_way(provider: SMTPPorts) -> None:
    outer = provider.route(HOST)
    with provider.route(HOST, ports=[587]) as inner:
        inner.block(587, how="refuse")
        with pytest.raises(ConnectionRefusedError):
            smtplib.SMTP(HOST, 587, timeout=5)
        with pytest.raises(ConnectionRefusedError):
            smtplib.SMTP(HOST, 25, timeout=5)

    send(HOST)

    assert outer.messages.only.port == 25


def test_an_outer_route_can_go_before_the_inner(provider: SMTPPorts) -> None:
    outer, inner = provider.route(HOST), provider.route(HOST)

    outer.remove()
    send(HOST)
    inner.remove()
    inner.remove()

    assert "connect" not in vars(socket.socket)
    provider.assert_sent(host=HOST)


def test_the_end_of_a_route_takes_everything_back(provider: SMTPPorts) -> None:
    stood, environment = standing(), environment_now()

    with provider.route(HOST):
        assert standing() != stood
        assert environment_now() != environment

    assert standing() == stood
    assert environment_now() == environment


def test_a_reset_ends_every_route(provider: SMTPPorts) -> None:
    stood, environment = standing(), environment_now()
    provider.route(HOST)

    provider.reset()

    assert standing() == stood
    assert environment_now() == environment


@pytest.mark.parametrize(("first", "last"), [(0, 1), (1, 0)])
def test_two_providers_can_route_and_end_in_any_order(first: int, last: int) -> None:
    hosts = "mx1.example.org", "mx2.example.org"
    with SMTPPorts() as one, SMTPPorts() as two:
        providers = one, two
        for provider, host in zip(providers, hosts, strict=True):
            provider.route(host, trust=None)
            send(host)

        providers[first].close()
        send(hosts[last])
        providers[last].close()

        assert (len(providers[first].messages), len(providers[last].messages)) == (1, 2)


def test_the_latest_provider_has_a_name_that_two_route() -> None:
    with SMTPPorts() as first, SMTPPorts() as second:
        first.route(HOST)
        with second.route(HOST):
            send(HOST)
        send(HOST)

        assert (len(first.messages), len(second.messages)) == (1, 1)


def test_a_patch_that_somebody_else_has_put_on_top_stays(provider: SMTPPorts) -> None:
    found: Callable[..., object]

    def theirs(client: socket.socket, address: tuple[str, int]) -> object:
        return found(client, address)

    with provider.route(HOST):
        found = socket.socket.connect
        socket.socket.connect = theirs  # type: ignore[method-assign, assignment] # as pytest-socket does it
        send(HOST)
    try:
        assert vars(socket.socket)["connect"] is theirs
        with socket.create_server(("127.0.0.1", 0)) as elsewhere, socket.socket() as client:
            client.connect(elsewhere.getsockname())
    finally:
        del socket.socket.connect

    provider.assert_sent(host=HOST)


def test_who_forbids_addresses_is_asked_for_those_that_are_really_dialled(provider: SMTPPorts) -> None:
    provider.route("first.example.com")
    below, asked = socket.socket.connect, []

    def on_top(client: socket.socket, address: tuple[str, int]) -> None:
        asked.append(address[0])
        below(client, address)

    socket.socket.connect = on_top  # type: ignore[method-assign] # as others do it
    try:
        with provider.route(HOST):
            send(HOST)
    finally:
        socket.socket.connect = below  # type: ignore[method-assign] # as it was

    assert asked == ["127.0.0.1"]
    assert len(provider.connections) == 1


def test_a_patch_of_somebody_elses_that_ends_first_leaves_a_route_in_force(provider: SMTPPorts) -> None:
    provider.route(HOST)
    below = socket.socket.connect

    def on_top(client: socket.socket, address: tuple[str, int]) -> None:
        below(client, address)

    with mock.patch.object(socket.socket, "connect", on_top):
        provider.block(587).remove()
        send(HOST)
        assert len(provider.connections) == 1
    send(HOST)

    assert len(provider.connections) == 2


@pytest.mark.parametrize("name", ["socket.socket.connect", "socket.gethostbyname", "_socket.getaddrinfo"])
def test_a_mock_in_the_place_of_what_is_patched_is_no_hindrance(provider: SMTPPorts, name: str) -> None:
    with mock.patch(name):
        provider.route(HOST).remove()

    provider.route(HOST)
    send(HOST)
    assert len(provider.messages) == 1


def test_a_wrapper_that_copies_our_attributes_is_somebody_elses(provider: SMTPPorts) -> None:
    route = provider.route(HOST)
    below, asked = socket.socket.connect, []

    @functools.wraps(below)
    def on_top(client: socket.socket, address: tuple[str, int]) -> None:
        asked.append(address)
        below(client, address)

    socket.socket.connect = on_top  # type: ignore[method-assign] # as others do it
    try:
        with provider.block(587):
            send(HOST)
        route.remove()
        assert socket.socket.connect is on_top
    finally:
        del socket.socket.connect

    assert len(asked) == len(provider.connections) == 1


def test_a_patch_that_was_there_before_is_called_and_put_back(provider: SMTPPorts) -> None:
    seen: list[object] = []
    inherited = socket.socket.connect

    def theirs(client: socket.socket, address: tuple[str, int]) -> object:
        seen.append(address)
        return inherited(client, address)

    socket.socket.connect = theirs  # type: ignore[method-assign, assignment] # as pytest-socket does it
    try:
        with provider.route(HOST) as route:
            local = route[25].address
            send(HOST)
        assert vars(socket.socket)["connect"] is theirs
    finally:
        del socket.socket.connect

    assert local in seen


# Trust


def test_a_route_without_trust_leaves_the_environment_and_is_not_trusted(
    provider: SMTPPorts, eventually: Eventually
) -> None:
    environment = environment_now()
    provider.route(HOST, trust=None)
    # By these child processes find where it leads.
    found_by = dict.fromkeys(("PYTHONPATH", "NODE_OPTIONS", "SMTPPORTS_ROUTES"), "")
    assert environment_now() | found_by == environment | found_by

    with pytest.raises(ssl.SSLCertVerificationError, match="CERTIFICATE_VERIFY_FAILED"):
        smtplib.SMTP_SSL(HOST, 465, timeout=5, context=ssl.create_default_context())
    with (
        smtplib.SMTP(HOST, 587, timeout=5) as client,
        pytest.raises(ssl.SSLCertVerificationError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        client.starttls(context=ssl.create_default_context())

    eventually(lambda: all(each.closed_at for each in provider.connections))
    assert [each.outcome for each in provider.connections] == [Outcome.TLS_FAILED, Outcome.TLS_FAILED]
    assert all(each.reason.startswith("the client does not trust our CA") for each in provider.connections)
    with smtplib.SMTP_SSL(HOST, 465, timeout=5, context=provider.client_context()) as client:
        assert client.noop()[0] == 250


def test_two_routes_lend_trust_until_the_last_of_them_ends(provider: SMTPPorts) -> None:
    environment = environment_now()
    first, second = provider.route("mx1.example.org"), provider.route("mx2.example.org")
    first.remove()
    assert environment_now() != environment
    with smtplib.SMTP_SSL("mx2.example.org", 465, timeout=5, context=ssl.create_default_context()) as client:
        assert client.noop()[0] == 250

    second.remove()

    assert environment_now() == environment


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"])
def test_what_was_trusted_stays_trusted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str) -> None:
    with SMTPPorts() as other, SMTPPorts() as provider:
        theirs = tmp_path / "theirs.pem"
        theirs.write_text(Path(other.ca_file).read_text())
        with monkeypatch.context() as patch:
            patch.setenv(variable, str(theirs))
            with provider.route(HOST):
                context = ssl.create_default_context(cafile=os.environ[variable])
                for each in (other, provider):
                    with smtplib.SMTP_SSL(*each.ports[465].address, timeout=5, context=context) as client:
                        assert client.noop()[0] == 250
            assert os.environ[variable] == str(theirs)


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"])
def test_a_bundle_that_does_not_exist_is_no_hindrance(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    with monkeypatch.context() as patch, SMTPPorts() as provider:
        patch.setenv(variable, "/nowhere/bundle.pem")
        with provider.route(HOST):
            context = ssl.create_default_context(cafile=os.environ[variable])
            with smtplib.SMTP_SSL(HOST, 465, timeout=5, context=context) as client:
                assert client.noop()[0] == 250
        assert os.environ[variable] == "/nowhere/bundle.pem"


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"])
def test_a_variable_that_was_not_set_is_not_set_afterwards(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    with monkeypatch.context() as patch, SMTPPorts() as provider:
        patch.delenv(variable, raising=False)
        with provider.route(HOST), smtplib.SMTP(HOST, 587, timeout=5) as client:
            client.starttls(context=ssl.create_default_context())
        assert variable not in os.environ


# What can't be meant


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "::1", "", ".", "smtp.example.com:587", "smtp example com", "-x.example", "x" * 254]
)
def test_what_is_no_host_name_is_not_routed(provider: SMTPPorts, host: str) -> None:
    with pytest.raises(ConfigurationError, match="A route takes host names"):
        provider.route(host)


def test_a_route_of_no_name_is_no_route(provider: SMTPPorts) -> None:
    with pytest.raises(ConfigurationError, match=r"route\(\) takes the host names"):
        provider.route()


def test_an_unknown_trust_is_named(provider: SMTPPorts) -> None:
    with pytest.raises(UnknownName, match="'enviroment' is not a trust; did you mean 'environment'"):
        provider.route(HOST, trust="enviroment")


def test_the_local_port_of_a_route_in_the_place_of_its_number_is_explained(provider: SMTPPorts) -> None:
    route = provider.route(HOST)
    local = route[2525].port

    with pytest.raises(UnknownPort, match=f"{local} is the local port of 2525"):
        route.block(local)


@pytest.mark.parametrize(("first", "last"), [(0, 1), (1, 0)])
def test_two_providers_lend_trust_and_end_in_any_order(first: int, last: int) -> None:
    environment = environment_now()
    with SMTPPorts() as one, SMTPPorts() as two:
        providers = one, two
        for provider, host in zip(providers, ("mx1.example.org", "mx2.example.org"), strict=True):
            provider.route(host)

        providers[first].close()
        assert environment_now() != environment
        assert Path(os.environ["SSL_CERT_FILE"]).is_file()
        providers[last].close()

        assert environment_now() == environment


def test_a_variable_that_somebody_has_set_meanwhile_stays_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch, SMTPPorts() as provider:
        patch.setenv("SSL_CERT_FILE", "/before.pem")
        with provider.route(HOST):
            os.environ["SSL_CERT_FILE"] = "/theirs.pem"

        assert os.environ["SSL_CERT_FILE"] == "/theirs.pem"


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "NODE_OPTIONS", "PYTHONPATH", "SMTPPORTS_ROUTES"])
def test_a_patch_of_the_environment_that_ends_after_the_route_leaves_nothing_of_it(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    found = os.environ.get(variable)
    with SMTPPorts() as provider:
        with provider.route(HOST):
            monkeypatch.setenv(variable, "theirs")
        assert os.environ[variable] == "theirs"
        monkeypatch.undo()
        with provider.route(HOST):
            pass

    assert os.environ.get(variable) == found


def test_a_patch_of_the_whole_environment_may_end_after_the_route(provider: SMTPPorts) -> None:
    environment = environment_now()
    route = provider.route(HOST)
    with mock.patch.dict(os.environ):
        route.remove()
    provider.route(HOST).remove()

    assert environment_now() == environment


def test_what_somebody_set_between_two_that_lend_trust_is_theirs_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch, SMTPPorts() as one, SMTPPorts() as two:
        outer = one.route("mx1.example.org")
        patch.setenv("SSL_CERT_FILE", "/theirs.pem")
        inner = two.route("mx2.example.org")
        outer.remove()
        inner.remove()

        assert os.environ["SSL_CERT_FILE"] == "/theirs.pem"
    with SMTPPorts() as provider:
        provider.route(HOST).remove()


def test_what_is_left_of_a_patch_below_somebody_elses_records_nothing(provider: SMTPPorts) -> None:
    found: Callable[..., object]

    def theirs(client: socket.socket, address: tuple[str, int]) -> object:
        return found(client, address)

    with provider.route(HOST):
        found = socket.socket.connect
        socket.socket.connect = theirs  # type: ignore[method-assign, assignment] # as pytest-socket does it
    try:
        with provider.route(HOST):
            send(HOST)
    finally:
        del socket.socket.connect

    provider.assert_attempted([25])


def test_patches_of_somebody_elses_that_outlive_ours_do_not_pile_ours_up(provider: SMTPPorts) -> None:
    untouched = socket.socket.connect
    for _ in range(sys.getrecursionlimit()):
        with pytest.MonkeyPatch.context() as theirs, provider.block(25):
            ours = socket.socket.connect
            theirs.setattr(socket.socket, "connect", lambda client, address, ours=ours: ours(client, address))
    assert socket.socket.connect is not untouched

    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        client.connect(server.getsockname())
    # And the next one that is taken away leaves nothing of them.
    with provider.route(HOST):
        send(HOST)
    assert socket.socket.connect is untouched


def test_a_number_is_asked_for_and_a_routed_name_is_none(provider: SMTPPorts) -> None:
    provider.route(HOST)

    with pytest.raises(socket.gaierror):
        socket.getaddrinfo(HOST, 25, flags=socket.AI_NUMERICHOST)


def test_a_provider_on_ipv6_is_reached_by_name_with_tls() -> None:
    with SMTPPorts(host="::1") as provider:
        provider.route(HOST)
        context = ssl.create_default_context()
        with smtplib.SMTP(HOST, 587, timeout=5) as client:
            client.starttls(context=context)
            client.login("user", "password")
            client.sendmail("app@example.com", "ada@example.org", MAIL)
        with smtplib.SMTP_SSL(HOST, 465, timeout=5, context=context) as secured:
            assert secured.noop()[0] == 250

        provider.assert_sent(host=HOST, port=587, tls=True)


def test_a_port_of_a_route_that_has_ended_is_closed(smtpports: SMTPPorts) -> None:
    route = smtpports.route("smtp.example.com", trust=None)
    port = route[25]
    route.remove()

    with pytest.raises(ClosedError):
        _ = port.address


def test_a_dial_whose_route_ends_in_the_middle_is_refused(smtpports: SMTPPorts) -> None:
    route = smtpports.route("smtp.example.com", trust=None)
    with socket.socket() as client:
        dial = PATCH.destination(client, ("smtp.example.com", 25))
        route.remove()

        assert dial is not None
        with pytest.raises(ConnectionRefusedError):
            dial.dial(client, client.connect)
    assert smtpports.connections == ()


def test_ports_of_a_route_are_a_list(smtpports: SMTPPorts) -> None:
    with pytest.raises(ConfigurationError, match=r"such as \[25\]"):
        smtpports.route("smtp.example.com", ports=25)  # type: ignore[arg-type] # it is the mistake


# Patterns


@pytest.mark.parametrize("name", ["mx1.example.org", "MX1.Example.Org.", "a.b.example.org", "bücher.example.org"])
def test_a_pattern_leads_every_name_below_here(smtpports: SMTPPorts, name: str) -> None:
    route = smtpports.route("*.example.org")
    with smtplib.SMTP(name, 25, timeout=5) as client:
        client.sendmail("app@example.com", "ada@example.org", MAIL)

    known = name.lower().rstrip(".").encode("idna").decode()
    assert route.messages.only.host == route.connections[0].host == known
    assert route[25].messages.only.host == known


@pytest.mark.parametrize("name", ["example.org", "example.com", "notexample.org", ".example.org"])
def test_a_pattern_means_no_other_name(smtpports: SMTPPorts, name: str) -> None:
    smtpports.route("*.example.org")

    assert smtpports._world._network.routes(name) is False


def test_each_name_of_a_pattern_is_verified_and_blocked_as_the_pattern_is(smtpports: SMTPPorts) -> None:
    route = smtpports.route("*.example.org")
    for name in ("mx1.example.org", "mx2.example.org"):
        with smtplib.SMTP_SSL(name, 465, timeout=5, context=ssl.create_default_context()) as client:
            assert client.noop()[0] == 250
    with route.block(465, how="refuse"):
        for name in ("mx1.example.org", "mx3.example.org"):
            with pytest.raises(ConnectionRefusedError):
                smtplib.SMTP_SSL(name, 465, timeout=5)

    smtplib.SMTP("mx1.example.org", 25, timeout=5).quit()
    assert len(route.connections) == 5


def test_a_name_of_its_own_holds_before_an_earlier_pattern_and_gives_way(smtpports: SMTPPorts) -> None:
    pattern = smtpports.route("*.example.org")
    with smtpports.route("mx1.example.org") as own:
        own.block(25, how="refuse")
        with pytest.raises(ConnectionRefusedError):
            smtplib.SMTP("mx1.example.org", 25, timeout=5)
        smtplib.SMTP("mx2.example.org", 25, timeout=5).quit()

    smtplib.SMTP("mx1.example.org", 25, timeout=5).quit()
    pattern.remove()
    assert not smtpports._world._network.routes("mx1.example.org")


def test_the_ports_of_a_pattern_that_has_ended_are_closed(smtpports: SMTPPorts) -> None:
    with smtpports.route("*.example.org"):
        smtplib.SMTP("mx1.example.org", 25, timeout=5).quit()
        number = smtpports._world._network._sites()[-1].doors[25].address[1]

    with socket.socket() as client, pytest.raises(ConnectionRefusedError):
        client.connect(("127.0.0.1", number))


@pytest.mark.parametrize("host", ["*", "*.", "**.example.org", "mx*.example.org", "mx.*.org", "*.127.0.0.1"])
def test_what_is_no_pattern_is_told(smtpports: SMTPPorts, host: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^A route takes host names"):
        smtpports.route(host)
