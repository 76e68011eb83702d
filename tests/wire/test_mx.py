"""Mail exchangers of routed domains, as dnspython looks them up; no question of ours leaves the machine."""

from __future__ import annotations

import asyncio
import smtplib
import socket
from typing import TYPE_CHECKING

import dns.asyncresolver
import dns.name
import dns.rdatatype
import dns.resolver
import pytest
import trio

from pytest_smtpports import SMTPPorts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FOUND = (dns.resolver.Resolver.resolve, dns.asyncresolver.Resolver.resolve)
# Bound before any route, as a module that was imported early has it.
EARLY = dns.resolver.resolve
Asked = tuple[object, ...]


@pytest.fixture(autouse=True)
def _put_back(smtpports: SMTPPorts) -> Iterator[None]:
    yield
    smtpports.reset()
    assert (dns.resolver.Resolver.resolve, dns.asyncresolver.Resolver.resolve) == FOUND


@pytest.fixture
def passed_on(monkeypatch: pytest.MonkeyPatch) -> list[Asked]:
    """What went through to dnspython's own resolver, which asks nobody here."""
    asked: list[Asked] = []

    def resolve(_: object, *question: object, **__: object) -> None:
        asked.append(question)

    async def resolve_async(_: object, *question: object, **__: object) -> None:
        asked.append(question)

    monkeypatch.setattr(dns.resolver.Resolver, "resolve", resolve)
    monkeypatch.setattr(dns.asyncresolver.Resolver, "resolve", resolve_async)
    return asked


def exchanges(answer: dns.resolver.Answer) -> list[tuple[int, str]]:
    return sorted((each.preference, each.exchange.to_text()) for each in answer)


RESOLVER = dns.resolver.Resolver(configure=False)


@pytest.mark.parametrize(
    "look_up",
    [
        lambda name: RESOLVER.resolve(name, "MX"),
        lambda name: RESOLVER.resolve(dns.name.from_text(name), dns.rdatatype.MX),
        lambda name: asyncio.run(_look_up(name)),
        lambda name: trio.run(_look_up, name),
    ],
    ids=["text", "name", "asyncio", "trio"],
)
@pytest.mark.parametrize("name", ["example.org", "Example.ORG."])
def test_the_hosts_below_a_domain_are_its_exchangers_in_their_order(
    smtpports: SMTPPorts, look_up: Callable[[str], dns.resolver.Answer], name: str
) -> None:
    smtpports.route("mx1.example.org", "mx2.example.org")
    smtpports.route("mx0.example.org", "smtp.example.com")

    assert exchanges(look_up(name)) == [(10, "mx1.example.org."), (20, "mx2.example.org."), (30, "mx0.example.org.")]


async def _look_up(name: str) -> dns.resolver.Answer:
    return await dns.asyncresolver.Resolver(configure=False).resolve(name, "MX")


def test_a_domain_that_is_routed_itself_is_its_own_exchanger(smtpports: SMTPPorts) -> None:
    # RFC 5321 §5.1
    smtpports.route("example.org", "mx1.example.org")
    (found,) = EARLY("example.org", "MX")
    with smtplib.SMTP(found.exchange.to_text(), 25, timeout=5) as client:
        client.sendmail("app@example.com", "ada@example.org", "Subject: Hello\r\n\r\n")

    assert smtpports.assert_sent(port=25).host == "example.org"


def test_a_relay_falls_back_to_the_next_exchanger(smtpports: SMTPPorts) -> None:
    first, second = smtpports.route("mx1.example.org"), smtpports.route("mx2.example.org")
    first.block(25)
    best, next_best = sorted(RESOLVER.resolve("example.org", "MX"), key=lambda each: each.preference)
    with pytest.raises(TimeoutError):
        smtplib.SMTP(best.exchange.to_text(), 25, timeout=10)
    smtplib.SMTP(next_best.exchange.to_text(), 25, timeout=10).quit()

    assert [each.host for each in smtpports.connections] == ["mx1.example.org", "mx2.example.org"]
    assert second.connections


def test_every_other_look_up_goes_its_own_way(smtpports: SMTPPorts, passed_on: list[Asked]) -> None:
    with smtpports.route("mx1.example.org", "*.example.net"):
        for question in (
            ("example.com", "MX"),
            ("example.org", "A"),
            ("example.net", "MX"),
            ("mx1.example.org", "TXT"),
        ):
            RESOLVER.resolve(*question)
        asyncio.run(_look_up("example.com"))

    assert [question[0] for question in passed_on] == [
        "example.com",
        "example.org",
        "example.net",
        "mx1.example.org",
        "example.com",
    ]


def test_a_patch_that_somebody_else_has_put_on_top_stays(smtpports: SMTPPorts) -> None:
    route = smtpports.route("example.org")
    below = dns.resolver.Resolver.resolve

    def on_top(resolver: dns.resolver.Resolver, *question: object) -> object:
        return below(resolver, *question)  # type: ignore[arg-type] # as it comes

    try:
        dns.resolver.Resolver.resolve = on_top  # type: ignore[assignment,method-assign] # as others do it
        assert RESOLVER.resolve("example.org", "MX")
        route.remove()
        assert dns.resolver.Resolver.resolve is on_top
    finally:
        dns.resolver.Resolver.resolve = FOUND[0]  # type: ignore[method-assign] # as it was


def test_the_latest_of_two_that_route_a_domain_answers(smtpports: SMTPPorts) -> None:
    smtpports.route("mx1.example.org")
    with SMTPPorts() as other:
        other.route("mx2.example.org")
        assert exchanges(RESOLVER.resolve("example.org", "MX")) == [(10, "mx2.example.org.")]
    assert exchanges(RESOLVER.resolve("example.org", "MX")) == [(10, "mx1.example.org.")]


def test_a_routed_name_has_the_address_that_leads_here(smtpports: SMTPPorts) -> None:
    smtpports.route("mx1.example.org", "*.example.net")

    for name in ("mx1.example.org", "MX1.Example.ORG.", "a.b.example.net"):
        (address,) = RESOLVER.resolve(name)
        with socket.create_connection((address.to_text(), 25), 5) as client:
            assert client.recv(100).endswith(b" ESMTP ready\r\n")
    assert [each.host for each in smtpports.connections] == ["mx1.example.org"] * 2 + ["a.b.example.net"]


def test_a_routed_name_has_no_address_of_ipv6(smtpports: SMTPPorts) -> None:
    smtpports.route("mx1.example.org")

    with pytest.raises(dns.resolver.NoAnswer):
        RESOLVER.resolve("mx1.example.org", "AAAA")
    with pytest.raises(dns.resolver.NoAnswer):
        asyncio.run(dns.asyncresolver.Resolver(configure=False).resolve("mx1.example.org", "AAAA"))


def test_a_name_that_does_not_resolve_does_not_exist(smtpports: SMTPPorts) -> None:
    smtpports.route("mx1.example.org").only(how="dns")

    with pytest.raises(dns.resolver.NXDOMAIN, match=r"mx1\.example\.org"):
        RESOLVER.resolve("mx1.example.org", "A")
