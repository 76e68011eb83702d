"""What protects a session: the TLS handshake, what comes of it, and what is wrong with it on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._mail._message import TLS
from .._ports._misunderstandings import NO_HANDSHAKE, NO_HANDSHAKE_YET

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._conversation import Conversation
    from ._journal import Entry
    from ._service import Service
    from ._wire import Wire

_IN_HANDSHAKE = "its TLS handshake is not over"
_LEFT_EARLY = "the client went away in the TLS handshake, before it was shown a certificate"
_LEFT_WAITING = "the client went away in the TLS handshake, before all that the port said in it had come through"
_ENDED_IN_HANDSHAKE = "the test ended in the middle of the TLS handshake"


class Protection:
    """That of one session.

    Args:
        service: gives the context, and tells why a handshake failed.
        entry: where the connection is written down.
        conversation: ends with a handshake that fails.
        wire: gives what it goes over.
        is_implicit: whether TLS comes first.

    Attributes:
        tls: what protects the session now, or None.
        disturbed_by: the fault that came before the handshake, or None.
    """

    __slots__ = ("_conversation", "_entry", "_flaw", "_is_implicit", "_service", "_wire", "disturbed_by", "tls")

    def __init__(
        self, service: Service, entry: Entry, conversation: Conversation, wire: Callable[[], Wire], *, is_implicit: bool
    ) -> None:
        self._service = service
        self._entry = entry
        self._conversation = conversation
        self._wire = wire
        self._is_implicit = is_implicit
        self._flaw: str | None = None
        self.tls: TLS | None = None
        self.disturbed_by: str | None = None

    def begin(self, flaw: str | None, go_on: Callable[[], object]) -> None:
        """Shake hands, behind a bad context if there is to be a flaw; whoever goes on is called when that is done."""
        self._flaw = flaw

        def shaken(error: Exception | None) -> None:
            if error is None:
                self._succeed()
                go_on()
            else:
                self._fail(error)

        self._entry.awaits(NO_HANDSHAKE_YET if self._is_implicit else _IN_HANDSHAKE)
        self._wire().secure(self._service.context(flaw), shaken)

    def end(self) -> None:
        """The test has ended; perhaps in the handshake."""
        if self._wire().is_shaking_hands:
            self._entry.tls_failed(NO_HANDSHAKE if self._is_kept_waiting() else _ENDED_IN_HANDSHAKE)

    def _succeed(self) -> None:
        secured = self._wire().tls
        assert secured is not None
        cipher = secured.cipher()
        assert cipher is not None
        sni = getattr(secured, "requested_name", None)
        self.tls = TLS(secured.version() or "", cipher[0], sni, self._service.identities(secured), self._flaw)
        self._entry.tls = self.tls

    def _fail(self, error: Exception) -> None:
        self._entry.tls_failed(self._reason(error))
        self._wire().give_up()
        self._conversation.end()

    def _reason(self, error: Exception) -> str:
        if self._is_kept_waiting():
            return NO_HANDSHAKE
        if self.disturbed_by is not None:
            return f"a fault disturbed the TLS handshake ({self.disturbed_by})"
        if isinstance(error, ConnectionError) and not self._wire().has_answered_tls:
            return _LEFT_EARLY
        if isinstance(error, ConnectionError) and self._wire().has_more_to_send:
            return _LEFT_WAITING
        return self._service.describe_failure(error, self._flaw)

    def _is_kept_waiting(self) -> bool:
        """Whether the port waits for TLS to begin, and nothing has come."""
        return self._is_implicit and not self._wire().has_heard_tls
