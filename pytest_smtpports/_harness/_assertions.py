"""What a test asserts of the mail and of the connections, and the waiting for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import _clock
from .._errors import ConfigurationError, is_ours
from .._mail._criteria import Criteria
from .._mail._explain import explain, explain_repeated, told
from .._mail._mailbox import Mailbox
from .._mail._search import Search
from .._mail._shown import counted
from .._texts import folded
from ._expectation import Expectation
from ._waiting import checked_seconds, until, until_async

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .._mail._message import Message
    from ._world import World

__tracebackhide__ = is_ours


class Assertions:
    """What can be asserted; a failure explains itself."""

    _world: World

    # What is asserted of messages

    def assert_sent(self, *, within: float = 0.0, **criteria: object) -> Message:
        """Exactly one message meets the criteria.

        Args:
            within: seconds to wait for it.
            criteria: `to`, `subject`, `port`, `tls` and so on.

        Returns:
            the message.

        Raises:
            AssertionError: there is none, or more than one; the text says what came, what was nearest, and why.
            UnknownCriterion: a keyword that is not a criterion.
            BlockingWaitError: with `within`, in a running event loop; await `assert_sent_async`.
        """
        __tracebackhide__ = True
        return self._sent("assert_sent", 1, within, criteria)[0]

    def assert_sent_times(self, n: int, *, within: float = 0.0, **criteria: object) -> Mailbox:
        """Exactly `n` messages meet the criteria; as `assert_sent`."""
        __tracebackhide__ = True
        return self._sent("assert_sent_times", n, within, criteria)

    def assert_not_sent(self, *, settle: float = 0.0, **criteria: object) -> None:
        """No message meets the criteria, now and for `settle` seconds.

        Raises:
            AssertionError: one does.
            UnknownCriterion: a keyword that is not a criterion.
            BlockingWaitError: with `settle`, in a running event loop; await `assert_not_sent_async`.
        """
        __tracebackhide__ = True
        seconds = checked_seconds("settle", settle)
        search = self._search(criteria)
        self._until(search, 1, seconds, "assert_not_sent", "assert_not_sent_async")
        self._require(search, 0)

    def wait_for(self, *, timeout: float = 5.0, **criteria: object) -> Message:
        """The first message that meets the criteria, as soon as it is there.

        Args:
            timeout: seconds to wait for it.
            criteria: as for `assert_sent`.

        Raises:
            AssertionError: none came in time.
            UnknownCriterion: a keyword that is not a criterion.
            BlockingWaitError: in a running event loop; await `wait_for_async`.
        """
        __tracebackhide__ = True
        seconds = checked_seconds("timeout", timeout)
        search = self._search(criteria)
        self._until(search, 1, seconds, "wait_for", "wait_for_async")
        return self._first(search)

    async def assert_sent_async(self, *, within: float = 0.0, **criteria: object) -> Message:
        """`assert_sent`, awaited, under asyncio or trio."""
        __tracebackhide__ = True
        return (await self._sent_async(1, within, criteria))[0]

    async def assert_sent_times_async(self, n: int, *, within: float = 0.0, **criteria: object) -> Mailbox:
        """`assert_sent_times`, awaited, under asyncio or trio."""
        __tracebackhide__ = True
        return await self._sent_async(n, within, criteria)

    async def assert_not_sent_async(self, *, settle: float = 0.0, **criteria: object) -> None:
        """`assert_not_sent`, awaited, under asyncio or trio."""
        __tracebackhide__ = True
        seconds = checked_seconds("settle", settle)
        search = self._search(criteria)
        await self._until_async(search, 1, seconds)
        self._require(search, 0)

    async def wait_for_async(self, *, timeout: float = 5.0, **criteria: object) -> Message:
        """`wait_for`, awaited, under asyncio or trio."""
        __tracebackhide__ = True
        seconds = checked_seconds("timeout", timeout)
        search = self._search(criteria)
        await self._until_async(search, 1, seconds)
        return self._first(search)

    def expect(self, *, timeout: float = 5.0, **criteria: object) -> Expectation:
        """A message that is to come while the block of a `with` statement runs, or within some seconds behind it.

        With `async with` it waits under asyncio or trio. Messages that were there before do not count.

        Args:
            timeout: seconds to wait at the end of the block.
            criteria: as for `assert_sent`.

        Raises:
            AssertionError: at the end of the block: none came in time.
            UnknownCriterion: a keyword that is not a criterion.
            BlockingWaitError: at the end of the block, in a running event loop; use `async with`.
        """
        seconds = checked_seconds("timeout", timeout)
        search = self._search(criteria)

        def explanation(before: int) -> str:
            earlier = counted(before, "message that matches", "messages that match")
            return self._explanation(search, 1) + f"\n{earlier} came before expect() began." * bool(before)

        return Expectation(
            search,
            lambda: self._until(search, 1, seconds, "expect", "expect"),
            lambda: self._until_async(search, 1, seconds),
            explanation,
        )

    def assert_delivered_once(self, *, key: Callable[[Message], object] | None = None, **criteria: object) -> Mailbox:
        """What meets the criteria came, and nothing of it twice to anybody; what was never acknowledged counts as well.

        Args:
            key: what two deliveries of one mail have in common; the Message-ID unless told.
            criteria: as for `assert_sent`.

        Returns:
            the messages.

        Raises:
            AssertionError: none came, or one came more than once to a recipient.
            ConfigurationError: a mail has no Message-ID, and there is no key.
            UnknownCriterion: a keyword that is not a criterion.
        """
        __tracebackhide__ = True
        if key is not None and not callable(key):
            raise ConfigurationError(f"key= takes a function of a message, not {key!r}.")
        search = self._search(criteria)
        if not search.count():
            raise AssertionError(self._explanation(search, 1))
        deliveries: dict[tuple[object, str], list[Message]] = {}
        for message in search.found:
            identity = _identity(message) if key is None else _hashable(key(message))
            for recipient in message.recipients:
                deliveries.setdefault((identity, folded(recipient)), []).append(message)
        repeated = [(str(mail), to, messages) for (mail, to), messages in deliveries.items() if len(messages) > 1]
        if repeated:
            raise AssertionError(explain_repeated(repeated))
        return Mailbox(search.found)

    # What is asserted of connections

    def assert_attempted(self, numbers: Sequence[int]) -> None:
        """These ports were dialled, in this order, each as often as it stands here.

        Counted is one entry for each connect call of this process while a route or block is active, and each connection
        that a port accepted.

        Raises:
            AssertionError: others were dialled, or in another order.
            UnknownPort: a number that is not emulated.
        """
        __tracebackhide__ = True
        if isinstance(numbers, int):
            raise ConfigurationError(f"assert_attempted() takes a list of ports, such as [{numbers}].")
        known = self._world.known_numbers
        expected = [self._world.checked(number, known) for number in numbers]
        attempted = [connection.port for connection in self._world.connections()]
        if attempted != expected:
            raise AssertionError(self._attempts(f"attempted {attempted}, expected {expected}"))

    def assert_not_attempted(self, *numbers: int) -> None:
        """None of these ports was dialled.

        Raises:
            AssertionError: one was.
            UnknownPort: a number that is not emulated.
        """
        __tracebackhide__ = True
        known = self._world.known_numbers
        refused = [self._world.checked(number, known) for number in numbers]
        attempted = [connection.port for connection in self._world.connections() if connection.port in refused]
        if attempted:
            raise AssertionError(self._attempts(f"attempted {attempted}, expected none of {refused}"))

    # The inside

    def _search(self, wanted: Mapping[str, object]) -> Search:
        port = wanted.get("port")
        if isinstance(port, (int, str)) and not isinstance(port, bool):
            self._world.checked(port, self._world.known_numbers)
        return Search(Criteria(wanted), self._world.journal.messages_behind)

    def _until(self, search: Search, n: int, seconds: float, called: str, twin: str) -> None:
        until(self._world.journal, lambda: search.count() >= n, self._patience(seconds), called, twin)

    async def _until_async(self, search: Search, n: int, seconds: float) -> None:
        journal, engine = self._world.journal, self._world.surroundings.engine
        await until_async(journal, engine, lambda: search.count() >= n, self._patience(seconds))

    def _patience(self, seconds: float) -> float:
        # Nothing comes any more after close().
        return 0.0 if self._world.closed else seconds

    def _sent(self, called: str, n: int, within: float, criteria: Mapping[str, object]) -> Mailbox:
        __tracebackhide__ = True
        number, seconds = _checked_number(n), checked_seconds("within", within)
        search = self._search(criteria)
        self._until(search, number, seconds, called, f"{called}_async")
        return self._require(search, number)

    async def _sent_async(self, n: int, within: float, criteria: Mapping[str, object]) -> Mailbox:
        __tracebackhide__ = True
        number, seconds = _checked_number(n), checked_seconds("within", within)
        search = self._search(criteria)
        await self._until_async(search, number, seconds)
        return self._require(search, number)

    def _require(self, search: Search, n: int) -> Mailbox:
        __tracebackhide__ = True
        if search.count() != n:
            raise AssertionError(self._explanation(search, n))
        return Mailbox(search.found)

    def _first(self, search: Search) -> Message:
        __tracebackhide__ = True
        if search.count():
            return search.found[0]
        raise AssertionError(self._explanation(search, 1))

    def _explanation(self, search: Search, expected: int) -> str:
        world = self._world
        connections, blocks = world.connections(), world.blocks()
        return explain(
            search.criteria,
            search.seen,
            connections,
            matched=len(search.found),
            expected=expected,
            blocks=blocks,
            faults=world.faults_told(),
            now=_clock.now(),
        )

    def _attempts(self, headline: str) -> str:
        lines = [headline, *(f"  {told(connection)}" for connection in self._world.connections())]
        lines.append(
            "A dial of another process that was refused or dropped can't be seen; a dial of this process is seen "
            "when the port accepts it, and otherwise while a route or a block is active."
        )
        return "\n".join(lines)


def _checked_number(n: object) -> int:
    if isinstance(n, int) and not isinstance(n, bool) and n >= 0:
        return n
    raise ConfigurationError(f"assert_sent_times() takes how many messages are expected, such as 2, not {n!r}.")


def _hashable(identity: object) -> object:
    try:
        hash(identity)
    except TypeError:
        return repr(identity)
    return identity


def _identity(message: Message) -> str:
    if not message.message_id:
        raise ConfigurationError(
            f"The mail {message.subject!r} to {', '.join(message.recipients)} has no Message-ID by which to know it "
            "again; give assert_delivered_once() a key=, such as lambda message: message.subject."
        )
    return message.message_id
