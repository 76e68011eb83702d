"""Networks: those that are data, and what one may be told."""

from __future__ import annotations

import pickle
import re
from typing import Any

import pytest

from pytest_smtpports import Block, ConfigurationError, Drop, Network, Tarpit, Throttle, UnknownName
from pytest_smtpports._data import load
from pytest_smtpports._ports._kinds import KINDS
from pytest_smtpports._ports._named import by_name, named
from pytest_smtpports._ports._networks import shipped

DATA: dict[str, Any] = load("networks")  # a JSON file, which these tests check
each_network = pytest.mark.parametrize("name", DATA)


@each_network
def test_a_network_has_the_form_of_every_other(name: str) -> None:
    facts = DATA[name]

    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert set(facts) == {"is", "blocks", "sources"}
    assert facts["is"]
    assert not facts["is"].endswith(".")
    assert facts["blocks"]
    assert all(facts["sources"].values())


@each_network
def test_every_block_has_a_source_that_is_named_and_every_source_a_use(name: str) -> None:
    facts = DATA[name]
    used = {fact["source"] for fact in facts["blocks"].values()}

    assert used <= set(facts["sources"])
    for number, fact in facts["blocks"].items():
        assert 1 <= int(number) <= 65535
        assert fact["how"] in KINDS
        # What no source tells is the default, and is marked.
        assert fact.get("assumed", True) is True
        assert "assumed" not in fact or fact["how"] == "drop"


@each_network
def test_a_network_is_found_by_its_name(name: str) -> None:
    network = named(Network, name, shipped())

    assert network.name == name
    assert {str(number): block.kind for number, block in network.blocks.items()} == {
        number: fact["how"] for number, fact in DATA[name]["blocks"].items()
    }


def test_a_block_of_a_network_may_have_a_parameter() -> None:
    assert shipped()["edbb"].blocks == {25: Throttle(16)}


def test_an_unknown_network_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"^'digitalozean' is not a network; did you mean 'digitalocean'\?"):
        named(Network, "digitalozean", shipped())


@pytest.mark.parametrize("name", [None, 25, ["aws"]])
def test_what_is_no_name_is_no_network(name: object) -> None:
    with pytest.raises(UnknownName):
        named(Network, name, shipped())


def test_a_kind_may_be_named_or_given() -> None:
    blocks: dict[int, str | Block] = {25: "drop", 587: Tarpit(5)}

    assert Network("hotel", blocks).blocks == {25: Drop(), 587: Tarpit(5)}


def test_a_network_is_a_value() -> None:
    one, same = Network("hotel", {25: "drop"}), Network("hotel", {25: Drop()})

    assert one == same
    assert hash(one) == hash(same)
    assert hash(Network("hotel", {25: "drop", 465: "refuse"})) == hash(Network("hotel", {465: "refuse", 25: "drop"}))
    assert one != Network("hotel", {})
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301 # our own bytes
    with pytest.raises(TypeError):
        one.blocks[587] = Drop()  # type: ignore[index] # wrong on purpose


@pytest.mark.parametrize(
    ("name", "blocks", "told"),
    [
        ("", {25: "drop"}, "A network has a name such as 'ours', not ''."),
        (None, {25: "drop"}, "A network has a name such as 'ours', not None."),
        ("hotel", {"25": "drop"}, "A network blocks ports by number, such as 587, not '25'."),
        ("hotel", {True: "drop"}, "A network blocks ports by number, such as 587, not True."),
        ("hotel", [25], "A network blocks ports by number, each in a way, such as {587: 'drop'}, not [25]."),
        ("hotel", {25: "dorp"}, "'dorp' is not a block kind; did you mean 'drop'?"),
    ],
)
def test_what_can_not_be_meant_is_told(name: Any, blocks: Any, told: str) -> None:  # Any: wrong on purpose
    with pytest.raises((ConfigurationError, UnknownName), match=f"^{re.escape(told)}"):
        Network(name, blocks)


def test_the_later_of_two_networks_of_one_name_holds() -> None:
    earlier, later = Network("hotel", {25: "drop"}), Network("hotel", {465: "drop"})

    assert by_name(Network, [earlier, later]) == {"hotel": later}


def test_what_is_no_network_is_told() -> None:
    with pytest.raises(ConfigurationError, match=r"^A Network is expected, not 'hotel'"):
        by_name(Network, ["hotel"])
