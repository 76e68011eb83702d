"""Faults as values: what may go wrong at which stage, and for whom."""

from __future__ import annotations

import math
import pickle
import re
from typing import Any

import pytest

from pytest_smtpports import (
    KINDRED,
    PROFILES,
    AcceptThen,
    Action,
    BadTLS,
    ConfigurationError,
    Delay,
    Disconnect,
    Drip,
    Garbage,
    Hang,
    Reply,
    UnknownName,
    accept_then,
)
from pytest_smtpports._ports._faults import (
    STAGES,
    Condition,
    Stage,
    action_of,
    check_conditions,
    has_stage,
    is_met,
    stage_of,
    stages_of,
    told,
)

REPLY = Reply(451, "4.3.0", "Try again")
ACTIONS = [REPLY, Disconnect(), Delay(1), Drip(10), Garbage(b"\0"), Hang(), BadTLS("expired"), AcceptThen(Hang())]
# Where each of them has no place.
NOWHERE: dict[type, set[str]] = {
    Reply: {"connect", "handshake"},
    Drip: {"connect", "starttls", "handshake", "auth", "data"},
    BadTLS: {stage.value for stage in Stage} - {"handshake"},
    AcceptThen: {stage.value for stage in Stage} - {"message"},
}


@pytest.mark.parametrize("name", [stage.value for stage in Stage])
def test_a_stage_goes_by_its_name(name: str) -> None:
    assert stage_of(name).value == name


def test_an_unknown_stage_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(UnknownName, match="did you mean 'rcpt'"):
        stage_of("rctp")


def test_each_command_but_those_without_a_fault_has_its_stage() -> None:
    assert {stage.value for stage in STAGES.values()} == {
        stage.value for stage in Stage if stage.value not in ("connect", "banner", "handshake", "message")
    }


@pytest.mark.parametrize("stage", Stage, ids=lambda stage: stage.value)
@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: type(action).__name__)
def test_an_action_has_its_places(stage: Stage, action: Reply | Action) -> None:
    if stage.value in NOWHERE.get(type(action), set()):
        with pytest.raises(ConfigurationError, match=f"has no place at the stage '{stage.value}'; it has one at "):
            action_of(stage, action)
    else:
        assert action_of(stage, action) is action


def test_a_reply_may_be_written() -> None:
    assert action_of(Stage.RCPT, "450 4.7.1 Greylisted\nand so on") == Reply(450, "4.7.1", "Greylisted\nand so on")
    with pytest.raises(ConfigurationError, match=r"such as '450 4\.7\.1 Greylisted'"):
        action_of(Stage.RCPT, "no")


@pytest.mark.parametrize("action", [None, 450, b"450 no", Disconnect])
def test_what_is_no_action_is_refused(action: object) -> None:
    with pytest.raises(ConfigurationError, match="A fault does something: "):
        action_of(Stage.RCPT, action)


def test_another_way_to_disconnect_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(UnknownName, match="did you mean 'reset'"):
        Disconnect("rest")


@pytest.mark.parametrize("number", [0, -1, math.inf, math.nan, True, "1"])
@pytest.mark.parametrize("kind", [Delay, Drip])
def test_a_time_and_a_rate_are_above_0(kind: type[Delay | Drip], number: float) -> None:
    with pytest.raises(ConfigurationError, match="is a number above 0, not "):
        kind(number)


@pytest.mark.parametrize("data", [b"", "text", 1])
def test_garbage_is_bytes(data: bytes) -> None:
    with pytest.raises(ConfigurationError, match="Garbage takes bytes, "):
        Garbage(data)


def test_what_is_stored_and_not_acknowledged_ends_in_a_way_that_keeps_the_250_back() -> None:
    assert accept_then("451 4.3.0 Try again") == AcceptThen(REPLY)
    for action in (Delay(1), Drip(1), Reply(250, None, "Ok"), AcceptThen(Hang())):
        with pytest.raises(ConfigurationError, match="what keeps the client from its 250"):
            accept_then(action)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: type(action).__name__)
def test_an_action_is_a_value(action: Reply | Action) -> None:
    assert pickle.loads(pickle.dumps(action)) == action  # noqa: S301 # our own bytes
    assert hash(action) == hash(pickle.loads(pickle.dumps(action)))  # noqa: S301 # as above


@pytest.mark.parametrize(
    ("number", "lacks"),
    [(25, {"starttls", "handshake", "auth"}), (465, {"starttls"}), (587, set()), (2525, set())],
)
def test_a_port_has_the_stages_that_its_clients_come_by(number: int, lacks: set[str]) -> None:
    assert set(stages_of(PROFILES[number])) == {stage.value for stage in Stage} - lacks
    assert not has_stage(KINDRED[24], Stage.AUTH)


@pytest.mark.parametrize(
    ("stage", "conditions", "known_at"),
    [
        (Stage.EHLO, {"mail_from": "a@b.c"}, "mail, rcpt, data, message"),
        (Stage.QUIT, {"mail_from": "a@b.c"}, "mail, rcpt, data, message"),
        (Stage.MAIL, {"recipient": "a@b.c"}, "rcpt, data, message"),
    ],
)
def test_a_condition_that_can_not_be_met_is_refused(stage: Stage, conditions: dict[str, str], known_at: str) -> None:
    with pytest.raises(ConfigurationError, match=f"it is known at {known_at}"):
        check_conditions(stage, conditions.get("mail_from"), conditions.get("recipient"))


def test_a_condition_is_an_address_a_pattern_or_a_function() -> None:
    check_conditions(Stage.RCPT, "a@b.c", re.compile("a"))
    check_conditions(Stage.MESSAGE, len, None)
    with pytest.raises(ConfigurationError, match="takes an address, a compiled pattern, or a function"):
        check_conditions(Stage.RCPT, None, 1)  # type: ignore[arg-type] # a user's mistake


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        (None, True),
        ("ada@example.org", True),
        ("ada@EXAMPLE.org", True),
        ("Ada@example.org", False),
        ("example.org", False),
        (re.compile(r"@example\.org$"), True),
        (re.compile("bob"), False),
        (lambda address: address.startswith("ada"), True),
        (lambda _: False, False),
    ],
)
def test_a_condition_is_met_by_one_of_the_addresses(condition: Condition | None, *, met: bool) -> None:
    assert is_met(condition, ("carl@example.net", "ada@example.org")) is met


def test_a_fault_is_told_of_in_a_line() -> None:
    assert told(Stage.RCPT, Reply(450, "4.7.1", "one\ntwo")) == "rcpt: 450-4.7.1 one"
    assert told(Stage.QUIT, Disconnect("reset")) == "quit: Disconnect(how='reset')"


def test_of_many_bytes_the_first_are_told() -> None:
    said = told(Stage.MAIL, Garbage(b"x" * 9000))

    assert said.startswith("mail: Garbage(data=b'xxx")
    assert (said[-1], len(said)) == ("…", len("mail: ") + 121)


def test_a_disconnect_after_some_bytes_is_at_home_in_the_data() -> None:
    cut = Disconnect("reset", after_bytes=1000)

    assert action_of(Stage.DATA, cut) is cut
    assert repr(cut) == "Disconnect(how='reset', after_bytes=1000)"
    with pytest.raises(ConfigurationError, match="has no place at the stage 'message', but at 'data'"):
        action_of(Stage.MESSAGE, cut)


@pytest.mark.parametrize("number", [-1, 1.5, "9", True])
def test_a_number_of_bytes_that_can_not_be_counted_is_told(number: Any) -> None:  # Any: wrong on purpose
    with pytest.raises(ConfigurationError, match="after_bytes is a number from 1, not "):
        Disconnect(after_bytes=number)


@pytest.mark.parametrize(
    ("name", "condition"),
    [
        ("mail_from", "Ada <ada@example.org>"),
        ("mail_from", "<ada@example.org>"),
        ("mail_from", "bob"),
        ("recipient", "bob"),
        ("recipient", ""),
        ("recipient", "<>"),
    ],
)
def test_what_no_envelope_has_is_met_by_nothing(name: str, condition: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name}= takes an address such as 'app@example.com', without a name"):
        check_conditions(Stage.RCPT, **{"mail_from": None, "recipient": None} | {name: condition})


@pytest.mark.parametrize("condition", ["", "<>"])
def test_the_null_sender_is_met_in_both_spellings(condition: str) -> None:
    check_conditions(Stage.MAIL, condition, None)

    assert is_met(condition, ("",))
    assert not is_met(condition, ("app@example.com",))
