"""What a port has decided and said before: every mail asks the same, and the answer is found, not made again."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from ._command import Commands
from ._policy import STARTTLS, Policy, Progress, Standing, State, offered
from ._reply import Reply

if TYPE_CHECKING:
    from ._profile import Profile
    from ._situations import Situation


class Words(NamedTuple):
    """A reply as a port says it.

    Attributes:
        code: three digits.
        lines: as they are written down.
        data: as they are sent.
    """

    code: int
    lines: tuple[str, ...]
    data: bytes


class Hello(NamedTuple):
    """The reply to EHLO.

    Attributes:
        reply: with what is to be filled in.
        words: the same where nothing is, or None.
        offered: the extensions that the client may use from then on.
    """

    reply: Reply
    words: Words | None
    offered: frozenset[str]


class Precedents:
    """The decisions of one policy, each made once.

    Args:
        policy: what decides.
        host: what the port calls itself.

    Attributes:
        greeting: the words of the greeting, or None where something is to be filled in.
        words: what is said in a situation, or None where something is to be filled in.
        refusals: why a verb is refused at a standing and a progress, or None where it is allowed.
        commands: what a line says.
    """

    def __init__(self, policy: Policy, host: str) -> None:
        self.policy = policy
        self.host = host
        self.words = _Words(self)
        self.refusals = _Refusals(policy)
        self.commands = Commands()
        self._hellos: dict[Standing, Hello] = {}
        own = policy.profile.greeting
        self.greeting = self.fixed(Reply(220, None, policy.voice.greeting))
        if own is not None:
            self.greeting = self.written(policy.profile.turns_away or Reply(220, None, f"{host} {own}"))

    def hello(self, standing: Standing) -> Hello:
        """The reply to EHLO (RFC 5321 §4.1.1.1)."""
        if standing not in self._hellos:
            state = State(*standing)
            keywords = self.policy.ehlo_keywords(state)
            # RFC 2034 §4: no enhanced code in the reply to EHLO.
            reply = Reply(250, None, "\n".join((self.policy.voice.hello, *keywords)))
            # RFC 4954 §5: AUTH= may come from whoever can, or could, log in.
            may_log_in = {"AUTH"} if self.policy.offers_auth(state) else set()
            self._hellos[standing] = Hello(reply, self.fixed(reply), offered(keywords) | may_log_in)
        return self._hellos[standing]

    def fixed(self, reply: Reply) -> Words | None:
        """A reply that is the same for every client, or None."""
        text = reply.text.replace("{host}", self.host)
        return None if "{" in text else self.written(Reply(reply.code, reply.enhanced, text))

    def written(self, reply: Reply) -> Words:
        """A reply as this port says it."""
        lines = reply.lines(enhanced=self.policy.says_enhanced)
        return Words(reply.code, lines, "".join(f"{line}\r\n" for line in lines).encode("ascii", "backslashreplace"))


@lru_cache(maxsize=64)
def precedents(profile: Profile, host: str, starttls: str | None = STARTTLS) -> Precedents:
    """Those of a port that is such a one, which is the same in many tests."""
    return Precedents(Policy(profile, starttls), host)


class _Words(dict["Situation", "Words | None"]):
    def __init__(self, precedents: Precedents) -> None:
        super().__init__()
        self._precedents = precedents

    def __missing__(self, situation: Situation) -> Words | None:
        precedents = self._precedents
        words = self[situation] = precedents.fixed(precedents.policy.voice.reply(situation))
        return words


class _Refusals(dict[tuple[Standing, Progress, str], "Situation | None"]):
    def __init__(self, policy: Policy) -> None:
        super().__init__()
        self._policy = policy

    def __missing__(self, asked: tuple[Standing, Progress, str]) -> Situation | None:
        standing, progress, verb = asked
        refusal = self._policy.refusal(State(*standing, *progress), verb)
        if verb in self._policy.commands:
            # What else a client may say has no end.
            self[asked] = refusal
        return refusal
