"""What every change of the world gives back, so that it can be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from typing_extensions import Self


class Handle:
    """A change that can be taken back: by `remove()`, or by the end of a `with` block.

    Taking it back twice does nothing more; later changes stay in force, in whatever order they are taken back.

    Example:
        >>> from pytest_smtpports import SMTPPorts
        >>> with SMTPPorts() as smtpports:
        ...     handle = smtpports.block(25)
        ...     handle.remove()
        ...     print(smtpports.ports[25].blocked)
        None
    """

    __module__ = "pytest_smtpports"

    def __init__(self, undo: Callable[[], None]) -> None:
        self._undo: Callable[[], None] | None = undo

    def remove(self) -> None:
        """Take the change back."""
        undo, self._undo = self._undo, None
        if undo is not None:
            undo()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.remove()
