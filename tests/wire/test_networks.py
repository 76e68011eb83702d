"""Ports behind a network: the block of each, on every way to them, until it is taken back."""

from __future__ import annotations

import smtplib
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import Network, SMTPPorts, UnknownName

if TYPE_CHECKING:
    from collections.abc import Iterable

HOST = "smtp.example.com"


def blocked(smtpports: SMTPPorts) -> dict[int, str]:
    return {port.number: port.blocked.kind for port in smtpports.ports if port.blocked is not None}


class Own:
    """A plugin with networks of its own."""

    def pytest_smtpports_networks(self, config: object) -> Iterable[Network]:
        assert config is None
        return [Network("hotel", {25: "intercept", 80: "drop"}), Network("aws", {587: "refuse"})]


def test_a_network_blocks_what_it_blocks_and_nothing_else(smtpports: SMTPPorts) -> None:
    with smtpports.network("hetzner"):
        assert blocked(smtpports) == {25: "drop", 465: "drop"}
    assert blocked(smtpports) == {}


def test_a_client_behind_a_network_falls_back_to_what_is_open(smtpports: SMTPPorts) -> None:
    smtpports.route(HOST)
    smtpports.network("digitalocean")
    for number in (25, 465, 587):
        with pytest.raises(TimeoutError):
            smtplib.SMTP(HOST, number, timeout=10)

    smtplib.SMTP(HOST, 2525, timeout=5).quit()
    smtpports.assert_attempted([25, 465, 587, 2525])


def test_inner_blocks_shadow_a_network_and_give_way(smtpports: SMTPPorts) -> None:
    network = smtpports.network("aws")
    inner = smtpports.unblock(25)
    assert blocked(smtpports) == {}
    network.remove()
    inner.remove()
    assert blocked(smtpports) == {}


def test_a_port_that_is_not_emulated_is_passed_over() -> None:
    from pytest_smtpports import PROFILES

    with SMTPPorts([PROFILES[587]]) as smtpports:
        smtpports.network("digitalocean")
        assert blocked(smtpports) == {587: "drop"}


def test_a_reset_ends_a_network_but_not_the_one_that_was_there_from_the_beginning() -> None:
    with SMTPPorts(network="aws") as smtpports:
        smtpports.network("digitalocean")
        assert set(blocked(smtpports)) == {25, 465, 587}

        smtpports.reset()
        assert blocked(smtpports) == {25: "drop"}
        smtpports.unblock(25)
        assert blocked(smtpports) == {}


def test_a_plugin_has_networks_of_its_own_which_replace_those_of_their_names() -> None:
    with SMTPPorts(plugins=[Own()]) as smtpports:
        with smtpports.network("hotel"):
            assert blocked(smtpports) == {25: "intercept"}
        with smtpports.network("aws"):
            assert blocked(smtpports) == {587: "refuse"}
        with smtpports.network("gcp"):
            assert blocked(smtpports) == {25: "drop"}


def test_an_unknown_network_is_told_with_the_nearest(smtpports: SMTPPorts) -> None:
    with pytest.raises(UnknownName, match=r"^'asw' is not a network; did you mean 'aws'\?"):
        smtpports.network("asw")
    with pytest.raises(UnknownName, match=r"^'asw' is not a network"):
        SMTPPorts(network="asw")


def test_a_network_takes_the_place_of_another_until_it_is_left(smtpports: SMTPPorts) -> None:
    def blocked() -> list[int]:
        return [port.number for port in smtpports.ports if port.blocked]

    smtpports.network("digitalocean")
    outer = blocked()
    with smtpports.network("gcp"):
        assert blocked() == [25]
    assert blocked() == outer != [25]
