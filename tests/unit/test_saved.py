"""The folder of `--smtpports-save`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import ConfigurationError, Line, Outcome
from pytest_smtpports._report._captured import Captured
from pytest_smtpports._report._saved import begin, save

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_smtpports import Connection, Message

TEST = "tests/test_mail.py::test_welcome"
FOLDER = "tests-test_mail.py-test_welcome-a2179edefc"


def files_in(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes() for path in directory.rglob("*") if path.is_file()
    }


def attaching(*names: str) -> bytes:
    parts = "".join(
        f'--b\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename="{name}"\r\n\r\n{place}\r\n'
        for place, name in enumerate(names)
    )
    return f"Content-Type: multipart/mixed; boundary=b\r\n\r\n{parts}--b--\r\n".encode()


def test_a_test_has_a_folder_with_its_messages_byte_for_byte_and_its_dialogues(
    tmp_path: Path, make_message: Callable[..., Message], make_connection: Callable[..., Connection]
) -> None:
    raw = b"Subject: Welcome, Ada!\r\n\r\n\x00\xff\r\n.dot"
    dialogue = (Line("S", 0.0, "220 localhost ready"), Line("C", 0.25, "EHLO \x1b[31m"))
    messages = make_message(raw), make_message(b"", port=587, recipients=("a@example.org", "b@example.org"))
    late = (make_message(b"Subject: Sorry\r\n\r\n", port=2525),)
    connection = make_connection(25, Outcome.QUIT, "all is said", dialogue=dialogue)

    save([Captured(TEST, "passed", messages, (connection,), late)], tmp_path, attachments=False)

    assert files_in(tmp_path) == {
        f"{FOLDER}/001-25-welcome-ada.eml": raw,
        f"{FOLDER}/002-587-mail.eml": b"",
        f"{FOLDER}/003-late-2525-sorry.eml": late[0].raw,
        f"{FOLDER}/001.dialogue.txt": b"tests/test_mail.py::test_welcome\n"
        b"25: nothing sent: all is said\n"
        b"opened at 2024-05-17T12:00:00+00:00\n"
        b"\n"
        b"  0.000 S: 220 localhost ready\n"
        b"  0.250 C: EHLO \\x1b[31m\n",
    }


def test_a_dialogue_tells_which_messages_it_brought(
    tmp_path: Path, make_message: Callable[..., Message], make_connection: Callable[..., Connection]
) -> None:
    message = make_message(recipients=("ada@example.org", "grace@example.org"))
    vars(message)["connection"] = 1
    connection = make_connection(25, Outcome.DELIVERED, "1 message taken")

    save([Captured(TEST, "passed", (message,), (connection,))], tmp_path, attachments=False)

    assert "brought message 001 to ada@example.org, grace@example.org" in (
        tmp_path / FOLDER / "001.dialogue.txt"
    ).read_text("utf-8")


def test_attachments_are_files_of_their_own_where_they_are_asked_for(
    tmp_path: Path, make_message: Callable[..., Message]
) -> None:
    names = ("a.csv", "A.csv", "../../a.csv", "", "C:\\\\x", "con", "b" * 300 + ".csv", "a.csv")
    messages = make_message(), make_message(attaching(*names))

    save([Captured(TEST, "passed", messages, ())], tmp_path, attachments=True)

    found = files_in(tmp_path / FOLDER / "002-attachments")
    assert found == {
        "a.csv": b"0",
        "A-2.csv": b"1",
        "a-3.csv": b"2",
        "unnamed-4": b"3",
        "x": b"4",
        "_con": b"5",
        "b" * 76 + ".csv": b"6",
        "a-4.csv": b"7",
    }
    assert not (tmp_path / FOLDER / "001-attachments").exists()


def test_a_test_without_mail_and_connections_has_no_folder(tmp_path: Path) -> None:
    save([Captured(TEST, "passed", (), ())], tmp_path, attachments=True)

    assert files_in(tmp_path) == {}
    assert list(tmp_path.iterdir()) == []


def test_what_ran_twice_has_two_folders(tmp_path: Path, make_message: Callable[..., Message]) -> None:
    for _ in range(2):
        save([Captured(TEST, "passed", (make_message(),), ())] * 2, tmp_path, attachments=False)

    assert sorted(path.name for path in tmp_path.iterdir()) == [FOLDER, f"{FOLDER}-2"]


@pytest.mark.parametrize("test", ["../../x", "a/../../../b", "x" * 5_000, "a\0b\nc", "", "..", "C:\\x::y"])
def test_no_test_leaves_the_folder(tmp_path: Path, make_message: Callable[..., Message], test: str) -> None:
    directory = tmp_path / "a" / "b" / "mail"

    save([Captured(test, "passed", (make_message(),), ())], directory, attachments=False)

    assert [path.parent.parent for path in tmp_path.rglob("*.eml")] == [directory]


def test_a_run_takes_away_what_an_earlier_one_has_saved_and_nothing_else(
    tmp_path: Path, make_message: Callable[..., Message], make_connection: Callable[..., Connection]
) -> None:
    directory = tmp_path / "mail"
    connection = make_connection(25, Outcome.QUIT, "all is said")
    for test in ("kept", "gone"):
        captured = Captured(test, "passed", (make_message(attaching("a.csv")),), (connection,))
        save([captured], directory, attachments=True)
    kept = next(path for path in directory.iterdir() if path.name.startswith("kept"))
    (kept / "notes.txt").write_text("mine")
    (kept / "001-attachments" / "inner").mkdir()
    (kept / "inner").mkdir()
    (directory / "other").mkdir()
    (directory / "other" / "001-25-mail.eml").write_text("mine")
    (directory / "link-0123456789").symlink_to(directory / "other")

    begin(directory)

    assert files_in(directory) == {f"{kept.name}/notes.txt": b"mine", "other/001-25-mail.eml": b"mine"}
    assert not any(path.name.startswith("gone") for path in directory.iterdir())


def test_the_folder_is_made(tmp_path: Path) -> None:
    begin(tmp_path / "build" / "mail")

    assert list((tmp_path / "build" / "mail").iterdir()) == []


@pytest.mark.parametrize("place", ["file", "file/mail"])
def test_what_can_t_be_a_folder_is_told(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("mine")

    with pytest.raises(ConfigurationError, match=r"file.*' can't be written \(.*\); give a folder that can be"):
        begin(tmp_path / place)


def test_nothing_is_written_through_a_link(tmp_path: Path, make_message: Callable[..., Message]) -> None:
    mine = tmp_path / "mine"
    mine.write_text("mine")
    (tmp_path / "mail" / FOLDER).mkdir(parents=True)
    (tmp_path / "mail" / FOLDER / "001-25-welcome.eml").symlink_to(mine)

    save([Captured(TEST, "passed", (make_message(),), ())], tmp_path / "mail", attachments=False)

    assert mine.read_text() == "mine"
