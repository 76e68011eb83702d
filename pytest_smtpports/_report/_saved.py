"""The folder of `--smtpports-save`: one for each test, with its messages, dialogues and, if asked for, attachments."""

from __future__ import annotations

import re
import tempfile
from collections import Counter, defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .._errors import ConfigurationError
from .._mail._explain import told
from .._mail._message import in_memory
from .._texts import visible
from ._names import distinct, file_name, folder_name, is_folder_name, slug

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from .._mail._connection import Connection
    from .._mail._message import Message
    from ._captured import Captured

_MESSAGE = re.compile(r"\d{3,}-(?:late-)?\d+-[a-z0-9_.-]+\.eml")
_DIALOGUE = re.compile(r"\d{3,}\.dialogue\.txt")
_ATTACHMENTS = re.compile(r"\d{3,}-attachments")


def begin(directory: Path) -> None:
    """Make the folder, and take away what an earlier run has saved there, and nothing else.

    Raises:
        ConfigurationError: it can't be written.
    """
    with _writable(directory):
        for folder in _folders(directory):
            if is_folder_name(folder.name):
                _clear(folder)


def begin_one(directory: Path) -> None:
    """The same for a folder into which all goes, with no folder for each test.

    Raises:
        ConfigurationError: it can't be written.
    """
    with _writable(directory):
        for path in _ours(directory):
            path.unlink()


@contextmanager
def _writable(directory: Path) -> Iterator[None]:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
        yield
    except OSError as error:
        raise ConfigurationError(
            f"{str(directory)!r} can't be written ({error.strerror}); give a folder that can be written, or made."
        ) from None


def save(captured: Iterable[Captured], directory: Path, *, attachments: bool) -> None:
    """Write what tests captured, each test into a folder of its own.

    Raises:
        OSError: it can't be written.
    """
    runs: Counter[str] = Counter()
    for each in captured:
        runs[each.test] += 1
        if each.messages or each.connections or each.late:
            again = f"-{runs[each.test]}" if runs[each.test] > 1 else ""
            folder = directory / (folder_name(each.test) + again)
            folder.mkdir(parents=True, exist_ok=True)
            _save_test(each, folder, attachments=attachments)


def _save_test(captured: Captured, folder: Path, *, attachments: bool) -> None:
    in_time = len(captured.messages)
    brought: defaultdict[int, list[str]] = defaultdict(list)
    for place, message in enumerate((*captured.messages, *captured.late), start=1):
        _, told_of = save_message(message, place, folder, late=place > in_time)
        brought[message.connection].append(told_of)
        if attachments:
            _save_attachments(message, folder / f"{place:03}-attachments")
    for connection in captured.connections:
        save_dialogue(captured.test, connection, brought[connection.id], folder)


def save_message(message: Message, place: int, folder: Path, *, late: bool = False) -> tuple[Path, str]:
    """Write one message; where it is, and what its connection's dialogue tells of it.

    Raises:
        OSError: it can't be written.
    """
    path = folder / f"{place:03}-{'late-' * late}{message.port}-{slug(message.subject, 'mail')}.eml"
    _write(path, message.raw)
    return path, f"brought message {place:03} to {visible(', '.join(message.recipients))}"


def save_dialogue(test: str, connection: Connection, brought: Iterable[str], folder: Path) -> None:
    """Write what was said on one connection.

    Args:
        test: whose it is.
        connection: the connection.
        brought: what is told of the messages that it brought.
        folder: where.

    Raises:
        OSError: it can't be written.
    """
    text = "\n".join(_dialogue(test, connection, brought))
    _write(folder / f"{connection.id:03}.dialogue.txt", text.encode("utf-8"))


def _save_attachments(message: Message, folder: Path) -> None:
    taken: set[str] = set()
    for attachment in in_memory(message).attachments.values():
        name = distinct(file_name(attachment.filename), taken)
        taken.add(name.lower())
        folder.mkdir(exist_ok=True)
        _write(folder / name, attachment.content)


def _dialogue(test: str, connection: Connection, brought: Iterable[str]) -> Iterator[str]:
    yield visible(test)
    yield told(connection)
    yield f"opened at {connection.opened_at.isoformat()}"
    yield from brought
    yield ""
    yield from (visible(str(line)) for line in connection.dialogue)
    yield ""


def _write(path: Path, content: bytes) -> None:
    # Nothing that is there is written through, were it a link.
    path.unlink(missing_ok=True)
    with path.open("xb") as file:
        file.write(content)


def _clear(folder: Path) -> None:
    for inner in _folders(folder):
        if _ATTACHMENTS.fullmatch(inner.name):
            _remove([path for path in inner.iterdir() if path.is_file()], inner)
    _remove(_ours(folder), folder)


def _ours(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if _MESSAGE.fullmatch(path.name) or _DIALOGUE.fullmatch(path.name)]


def _remove(files: list[Path], folder: Path) -> None:
    for file in files:
        file.unlink()
    if not any(folder.iterdir()):
        folder.rmdir()


def _folders(directory: Path) -> list[Path]:
    return [path for path in directory.iterdir() if path.is_dir() and not path.is_symlink()]
