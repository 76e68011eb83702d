"""What a port says to one client: the personality's words, filled in, written down and sent."""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING

from .. import _clock
from .._ports._reply import Reply
from .._ports._situations import Situation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .._ports._policy import Policy
    from ._conversation import Conversation
    from ._journal import Entry

# A refusal of one of these keeps a message from being sent.
_ON_THE_WAY = frozenset({"EHLO", "HELO", "LHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "BDAT"})
# What a client gets wrong who does not know SMTP.
_ERRORS = frozenset({Situation.UNKNOWN_COMMAND, Situation.NOT_IMPLEMENTED, Situation.NOT_TEXT, Situation.BARE_LF})
# What is said back of a client's own words; RFC 5321 §4.5.3.1.5 has 512 octets for a reply line.
_LONGEST_QUOTATION = 200


class Voice:
    """The port's side of one conversation.

    Attributes:
        verb: the command that is being answered, or "".
        has_said_goodbye: nothing more is to be said.
    """

    def __init__(
        self, policy: Policy, entry: Entry, conversation: Conversation, facts: Callable[[], Mapping[str, str]]
    ) -> None:
        self.verb = ""
        self.has_said_goodbye = False
        self._policy = policy
        self._entry = entry
        self._conversation = conversation
        self._facts = facts
        self._errors = 0

    def say(self, situation: Situation, **facts: object) -> None:
        """Say what fits."""
        situation = self._counted(situation)
        self.answer(self.filled(self._policy.voice.reply(situation), **facts))
        if situation is Situation.AUTH_SUCCEEDED:
            self._entry.refused(None)
        self.has_said_goodbye = self.has_said_goodbye or situation in self._policy.voice.last_words

    def answer(self, reply: Reply) -> None:
        """Say one reply to a command; with 421 it is the last one (RFC 5321 §3.8)."""
        lines = self.reply(reply)
        if reply.code >= 400 and self.verb in _ON_THE_WAY:
            self._entry.refused(f"{self.verb} got {lines[-1]}")
        self.has_said_goodbye = self.has_said_goodbye or reply.code == 421

    def reply(self, reply: Reply) -> tuple[str, ...]:
        """Say one reply as it is."""
        lines = reply.lines(enhanced=self._policy.says_enhanced)
        for line in lines:
            self._entry.said(line)
        self._conversation.say("".join(f"{line}\r\n" for line in lines).encode("ascii", "backslashreplace"))
        return lines

    def heard(self, text: str) -> None:
        """Write down what the client said, secrets masked."""
        self._entry.heard(text)

    def filled(self, reply: Reply, **facts: object) -> Reply:
        """A reply of ours with what it has in braces filled in."""
        if "{" not in reply.text:
            return reply
        date = formatdate(_clock.now().timestamp())
        everything = {"verb": self.verb, "date": date, **self._facts(), **facts}
        quoted = {name: _ascii(str(fact))[:_LONGEST_QUOTATION] for name, fact in everything.items()}
        return Reply(reply.code, reply.enhanced, reply.text.format_map(quoted))

    def _counted(self, situation: Situation) -> Situation:
        """The same, or the last word on it."""
        self._errors += situation in _ERRORS
        allowed = self._policy.voice.errors_allowed
        is_one_too_many = situation in _ERRORS and allowed is not None and self._errors > allowed
        return Situation.TOO_MANY_ERRORS if is_one_too_many else situation


def _ascii(text: str) -> str:
    """A reply is ASCII for whoever has not asked for SMTPUTF8 (RFC 6531 §3.7.4)."""
    return text.encode("ascii", "backslashreplace").decode()
