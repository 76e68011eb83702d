"""What is kept of mail and connections in files: the folder of `--save`, the page of `--report`."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from .._errors import ConfigurationError
from .._report._captured import Captured
from .._report._page_file import check_page, write_page
from .._report._saved import begin_one, save_dialogue, save_message

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .._mail._connection import Connection
    from .._mail._message import Message


class Keeping:
    """Saves each mail as it comes, and each dialogue once it is over; what the page shows is kept until the end.

    Args:
        name: whose mail it is, as the files tell it.
        save: the folder, or None.
        report: the page's file, or None.

    Attributes:
        failures: what could not be written, once for each folder or file.
    """

    def __init__(self, name: str, save: Path | None, report: Path | None) -> None:
        self._name = name
        self._save = save
        self._report = report
        self._saved = 0
        self._brought: defaultdict[int, list[str]] = defaultdict(list)
        self._messages: list[Message] = []
        self._connections: list[Connection] = []
        self.failures: dict[str, str] = {}

    @property
    def needs_record(self) -> bool:
        """Whether everything is needed until the end."""
        return self._report is not None

    @property
    def files(self) -> tuple[tuple[str, str], ...]:
        """What is written, as (option, path)."""
        named = (("save", self._save), ("report", self._report))
        return tuple((name, str(path)) for name, path in named if path is not None)

    def begin(self) -> None:
        """Make room: what an earlier run has saved goes.

        Raises:
            ConfigurationError: something can't be written.
        """
        option = "--report"
        try:
            if self._report is not None:
                check_page(self._report)
            option = "--save"
            if self._save is not None:
                begin_one(self._save)
        except ConfigurationError as error:
            raise ConfigurationError(f"{option}: {error}") from None

    def message(self, message: Message) -> None:
        """Keep one."""
        if self.needs_record:
            self._messages.append(message)
        if self._save is not None:
            folder = self._save
            self._saved += 1
            self._try(folder, lambda: self._save_message(message, folder))

    def connection(self, connection: Connection) -> None:
        """Keep one that is over."""
        if self.needs_record:
            self._connections.append(connection)
        if self._save is not None:
            folder, brought = self._save, self._brought.pop(connection.id, ())
            self._try(folder, lambda: save_dialogue(self._name, connection, brought, folder))

    def end(self, outcome: str) -> None:
        """Write the page.

        Args:
            outcome: how it ended, as a test does.
        """
        if self._report is not None:
            path = self._report
            # A connection is known by its number, and stands where it was opened.
            connections = tuple(sorted(self._connections, key=lambda connection: connection.id))
            captured = Captured(self._name, outcome, tuple(self._messages), connections)
            self._try(path, lambda: write_page(path, [captured]))

    def _save_message(self, message: Message, folder: Path) -> None:
        _, told = save_message(message, self._saved, folder)
        self._brought[message.connection].append(told)

    def _try(self, path: Path, write: Callable[[], object]) -> None:
        try:
            write()
        except OSError as error:
            self.failures.setdefault(str(path), f"{str(path)!r} could not be written: {error}")
