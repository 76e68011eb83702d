"""What may be wrong with the TLS of a port, by badssl's names, and how it is told. Facts; no TLS is spoken here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong.

    Attributes:
        shows: what a client is shown.
        verify_code: what OpenSSL's verification makes of it (x509_vfy.h), or None where no certificate is wrong.
        alert: what OpenSSL says to the other side about it (RFC 8446 §6.2).
        is_mended: whether there is a way for a good client to go on.
    """

    shows: str
    verify_code: int | None
    alert: str
    is_mended: bool = False

    @property
    def is_in_certificate(self) -> bool:
        """Whether a client has to verify the certificate in order to find it."""
        return self.verify_code is not None


FLAWS: Mapping[str, Flaw] = {
    "expired": Flaw("a certificate that has expired", 10, "CERTIFICATE_EXPIRED"),
    "not-yet-valid": Flaw("a certificate that is not valid yet", 9, "BAD_CERTIFICATE"),
    # For an address instead of a name it is 64.
    "wrong-host": Flaw("a certificate for another host", 62, "BAD_CERTIFICATE"),
    "self-signed": Flaw("a certificate that signs itself", 18, "UNKNOWN_CA"),
    "untrusted-root": Flaw("a certificate of an authority that nobody trusts", 20, "UNKNOWN_CA"),
    "incomplete-chain": Flaw("a certificate whose chain is not complete", 20, "UNKNOWN_CA"),
    "weak-key": Flaw("a certificate with an RSA key of 1024 bits", 66, "BAD_CERTIFICATE"),
    "wrong-usage": Flaw("a certificate that is for clients alone", 26, "UNSUPPORTED_CERTIFICATE"),
    # RFC 8996 forbids both.
    "tls1.0": Flaw("TLS 1.0", None, "PROTOCOL_VERSION"),
    "tls1.1": Flaw("TLS 1.1", None, "PROTOCOL_VERSION"),
    "no-shared-cipher": Flaw("a cipher suite without a certificate", None, "HANDSHAKE_FAILURE"),
    "client-certificate-required": Flaw("a demand for a certificate", None, "CERTIFICATE_REQUIRED", is_mended=True),
}

# The alert of a client that does not even get as far as what is wrong.
_UNKNOWN_CA = "UNKNOWN_CA"


def named(kind: str) -> str:
    """The fault, as a test has asked for it."""
    return f"fail_tls({kind!r})"


def failed(kind: str, reason: str, sentence: str) -> str:
    """Why a handshake failed behind a flaw.

    Args:
        kind: which.
        reason: OpenSSL's, as it names itself; empty where the client went away without an alert.
        sentence: the same in words, as it would be told without the flaw.
    """
    flaw = FLAWS[kind]
    _, is_alert, alert = reason.partition("ALERT_")
    if not reason:
        sentence += f"; most likely it refused {flaw.shows}"
    elif flaw.is_in_certificate and is_alert:
        sentence = f"the client refused the certificate ({alert})"
        if alert == _UNKNOWN_CA and alert != flaw.alert:
            sentence += (
                ", and would have refused a good one: it does not trust our CA; smtpports.client_context() and "
                "configure_trust() make it"
            )
    return f"{named(kind)}: {sentence}"


def left(kind: str) -> str | None:
    """Why a client went away that came to the end of the handshake and had nothing to say, or None if not for this.

    Node's clients verify then where TLS is 1.2, and send no alert.
    """
    flaw = FLAWS[kind]
    if not flaw.is_in_certificate:
        return None
    return f"{named(kind)}: the client went away right behind the TLS handshake; most likely it refused {flaw.shows}"


def accepted(kind: str) -> str | None:
    """What a client took that it should not have, or None if all is well."""
    flaw = FLAWS[kind]
    return None if flaw.is_mended else f"the client accepted {flaw.shows} ({named(kind)})"
