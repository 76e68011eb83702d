"""A mail transaction (RFC 5321 §3.3): from whom, to whom, and the message, by DATA or by BDAT."""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple, Protocol

from .._mail._message import Envelope
from .._ports._faults import AcceptThen, Delay, Drip, Stage
from .._ports._framing import MessageTooLong
from .._ports._path import Path, path
from .._ports._policy import NO_PROGRESS, Standing, State, longest_line
from .._ports._profile import Role
from .._ports._reply import Reply
from .._ports._situations import Refused, Situation
from ._voice import MESSAGE

if TYPE_CHECKING:
    from .._ports._faults import Action
    from .._ports._policy import Policy
    from ._conversation import Conversation
    from ._mishaps import Mishaps
    from ._voice import Voice

_CHUNK = re.compile(r"(?P<size>[0-9]{1,20})(?P<last> +LAST)?", re.IGNORECASE | re.ASCII)


class Take(Protocol):
    """Who takes a message, before its reply leaves."""

    def __call__(self, raw: bytes, envelope: Envelope, *, acknowledged: bool = True) -> bool:
        """Whether it was taken."""
        ...


class Transaction:
    """What a client has said of one mail so far.

    Attributes:
        sender: what MAIL said, or None before it.
        recipients: what each RCPT said.
        chunks: what BDAT has brought, or None where it has not begun.
        progress: the same as a policy wants to know it.
        number: how many transactions this connection has begun, or forgotten.
    """

    def __init__(self, policy: Policy, conversation: Conversation, voice: Voice, take: Take, mishaps: Mishaps) -> None:
        self._policy = policy
        self._conversation = conversation
        self._voice = voice
        self._take = take
        self._mishaps = mishaps
        self.number = 0
        self.forget()

    def forget(self) -> None:
        """Begin anew, as RSET has it."""
        self.number += 1
        self.sender: Path | None = None
        self.recipients: list[Path] = []
        self.chunks: BytesIO | None = None
        self.progress = NO_PROGRESS

    def begin(self, argument: str, offered: frozenset[str]) -> None:
        """MAIL.

        Raises:
            Refused: the argument is wrong, or the sender unwanted.
        """
        sender = path("MAIL", argument, offered)
        if (refused := self._policy.sender_refusal(sender)) is not None:
            raise Refused(refused, sender=sender.address)
        self.sender = sender
        # RFC 3030 §3: the message has no lines; RFC 6531 §3.4: addresses may be beyond ASCII.
        is_binary = (sender.parameters.get("BODY") or "").upper() == "BINARYMIME"
        self.progress = (True, False, False, is_binary, "SMTPUTF8" in sender.parameters)
        self._voice.say(Situation.SENDER_OK, sender=sender.address)

    def add(self, argument: str, offered: frozenset[str], standing: Standing) -> None:
        """RCPT.

        Raises:
            Refused: the argument is wrong, or the recipient unwanted.
        """
        recipient = path("RCPT", argument, offered)
        state = State(*standing, *self.progress)
        if (refused := self._policy.recipient_refusal(state, recipient)) is not None:
            raise Refused(refused, recipient=recipient.address)
        self.recipients.append(recipient)
        _, _, is_chunked, is_binary, is_utf8 = self.progress
        self.progress = (True, True, is_chunked, is_binary, is_utf8)
        self._voice.say(Situation.RECIPIENT_OK, recipient=recipient.address)

    async def message(self) -> None:
        """DATA: all or nothing (RFC 5321 §4.1.1.4)."""
        self._voice.say(Situation.SEND_DATA)
        self._voice.verb = MESSAGE
        try:
            raw = await self._conversation.message(self._policy.profile.size_limit)
        except MessageTooLong as message:
            self._voice.heard(f"(a message of {message.size} bytes, ignored)")
            self._end(Situation.TOO_BIG, to_each=True)
            return
        self._voice.heard(f"(a message of {len(raw)} bytes)")
        await self._finish(raw, Situation.TAKEN)

    async def chunk(self, argument: str) -> None:
        """BDAT: as many octets as announced, whatever they are (RFC 3030 §2).

        Raises:
            Refused: the argument is wrong.
        """
        announced = _announced(argument)
        if announced is None:
            raise Refused(Situation.CHUNK_SYNTAX)
        so_far = BytesIO() if self.chunks is None else self.chunks
        if self._policy.is_too_big(so_far.tell() + announced.size):
            await self._pass_over(announced.size)
            self._end(Situation.TOO_BIG, to_each=announced.is_last)
            return
        self.chunks = so_far
        _, _, _, is_binary, is_utf8 = self.progress
        self.progress = (True, True, True, is_binary, is_utf8)
        missing = announced.size
        while missing:
            missing -= so_far.write(await self._conversation.some(missing))
        self._voice.heard(f"(a chunk, which makes {so_far.tell()} bytes)")
        if announced.is_last:
            await self._finish(so_far.getvalue(), Situation.CHUNKS_TAKEN, size=announced.size)
        else:
            self._voice.say(Situation.CHUNK_TAKEN, size=announced.size)

    async def refuse_chunk(self, argument: str, reply: Reply | None) -> None:
        """Ignore what BDAT announces: the octets are on their way, whatever is to be said to them (RFC 3030 §2).

        Args:
            argument: what came behind the command.
            reply: what somebody else has to say to it; where that is a refusal, it ends the transaction.
        """
        announced = _announced(argument)
        if announced is None:
            return
        await self._pass_over(announced.size)
        if reply is not None and reply.code >= 400:
            # The last of them is said by whoever has the reply.
            for _ in self._replied_to(to_each=announced.is_last)[1:]:
                self._voice.answer(reply)
            self.forget()

    async def _pass_over(self, size: int) -> None:
        self._voice.heard(f"(a chunk of {size} bytes, ignored)")
        while size:
            size -= len(await self._conversation.some(size))

    async def _finish(self, raw: bytes, taken: Situation, **facts: object) -> None:
        """The message is there; something may go wrong with one that is as it should be."""
        refused = self._policy.content_refusal(raw, is_binary=self.progress[3])
        envelope = self._envelope()
        action = None
        if refused is None and self._mishaps:
            action = self._mishaps.meet(
                Stage.MESSAGE, envelope.mail_from, envelope.recipients, len(envelope.recipients)
            )
        if isinstance(action, Delay):
            await self._mishaps.undergo(Stage.MESSAGE, action)
        elif action is not None and not isinstance(action, Drip):
            await self._fail(raw, envelope, action)
            return
        if refused is None and not self._take(raw, envelope):
            refused = Situation.LOCAL_ERROR
        if refused is Situation.TEXT_LINE_TOO_LONG:
            facts.update(limit=self._policy.text_line_limit, longest=longest_line(raw) - len(b"\r\n"))
        if refused is None and self._policy.profile.role is Role.LMTP:
            taken = Situation.RECIPIENT_TAKEN
        self._end(refused or taken, to_each=True, total=len(raw), **facts)
        if isinstance(action, Drip):
            await self._conversation.drip(action.bytes_per_second)

    async def _fail(self, raw: bytes, envelope: Envelope, action: Reply | Action) -> None:
        is_stored = isinstance(action, AcceptThen) or (isinstance(action, Reply) and action.code < 400)
        if is_stored and not self._take(raw, envelope, acknowledged=isinstance(action, Reply)):
            self._end(Situation.LOCAL_ERROR, to_each=True)
            return
        if isinstance(action, AcceptThen):
            action = action.action
        recipients = self._replied_to(to_each=True)
        self.forget()
        if isinstance(action, Reply):
            for _ in recipients:
                self._voice.answer(action)
        else:
            await self._mishaps.undergo(Stage.MESSAGE, action)

    def _end(self, situation: Situation, *, to_each: bool, **facts: object) -> None:
        """The transaction is over."""
        recipients = self._replied_to(to_each=to_each)
        self.forget()
        for recipient in recipients:
            self._voice.say(situation, recipient=recipient.address, **facts)

    def _replied_to(self, *, to_each: bool) -> list[Path]:
        """With LMTP each recipient has a reply of its own (RFC 2033 §4.2, §4.3)."""
        return self.recipients if to_each and self._policy.profile.role is Role.LMTP else self.recipients[:1]

    def _envelope(self) -> Envelope:
        assert self.sender is not None
        return Envelope(
            mail_from=self.sender.address,
            recipients=tuple([recipient.address for recipient in self.recipients]),
            mail_parameters=self.sender.written,
            recipient_parameters=tuple([recipient.written for recipient in self.recipients]),
        )


class _Chunk(NamedTuple):
    size: int
    is_last: bool


def _announced(argument: str) -> _Chunk | None:
    """What BDAT announces, or None where nobody can tell."""
    found = _CHUNK.fullmatch(argument)
    return found and _Chunk(int(found["size"]), found["last"] is not None)
