"""The command that `run` runs: started, told of signals, waited for, never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from typing import TYPE_CHECKING

from ._codes import ENDED_BY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from typing_extensions import Self

# Who is asked so often to end, and does not, is ended.
ENOUGH = 3
# How many seconds a command has to end by itself when something went wrong here.
GRACE = 5.0


class Child:
    """A command, which need not run yet."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._caught: list[int] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(GRACE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def start(self, command: Sequence[str], environment: Mapping[str, str], ended: Callable[[], object]) -> None:
        """Start it, with our input and output.

        Args:
            command: its words.
            environment: its variables.
            ended: called, by another thread, when it has ended.

        Raises:
            OSError: it can't be started.
        """
        process = subprocess.Popen(command, env=environment)  # noqa: S603 # what the user has asked for

        def wait() -> None:
            process.wait()
            ended()

        threading.Thread(target=wait, name="smtpports-run", daemon=True).start()
        self._process = process
        for number in tuple(self._caught):
            self._pass_on(number)

    def tell(self, number: int) -> None:
        """Pass a signal on, from its handler; the third one ends the command for good."""
        self._caught.append(number)
        if self._process is not None:
            self._pass_on(number)

    @property
    def code(self) -> int:
        """Its exit code, as a shell tells it."""
        assert self._process is not None
        code = self._process.wait()
        return code if code >= 0 else ENDED_BY - code

    def _pass_on(self, number: int) -> None:
        assert self._process is not None
        if len(self._caught) >= ENOUGH:
            self._process.kill()
        elif number != signal.SIGINT or not _is_in_foreground():
            self._process.send_signal(number)


def _is_in_foreground() -> bool:
    """Whether a terminal sends Ctrl-C to this process, and so to the command as well."""
    if not hasattr(os, "tcgetpgrp"):
        # A console of Windows tells everybody there.
        return True
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    finally:
        os.close(terminal)
