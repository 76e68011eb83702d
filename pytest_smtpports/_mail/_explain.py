"""Why an assertion on the mail failed, as text. Pure functions; the length is bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._connection import Outcome
from ._criteria import CONTAINED as _CONTAINED
from ._criteria import Criteria, Verdict
from ._duration import duration
from ._mistakes import likely_mistake
from ._shown import LONGEST_VALUE, counted, shown, shown_line

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Sequence

    from ._connection import Connection
    from ._message import Message

MOST_LISTED = 10
MOST_DIALOGUE_LINES = 8

_NOBODY_CAME = (
    "no connection came either: does the code under test dial these ports? Give it "
    'smtpports.ports[587].address, or lead its own host name here with smtpports.route("smtp.example.com").'
)

# How an outcome is told of a connection, before its reason.
_TOLD = {
    Outcome.TLS_FAILED: "TLS failed",
    Outcome.AUTH_FAILED: "login failed",
    Outcome.QUIT: "nothing sent",
    Outcome.ABANDONED: "nothing sent",
}


def explain(
    criteria: Criteria,
    messages: Sequence[Message],
    connections: Sequence[Connection],
    *,
    matched: int | None = None,
    expected: int,
    blocks: Iterable[tuple[str, str]] = (),
    faults: Iterable[tuple[str, int]] = (),
    now: datetime.datetime | None = None,
) -> str:
    """What was asked, what came, what was nearest, and why the rest did not come.

    Args:
        criteria: what was asked.
        messages: everything that came.
        connections: every connection and attempt.
        matched: how many of them match, where that is known.
        expected: how many matching messages were expected.
        blocks: the active blocks as (port, kind).
        faults: the faults that are set, as they are told of, and how often each has fired.
        now: the time to count ages from, or None to tell none.
    """
    if matched is None:
        matched = sum(map(criteria.match, messages))
    sections = [
        [_headline(matched, expected), *_asked(criteria)],
        arrived(messages, now),
    ]
    if matched < expected:
        sections += [
            _nearest(criteria, messages),
            _unhappy(connections),
            last_dialogue(connections),
            advice(messages, connections),
        ]
    sections.append([f"blocked: {port} ({kind})" for port, kind in blocks])
    sections.append(told_faults(faults))
    return "\n".join("\n".join(lines) for lines in sections if lines)


def explain_repeated(repeated: Sequence[tuple[str, str, Sequence[Message]]]) -> str:
    """Why a delivery came more than once.

    Args:
        repeated: the identity of a mail, the recipient, and the messages that brought it.
    """
    lines = []
    for identity, recipient, messages in repeated[:MOST_LISTED]:
        lines.append(shown_line(f"{len(messages)} deliveries of {identity} to {recipient!r}, 1 expected:"))
        lines += _listed(messages, None)
    if len(repeated) > MOST_LISTED:
        lines.append(f"and {len(repeated) - MOST_LISTED} more")
    if any(not message.acknowledged for _, _, messages in repeated for message in messages):
        lines.append(
            "A message that was never acknowledged may have been stored all the same (RFC 5321 §6.1): who sends it "
            "again has to use the same Message-ID, and whoever receives it may drop the second."
        )
    return "\n".join(lines)


def told_faults(faults: Iterable[tuple[str, int]]) -> list[str]:
    """Faults, a line each, with how often each has fired."""
    return [shown_line(f"fault at {fault} ({_fired(times)})") for fault, times in faults]


def _fired(times: int) -> str:
    return "it never fired" if not times else f"it fired {counted(times, 'time', 'times')}"


def explain_only(messages: Sequence[Message]) -> str:
    """Why there is no single message."""
    return "\n".join([f"{counted(len(messages), 'message', 'messages')} here, 1 expected", *_listed(messages, None)])


def _headline(matched: int, expected: int) -> str:
    if not expected:
        return f"{counted(matched, 'message matches', 'messages match')}, none expected"
    if not matched:
        return f"no message matches, {expected} expected"
    if expected == 1:
        return f"{matched} match, 1 expected; for several: assert_sent_times({matched}, ...)"
    return f"{counted(matched, 'message matches', 'messages match')}, {expected} expected"


def _asked(criteria: Criteria) -> list[str]:
    return [f"  {name} = {shown(value)}" for name, value in criteria.wanted.items()]


def arrived(messages: Sequence[Message], now: datetime.datetime | None) -> list[str]:
    """The messages that came, the latest of them a line each, below how many they are."""
    if not messages:
        return ["no message came"]
    return [f"{counted(len(messages), 'message', 'messages')} came:", *_listed(messages, now)]


def _listed(messages: Sequence[Message], now: datetime.datetime | None) -> list[str]:
    lines = [f"  {place}. {brief(message, now)}" for place, message in _latest(messages)]
    if len(messages) > MOST_LISTED:
        lines.append(f"  (the latest {MOST_LISTED}; {len(messages) - MOST_LISTED} came before them)")
    return lines


def _latest(messages: Sequence[Message]) -> list[tuple[int, Message]]:
    return list(enumerate(messages, start=1))[-MOST_LISTED:]


def brief(message: Message, now: datetime.datetime | None = None) -> str:
    """A message in one line, with its age where there is a time to count from."""
    protection = message.tls.version if message.tls else "in clear"
    if message.tls is not None and message.tls.fault is not None:
        protection += f" ({message.tls.fault})"
    host = f"{message.host}:" if message.host else ""
    recipients = ", ".join(message.recipients)
    text = f"{host}{message.port} {protection} from {message.mail_from!r} to {recipients!r} {message.subject!r}"
    if not message.acknowledged:
        text += " (never acknowledged)"
    if now is not None:
        text += f", {duration((now - message.received_at).total_seconds())} ago"
    return shown_line(text)


def _nearest(criteria: Criteria, messages: Sequence[Message]) -> list[str]:
    if not messages or not criteria.wanted:
        return []
    met = [criteria.count(message) for message in messages]
    misses = [place for place, number in enumerate(met) if number < len(criteria.wanted)]
    if not misses:
        return []
    nearest = max(misses, key=met.__getitem__)
    lines = [f"nearest is message {nearest + 1}:"]
    for verdict in criteria.verdicts(messages[nearest]):
        lines += _verdict_lines(verdict, messages[nearest])
    return lines


def _verdict_lines(verdict: Verdict, message: Message) -> list[str]:
    if verdict.met:
        return [f"  ✓ {verdict.name}"]
    lines = [
        f"  ✗ {verdict.name}",
        f"      wanted {shown(verdict.wanted)}",
        f"      came   {shown(verdict.came)}",
        *_difference(verdict),
    ]
    hint = likely_mistake(verdict, message)
    return [*lines, f"      ({hint})"] if hint else lines


def _difference(verdict: Verdict) -> list[str]:
    """A mark below the first character in which two short strings differ."""
    if not isinstance(verdict.wanted, str) or not isinstance(verdict.came, str) or verdict.name in _CONTAINED:
        return []
    wanted, came = shown(verdict.wanted), shown(verdict.came)
    shorter = min(len(wanted), len(came))
    place = next((place for place in range(shorter) if wanted[place] != came[place]), shorter)
    return [f"{' ' * (len('      came   ') + place)}^"] if place < LONGEST_VALUE else []


def _unhappy(connections: Sequence[Connection]) -> list[str]:
    """The connections that brought no message, each with its reason."""
    unhappy = [connection for connection in connections if connection.outcome is not Outcome.DELIVERED]
    if not unhappy:
        return []
    lines = [f"{counted(len(unhappy), 'connection', 'connections')} brought no message:"]
    lines += [f"  {told(connection)}" for connection in unhappy[-MOST_LISTED:]]
    if len(unhappy) > MOST_LISTED:
        lines.append(f"  (the latest {MOST_LISTED}; {len(unhappy) - MOST_LISTED} came before them)")
    return lines


def told(connection: Connection) -> str:
    """One connection in one line."""
    name = f"{connection.host}:{connection.port}" if connection.host else str(connection.port)
    where = f" [{connection.location}]" if connection.location else ""
    return shown_line(f"{name}: {how_it_ended(connection)}{where}")


def how_it_ended(connection: Connection) -> str:
    """The outcome of a connection, and its reason."""
    outcome = _TOLD.get(connection.outcome, connection.outcome.value)
    if connection.block is not None:
        # What is in a client's way, and does not stop it, may be why it ends as it does.
        stopped = connection.outcome is Outcome.BLOCKED
        outcome = f"{outcome} ({connection.block})" if stopped else f"{outcome}, port blocked ({connection.block})"
    return f"{outcome}: {connection.reason}"


def last_dialogue(connections: Sequence[Connection]) -> list[str]:
    """The last lines of the latest connection that spoke and brought no message."""
    spoke = [each for each in connections if each.dialogue and each.outcome is not Outcome.DELIVERED]
    if not spoke:
        return []
    latest = spoke[-1]
    lines = [f"the last lines on port {latest.port}:"]
    return lines + [f"  {shown_line(str(line))}" for line in latest.dialogue[-MOST_DIALOGUE_LINES:]]


def advice(messages: Sequence[Message], connections: Sequence[Connection]) -> list[str]:
    """What to do where nobody came."""
    if connections or messages:
        return []
    return [_NOBODY_CAME]
