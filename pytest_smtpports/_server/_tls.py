"""Certificates: one authority for all, a leaf per host name, and the contexts that use them.

The only code that knows trustme and cryptography.
"""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .. import _clock
from .._errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# What a port on the test's own machine is called by.
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")

# Wide enough for any clock that a test may pretend.
_NOT_BEFORE = _clock.real_datetime()(2000, 1, 1)
_NOT_AFTER = _clock.real_datetime()(3000, 1, 1)


# RFC 9525 §6.3: it stands for one label, and for no more.
_ANY = "*."
# RFC 5280 §A.1, ub-common-name-length
_LONGEST_COMMON_NAME = 64


class Authority:
    """A certificate authority of this process; its key never leaves memory."""

    def __init__(self) -> None:
        with _real_datetime():
            self._authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
        self._contexts: dict[tuple[bool, tuple[str, ...]], ssl.SSLContext] = {}

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
        with _real_datetime():
            # A user's name need not be an address, nor the name of a host, which trustme takes any other identity for.
            addresses = (name,) if "@" in name and name.isascii() else ()
            leaf = self._authority.issue_cert(*addresses, common_name=name, key_type=trustme.KeyType.ECDSA)
        leaf.configure_cert(context)

    def server_context(self, *names: str, is_local: bool = True, asks_for_certificate: bool = False) -> ssl.SSLContext:
        """The context of a server that is called by these names, and by the local ones unless it is elsewhere.

        One that asks for a certificate goes without where the client has none, and refuses one of somebody else's.
        """
        called = tuple(dict.fromkeys((*names, *(LOCAL_NAMES if is_local else ()))))
        key = (asks_for_certificate, called)
        if key not in self._contexts:
            context = self._contexts[key] = self._new_context(called)
            if asks_for_certificate:
                self.configure_trust(context)
                context.verify_mode = ssl.CERT_OPTIONAL
            if names and names[0].startswith(_ANY):
                context.sni_callback = self._name_asked_for(names[0])
        return self._contexts[key]

    def _name_asked_for(self, pattern: str) -> Callable[[ssl.SSLObject, str | None, ssl.SSLContext], None]:
        """Shows a client of a pattern a certificate for the very name, which may be deeper than a wildcard reaches."""

        def choose(secured: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
            _remember_name(secured, name, context)
            if name is not None and name.lower().endswith(pattern.removeprefix("*")):
                secured.context = self.server_context(name.lower())

        return choose

    def _new_context(self, names: tuple[str, ...]) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # Some clients wait for ever when a session ticket comes before they have asked for anything.
        context.num_tickets = 0
        # RFC 8314 §4, RFC 8997: whatever OpenSSL was built to allow.
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.sni_callback = _remember_name
        with _real_datetime():
            leaf = self._issue(names)
        leaf.configure_cert(context)
        return context

    def _issue(self, names: tuple[str, ...]) -> trustme.LeafCert:
        """A leaf whose SAN is not critical, as strict verifiers want it beside a subject (RFC 5280 §4.2.1.6)."""
        authority = x509.load_pem_x509_certificate(self.certificate)
        authority_key = serialization.load_pem_private_key(self._authority.private_key_pem.bytes(), None)
        assert isinstance(authority_key, ec.EllipticCurvePrivateKey)  # as asked of trustme above
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "pytest-smtpports")]))
            .issuer_name(authority.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(_NOT_BEFORE)
            .not_valid_after(_NOT_AFTER)
            .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(_SIGNING_ONLY, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
            )
            .sign(authority_key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        plain = serialization.NoEncryption()
        private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
        return trustme.LeafCert(private, leaf.public_bytes(pem), [])


def identities(secured: ssl.SSLObject) -> tuple[str, ...]:
    """Whom the certificate of a client names: e-mail addresses and names of its SAN, and its common name."""
    certificate = secured.getpeercert() or {}
    alternatives = cast("tuple[tuple[str, str], ...]", certificate.get("subjectAltName", ()))
    subject = cast("tuple[tuple[tuple[str, str], ...], ...]", certificate.get("subject", ()))
    common = [value for relative in subject for kind, value in relative if kind == "commonName"]
    return tuple(dict.fromkeys((*(name for _, name in alternatives), *common)))


def _remember_name(secured: object, name: str | None, _context: ssl.SSLContext) -> None:
    """Keep with the connection the name that its client asked for (RFC 6066 §3)."""
    secured.requested_name = name  # type: ignore[attr-defined] # an ssl.SSLObject takes any attribute


_SIGNING_ONLY = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@contextmanager
def _real_datetime() -> Iterator[None]:
    """For a moment the real `datetime` class, where freezegun has put another in its place.

    cryptography keeps the class that it sees first and refuses instances of any other from then on.
    """
    frozen = datetime.datetime
    datetime.datetime = _clock.real_datetime()  # type: ignore[misc] # as freezegun does
    try:
        yield
    finally:
        datetime.datetime = frozen  # type: ignore[misc] # as above


def describe_failure(error: BaseException, *, is_ours: bool = True) -> str:
    """Why a handshake failed, in a sentence, as far as the client's alert tells.

    Args:
        error: what it failed with, once the client had seen a certificate.
        is_ours: whether that was meant to be trusted.
    """
    reason = getattr(error, "reason", None) or ""
    for token, sentence in _FAILURES.items():
        if token in reason:
            return f"{sentence} ({reason})"
    if isinstance(error, ssl.SSLError):
        return f"the TLS handshake failed ({reason or error})"
    if isinstance(error, TimeoutError):
        return "the client did not come to the end of its TLS handshake in time"
    return f"{_NO_ALERT}; {_ADVICE}" if is_ours else _NO_ALERT


# asyncio closes the connection where it refuses a certificate, and OpenSSL's alert never leaves.
_NO_ALERT = (
    "the client ended the handshake without an alert; most likely it refused the certificate, as asyncio's clients do"
)
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
    "HTTP_REQUEST": "the client spoke HTTP where TLS begins",
    "WRONG_VERSION_NUMBER": "the client spoke in clear where TLS begins",
}
