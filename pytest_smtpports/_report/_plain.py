"""What was captured as plain lines, for who reads the page without a script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._mail._connection import Outcome
from .._mail._explain import told
from .._mail._message import in_memory
from .._mail._shown import shown_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .._mail._message import Message
    from ._captured import Captured


def lines(captured: Iterable[Captured]) -> Iterator[str]:
    """A line per test, per mail, and per connection that brought none."""
    for each in captured:
        yield shown_line(f"{each.test}: {each.outcome}")
        yield from (_mail(in_memory(message)) for message in (*each.messages, *each.late))
        yield from (told(each) for each in each.connections if each.outcome is not Outcome.DELIVERED)


def _mail(message: Message) -> str:
    protection = message.tls.version if message.tls else "in clear"
    recipients = ", ".join(message.recipients)
    return shown_line(f"{message.port}, {protection}: {message.subject!r} from {message.mail_from!r} to {recipients!r}")
