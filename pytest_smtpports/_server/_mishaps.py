"""What goes wrong in one session, on purpose: asked for at each stage, and done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._ports._faults import Delay, Disconnect, Garbage, Hang, Stage, told
from .._ports._masking import legible
from .._ports._rules import Occasion
from ._conversation import ClientLeft
from ._obstacle import PAUSE

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._ports._faults import Action
    from .._ports._reply import Reply
    from ._conversation import Conversation
    from ._faults import FaultsHere
    from ._journal import Entry, Journal
    from ._wire import Wire

# How much of a handshake is taken off the wire before the connection ends in it.
_MUCH = 65_536
# RFC 5321 §4.1.1.4
_END_OF_DATA = b"\r\n.\r\n"


class Mishaps:
    """Those of one session.

    Args:
        faults: the rules.
        entry: where the connection is written down.
        journal: knows how many others there are.
        conversation: what is said and heard.
        wire: gives what it goes over.
    """

    def __init__(
        self,
        faults: FaultsHere,
        entry: Entry,
        journal: Journal,
        conversation: Conversation,
        wire: Callable[[], Wire],
    ) -> None:
        self._faults = faults
        self._entry = entry
        self._journal = journal
        self._conversation = conversation
        self._wire = wire

    def __bool__(self) -> bool:
        """Whether anything may go wrong."""
        return bool(self._faults)

    def begin(self) -> None:
        """The connection begins."""
        self._faults.begin(self._entry.number)

    def meet(
        self, stage: Stage, mail_from: str = "", recipients: tuple[str, ...] = (), taken: int = 0
    ) -> Reply | Action | None:
        """What goes wrong here, or None."""
        return self._faults.meet(
            Occasion(
                stage,
                self._entry.number,
                self._entry.peer[0] if self._entry.peer else "",
                mail_from,
                recipients,
                taken,
                self._journal.open_connections if stage is Stage.BANNER else 1,
            )
        )

    async def undergo(self, stage: Stage, action: Action) -> bool:
        """Do it; whether the port then goes on as if nothing had been.

        Raises:
            ClientLeft: the connection is over.
        """
        if isinstance(action, Delay):
            await self._conversation.pause(action.seconds)
            return True
        self._entry.fails(told(stage, action))
        if isinstance(action, Garbage):
            self._say(action.data)
            return False
        if isinstance(action, Hang):
            await self._conversation.hang()
        if isinstance(action, Disconnect) and action.how == "reset":
            if stage in (Stage.CONNECT, Stage.BANNER):
                # Who has not seen yet that it is connected would be told so by its connect, and not by its read.
                await self._conversation.pause(PAUSE)
            # The record is there before the client learns of it.
            self._entry.closed()
            self._wire().reset()
        raise ClientLeft

    async def take_some(self, most: int) -> int:
        """Take so many octets of a message, or all of it; how many there were.

        Raises:
            ClientLeft: there are no more.
        """
        taken = bytearray()
        while len(taken) < most and not taken.endswith(_END_OF_DATA):
            taken += await self._conversation.some(most - len(taken))
        return len(taken)

    async def connect(self, action: Action) -> None:
        """The same before anything is said."""
        wire = self._wire()
        if isinstance(action, Delay):
            # What the client says meanwhile may be TLS.
            wire.pause_reading()
        await self.undergo(Stage.CONNECT, action)
        self._conversation.flush()
        wire.resume_reading()

    async def shake_hands(self, action: Action) -> None:
        """The same where TLS is to begin."""
        if isinstance(action, Garbage):
            self._say(action.data)
            return
        if isinstance(action, Delay):
            self._wire().pause_reading()
        else:
            self._entry.tls_failed(f"a fault kept TLS from beginning ({told(Stage.HANDSHAKE, action)})")
        if isinstance(action, Disconnect):
            # By now the client has read that it may begin.
            await self._conversation.some(_MUCH)
        await self.undergo(Stage.HANDSHAKE, action)

    def _say(self, data: bytes) -> None:
        for line in data.splitlines():
            self._entry.said(legible(line))
        self._conversation.say(data)
