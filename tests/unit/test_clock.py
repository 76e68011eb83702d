"""The real time, whatever a test has made of the clock."""

from __future__ import annotations

import datetime
import sys

import pytest
import time_machine
from freezegun import freeze_time

from pytest_smtpports import _clock

LONG_AGO = datetime.datetime(2001, 2, 3, 4, 5, 6, tzinfo=datetime.timezone.utc)


def wall() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def test_it_tells_the_time() -> None:
    before = wall()
    told = _clock.now()

    assert before <= told <= wall()


def test_it_tells_the_time_in_utc() -> None:
    assert _clock.now().tzinfo is datetime.timezone.utc


def test_it_tells_the_time_where_nobody_has_loaded_time_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "time_machine")
    before = wall()
    told = _clock.now()

    assert before <= told <= wall()


def test_it_tells_the_real_time_where_freezegun_has_frozen_it() -> None:
    before = wall()
    with freeze_time(LONG_AGO):
        frozen, told = wall(), _clock.now()

    assert frozen == LONG_AGO
    assert before <= told <= wall()
    assert type(told) is datetime.datetime


@pytest.mark.parametrize("tick", [True, False])
def test_it_tells_the_real_time_where_time_machine_travels(*, tick: bool) -> None:
    before = wall()
    with time_machine.travel(LONG_AGO, tick=tick):
        travelled, told = wall(), _clock.now()

    assert travelled.year == LONG_AGO.year
    assert before <= told <= wall()


def test_it_tells_the_real_time_where_both_are_at_work() -> None:
    before = wall()
    with time_machine.travel(LONG_AGO), freeze_time("1999-12-31"):
        told = _clock.now()

    assert before <= told <= wall()


def test_the_real_class_is_kept_where_freezegun_replaces_it() -> None:
    real = datetime.datetime
    with freeze_time(LONG_AGO):
        replaced, kept = datetime.datetime, _clock.real_datetime()

    assert replaced is not real
    assert kept is real


def test_the_monotonic_clock_goes_on_where_freezegun_has_frozen_it() -> None:
    start = _clock.monotonic()
    with freeze_time(LONG_AGO) as frozen:
        frozen.tick(3600)
        elapsed = _clock.monotonic() - start

    assert 0 <= elapsed < 60


def test_the_monotonic_clock_does_not_jump_where_time_machine_travels() -> None:
    start = _clock.monotonic()
    with time_machine.travel(LONG_AGO) as traveller:
        traveller.shift(3600)
        elapsed = _clock.monotonic() - start

    assert 0 <= elapsed < 60


@pytest.mark.parametrize("seconds", [0, 0.25, 86_400, -1.5])
def test_a_time_so_many_seconds_later(seconds: float) -> None:
    later = _clock.after(LONG_AGO, seconds)

    assert (later - LONG_AGO).total_seconds() == seconds
    assert later.tzinfo is datetime.timezone.utc
