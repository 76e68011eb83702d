"""Whoever watches the ports: takes what happens, has it told and kept, and counts."""

from __future__ import annotations

import time
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from .._mail._message import Message
from ._totals import Totals

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._harness._smtpports import SMTPPorts
    from .._mail._connection import Connection
    from ._keeping import Keeping

    Tell = Callable[[Message | Connection], None]

# What is put into the queue when it is to end.
END = object()
# How often it is looked whether somebody reads yet, in seconds.
LOOK = 1.0


class Watch:
    """Follows ports until it is to end.

    Args:
        smtpports: the ports.
        keeping: what is kept.
        tell: what tells of one message or connection.
        queue: where it learns of things, and of the end.
    """

    def __init__(self, smtpports: SMTPPorts, keeping: Keeping, tell: Tell, queue: SimpleQueue[object]) -> None:
        # As with the ports themselves.
        from .._harness._happenings import Happenings

        self._smtpports = smtpports
        self._keeping = keeping
        self._tell = tell
        self._queue = queue
        self._begun = time.monotonic()
        self._happenings = Happenings(smtpports, queue, forget=not keeping.needs_record)
        self.totals = Totals()

    def follow(self, is_over: Callable[[], bool]) -> None:
        """Take what comes until the end is in the queue, or it is over for another reason."""
        while True:
            try:
                what = self._queue.get(timeout=LOOK)
            except Empty:
                if is_over():
                    return
                continue
            if what is END:
                return
            self._take(what)

    def finish(self) -> None:
        """Take what has come up to now, close the ports, and take the connections that went on until then.

        Raises:
            ServerError: something went wrong on the server's thread.
        """
        going_on = {connection.id: connection for connection in self._smtpports.left_open()}
        try:
            self._smtpports.close()
        finally:
            self._drain(going_on)
            self.totals.seconds = time.monotonic() - self._begun

    def _drain(self, going_on: dict[int, Connection]) -> None:
        while True:
            try:
                what = self._queue.get_nowait()
            except Empty:
                return
            self._take(what, going_on)

    def _take(self, what: object, going_on: dict[int, Connection] | None = None) -> None:
        for each in self._happenings.told_by(what):
            if isinstance(each, Message):
                self.totals.messages += 1
                self._keeping.message(each)
                self._tell(each)
            else:
                # Who was there at the end is told of as it was before it was cut off.
                connection = (going_on or {}).get(each.id, each)
                self.totals.count(connection)
                self._keeping.connection(connection)
                self._tell(connection)
