"""The catalogue of faults: its data, its groups, and what a fault may be told."""

from __future__ import annotations

import pickle
import re
from typing import Any

import pytest

from pytest_smtpports import (
    FAULTS,
    Catalogue,
    ConfigurationError,
    Disconnect,
    Fault,
    Garbage,
    Hang,
    Refuse,
    Reply,
    Retry,
    StripSTARTTLS,
    UnknownFault,
    UnknownName,
    accept_then,
)
from pytest_smtpports._data import load
from pytest_smtpports._ports._known_fault import GROUPS, LONGEST

DATA: dict[str, Any] = load("faults")  # a JSON file, which these tests check
each_fault = pytest.mark.parametrize("fault", FAULTS.values())
# What is to come of a fault, and what a client should do then.
ADVICE = {
    "transient": {Retry.YES, Retry.RECONNECT, Retry.ELSEWHERE},
    "permanent": {Retry.NO, Retry.ELSEWHERE},
    "ambiguous": {Retry.RISKY, Retry.NO},
}


@pytest.mark.parametrize("name", DATA)
def test_a_row_has_the_form_of_every_other(name: str) -> None:
    facts = DATA[name]

    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert set(facts) - {"stage", "action", "block"} == {"is", "groups", "smtplib", "aiosmtplib", "retry", "source"}
    assert facts["is"]
    assert not facts["is"].endswith(".")
    assert facts["source"]


@each_fault
def test_what_is_to_come_of_a_fault_is_of_one_kind_and_the_advice_fits(fault: Fault) -> None:
    (outlook,) = set(fault.groups) & set(ADVICE)

    assert fault.retry in ADVICE[outlook]


@each_fault
def test_a_reply_is_transient_or_permanent_by_its_first_digit_unless_its_meaning_tells_otherwise(fault: Fault) -> None:
    otherwise = {"password-transition", "validation-failed", "too-many-recipients-552"}

    if isinstance(fault.action, Reply) and "ambiguous" not in fault.groups and fault.name not in otherwise:
        assert ("transient" in fault.groups) == (fault.action.code < 500)


@each_fault
def test_a_fault_is_of_the_group_of_its_stage(fault: Fault) -> None:
    about = {"auth": "auth", "starttls": "tls", "handshake": "tls", None: "network"}

    assert about.get(fault.stage, fault.groups[0]) in fault.groups
    assert "network" in fault.groups or not isinstance(fault.action, (Disconnect, Hang))


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_has_the_faults_that_are_of_it(group: str) -> None:
    faults = getattr(FAULTS, group)

    assert faults
    assert faults == tuple(fault for fault in FAULTS.values() if group in fault.groups)


def test_every_stage_has_a_fault_but_connect_where_the_network_does_it() -> None:
    stages = {fault.stage for fault in FAULTS.values()}

    assert stages == {
        None,
        *("banner", "ehlo", "starttls", "handshake", "auth", "mail", "rcpt", "data", "message", "quit"),
    }


def test_the_catalogue_is_a_mapping_by_name() -> None:
    assert set(FAULTS) == set(DATA)
    assert len(FAULTS) == len(DATA)
    assert FAULTS["mailbox-full"].name == "mailbox-full"
    assert "mailbox-ful" not in FAULTS
    assert FAULTS.get("mailbox-ful") is None
    assert repr(Catalogue([FAULTS["spam"]])) == "<Catalogue of 1 faults>"


@pytest.mark.parametrize("name", ["mailbox-ful", None, 452, ["spam"]])
def test_an_unknown_fault_is_a_key_error_that_teaches(name: Any) -> None:  # Any: wrong on purpose
    with pytest.raises(KeyError) as caught:
        FAULTS[name]

    assert isinstance(caught.value, UnknownFault)
    assert isinstance(caught.value, UnknownName)
    assert str(caught.value).startswith(f"{name!r} is not a fault")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301 # our own bytes


def test_actions_and_blocks_are_read_as_they_are_spelled() -> None:
    assert FAULTS["stored-then-reset"].action == accept_then(Disconnect("reset"))
    assert FAULTS["stored-then-451"].action == accept_then("451 4.3.0 Local error in processing")
    assert FAULTS["starttls-masked"].block == StripSTARTTLS(masked=True)
    assert FAULTS["contradictory-codes"].action == Garbage(b"452 5.5.3 Too many recipients\r\n")


def test_a_fault_is_a_value() -> None:
    one = Fault("ours", "rcpt", "452 4.2.2 Full", groups="transient", retry="yes")
    same = Fault("ours", "rcpt", Reply(452, "4.2.2", "Full"), groups=["transient"], retry=Retry.YES)

    assert one == same
    assert hash(one) == hash(same)
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301 # our own bytes
    with pytest.raises(AttributeError):
        one.name = "theirs"  # type: ignore[misc] # wrong on purpose


def test_a_fault_is_told_of_by_name_and_by_what_happens() -> None:
    assert repr(FAULTS["mailbox-full"]) == "<Fault mailbox-full: rcpt: 452 4.2.2 Mailbox full>"
    assert repr(Fault("shut", block="refuse")) == "<Fault shut: network: Refuse()>"
    assert len(str(FAULTS["overlong-reply"])) == LONGEST + len("...")


def test_what_is_not_said_of_a_fault_is_absent() -> None:
    fault = Fault("shut", block=Refuse())

    assert (fault.stage, fault.action, fault.groups, fault.meaning, fault.source) == (None, None, (), "", "")
    assert (fault.smtplib, fault.aiosmtplib, fault.retry) == (None, None, None)


@pytest.mark.parametrize(
    ("arguments", "facts", "told"),
    [
        (("", "rcpt", "450 No"), {}, "A fault has a name such as 'ours', not ''."),
        (("ours",), {}, "The fault 'ours' takes either a stage and an action, such as "),
        (("ours", "rcpt"), {}, "The fault 'ours' takes either a stage and an action, such as "),
        (("ours", None, "450 No"), {}, "The fault 'ours' takes either a stage and an action, such as "),
        (("ours", "rcpt", "450 No"), {"block": "drop"}, "The fault 'ours' takes either a stage and an action, such as"),
        (("ours", "rctp", "450 No"), {}, "'rctp' is not a stage; did you mean 'rcpt'?"),
        (("ours", "handshake", "450 No"), {}, "Reply has no place at the stage 'handshake'; it has one at "),
        (("ours",), {"block": "dorp"}, "'dorp' is not a block kind; did you mean 'drop'?"),
        (
            ("ours",),
            {"block": "drop", "groups": ["network", "tsl"]},
            "'tsl' is not a group of faults; did you mean 'tl",
        ),
        (("ours",), {"block": "drop", "retry": "yess"}, "'yess' is not a word on retry; did you mean 'yes'?"),
    ],
)
def test_what_can_not_be_meant_is_told(arguments: Any, facts: Any, told: str) -> None:  # Any: wrong on purpose
    with pytest.raises((ConfigurationError, UnknownName), match=f"^{re.escape(told)}"):
        Fault(*arguments, **facts)
