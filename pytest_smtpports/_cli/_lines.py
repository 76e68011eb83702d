"""What comes to the ports, as lines for a person. Pure; whatever a stranger wrote is made visible and cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._layout import table
from .._mail._connection import Outcome
from .._mail._duration import duration
from .._mail._explain import how_it_ended
from .._mail._shown import counted, shown, shown_line
from .._ports._description import row_of
from .._texts import visible

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterator, Sequence

    from .._mail._connection import Connection
    from .._mail._message import TLS, Message
    from ._opened import Opened
    from ._totals import Totals

    Paint = Callable[[str, str], str]

# Recipients that are told of one by one.
MOST_ADDRESSES = 3
_COLUMNS = ("port", "role", "TLS", "address", "login")
# What is written, by option.
FILES = {"save": "mail", "report": "page", "ports_file": "ports"}
_UNITS = ("B", "kB", "MB", "GB")
_BROUGHT_NONE_AND_FINE = frozenset({Outcome.QUIT, Outcome.OPEN})


class Lines:
    """Tells a person.

    Args:
        paint: puts a text into a colour.
        width: of a line, or None.
        ending: how it is ended.
    """

    def __init__(self, paint: Paint, width: int | None, ending: str) -> None:
        self._paint = paint
        self._width = width
        self._ending = ending

    def ready(self, opened: Opened) -> Iterator[str]:
        """The ports, and how one gets on with them."""
        rows = [
            {
                **row_of(port.profile),
                "address": _address(*port.address),
                "blocked": port.blocked.kind if port.blocked else "",
            }
            for port in opened.smtpports.ports
        ]
        columns = (*_COLUMNS, *("blocked" for _ in range(1) if any(row["blocked"] for row in rows)))
        heading, *lines = table(rows, columns, self._width)
        yield self._paint(heading, "strong")
        yield from lines
        yield ""
        yield f"user   {shown_line(opened.smtpports.username)}"
        yield f"CA     {opened.smtpports.ca_file}"
        for option, path in opened.files:
            yield f"{FILES[option]:7}{shown_line(path)}"
        yield ""
        yield self._paint(self._ending, "faint")

    def message(self, message: Message) -> Iterator[str]:
        """One mail that came."""
        sender = visible(message.mail_from) or "<>"
        text = f"{sender} to {_listed(message.recipients)}  {shown(message.subject)}  {size(len(message.raw))}"
        if not message.acknowledged:
            text += "  (never acknowledged)"
        yield self._line(message.received_at, message.host, message.port, message.tls, text)

    def connection(self, connection: Connection) -> Iterator[str]:
        """One connection, if it brought no mail."""
        if connection.outcome is not Outcome.DELIVERED:
            colour = "faint" if connection.outcome in _BROUGHT_NONE_AND_FINE else "bad"
            at = connection.closed_at or connection.opened_at
            text = shown_line(how_it_ended(connection))
            yield self._line(at, connection.host, connection.port, connection.tls, text, colour)

    def end(self, totals: Totals) -> Iterator[str]:
        """What it was in all."""
        yield in_all(totals)

    def _line(
        self, at: datetime.datetime, host: str | None, port: int, tls: TLS | None, text: str, colour: str = "plain"
    ) -> str:
        where = f"{visible(host)}:{port}" if host else f"{port:<5}"
        protection = tls.version if tls else "in clear"
        clock = self._paint(f"{at.astimezone():%H:%M:%S}", "faint")
        return f"{clock}  {where}  {protection:8}  {self._paint(text, colour)}"


def _listed(addresses: Sequence[str]) -> str:
    listed = ", ".join(map(visible, addresses[:MOST_ADDRESSES]))
    left_out = len(addresses) - MOST_ADDRESSES
    return f"{listed} and {left_out} more" if left_out > 0 else listed


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def in_all(totals: Totals) -> str:
    """What came in all."""
    if not totals.connections:
        return f"no connection came in {duration(totals.seconds)}"
    connections = counted(totals.connections, "connection", "connections")
    told = f"{counted(totals.messages, 'message', 'messages')} came by {connections} in {duration(totals.seconds)}"
    return f"{told}; {totals.without_mail} of them brought none" if totals.without_mail else told


def size(number: int) -> str:
    """So many bytes, as a reader is told of them: 512 B, 1.2 kB, 25 MB."""
    amount, unit = float(number), 0
    while amount >= 1000 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{amount:.1f}".removesuffix(".0") + f" {_UNITS[unit]}" if amount < 10 else f"{amount:.0f} {_UNITS[unit]}"
