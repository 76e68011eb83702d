"""Trust that is lent to every context: also to those that were made before, or with a bundle of their own."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import ssl
from typing import TYPE_CHECKING

import aiosmtplib
import pytest
import trustme
import uvloop

from pytest_smtpports import SMTPPorts
from pytest_smtpports._network._contexts import CONTEXTS

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

HOST = "smtp.example.com"
MAIL = "Subject: Welcome\r\n\r\nHello Ada\r\n"
FOUND = {name: vars(ssl.SSLContext)[name] for name in ("wrap_socket", "wrap_bio")}


@pytest.fixture(autouse=True)
def _put_back() -> Iterator[None]:
    yield
    assert {name: vars(ssl.SSLContext)[name] for name in FOUND} == FOUND
    assert CONTEXTS._certificates == ()


@pytest.fixture
def early() -> ssl.SSLContext:
    """A context as a module makes it when it is imported."""
    return ssl.create_default_context()


@pytest.fixture
def own_bundle() -> ssl.SSLContext:
    """One that knows its own authority alone, as certifi has it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trustme.CA().configure_trust(context)
    return context


def greet(context: ssl.SSLContext) -> None:
    with smtplib.SMTP_SSL(HOST, 465, timeout=5, context=context) as client:
        assert client.noop()[0] == 250


def send(context: ssl.SSLContext, smtpports: SMTPPorts) -> Coroutine[object, object, object]:
    login = {"username": smtpports.username, "password": smtpports.password}
    return aiosmtplib.send(
        MAIL,
        sender="app@example.com",
        recipients=["ada@example.org"],
        hostname=HOST,
        port=465,
        use_tls=True,
        tls_context=context,
        timeout=5,
        **login,
    )


@pytest.mark.parametrize("made", ["early", "own_bundle"])
def test_every_context_trusts_us_for_the_time_of_a_route(
    smtpports: SMTPPorts, request: pytest.FixtureRequest, made: str
) -> None:
    context: ssl.SSLContext = request.getfixturevalue(made)
    with smtpports.route(HOST), pytest.raises(ssl.SSLCertVerificationError):
        greet(context)

    with smtpports.route(HOST, trust="all"):
        greet(context)
        greet(ssl.create_default_context())
        with smtplib.SMTP(HOST, 587, timeout=5) as client:
            assert client.starttls(context=context)[0] == 220


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_clients_in_a_loop_trust_us_too(
    smtpports: SMTPPorts, own_bundle: ssl.SSLContext, run: Callable[[Coroutine[object, object, object]], object]
) -> None:
    smtpports.route(HOST, trust="all")
    run(send(own_bundle, smtpports))

    smtpports.assert_sent(port=465, tls=True, host=HOST)


def test_another_name_is_refused_by_whoever_trusts_us(smtpports: SMTPPorts, own_bundle: ssl.SSLContext) -> None:
    smtpports.route(HOST, trust="all").block(465, how="intercept")

    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        greet(own_bundle)


def test_a_context_that_verifies_nothing_and_one_of_a_server_are_left_alone(smtpports: SMTPPorts) -> None:
    careless = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    careless.check_hostname = False
    careless.verify_mode = ssl.CERT_NONE
    server = smtpports._world.surroundings.engine.authority.server_context(HOST)
    smtpports.route(HOST, trust="all")
    greet(careless)

    assert careless.get_ca_certs() == server.get_ca_certs() == []


def test_a_certificate_is_loaded_once(smtpports: SMTPPorts, own_bundle: ssl.SSLContext) -> None:
    smtpports.route(HOST, trust="all")
    for _ in range(3):
        greet(own_bundle)

    assert len(own_bundle.get_ca_certs()) == 2


@pytest.mark.parametrize("first", [0, 1])
def test_two_providers_are_trusted_until_each_is_gone(own_bundle: ssl.SSLContext, first: int) -> None:
    with SMTPPorts() as one, SMTPPorts() as other:
        routes = [one.route("one.example.com", trust="all"), other.route("other.example.com", trust="all")]
        routes.pop(first).remove()
        (left,) = routes
        with smtplib.SMTP_SSL(left.hosts[0], 465, timeout=5, context=own_bundle) as client:
            assert client.noop()[0] == 250


def test_a_server_side_that_is_told_by_its_place_is_one(smtpports: SMTPPorts) -> None:
    # What a server asks of its clients is none of our business, and its certificates are its own.
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.verify_mode = ssl.CERT_REQUIRED
    with smtpports.route(HOST, trust="all"):
        context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), True)  # as callers of old do
        with socket.create_server(("127.0.0.1", 0)) as server:
            context.wrap_socket(server, True).close()  # as above
        assert not context.get_ca_certs()

        client = ssl.create_default_context()
        client.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), False, HOST)  # as above
        assert client.get_ca_certs()


def test_a_patch_that_somebody_else_has_put_on_top_stays(smtpports: SMTPPorts, own_bundle: ssl.SSLContext) -> None:
    route = smtpports.route(HOST, trust="all")
    below, seen = ssl.SSLContext.wrap_socket, []

    def on_top(context: ssl.SSLContext, *args: object, **options: object) -> object:
        seen.append(context)
        return below(context, *args, **options)  # type: ignore[arg-type] # as they come

    try:
        ssl.SSLContext.wrap_socket = on_top  # type: ignore[assignment,method-assign] # as others do it
        route.remove()
        assert vars(ssl.SSLContext)["wrap_socket"] is on_top
        with smtpports.route(HOST), pytest.raises(ssl.SSLCertVerificationError):
            greet(own_bundle)
    finally:
        ssl.SSLContext.wrap_socket = FOUND["wrap_socket"]  # type: ignore[method-assign] # as it was

    assert seen == [own_bundle]
