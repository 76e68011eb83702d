"""Leaf certificates: for whom, by whom, from when to when, for what."""

from __future__ import annotations

import datetime
import ipaddress
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .. import _clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography.x509.oid import ObjectIdentifier

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

# Wide enough for any clock that a test may pretend.
_NOT_BEFORE = _clock.real_datetime()(2000, 1, 1)
_NOT_AFTER = _clock.real_datetime()(3000, 1, 1)


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs.

    Attributes:
        name: what it calls itself.
        key: what it signs with.
    """

    name: x509.Name
    key: Key


# RFC 5280 §4.1.2.4: an issuer has a name, and one that signs itself is its own issuer.
_SUBJECT = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "pytest-smtpports")])


def issuer_of(authority: trustme.CA) -> Issuer:
    """An authority, as it signs."""
    key = serialization.load_pem_private_key(authority.private_key_pem.bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)  # as all of ours are asked for
    return Issuer(x509.load_pem_x509_certificate(authority.cert_pem.bytes()).subject, key)


def issued(
    issuer: Issuer | None,
    names: tuple[str, ...],
    *,
    key: Key | None = None,
    not_before: datetime.datetime = _NOT_BEFORE,
    not_after: datetime.datetime = _NOT_AFTER,
    usage: ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH,
) -> trustme.LeafCert:
    """A leaf whose SAN is not critical, as strict verifiers want it beside a subject (RFC 5280 §4.2.1.6).

    Args:
        issuer: who signs, or None where it signs itself.
        names: host names and addresses.
        key: its own key; another one each time unless told.
        not_before: from when it is valid.
        not_after: until when.
        usage: what it is for.
    """
    own = ec.generate_private_key(ec.SECP256R1()) if key is None else key
    signer = issuer or Issuer(_SUBJECT, own)
    leaf = (
        x509.CertificateBuilder()
        .subject_name(_SUBJECT)
        .issuer_name(signer.name)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(_SIGNING_ONLY, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key()), critical=False)
        .sign(signer.key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = own.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return trustme.LeafCert(private, leaf.public_bytes(pem), [])


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
def at_real_time() -> Iterator[None]:
    """For a moment the real `datetime` class, where freezegun has put another in its place.

    cryptography keeps the class that it sees first and refuses instances of any other from then on.
    """
    frozen = datetime.datetime
    datetime.datetime = _clock.real_datetime()  # type: ignore[misc] # as freezegun does
    try:
        yield
    finally:
        datetime.datetime = frozen  # type: ignore[misc] # as above
