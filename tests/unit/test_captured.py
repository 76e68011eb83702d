"""What a test captured, on its way through a file."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from pytest_smtpports import TLS, Connection, Envelope, Line, Location, Login, Message, Outcome
from pytest_smtpports._report._captured import Captured
from pytest_smtpports._report._json import read, written

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

# Whatever a client may say, what is no UTF-8 among it.
text = st.text(st.characters(codec=None))
numbers = st.integers(0, 65_535)
seconds = st.floats(0, allow_nan=False)
times = st.datetimes(timezones=st.just(datetime.timezone.utc))


def tuples(of: SearchStrategy[object]) -> SearchStrategy[tuple[object, ...]]:
    return st.lists(of, max_size=3).map(tuple)


def maybe(of: SearchStrategy[object]) -> SearchStrategy[object]:
    return st.none() | of


tls = st.builds(TLS, text, text, maybe(text))
messages = st.builds(
    Message,
    raw=st.binary(max_size=50),
    envelope=st.builds(Envelope, text, tuples(text), tuples(text), tuples(tuples(text))),
    port=numbers,
    received_at=times,
    host=maybe(text),
    tls=maybe(tls),
    user=maybe(text),
    acknowledged=st.booleans(),
    connection=numbers,
)
connections = st.builds(
    Connection,
    id=numbers,
    port=numbers,
    host=maybe(text),
    peer=maybe(st.tuples(text, numbers)),
    outcome=st.sampled_from(Outcome),
    reason=text,
    block=maybe(text),
    tls=maybe(tls),
    logins=tuples(st.builds(Login, text, text, succeeded=st.booleans())),
    dialogue=tuples(st.builds(Line, st.sampled_from("CS"), seconds, text)),
    timeout=maybe(seconds),
    location=maybe(st.builds(Location, text, numbers)),
    opened_at=times,
    closed_at=maybe(times),
)
captured = st.builds(Captured, text, text, tuples(messages), tuples(connections), tuples(messages))


def fields(message: Message) -> dict[str, object]:
    return {name: getattr(message, name) for name in Message.__dataclass_fields__}


@given(captured)
def test_everything_comes_back_as_it_was(captured: Captured) -> None:
    bodies: list[bytes] = []

    def keep(raw: bytes) -> list[int]:
        bodies.append(raw)
        return [len(bodies) - 1]

    line = written(captured, keep)
    other = read(line, lambda place: bodies[place[0]])

    assert line.isascii()
    assert "\n" not in line
    assert (other.test, other.outcome, other.connections) == (captured.test, captured.outcome, captured.connections)
    assert [*map(fields, other.messages)] == [*map(fields, captured.messages)]
    assert [*map(fields, other.late)] == [*map(fields, captured.late)]
    assert all(type(each.outcome) is Outcome for each in other.connections)
