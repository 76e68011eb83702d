"""What a client took a port for that it is not, in sentences. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._profile import Role, TLSMode

if TYPE_CHECKING:
    from ._profile import Profile

# What the dialogue shows in the place of a record that is no text.
CLIENT_HELLO = "(a TLS ClientHello)"

_SPEAKS_TLS = (
    "this port speaks TLS from the first byte (RFC 8314) and says nothing in clear; "
    "was the client waiting for a greeting?"
)
NO_HANDSHAKE = f"no TLS handshake came: {_SPEAKS_TLS}"
# The same of a client that is still there.
NO_HANDSHAKE_YET = f"it has not come to the end of a TLS handshake: {_SPEAKS_TLS}"

_BEGINS = {
    TLSMode.NONE: "port {number} speaks in clear, and has no TLS",
    TLSMode.STARTTLS: "port {number} begins in clear and offers STARTTLS",
    TLSMode.IMPLICIT: "TLS was on already",
}
# Between servers there is no TLS from the first byte (RFC 8314 §3.3 has it for submission).
_SUBMISSION = frozenset({Role.SUBMISSION, Role.ALTERNATE})


def tls_in_clear(profile: Profile, *, at_once: bool) -> str:
    """Of a client that speaks TLS where a line of SMTP is awaited: with its first word, or in the middle."""
    when = "at once" if at_once else "unasked"
    elsewhere = " (implicit TLS is on 465)" if profile.role in _SUBMISSION else ""
    return f"the client began TLS {when}; {_BEGINS[profile.tls].format(number=profile.number)}{elsewhere}"
