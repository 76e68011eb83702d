"""How a server speaks, and where it differs from the RFCs: the personality `rfc`, and those that are data."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .._data import load
from .._errors import ConfigurationError, UnknownName, is_ours
from ._reply import Reply
from ._situations import Situation

if TYPE_CHECKING:
    from collections.abc import Mapping

__tracebackhide__ = is_ours

DEFAULT = "rfc"
# RFC 5321 §4.1.1.10, §4.5.3.2.7, and what is only said by servers that do close a connection on their own.
LAST_WORDS = frozenset({Situation.GOODBYE, Situation.IDLE, Situation.FORBIDDEN_COMMAND, Situation.TOO_MANY_ERRORS})
# Said first by who knows enhanced codes (RFC 2034 §3).
ENHANCED = "ENHANCEDSTATUSCODES"


@dataclass(frozen=True, slots=True)
class Personality:
    """How a server speaks.

    Attributes:
        name: what it is called.
        greeting: the text of the 220 greeting.
        hello: the first line of the reply to EHLO.
        keywords: what EHLO names, in order. STARTTLS, AUTH, AUTH= and the profile's extensions are named where they are
            on offer; any other line always.
        submission_keywords: the same on ports where clients log in, or None.
        mechanisms: the order in which SASL mechanisms are named, or none for the profile's.
        replies: what it says instead of what the RFCs say.
        hello_needed: whether MAIL has to wait for EHLO or HELO (RFC 5321 §4.1.4).
        login_due_at: the command that is refused where a login is due: MAIL (RFC 6409 §4.3) or RCPT.
        auth_in_clear: logins are taken before STARTTLS too, which is never demanded, whatever the profile says.
        auth_after_login: whether EHLO still names AUTH after a login.
        lacks: commands that it does not know though most servers do.
        named_anyway: keywords that EHLO names although they are not open at the moment.
        text_line_limit: the longest line of a message in octets, its CRLF counted, where the profile has no limit.
        forbidden: the commands, as patterns, that end the connection.
        errors_allowed: how many commands may be unknown before the next one ends the connection, or None.
        last_words: the situations after whose reply it closes the connection.
    """

    name: str
    greeting: str = "{host} ESMTP ready"
    hello: str = "{host}"
    keywords: tuple[str, ...] = ()
    submission_keywords: tuple[str, ...] | None = None
    mechanisms: tuple[str, ...] = ()
    replies: Mapping[Situation, Reply] = field(default_factory=dict)
    hello_needed: bool = True
    login_due_at: str = "MAIL"
    auth_in_clear: bool = False
    auth_after_login: bool = True
    lacks: tuple[str, ...] = ()
    named_anyway: tuple[str, ...] = ()
    text_line_limit: int | None = None
    forbidden: tuple[str, ...] = ()
    errors_allowed: int | None = None
    last_words: frozenset[Situation] = LAST_WORDS

    def reply(self, situation: Situation) -> Reply:
        """What it says."""
        return self.replies.get(situation, situation.value)


_RFC_SUBMISSION = (
    *("PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8", "DSN", "CHUNKING", "BINARYMIME", ENHANCED),
    *("STARTTLS", "AUTH", "HELP"),
)
_RFC = Personality(
    DEFAULT,
    # Who verifies addresses for everybody is a mail exchanger (RFC 5321 §3.5.3, §7.3).
    keywords=(*_RFC_SUBMISSION[:-1], "VRFY", "HELP"),
    submission_keywords=_RFC_SUBMISSION,
)


def personality_names() -> tuple[str, ...]:
    """Every personality there is."""
    return (DEFAULT, *load("personalities"))


@lru_cache
def personality(name: str) -> Personality:
    """The personality of that name.

    Raises:
        UnknownName: there is none.
    """
    if name == DEFAULT:
        return _RFC
    if name not in personality_names():
        raise UnknownName("personality", name, personality_names())
    return _of(name, load("personalities")[name]["facts"])


def _of(name: str, facts: Mapping[str, Any]) -> Personality:  # the values of a JSON file, which a test checks
    """A personality from data, in which each fact is a pair of value and source."""
    values: dict[str, Any] = {key: _frozen(fact[0]) for key, fact in facts.items() if key != "replies"}
    knows_enhanced = ENHANCED in values["keywords"]
    replies = {Situation[key]: _reply(fact[0], knows_enhanced) for key, fact in facts["replies"].items()}
    last_words = LAST_WORDS.union(Situation[key] for key in values.pop("last_words", ()))
    return Personality(name, replies=replies, last_words=last_words, **values)


def _reply(written: str, knows_enhanced: bool) -> Reply:  # noqa: FBT001 # a fact about the server, not a switch
    code, _, text = written.partition(" ")
    # A server that says enhanced codes without promising them goes on saying them,
    as_it_is = Reply(int(code), None, text)
    if not knows_enhanced:
        return as_it_is
    try:
        return Reply.parse(written)
    except ConfigurationError:
        # and one whose codes contradict each other is not to be corrected.
        return as_it_is


def _frozen(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value
