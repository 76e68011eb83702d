"""Trust for TLS contexts that were made before it was lent, or with another bundle of certificates."""

from __future__ import annotations

import ssl
import threading
import weakref
from typing import TYPE_CHECKING, Any

from ._replace import below, replace

if TYPE_CHECKING:
    from collections.abc import Callable

# By these a context is used, for a socket and for asyncio, and here stands `server_side` among their arguments.
_METHODS = {"wrap_socket": 1, "wrap_bio": 2}


class ContextPatch:
    """Has every verifying context of a client trust some certificates, at the moment when it is used.

    OpenSSL can't take a certificate back: a context that was used meanwhile trusts it on.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._certificates: tuple[str, ...] = ()
        self._trusting: weakref.WeakKeyDictionary[ssl.SSLContext, frozenset[str]] = weakref.WeakKeyDictionary()
        self._put_back: list[Callable[[], None]] = []

    def add(self, certificate: bytes) -> Callable[[], None]:
        """Have a certificate trusted, until what is returned is called; the first one puts the patch in place."""
        # Another object for each time it is lent, and none for equal ones.
        added = str(certificate, "ascii") + "\n"
        with self._lock:
            if not self._certificates:
                for name, place in _METHODS.items():
                    self._replace(name, place)
            self._certificates = (*self._certificates, added)
        return lambda: self._remove(added)

    def _remove(self, removed: str) -> None:
        with self._lock:
            self._certificates = tuple(each for each in self._certificates if each is not removed)
            while not self._certificates and self._put_back:
                self._put_back.pop()()

    def _replace(self, name: str, place: int) -> None:
        found = below(getattr(ssl.SSLContext, name))

        def patched(context: ssl.SSLContext, *args: Any, **options: Any) -> Any:  # as found
            is_server = args[place] if len(args) > place else options.get("server_side", False)
            if not is_server and context.verify_mode != ssl.CERT_NONE:
                self._convince(context)
            return found(context, *args, **options)

        self._put_back.append(replace(ssl.SSLContext, name, patched))

    def _convince(self, context: ssl.SSLContext) -> None:
        known = self._trusting.get(context, frozenset())
        for certificate in self._certificates:
            if certificate not in known:
                context.load_verify_locations(cadata=certificate)
        self._trusting[context] = known.union(self._certificates)


# There is one class of contexts for the whole process.
CONTEXTS = ContextPatch()
