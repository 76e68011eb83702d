"""What a port says to one client: the personality's words, filled in, written down and sent."""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING

from .. import _clock
from .._ports._reply import Reply
from .._ports._situations import Situation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .._ports._precedents import Hello, Precedents, Words
    from ._conversation import Conversation
    from ._journal import Entry

# A refusal of one of these keeps a message from being sent.
MESSAGE = "the message"
_ON_THE_WAY = frozenset({"EHLO", "HELO", "LHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "BDAT", MESSAGE})
# What a client gets wrong who does not know SMTP.
_ERRORS = frozenset({Situation.UNKNOWN_COMMAND, Situation.NOT_IMPLEMENTED, Situation.NOT_TEXT, Situation.BARE_LF})
# What is said back of a client's own words; RFC 5321 §4.5.3.1.5 has 512 octets for a reply line.
_LONGEST_QUOTATION = 200
_QUOTATIONS = 400


class Voice:
    """The port's side of one conversation.

    Attributes:
        verb: the command that is being answered, or the message that DATA has brought, or "".
        has_said_goodbye: nothing more is to be said.
    """

    def __init__(
        self, precedents: Precedents, entry: Entry, conversation: Conversation, facts: Callable[[], Mapping[str, str]]
    ) -> None:
        self.verb = ""
        self.has_said_goodbye = False
        self._precedents = precedents
        self._words = precedents.words
        self._personality = precedents.policy.voice
        self._entry = entry
        self._conversation = conversation
        self._facts = facts
        self._errors = 0

    def say(self, situation: Situation, **facts: object) -> None:
        """Say what fits."""
        if situation in _ERRORS:
            situation = self._counted(situation)
        words = self._words[situation] or self.filled(self._personality.reply(situation), facts)
        self._answer(words)
        if situation in self._personality.last_words:
            self.has_said_goodbye = True

    def answer(self, reply: Reply) -> None:
        """Say one reply to a command; with 421 it is the last one (RFC 5321 §3.8)."""
        self._answer(self._precedents.written(reply))

    def greet(self) -> None:
        """Say the first word."""
        greeting = Reply(220, None, self._personality.greeting)
        self._answer(self._precedents.greeting or self.filled(greeting, {}))

    def hello(self, hello: Hello) -> None:
        """Reply to EHLO."""
        self._answer(hello.words or self.filled(hello.reply, {}))

    def challenge(self, text: str) -> None:
        """Ask for a response (RFC 4954 §4)."""
        self.answer(Reply(334, None, text))

    def heard(self, text: str) -> None:
        """Write down what the client said, secrets masked."""
        self._entry.heard(text)

    def _answer(self, words: Words) -> None:
        for line in words.lines:
            self._entry.said(line)
        self._conversation.say(words.data)
        if words.code < 400:
            return
        if self.verb in _ON_THE_WAY:
            self._entry.refused(f"{self.verb} got {words.lines[-1]}")
        if words.code == 421:
            self.has_said_goodbye = True

    def filled(self, reply: Reply, facts: Mapping[str, object]) -> Words:
        """A reply of ours with what it has in braces filled in."""
        date = formatdate(_clock.now().timestamp())
        known = {"verb": self.verb, "date": date, **self._facts()}
        quotations = sum(reply.text.count(f"{{{name}}}") for name in facts)
        longest = min(_LONGEST_QUOTATION, _QUOTATIONS // max(1, quotations))
        quoted = {name: _ascii(str(fact))[:_LONGEST_QUOTATION] for name, fact in known.items()}
        quoted.update((name, _ascii(str(fact))[:longest]) for name, fact in facts.items())
        return self._precedents.written(Reply(reply.code, reply.enhanced, reply.text.format_map(quoted)))

    def _counted(self, situation: Situation) -> Situation:
        """The same, or the last word on it."""
        self._errors += 1
        allowed = self._personality.errors_allowed
        is_one_too_many = allowed is not None and self._errors > allowed
        return Situation.TOO_MANY_ERRORS if is_one_too_many else situation


def _ascii(text: str) -> str:
    """A reply is ASCII for whoever has not asked for SMTPUTF8 (RFC 6531 §3.7.4)."""
    return text.encode("ascii", "backslashreplace").decode()
