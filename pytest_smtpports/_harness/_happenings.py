"""What happens at the ports, for who follows it while it goes on and does not need the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._server._journal import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from queue import SimpleQueue

    from .._mail._connection import Connection
    from .._mail._message import Message
    from ._smtpports import SMTPPorts

_MAIL = object()


class Happenings:
    """Messages, and connections that have ended, in order.

    Args:
        smtpports: whose.
        queue: where it is told, from the server's thread, that something has happened; others may put things there too.
        forget: whether what was taken is forgotten, so that the record does not grow.
    """

    def __init__(self, smtpports: SMTPPorts, queue: SimpleQueue[object], *, forget: bool) -> None:
        self._journal = smtpports._world.journal
        self._forget = forget
        self._seen = 0
        self._journal.listen(lambda: queue.put(_MAIL))
        self._journal.listen_to_ends(queue.put)

    def told_by(self, what: object) -> Iterator[Message | Connection]:
        """What has happened, by what stood in the queue."""
        if what is _MAIL:
            yield from self._new_messages()
        elif isinstance(what, Entry):
            connection = what.snapshot()
            if self._forget:
                self._journal.discard(what)
            yield connection

    def _new_messages(self) -> Iterator[Message]:
        _, messages = self._journal.messages_behind(self._seen)
        for message in messages:
            self._seen += 1
            yield message
            if self._forget:
                self._journal.forget(self._seen)
