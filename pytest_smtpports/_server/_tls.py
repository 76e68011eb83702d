"""The authority that signs for all ports, the contexts that show what it has signed, and what handshakes tell."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, cast

import trustme

from .._errors import ConfigurationError
from .._ports import _flaws
from ._bad_tls import BadCertificates, spoil
from ._leaf import at_real_time, issued, issuer_of
from ._originals import original

if TYPE_CHECKING:
    from collections.abc import Callable

# What a port on the test's own machine is called by.
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")

# RFC 9525 §6.3: it stands for one label, and for no more.
_ANY = "*."
# RFC 5280 §A.1, ub-common-name-length
_LONGEST_COMMON_NAME = 64
# The one flaw that is a demand.
_DEMANDING = "client-certificate-required"


class Authority:
    """A certificate authority of this process; its key never leaves memory."""

    def __init__(self) -> None:
        with at_real_time():
            self._authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
        self._bad_certificates = BadCertificates(self._authority)
        self._contexts: dict[tuple[bool, str | None, tuple[str, ...]], ssl.SSLContext] = {}

    @property
    def certificate(self) -> bytes:
        """The authority's certificate as PEM."""
        return self._authority.cert_pem.bytes()

    def configure_trust(self, context: ssl.SSLContext) -> None:
        """Have a client's context trust what this authority signs."""
        self._authority.configure_trust(context)

    def identify(self, context: ssl.SSLContext, name: str) -> None:
        """Have a client's context show a certificate in which this authority calls it by a name.

        Raises:
            ConfigurationError: the name is too long for a certificate, or none.
        """
        if not 1 <= len(name) <= _LONGEST_COMMON_NAME:
            raise ConfigurationError(
                f"A certificate names a user with 1 to {_LONGEST_COMMON_NAME} characters (RFC 5280 §A.1), not {name!r}."
            )
        with at_real_time():
            # A user's name need not be an address, nor the name of a host, which trustme takes any other identity for.
            addresses = (name,) if "@" in name and name.isascii() else ()
            leaf = self._authority.issue_cert(*addresses, common_name=name, key_type=trustme.KeyType.ECDSA)
        leaf.configure_cert(context)

    def server_context(
        self, *names: str, is_local: bool = True, asks_for_certificate: bool = False, flaw: str | None = None
    ) -> ssl.SSLContext:
        """The context of a server that is called by these names, and by the local ones unless it is elsewhere.

        One that asks for a certificate goes without where the client has none, and refuses one of somebody else's.
        With a flaw it is a bad one of that kind.
        """
        called = tuple(dict.fromkeys((*names, *(LOCAL_NAMES if is_local else ()))))
        key = (asks_for_certificate, flaw, called)
        if key not in self._contexts:
            context = self._contexts[key] = self._new_context(called, flaw)
            if asks_for_certificate or flaw == _DEMANDING:
                self.configure_trust(context)
                context.verify_mode = ssl.CERT_REQUIRED if flaw == _DEMANDING else ssl.CERT_OPTIONAL
            if names and names[0].startswith(_ANY):
                _call_with_name(context, self._name_asked_for(names[0], flaw))
        return self._contexts[key]

    def _name_asked_for(
        self, pattern: str, flaw: str | None
    ) -> Callable[[ssl.SSLObject, str | None, ssl.SSLContext], None]:
        """Shows a client of a pattern a certificate for the very name, which may be deeper than a wildcard reaches."""

        def choose(secured: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
            _remember_name(secured, name, context)
            if name is not None and name.lower().endswith(pattern.removeprefix("*")):
                secured.context = self.server_context(name.lower(), flaw=flaw)

        return choose

    def _new_context(self, names: tuple[str, ...], flaw: str | None) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # Some clients wait for ever when a session ticket comes before they have asked for anything.
        context.num_tickets = 0
        # RFC 8314 §4, RFC 8997: whatever OpenSSL was built to allow.
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        _call_with_name(context, _remember_name)
        with at_real_time():
            if flaw is None:
                leaf = issued(issuer_of(self._authority), names)
            else:
                spoil(context, flaw)
                leaf = self._bad_certificates.certificate(flaw, names)
        leaf.configure_cert(context)
        return context


def identities(secured: ssl.SSLObject) -> tuple[str, ...]:
    """Whom the certificate of a client names: e-mail addresses and names of its SAN, and its common name."""
    certificate = secured.getpeercert() or {}
    alternatives = cast("tuple[tuple[str, str], ...]", certificate.get("subjectAltName", ()))
    subject = cast("tuple[tuple[tuple[str, str], ...], ...]", certificate.get("subject", ()))
    common = [value for relative in subject for kind, value in relative if kind == "commonName"]
    return tuple(dict.fromkeys((*(name for _, name in alternatives), *common)))


def _call_with_name(
    context: ssl.SSLContext, callback: Callable[[ssl.SSLObject, str | None, ssl.SSLContext], None]
) -> None:
    """Set `sni_callback`, past gevent, whose own asks for a socket, which nobody has who speaks TLS in memory."""
    original("ssl", "SSLContext").sni_callback.__set__(context, callback)


def _remember_name(secured: object, name: str | None, _context: ssl.SSLContext) -> None:
    """Keep with the connection the name that its client asked for (RFC 6066 §3)."""
    secured.requested_name = name  # type: ignore[attr-defined] # an ssl.SSLObject takes any attribute


def describe_failure(error: BaseException, flaw: str | None = None, *, is_ours: bool = True) -> str:
    """Why a handshake failed, in a sentence, as far as the client's alert tells.

    Args:
        error: what it failed with, once the client had seen a certificate.
        flaw: what was wrong on purpose, or None.
        is_ours: whether the certificate was meant to be trusted.
    """
    if isinstance(error, TimeoutError):
        return "the client did not come to the end of its TLS handshake in time"
    reason = getattr(error, "reason", None) or ""
    if flaw is not None:
        return _flaws.failed(flaw, reason, _sentence(error, reason))
    if reason or isinstance(error, ssl.SSLError):
        return _sentence(error, reason)
    return f"{_NO_ALERT}; {_MOST_LIKELY}" + (f"; {_ADVICE}" if is_ours else "")


def _sentence(error: BaseException, reason: str) -> str:
    for token, sentence in _FAILURES.items():
        if token in reason:
            return f"{sentence} ({reason})"
    if isinstance(error, ssl.SSLError):
        return f"the TLS handshake failed ({reason or error})"
    return _NO_ALERT


# asyncio closes the connection where it refuses a certificate, and OpenSSL's alert never leaves.
_NO_ALERT = "the client ended the handshake without an alert"
_MOST_LIKELY = "most likely it refused the certificate, as asyncio's clients do"
_ADVICE = "smtpports.client_context() and configure_trust() have it trust our CA"
# The alerts of RFC 8446 §6.2 and OpenSSL's own reasons, as they name themselves.
_FAILURES = {
    "UNKNOWN_CA": "the client does not trust our CA; smtpports.client_context() and configure_trust() make it",
    "BAD_CERTIFICATE": "the client refused our certificate; most likely it was issued for another host name",
    "CERTIFICATE_EXPIRED": "the client holds our certificate for expired",
    "CERTIFICATE_UNKNOWN": "the client refused our certificate",
    "PROTOCOL_VERSION": "client and port share no TLS version",
    "UNSUPPORTED_PROTOCOL": "client and port share no TLS version",
    "HANDSHAKE_FAILURE": "client and port share no cipher suite",
    "NO_SHARED_CIPHER": "client and port share no cipher suite",
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "the client showed no certificate; client_context(certificate_for=...) does",
    "CERTIFICATE_VERIFY_FAILED": "the client showed a certificate that is none of our CA's, or not good",
    "HTTP_REQUEST": "the client spoke HTTP where TLS begins",
    "WRONG_VERSION_NUMBER": "the client spoke in clear where TLS begins",
}
