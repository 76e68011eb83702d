"""The files in which the processes of a run write down what they captured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_smtpports._report._captured import Captured
from pytest_smtpports._report._records import Recorder, Records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_smtpports import Message

    Write = Callable[..., None]


@pytest.fixture
def write(tmp_path: Path, make_message: Callable[..., Message]) -> Iterator[Write]:
    """Has a process write what a test captured: a message with these bytes."""
    recorders: dict[str, Recorder] = {}

    def write(process: str, order: int, test: str, raw: bytes = b"") -> None:
        if process not in recorders:
            recorders[process] = Recorder(tmp_path, process)
        recorders[process].write(order, Captured(test, "passed", (make_message(raw),), ()))

    yield write
    for recorder in recorders.values():
        recorder.close()


def read_from(folder: Path) -> list[str]:
    return [captured.test for captured in Records(folder)]


def test_what_several_processes_wrote_stands_in_the_order_of_the_run(tmp_path: Path, write: Write) -> None:
    for process, order in (("gw1", 3), ("gw0", 2), ("gw1", 0), ("gw0", 1), ("gw0", 10)):
        write(process, order, f"test {order}")

    assert read_from(tmp_path) == ["test 0", "test 1", "test 2", "test 3", "test 10"]


def test_each_message_has_its_own_bytes(tmp_path: Path, write: Write) -> None:
    bodies = [b"one", b"", b"\r\n\x00\xff" * 1_000, b"four"]
    for order, raw in enumerate(bodies):
        write("gw0" if order % 2 else "gw1", order, "test", raw)

    assert [message.raw for captured in Records(tmp_path) for message in captured.messages] == bodies


def test_of_a_test_that_ran_again_the_last_run_counts(tmp_path: Path, write: Write) -> None:
    write("gw0", 0, "test", b"first")
    write("gw0", 0, "test", b"second")

    records = Records(tmp_path)

    assert [captured.messages[0].raw for captured in records] == [b"second"]


def test_where_each_worker_runs_every_test_each_run_counts_in_order_of_the_workers(
    tmp_path: Path, write: Write
) -> None:
    for process in ("gw10", "gw9", "gw0"):
        for order in (0, 1):
            write(process, order, f"test {order} of {process}")

    assert read_from(tmp_path) == [
        f"test {order} of {process}" for order in (0, 1) for process in ("gw0", "gw9", "gw10")
    ]


@pytest.mark.parametrize("rest", [b"2", b"2 ", b'2 {"test": "torn', b"2 {}"])
def test_a_line_that_was_not_brought_to_its_end_is_no_record(tmp_path: Path, write: Write, rest: bytes) -> None:
    write("gw0", 1, "whole")
    write("gw1", 3, "other")
    with (tmp_path / "gw0.records").open("ab") as file:
        file.write(rest)

    assert read_from(tmp_path) == ["whole", "other"]


def test_records_are_a_sequence(tmp_path: Path, write: Write) -> None:
    for order in range(4):
        write("main", order, f"test {order}")

    records = Records(tmp_path)

    assert len(records) == 4
    assert records[-1].test == "test 3"
    assert [captured.test for captured in records[1:3]] == ["test 1", "test 2"]
    assert len(Records(tmp_path / "missing")) == 0
