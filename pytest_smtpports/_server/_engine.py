"""What several `SMTPPorts` share: the loop thread and the certificate authority, each made when first needed."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from .._errors import ServerError

if TYPE_CHECKING:
    import ssl

    from ._loop import BackgroundLoop
    from ._tls import Authority


class Engine:
    """The loop thread and the authority of a session.

    Args:
        loop: "asyncio" or "uvloop".
    """

    def __init__(self, loop: str = "asyncio") -> None:
        self._loop = loop
        self._pid = os.getpid()
        # The test's threads and the loop's own may be the first at the same time.
        self._lock = threading.Lock()
        self._background: BackgroundLoop | None = None
        self._authority: Authority | None = None

    @property
    def background(self) -> BackgroundLoop:
        """The loop thread; started by the first use, and again by the first one after `stop()`.

        Raises:
            ServerError: this is a forked child, which has none.
        """
        if os.getpid() != self._pid:
            raise ServerError(
                "A forked child has no ports of its own: what its parent had opened before the fork can be dialled; "
                "whatever else is asked for in the parent."
            )
        with self._lock:
            if self._background is None:
                # asyncio and its friends are not loaded for a session that doesn't use them.
                from ._loop import BackgroundLoop

                self._background = BackgroundLoop(self._loop)
            return self._background

    @property
    def authority(self) -> Authority:
        """The authority that signs every certificate."""
        with self._lock:
            if self._authority is None:
                # 150 ms that only those pay who use TLS.
                from ._tls import Authority

                self._authority = Authority()
            return self._authority

    def catch_up(self) -> None:
        """Have the loop, if it runs, deal with everything that clients have done up to now."""
        if self._background is not None and os.getpid() == self._pid:
            self._background.catch_up()

    def describe_failure(self, error: BaseException, flaw: str | None, *, is_ours: bool = True) -> str:
        """Why a TLS handshake failed, perhaps behind a flaw; the certificate was meant to be trusted, or not."""
        from ._tls import describe_failure

        return describe_failure(error, flaw, is_ours=is_ours)

    def identities(self, secured: ssl.SSLObject) -> tuple[str, ...]:
        """Whom the certificate of a client names."""
        from ._tls import identities

        return identities(secured)

    def stop(self) -> None:
        """End the loop thread; the authority stays."""
        background, self._background = self._background, None
        if background is not None:
            background.stop()
