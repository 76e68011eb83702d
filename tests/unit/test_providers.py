"""Providers: those that are data, and what one may be told."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pytest_smtpports import PROFILES, ConfigurationError, Provider, TLSMode, UnknownName
from pytest_smtpports._data import load
from pytest_smtpports._network._names import routable
from pytest_smtpports._ports._named import by_name, named
from pytest_smtpports._ports._personality import personality_names
from pytest_smtpports._ports._providers import shipped
from pytest_smtpports._ports._sasl import EXCHANGES

DATA: dict[str, Any] = load("providers")  # a JSON file, which these tests check
MODES = {"implicit": TLSMode.IMPLICIT, "starttls": TLSMode.STARTTLS, "starttls-optional": TLSMode.STARTTLS}
each_provider = pytest.mark.parametrize("name", DATA)


@each_provider
def test_a_provider_has_the_form_of_every_other(name: str) -> None:
    facts = DATA[name]
    optional = {"mechanisms", "size_limit", "personality", "username", "password_is_username"}

    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert {"is", "hosts", "ports", "sources"} <= set(facts) <= {"is", "hosts", "ports", "sources", *optional}
    assert facts["is"]
    assert [routable(host) for host in facts["hosts"][0]] == facts["hosts"][0]
    assert all(value[0] in MODES for value in facts["ports"].values())
    assert set(facts.get("mechanisms", [[]])[0]) <= set(EXCHANGES)
    assert facts.get("personality", ["rfc"])[0] in personality_names()


@each_provider
def test_every_fact_has_a_source_that_is_named_and_every_source_a_use(name: str) -> None:
    facts = DATA[name]
    pairs = [fact for key, fact in facts.items() if key not in ("is", "ports", "sources")]
    used = {source for _, source in (*pairs, *facts["ports"].values())}

    assert used == set(facts["sources"])
    assert all(facts["sources"].values())


@each_provider
def test_the_ports_of_a_provider_are_what_its_data_say(name: str) -> None:
    provider, facts = named(Provider, name, shipped()), DATA[name]

    assert {str(profile.number): profile.tls for profile in provider.profiles} == {
        number: MODES[mode] for number, (mode, _) in facts["ports"].items()
    }
    for profile in provider.profiles:
        mode = facts["ports"][str(profile.number)][0]
        assert profile.starttls_required == (mode == "starttls")
        assert profile.auth_in_clear == (mode == "starttls-optional")


def test_an_unknown_provider_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"^'sengrid' is not a provider; did you mean 'sendgrid'\?"):
        named(Provider, "sengrid", shipped())


@pytest.mark.parametrize(
    ("name", "hosts", "profiles", "told"),
    [
        ("", ("smtp.example.com",), (PROFILES[587],), "A provider has a name such as 'ours', not ''."),
        ("ours", (), (PROFILES[587],), "A provider has a tuple of host names, such as ('smtp.example.com',), not ()."),
        ("ours", "smtp.example.com", (PROFILES[587],), "A provider has a tuple of host names, such as "),
        ("ours", (587,), (PROFILES[587],), "A provider has a tuple of host names, such as "),
        ("ours", ("smtp.example.com",), (), "The provider 'ours' has no port; "),
        ("ours", ("smtp.example.com",), (587,), "A Profile is expected, such as PROFILES[25], not 587."),
    ],
)
def test_what_can_not_be_meant_is_told(
    name: Any, hosts: Any, profiles: Any, told: str
) -> None:  # Any: wrong on purpose
    with pytest.raises(ConfigurationError, match=f"^{re.escape(told)}"):
        Provider(name, hosts, profiles)


def test_the_later_of_two_providers_of_one_name_holds() -> None:
    earlier = Provider("ours", ("one.example.com",), (PROFILES[587],))
    later = Provider("ours", ("two.example.com",), (PROFILES[587],))

    assert by_name(Provider, [earlier, later]) == {"ours": later}


def test_what_is_no_provider_is_told() -> None:
    with pytest.raises(ConfigurationError, match=r"^A Provider is expected, not 'ours'"):
        by_name(Provider, ["ours"])
