"""What a safe client does, tried on the code under test: it checks certificates, sets timeouts, and keeps secrets."""

from __future__ import annotations

import inspect
import threading
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any, overload

from .. import _clock
from .._errors import ConfigurationError, is_ours
from .._mail._cleartext import mechanisms_in_clear
from .._mail._connection import Outcome, went_on
from .._mail._explain import told
from .._mail._remedies import CERTIFICATES, CLEARTEXT, TIMEOUTS, told_with
from .._ports._flaws import FLAWS
from .._ports._kinds import Drop, Refuse
from ._faulty import Faulty
from ._waiting import is_in_loop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence

    from .._mail._connection import Connection
    from .._ports._blocks import Block
    from ._handle import Handle
    from ._world import World

    # Each time that it yields, the code under test is to send; what that raised comes back.
    Audit = Generator[None, Exception | None, None]

__tracebackhide__ = is_ours

# Seconds after which the kernel has given up by itself (tcp_syn_retries is 6: 127 s), and somewhat less.
LONGEST_WAIT = 120.0
# Seconds for which a handshake that has begun is waited for.
_PATIENCE = 2.0
_A_MOMENT = 0.01


class Audits(Faulty):
    """Assertions on what the code under test does in each of several worlds."""

    @overload
    def assert_verifies_certificate(  # type: ignore[overload-overlap] # the first one that fits is meant
        self, send: Callable[[], Awaitable[object]]
    ) -> Awaitable[None]: ...

    @overload
    def assert_verifies_certificate(self, send: Callable[[], object]) -> None: ...

    def assert_verifies_certificate(self, send: Callable[[], object]) -> Awaitable[None] | None:
        """The code under test goes on with no certificate that proves nothing.

        It sends once behind a good certificate, to see that it does so by TLS, and then once behind each bad one:
        "expired", "not-yet-valid", "wrong-host", "self-signed", "untrusted-root", "incomplete-chain", "weak-key" and
        "wrong-usage". Where it refuses one, whatever it raises is right. What it sends stays in the mailbox.

        Args:
            send: sends a mail by a connection of its own, to ports or to routed names. Where it is async, await the
                assertion in a coroutine; elsewhere it is run by asyncio.

        Raises:
            AssertionError: it accepted one, or went on without TLS; or it began no TLS, so that nothing is known.
            ConfigurationError: nothing that can be called.
        """
        __tracebackhide__ = True
        return _run(_certificates(self._world, self.fail_tls), send)

    @overload
    def assert_sets_timeout(  # type: ignore[overload-overlap] # as above
        self, send: Callable[[], Awaitable[object]], *, at_most: float = LONGEST_WAIT
    ) -> Awaitable[None]: ...

    @overload
    def assert_sets_timeout(self, send: Callable[[], object], *, at_most: float = LONGEST_WAIT) -> None: ...

    def assert_sets_timeout(
        self, send: Callable[[], object], *, at_most: float = LONGEST_WAIT
    ) -> Awaitable[None] | None:
        """The code under test gives up to connect by itself where nobody answers.

        It sends once while every port drops. Where its wait can be spared, that takes no time. How long it waits on a
        connection is not looked at; smtplib and aiosmtplib have one timeout for both.

        Args:
            send: sends a mail, to ports or to routed names. Where it is async, await the assertion in a coroutine;
                elsewhere it is run by asyncio.
            at_most: the longest timeout that will do, in seconds; up to 120, when the kernel is about to give up.

        Raises:
            AssertionError: it has no timeout, or a longer one; or it dials no port at all.
            ConfigurationError: no such number of seconds, or nothing that can be called.
        """
        __tracebackhide__ = True
        seconds: object = at_most
        is_number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
        if not is_number or not 0 < at_most <= LONGEST_WAIT:
            raise ConfigurationError(f"at_most= takes seconds above 0, and up to {LONGEST_WAIT:g}, not {at_most!r}.")
        return _run(_timeouts(self._world, at_most), send)

    def assert_no_cleartext_credentials(self) -> None:
        """No password, and no token, was said where anybody on the way could read it; not even one that was refused.

        Raises:
            AssertionError: one was.
        """
        __tracebackhide__ = True
        found = [(each, mechanisms_in_clear(each)) for each in self._world.connections()]
        lines = [f"{told(each)}; said by AUTH {', '.join(mechanisms)}" for each, mechanisms in found if mechanisms]
        if lines:
            raise AssertionError(told_with("Credentials were sent in clear:", lines, CLEARTEXT))


def _run(audit: Audit, send: Callable[[], object]) -> Awaitable[None] | None:
    """Have the code under test send as often as is asked for; where it is async, in the loop that runs, or in one."""
    __tracebackhide__ = True
    if not callable(send):
        raise ConfigurationError(f"send is a function that sends a mail, such as send_welcome_mail, not {send!r}.")
    next(audit)
    first, error = None, None
    try:
        first = send()
    except Exception as raised:
        error = raised
    except BaseException:
        audit.close()
        raise
    if inspect.isawaitable(first):
        going_on = _go_on_async(audit, send, first)
        if is_in_loop():
            return going_on
        _in_a_loop(going_on)
        return None
    _go_on(audit, send, error)
    return None


def _in_a_loop(going_on: Coroutine[Any, Any, None]) -> None:
    __tracebackhide__ = True
    import asyncio

    asyncio.run(going_on)


def _go_on(audit: Audit, send: Callable[[], object], error: Exception | None) -> None:
    __tracebackhide__ = True
    with closing(audit):
        while _has_more(audit, error):
            error = None
            try:
                send()
            except Exception as raised:
                error = raised


async def _go_on_async(audit: Audit, send: Callable[[], Any], first: Awaitable[object]) -> None:
    __tracebackhide__ = True
    with closing(audit):
        sending = first
        while True:
            error = None
            try:
                await sending
            except Exception as raised:
                error = raised
            if not _has_more(audit, error):
                return
            sending = send()


def _has_more(audit: Audit, error: Exception | None) -> bool:
    __tracebackhide__ = True
    try:
        audit.send(error)
    except StopIteration:
        return False
    return True


class _Watched:
    """The connections that are made from now on."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._before = {each.id for each in world.connections()}

    @property
    def connections(self) -> list[Connection]:
        """As they stand."""
        return [each for each in self._world.connections() if each.id not in self._before]

    def decided(self) -> list[Connection]:
        """The same, once each is over or has told what it makes of a certificate; another thread may be at it."""
        deadline = _clock.monotonic() + _PATIENCE
        while not all(map(_is_decided, self.connections)) and _clock.monotonic() < deadline:
            # Nobody is woken by the end of a connection.
            self._world.journal.wait(lambda: False, _A_MOMENT)
        return self.connections


def _is_decided(connection: Connection) -> bool:
    return connection.closed_at is not None or (connection.tls is not None and went_on(connection.dialogue))


def _certificates(world: World, show: Callable[[str], Handle]) -> Audit:
    __tracebackhide__ = True
    watched = _Watched(world)
    error = yield
    if not any(each.tls for each in watched.connections):
        raise AssertionError(_nothing("sent nothing by TLS behind a good certificate", watched.connections, error))
    accepted, in_clear = [], []
    for kind in (kind for kind, flaw in FLAWS.items() if flaw.is_in_certificate):
        watched = _Watched(world)
        with show(kind):
            error = yield
            connections = watched.decided()
        if not any(each.outcome is Outcome.TLS_FAILED or each.tls for each in connections):
            what = f"began no TLS behind a bad certificate ({kind}); perhaps it keeps a connection open"
            raise AssertionError(_nothing(what, connections, error))
        accepted += [f"{kind}: {told(each)}" for each in connections if _accepts(each)]
        in_clear += [f"{kind}: {told(each)}" for each in connections if _gives_away(each)]
    findings = [
        told_with("Certificates that prove nothing were accepted:", accepted, CERTIFICATES) if accepted else "",
        told_with("It went on in clear where a certificate proved nothing:", in_clear, CLEARTEXT) if in_clear else "",
    ]
    if any(findings):
        raise AssertionError("\n".join(filter(None, findings)))


def _accepts(connection: Connection) -> bool:
    """Whether a client took a bad certificate: it said something behind the handshake."""
    return connection.tls is not None and connection.tls.fault is not None and went_on(connection.dialogue)


def _gives_away(connection: Connection) -> bool:
    """Whether a client sent a mail or a secret without any certificate."""
    is_delivered = connection.outcome is Outcome.DELIVERED
    return connection.tls is None and (is_delivered or bool(mechanisms_in_clear(connection)))


def _timeouts(world: World, at_most: float) -> Audit:
    __tracebackhide__ = True
    watched, patience = _Watched(world), _Patience(world, at_most)
    with patience:
        error = yield
    dialled = watched.connections
    if not dialled:
        raise AssertionError(_nothing("dialled no port", dialled, error))
    endless = _without_timeout(world, {each.id for each in dialled})
    wrong = [told(each) for each in dialled if each.id in endless or (each.timeout or 0) > at_most]
    if patience.is_exhausted:
        wrong += [f"{told(each)}; after {at_most:g} s it had not given up" for each in dialled]
    if wrong:
        raise AssertionError(told_with(f"No timeout of {at_most:g} s or less was set:", wrong, TIMEOUTS))


class _Patience:
    """Every port drops; but one that waits for real is refused after some seconds, and so comes to an end."""

    def __init__(self, world: World, seconds: float) -> None:
        self._world = world
        self._laid = ExitStack()
        self._timer = threading.Timer(seconds, self._exhaust)
        self._timer.daemon = True
        # It is no thread of the test's, which might end a task that waits.
        self._timer.name = "pytest-smtpports patience"
        self.is_exhausted = False

    def __enter__(self) -> None:
        self._lay(Drop())
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._timer.join()
        self._laid.close()

    def _exhaust(self) -> None:
        self.is_exhausted = True
        self._lay(Refuse())

    def _lay(self, block: Block) -> None:
        self._laid.enter_context(self._world.lay(dict.fromkeys(self._world.network.numbers, block), None))


def _without_timeout(world: World, dialled: set[int]) -> set[int]:
    """Those that waited for ever, as far as it is known; they need not be warned of any more."""
    waits = world.journal.take_waits()
    for entry in waits:
        if entry.number not in dialled:
            world.journal.note_wait(entry)
    return dialled.intersection(entry.number for entry in waits)


def _nothing(what: str, connections: Sequence[Connection], error: Exception | None) -> str:
    lines = [f"It {what}, so that nothing can be said of it."]
    if error is not None:
        lines.append(f"  It raised {type(error).__name__}: {error}")
    lines += [f"  {told(each)}" for each in connections]
    lines.append(
        'Route the host that it dials, as in smtpports.route("smtp.example.com"), or have it dial '
        "smtpports.ports[587].address with smtpports.client_context()."
    )
    return "\n".join(lines)
