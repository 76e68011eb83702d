"""A mail transaction (RFC 5321 §3.3): from whom, to whom, and the message, by DATA or by BDAT."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from .._mail._message import Envelope
from .._ports._path import Path, path
from .._ports._policy import longest_line
from .._ports._profile import Role
from .._ports._situations import Refused, Situation

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._ports._policy import Policy, State
    from ._conversation import Conversation
    from ._voice import Voice

_CHUNK = re.compile(r"(?P<size>[0-9]{1,20})(?P<last> +LAST)?", re.IGNORECASE | re.ASCII)


class Transaction:
    """What a client has said of one mail so far.

    Attributes:
        sender: what MAIL said, or None before it.
        recipients: what each RCPT said.
        chunks: what BDAT has brought, or None where it has not begun.
        number: how many transactions this connection has begun, or forgotten.
    """

    def __init__(
        self, policy: Policy, conversation: Conversation, voice: Voice, take: Callable[[bytes, Envelope], bool]
    ) -> None:
        self._policy = policy
        self._conversation = conversation
        self._voice = voice
        self._take = take
        self.number = 0
        self.forget()

    def forget(self) -> None:
        """Begin anew, as RSET has it."""
        self.number += 1
        self.sender: Path | None = None
        self.recipients: list[Path] = []
        self.chunks: bytearray | None = None

    @property
    def is_binary(self) -> bool:
        """Whether the message has no lines (RFC 3030 §3)."""
        return self.sender is not None and (self.sender.parameters.get("BODY") or "").upper() == "BINARYMIME"

    @property
    def is_utf8(self) -> bool:
        """Whether addresses may be beyond ASCII (RFC 6531 §3.4)."""
        return self.sender is not None and "SMTPUTF8" in self.sender.parameters

    def begin(self, argument: str, offered: frozenset[str]) -> None:
        """MAIL.

        Raises:
            Refused: the argument is wrong, or the sender unwanted.
        """
        sender = path("MAIL", argument, offered)
        if (refused := self._policy.sender_refusal(sender)) is not None:
            raise Refused(refused, sender=sender.address)
        self.sender = sender
        self._voice.say(Situation.SENDER_OK, sender=sender.address)

    def add(self, argument: str, offered: frozenset[str], state: State) -> None:
        """RCPT.

        Raises:
            Refused: the argument is wrong, or the recipient unwanted.
        """
        recipient = path("RCPT", argument, offered)
        if (refused := self._policy.recipient_refusal(state, recipient)) is not None:
            raise Refused(refused, recipient=recipient.address)
        self.recipients.append(recipient)
        self._voice.say(Situation.RECIPIENT_OK, recipient=recipient.address)

    async def message(self) -> None:
        """DATA: all or nothing (RFC 5321 §4.1.1.4)."""
        self._voice.say(Situation.SEND_DATA)
        raw = await self._conversation.message()
        self._voice.heard(f"(a message of {len(raw)} bytes)")
        self._finish(raw, Situation.TAKEN)

    async def chunk(self, argument: str) -> None:
        """BDAT: as many octets as announced, whatever they are (RFC 3030 §2).

        Raises:
            Refused: the argument is wrong, or the message too big.
        """
        announced = _announced(argument)
        if announced is None:
            raise Refused(Situation.CHUNK_SYNTAX)
        so_far = bytearray() if self.chunks is None else self.chunks
        if self._policy.is_too_big(len(so_far) + announced.size):
            await self.pass_over_chunk(argument)
            self.forget()
            raise Refused(Situation.TOO_BIG)
        self.chunks = so_far
        missing = announced.size
        while missing:
            some = await self._conversation.some(missing)
            so_far += some
            missing -= len(some)
        self._voice.heard(f"(a chunk, which makes {len(so_far)} bytes)")
        if announced.is_last:
            self._finish(bytes(so_far), Situation.CHUNKS_TAKEN, size=announced.size)
        else:
            self._voice.say(Situation.CHUNK_TAKEN, size=announced.size)

    async def pass_over_chunk(self, argument: str) -> None:
        """Ignore what BDAT announces: the octets are on their way, whatever is to be said to them (RFC 3030 §2)."""
        announced = _announced(argument)
        size = 0 if announced is None else announced.size
        self._voice.heard(f"(a chunk of {size} bytes, ignored)")
        while size:
            size -= len(await self._conversation.some(size))

    def _finish(self, raw: bytes, taken: Situation, **facts: object) -> None:
        refused = self._refusal(raw)
        recipients = self.recipients
        self.forget()
        facts = {"total": len(raw), **facts}
        if refused is Situation.TEXT_LINE_TOO_LONG:
            facts.update(limit=self._policy.text_line_limit, longest=longest_line(raw) - len(b"\r\n"))
        if self._policy.profile.role is not Role.LMTP:
            self._voice.say(refused or taken, **facts)
            return
        # RFC 2033 §4.2: one reply for each recipient.
        for recipient in recipients:
            self._voice.say(refused or Situation.RECIPIENT_TAKEN, recipient=recipient.address, **facts)

    def _refusal(self, raw: bytes) -> Situation | None:
        if (refused := self._policy.content_refusal(raw, is_binary=self.is_binary)) is not None:
            return refused
        return None if self._take(raw, self._envelope()) else Situation.LOCAL_ERROR

    def _envelope(self) -> Envelope:
        assert self.sender is not None
        return Envelope(
            mail_from=self.sender.address,
            recipients=tuple(recipient.address for recipient in self.recipients),
            mail_parameters=self.sender.written,
            recipient_parameters=tuple(recipient.written for recipient in self.recipients),
        )


class _Chunk(NamedTuple):
    size: int
    is_last: bool


def _announced(argument: str) -> _Chunk | None:
    """What BDAT announces, or None where nobody can tell."""
    found = _CHUNK.fullmatch(argument)
    return found and _Chunk(int(found["size"]), found["last"] is not None)
