"""Trust in our certificate authority, lent for a time to this process's default TLS contexts and to its children."""

from __future__ import annotations

import os
import ssl
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ._contexts import CONTEXTS
from ._environment import ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Callable

# OpenSSL, and with it Python, curl and Go; Node adds what it finds to its own.
_ALWAYS = ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")
# These go before SSL_CERT_FILE where they are set.
_WHERE_SET = ("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE")


class Trust:
    """The files that hold our authority's certificate, and the environment variables that name them."""

    def __init__(self, certificate: bytes) -> None:
        self._certificate = certificate
        self._directory = tempfile.TemporaryDirectory(prefix="pytest-smtpports-")
        self._bundles: dict[tuple[str, int, int], Path] = {}
        self._borrowers = 0
        self.ca_file = Path(self._directory.name, "ca.pem")
        self.ca_file.write_bytes(certificate)

    def lend(self) -> Callable[[], None]:
        """Name the bundles in the environment; what is returned takes that back, when nobody else needs it."""
        if not self._borrowers:
            self._take_back = ENVIRONMENT.lay(self.variables())
        self._borrowers += 1
        return self._give_back

    def lend_to_all(self) -> Callable[[], None]:
        """The same, and to contexts that were made before, or that have a bundle of their own."""
        give_back, forget = self.lend(), CONTEXTS.add(self._certificate)

        def undo() -> None:
            forget()
            give_back()

        return undo

    def _give_back(self) -> None:
        self._borrowers -= 1
        if not self._borrowers:
            self._take_back()

    def close(self) -> None:
        """Remove the files."""
        self._directory.cleanup()

    def variables(self) -> dict[str, str]:
        """The environment variables that name the bundles."""
        names = (*_ALWAYS, *(name for name in _WHERE_SET if name in os.environ))
        return {name: str(self._bundle(os.environ.get(name) or _default_bundle(name))) for name in names}

    def _bundle(self, previous: str | None) -> Path:
        """What was trusted before, with our certificate behind it: SSL_CERT_FILE replaces the system's bundle."""
        if previous is None or not Path(previous).is_file():
            return self.ca_file
        if Path(previous) in (self.ca_file, *self._bundles.values()):
            # It is lent already.
            return Path(previous)
        state = Path(previous).stat()
        known = (previous, state.st_mtime_ns, state.st_size)
        if known not in self._bundles:
            bundle = Path(self._directory.name, f"bundle-{len(self._bundles)}.pem")
            bundle.write_bytes(Path(previous).read_bytes().rstrip() + b"\n" + self._certificate)
            self._bundles[known] = bundle
        return self._bundles[known]


def _default_bundle(variable: str) -> str | None:
    return ssl.get_default_verify_paths().cafile if variable == "SSL_CERT_FILE" else None
