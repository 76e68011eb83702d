"""A SASL exchange on the wire (RFC 4954 §4)."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, cast

from .._ports._framing import LINE_END, LineTooLong, without_end
from .._ports._policy import COMMAND_LINE_LIMIT
from .._ports._sasl import Explanation
from .._ports._situations import Refused, Situation
from .._texts import MASK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .._ports._sasl import Exchange, Verdict
    from ._conversation import Conversation
    from ._voice import Voice

# The frames of these functions hold what clients log in with, which a traceback with local variables would show.
__tracebackhide__ = True

_CANCEL = b"*\r\n"
# What stands for an initial response of no octets.
_NOTHING = "="


# RFC 4648 §4, without the leniency of some versions of Python.
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


async def exchanged(
    exchange: Exchange,
    initial: Sequence[str],
    conversation: Conversation,
    voice: Voice,
    conclude: Callable[[Verdict], None],
) -> Verdict:
    """Have the client answer the challenges.

    Args:
        exchange: the mechanism.
        initial: the initial response, if there was one.
        conversation: who hears the client.
        voice: who asks.
        conclude: is told the verdict as soon as there is one.

    Raises:
        Refused: the client cancelled, or said something that is no response.
        ClientLeft: it went away.
    """
    challenge = next(exchange)
    responses = [_decoded(b"" if response == _NOTHING else response.encode()) for response in initial]
    verdict: Verdict | None = None
    while True:
        if isinstance(challenge, Explanation):
            verdict = challenge.verdict
            conclude(verdict)
        response = responses.pop() if responses else await _asked(challenge, conversation, voice)
        try:
            challenge = exchange.send(response)
        except StopIteration as end:
            if verdict is None:
                verdict = cast("Verdict", end.value)
                conclude(verdict)
            return verdict


async def _asked(challenge: bytes, conversation: Conversation, voice: Voice) -> bytes:
    """The client's part; it is never written down."""
    if challenge:
        voice.challenge(b64encode(challenge).decode())
    else:
        voice.say(Situation.AUTH_GO_AHEAD)
    try:
        line = await conversation.line(COMMAND_LINE_LIMIT)
    except LineTooLong:
        voice.heard(MASK)
        raise Refused(Situation.AUTH_TOO_LONG) from None
    voice.heard("*" if line == _CANCEL else MASK)
    if line == _CANCEL:
        raise Refused(Situation.AUTH_CANCELLED)
    if not line.endswith(LINE_END):
        raise Refused(Situation.BARE_LF)
    return _decoded(without_end(line))


def _decoded(response: bytes) -> bytes:
    if _BASE64.fullmatch(response) is None:
        raise Refused(Situation.AUTH_NO_BASE64)
    return b64decode(response)
