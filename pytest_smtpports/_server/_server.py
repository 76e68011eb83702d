"""Everything that answers for one `SMTPPorts`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from .._mail._message import Message
    from .._ports._profile import Profile
    from ._accounts import Accounts
    from ._engine import Engine
    from ._journal import Journal
    from ._listener import End, Listener


class Server:
    """Opens listeners, and ends them and all their connections at once."""

    def __init__(
        self, engine: Engine, journal: Journal, accounts: Accounts, on_message: Callable[[Message], object]
    ) -> None:
        self._engine = engine
        self._journal = journal
        self._accounts = accounts
        self._on_message = on_message
        self._listeners: list[Listener] = []

    def listen(self, bound: socket.socket, profile: Profile, host: str | None) -> Listener:
        """Answer at a bound socket, as the profile says, under a routed name or the local ones."""
        address: str = bound.getsockname()[0]
        # asyncio and aiosmtpd are not loaded before a port is used.
        from ._listener import Listener
        from ._session import Service

        names = (address,) if host is None else (host, address)
        service = Service(
            profile=profile,
            host=host,
            context=lambda: self._engine.authority.server_context(*names),
            describe_failure=self._engine.describe_failure,
            accounts=self._accounts,
            journal=self._journal,
            deliver=self._deliver,
        )
        listener = Listener(bound, service, self._engine.background)
        self._listeners.append(listener)
        return listener

    def drop_clients(self) -> None:
        """End every connection now; the ports stay open."""
        self._end([listener.drop_clients for listener in self._listeners])

    def abort(self) -> None:
        """End every connection and listener now; afterwards nothing of them is left in the loop."""
        self._end([listener.abort for listener in self._listeners])
        self._listeners.clear()

    def _end(self, ends: list[End]) -> None:
        if not ends:
            return
        from ._listener import settled

        background = self._engine.background
        background.run(settled(ends))
        for error in background.take_errors():
            self._journal.fail(error)

    def _deliver(self, message: Message) -> bool:
        """Put a message where the test sees it, the hooks' word first; whether the client may have its 250."""
        try:
            self._on_message(message)
        except BaseException as error:  # pytest.fail() in a hook raises one of these
            self._journal.fail(error)
            self._journal.add(replace(message, acknowledged=False))
            return False
        self._journal.add(message)
        return True
