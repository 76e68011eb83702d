"""The kinds of block as values: what each may be told, and what a client meets of it."""

from __future__ import annotations

import errno
import pickle
from dataclasses import FrozenInstanceError

import pytest

import pytest_smtpports
from pytest_smtpports import (
    KINDRED,
    PROFILES,
    Banner,
    Block,
    ConfigurationError,
    Intercept,
    Role,
    Stall,
    StripSTARTTLS,
    Tarpit,
    Throttle,
    TLSMode,
)
from pytest_smtpports._ports._kinds import KINDS, block_of, error_of, hindrance, served, starttls_of

# design.md's words, each with its class.
NAMES = {
    "drop": "Drop",
    "refuse": "Refuse",
    "net-unreachable": "NetUnreachable",
    "host-unreachable": "HostUnreachable",
    "prohibited": "Prohibited",
    "reset": "Reset",
    "close": "Close",
    "silent": "Silent",
    "tarpit": "Tarpit",
    "banner": "Banner",
    "intercept": "Intercept",
    "strip-starttls": "StripSTARTTLS",
    "http": "HTTP",
    "dns": "DNS",
    "throttle": "Throttle",
    "stall": "Stall",
}
BLOCKS = [block_of(kind) for kind in NAMES]


def test_every_kind_has_a_public_class() -> None:
    assert {kind: block.__name__ for kind, block in KINDS.items()} == NAMES
    assert all(KINDS[kind] is getattr(pytest_smtpports, name) for kind, name in NAMES.items())


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.kind)
def test_a_block_is_a_value(block: Block) -> None:
    assert block == type(block)()
    assert hash(block) == hash(type(block)())
    assert pickle.loads(pickle.dumps(block)) == block  # noqa: S301 # our own bytes
    with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
        block.kind = "other"  # type: ignore[misc] # wrong on purpose


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.kind)
def test_each_tells_in_a_sentence_of_its_own_what_happens(block: Block) -> None:
    assert block.reason
    assert [other for other in BLOCKS if other.reason == block.reason] == [block]


@pytest.mark.parametrize("rate", [0, -1, "1", None, True, float("nan"), float("inf")])
def test_a_tarpit_has_a_rate(rate: object) -> None:
    with pytest.raises(ConfigurationError, match=r"^bytes_per_second is a number above 0, not "):
        Tarpit(rate)  # type: ignore[arg-type] # wrong on purpose


@pytest.mark.parametrize("number", [0, -1, 1.5, "1", None, True])
@pytest.mark.parametrize(("kind", "name"), [(Throttle, "connections"), (Stall, "replies")])
def test_what_is_counted_is_a_number_from_1(kind: type[Throttle | Stall], name: str, number: object) -> None:
    with pytest.raises(ConfigurationError, match=rf"^{name} is a number from 1, not "):
        kind(number)  # type: ignore[arg-type] # wrong on purpose


@pytest.mark.parametrize("text", ["220 Welcome", "Welcome", "250 Ok", "", "450 4.7.1 Later"])
def test_a_banner_turns_clients_away(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"turns clients away|one line of printable ASCII"):
        Banner(text)


@pytest.mark.parametrize("text", ["554 5.7.1 No", "521 Never", "421 4.3.2 Not now", "554"])
@pytest.mark.parametrize("profile", [*PROFILES.values(), KINDRED[24]], ids=lambda profile: str(profile.number))
def test_every_port_can_have_every_banner(profile: pytest_smtpports.Profile, text: str) -> None:
    met = served(profile, Banner(text))

    assert met.greeting == text
    assert (met.role is Role.LMTP) == (profile.role is Role.LMTP)


@pytest.mark.parametrize("host", ["", "two words", None, 25, "relay..example", "relay.example:25"])
def test_who_intercepts_has_a_name(host: object) -> None:
    with pytest.raises(ConfigurationError, match=r"^host is a name such as 'relay.isp.example', not "):
        Intercept(host)  # type: ignore[arg-type] # wrong on purpose


@pytest.mark.parametrize(
    ("number", "starttls", "tls"),
    [
        (25, True, TLSMode.STARTTLS),
        (25, False, TLSMode.NONE),
        (587, False, TLSMode.NONE),
        (465, False, TLSMode.IMPLICIT),
    ],
)
def test_who_intercepts_has_tls_where_the_client_must_begin_with_it(number: int, starttls: bool, tls: TLSMode) -> None:
    assert served(PROFILES[number], Intercept(starttls=starttls)).tls is tls


@pytest.mark.parametrize("block", [None, *(block for block in BLOCKS if not isinstance(block, (Banner, Intercept)))])
def test_every_other_port_is_what_it_is(block: Block | None) -> None:
    assert served(PROFILES[587], block) is PROFILES[587]


@pytest.mark.parametrize(
    ("block", "keyword"), [(None, "STARTTLS"), (StripSTARTTLS(), None), (StripSTARTTLS(masked=True), "XXXXXXXA")]
)
def test_what_stands_in_the_place_of_starttls(block: Block | None, keyword: str | None) -> None:
    assert starttls_of(block) == keyword


def test_what_a_router_tells_is_an_error_number() -> None:
    told = {block.kind: error_of(block) for block in BLOCKS if error_of(block) is not None}

    assert told == {
        "net-unreachable": errno.ENETUNREACH,
        "host-unreachable": errno.EHOSTUNREACH,
        "prohibited": errno.EACCES,
    }
    assert error_of(None) is None


OTHER = "another server answered, relay.isp.example"


@pytest.mark.parametrize(
    ("block", "number", "told"),
    [
        (Tarpit(), 25, "the tarpit let 1 byte per second through"),
        (Tarpit(bytes_per_second=0.5), 465, "the tarpit let 0.5 bytes per second through"),
        (Intercept(), 465, f"{OTHER}, with a certificate of its own"),
        (Intercept(), 587, f"{OTHER}, with a certificate of its own"),
        (Intercept(starttls=False), 587, OTHER),
        (StripSTARTTLS(), 587, "STARTTLS was taken out of every reply to EHLO"),
        (StripSTARTTLS(masked=True), 2525, "STARTTLS was taken out of every reply to EHLO"),
        # There is none.
        (StripSTARTTLS(), 465, None),
        (StripSTARTTLS(), 25, None),
        # Nothing is in the way until everything is.
        (Stall(), 587, None),
    ],
    ids=str,
)
def test_what_a_client_that_gets_through_was_up_against_is_told(block: Block, number: int, told: str | None) -> None:
    assert hindrance(block, served(PROFILES[number], block)) == told


def test_a_class_in_the_place_of_a_block_is_told() -> None:
    with pytest.raises(ConfigurationError, match=r"how= takes a block, such as Tarpit\(\), not the class itself"):
        block_of(Tarpit)  # type: ignore[arg-type] # wrong on purpose
