"""What a network does to a port, and which of several words on it holds."""

from __future__ import annotations

import pytest

from pytest_smtpports import Block, Drop, Refuse, Silent, UnknownName
from pytest_smtpports._ports._blocks import Layer, effective
from pytest_smtpports._ports._kinds import KINDS, block_of


@pytest.mark.parametrize(("kind", "block"), [("drop", Drop()), ("refuse", Refuse())])
def test_a_kind_is_the_name_of_a_block(kind: str, block: Block) -> None:
    assert block_of(kind) == block


def test_a_block_stands_for_itself() -> None:
    block = Refuse()

    assert block_of(block) is block


def test_an_unknown_kind_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(UnknownName) as caught:
        block_of("refused")

    assert str(caught.value) == (
        f"'refused' is not a block kind; did you mean 'refuse'? Valid: {', '.join(map(repr, KINDS))}."
    )


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (587, "587 is not a block kind."),
        (None, "None is not a block kind."),
        (["drop"], "['drop'] is not a block kind; did you mean 'drop'?"),
        ({}, "{} is not a block kind."),
    ],
)
def test_what_is_no_kind_at_all_is_refused(how: object, said: str) -> None:
    with pytest.raises(UnknownName) as caught:
        block_of(how)  # type: ignore[arg-type] # wrong on purpose

    assert str(caught.value) == f"{said} Valid: {', '.join(map(repr, KINDS))}."


def test_blocks_of_two_kinds_differ() -> None:
    blocks: list[Block] = [Drop(), Refuse()]

    assert blocks[0] != blocks[1]


def test_without_a_word_a_port_is_open() -> None:
    assert effective([], 587) is None


def test_a_word_on_another_port_leaves_this_one_open() -> None:
    assert effective([Layer({25: Drop()})], 587) is None


def test_the_latest_word_on_a_port_holds() -> None:
    layers = [Layer({587: Drop()}), Layer({587: Refuse()}), Layer({25: Drop()})]

    assert effective(layers, 587) == Refuse()


def test_a_later_word_can_open_a_port() -> None:
    assert effective([Layer({587: Drop()}), Layer({587: None})], 587) is None


def test_an_earlier_word_holds_again_when_the_later_one_is_gone() -> None:
    earlier, later = Layer({587: Drop()}), Layer({587: None})
    layers = [earlier, later]

    layers.remove(later)

    assert effective(layers, 587) == Drop()


def test_a_word_on_one_route_speaks_of_no_other_way() -> None:
    route, other = object(), object()
    layers = [Layer({587: Drop()}, route)]

    assert effective(layers, 587, route) == Drop()
    assert effective(layers, 587, other) is None
    assert effective(layers, 587) is None


def test_a_word_on_every_way_speaks_of_a_route_too() -> None:
    assert effective([Layer({587: Drop()})], 587, object()) == Drop()


def test_among_words_on_a_route_and_on_every_way_the_latest_holds() -> None:
    route = object()
    opened = Layer({587: None}, route)
    blocked = Layer({587: Drop()})

    assert effective([blocked, opened], 587, route) is None
    assert effective([opened, blocked], 587, route) == Drop()


def test_two_equal_words_are_two() -> None:
    assert Layer({587: Drop()}) != Layer({587: Drop()})


def test_a_network_takes_the_place_of_another_and_of_nothing_else() -> None:
    outer, inner = Layer({25: Drop(), 587: Drop()}, is_network=True), Layer({25: Refuse()}, is_network=True)
    own = Layer({465: Silent()})

    assert effective([outer, own, inner], 25) == Refuse()
    assert effective([outer, own, inner], 465) == Silent()
    assert effective([outer, own, inner], 587) is None
    assert effective([outer, inner, own], 587) is None
    assert effective([outer, own], 587) == Drop()


def test_what_is_said_of_every_other_port_holds_for_one_that_nobody_named() -> None:
    route = object()
    layers = [Layer({2587: Silent()}), Layer({25: None}, others=Drop()), Layer({465: Refuse()}, route, Silent())]

    assert effective(layers, 25) is None
    assert effective(layers, 2587) == Drop()
    assert effective(layers, 2587, route) == Silent()
    assert effective(layers, 465, route) == Refuse()
