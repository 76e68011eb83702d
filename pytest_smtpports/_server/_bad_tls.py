"""TLS that a good client refuses: the certificates, and the contexts, that are wrong on purpose."""

from __future__ import annotations

import datetime
import ssl
import warnings
from functools import cached_property, partial
from typing import TYPE_CHECKING

import trustme
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from .. import _clock
from ._leaf import issued, issuer_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# RFC 2606 §2: nobody is called so.
_ELSEWHERE = ("wrong-host.invalid",)
_DAY = datetime.timedelta(days=1)
# Far enough away for whoever keeps a port open.
_YEAR = 365 * _DAY


class BadCertificates:
    """The certificates with a flaw that one authority's ports show; what they need is made once, when it is needed.

    Args:
        authority: signs them, where that is not the flaw.
    """

    def __init__(self, authority: trustme.CA) -> None:
        self._authority = authority

    def certificate(self, flaw: str, names: tuple[str, ...]) -> trustme.LeafCert:
        """One with that flaw, which is good for these names otherwise."""
        return _LEAVES.get(flaw, BadCertificates.good)(self, names)

    def good(self, names: tuple[str, ...]) -> trustme.LeafCert:
        """For what is wrong elsewhere than in the certificate."""
        return issued(issuer_of(self._authority), names)

    def expired(self, names: tuple[str, ...]) -> trustme.LeafCert:
        """OpenSSL asks the kernel for the time, so that no test's clock changes anything about it."""
        now = _clock.now()
        return issued(issuer_of(self._authority), names, not_before=now - _YEAR, not_after=now - _DAY)

    def not_yet_valid(self, names: tuple[str, ...]) -> trustme.LeafCert:
        """The same the other way round."""
        now = _clock.now()
        return issued(issuer_of(self._authority), names, not_before=now + _YEAR, not_after=now + 2 * _YEAR)

    def wrong_host(self, _names: tuple[str, ...]) -> trustme.LeafCert:
        """For a host that is never dialled."""
        return issued(issuer_of(self._authority), _ELSEWHERE)

    def self_signed(self, names: tuple[str, ...]) -> trustme.LeafCert:
        """By nobody else."""
        return issued(None, names)

    def untrusted_root(self, names: tuple[str, ...]) -> trustme.LeafCert:
        """By an authority that is in nobody's bundle."""
        return issued(issuer_of(self._stranger), names)

    def incomplete_chain(self, names: tuple[str, ...]) -> trustme.LeafCert:
        """By an intermediate authority of ours, whose certificate isn't sent."""
        return issued(issuer_of(self._intermediate), names)

    def weak_key(self, names: tuple[str, ...]) -> trustme.LeafCert:
        """With a key that OpenSSL's security level 2 forbids, which CPython's contexts have."""
        return issued(issuer_of(self._authority), names, key=self._weak)

    def wrong_usage(self, names: tuple[str, ...]) -> trustme.LeafCert:
        """RFC 5280 §4.2.1.12: for clients alone."""
        return issued(issuer_of(self._authority), names, usage=ExtendedKeyUsageOID.CLIENT_AUTH)

    @cached_property
    def _stranger(self) -> trustme.CA:
        return trustme.CA(key_type=trustme.KeyType.ECDSA)

    @cached_property
    def _intermediate(self) -> trustme.CA:
        return self._authority.create_child_ca(key_type=trustme.KeyType.ECDSA)

    @cached_property
    def _weak(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(65537, 1024)  # noqa: S505 # that is the point of it


_LEAVES: Mapping[str, Callable[[BadCertificates, tuple[str, ...]], trustme.LeafCert]] = {
    "expired": BadCertificates.expired,
    "not-yet-valid": BadCertificates.not_yet_valid,
    "wrong-host": BadCertificates.wrong_host,
    "self-signed": BadCertificates.self_signed,
    "untrusted-root": BadCertificates.untrusted_root,
    "incomplete-chain": BadCertificates.incomplete_chain,
    "weak-key": BadCertificates.weak_key,
    "wrong-usage": BadCertificates.wrong_usage,
}


def spoil(context: ssl.SSLContext, flaw: str) -> None:
    """Have a server's context do what a good one would not; before it is given its certificate."""
    change = _CHANGES.get(flaw)
    if change is not None:
        change(context)


def _allow_weak_keys(context: ssl.SSLContext) -> None:
    # Else OpenSSL would not even load one.
    context.set_ciphers("DEFAULT:@SECLEVEL=0")


def _speak(version: ssl.TLSVersion, context: ssl.SSLContext) -> None:
    """Speak this old version, and no other."""
    # Before TLS 1.2 everything is signed with SHA-1, which only level 0 takes.
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        # Python warns of these versions, and the test has asked for one.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version


def _offer_no_shared_cipher(context: ssl.SSLContext) -> None:
    """Offer suites without a certificate alone, which no client takes that wants one; TLS 1.3 has none of them."""
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("aNULL:!eNULL:@SECLEVEL=0")


_CHANGES: Mapping[str, Callable[[ssl.SSLContext], None]] = {
    "weak-key": _allow_weak_keys,
    "tls1.0": partial(_speak, ssl.TLSVersion.TLSv1),
    "tls1.1": partial(_speak, ssl.TLSVersion.TLSv1_1),
    "no-shared-cipher": _offer_no_shared_cipher,
}
