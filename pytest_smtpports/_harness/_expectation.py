"""A message that is to come while some code runs, or soon after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errors import ConfigurationError, is_ours

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

    from typing_extensions import Self

    from .._mail._message import Message
    from .._mail._search import Search

__tracebackhide__ = is_ours


class Expectation:
    """What `expect()` returns: a context manager, also an asynchronous one, under asyncio or trio.

    At the end of the block it waits for a message that came since its beginning; not where the block has raised.

    Example:
        >>> from pytest_smtpports import SMTPPorts
        >>> with SMTPPorts() as smtpports:
        ...     with smtpports.expect(subject="Welcome") as expected:
        ...         with smtpports.ports[587].connect() as client:
        ...             _ = client.sendmail("app@example.com", "ada@example.org", "Subject: Welcome\\r\\n\\r\\nHello")
        >>> expected.message.subject
        'Welcome'
    """

    __module__ = "pytest_smtpports"

    def __init__(
        self,
        search: Search,
        until: Callable[[], object],
        until_async: Callable[[], Awaitable[object]],
        explanation: Callable[[int], str],
    ) -> None:
        self._search = search
        self._until = until
        self._until_async = until_async
        self._explanation = explanation
        self._before = 0
        self._message: Message | None = None

    def __enter__(self) -> Self:
        self._message = None
        self._before = self._search.count()
        # From now on others are found.
        self._search.found.clear()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        if kind is None:
            self._until()
            self._conclude()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        if kind is None:
            await self._until_async()
            self._conclude()

    @property
    def message(self) -> Message:
        """The message that has come.

        Raises:
            ConfigurationError: the block is not over.
        """
        if self._message is None:
            raise ConfigurationError("The message is there once the block of expect() is over; ask for it behind it.")
        return self._message

    def _conclude(self) -> None:
        __tracebackhide__ = True
        if not self._search.count():
            raise AssertionError(self._explanation(self._before))
        self._message = self._search.found[0]
