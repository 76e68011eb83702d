"""What a port allows, as tables: (profile, state, verb) -> nothing, or the reply that refuses it.

Nothing here knows a wire. Where an RFC fixes the order of two checks, the table below is in that order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import _reply
from ._profile import AuthPolicy, Profile, TLSMode
from ._reply import Reply

# RFC 3207 §4: the commands that are answered before STARTTLS where it is required; every other one gets 530.
BEFORE_TLS = frozenset({"EHLO", "STARTTLS", "NOOP", "QUIT"})
# RFC 5321 §4.1.4: the commands that need a greeting of the client's first.
AFTER_HELLO = frozenset({"MAIL", "RCPT", "DATA", "AUTH"})
# RFC 4954 §6, RFC 6409 §4.3: what needs a login where one is required. A transaction begins with MAIL.
AFTER_LOGIN = frozenset({"MAIL"})

# RFC 5321 §4.5.3.1.4 (512 octets with CRLF) is what a server must take at least; RFC 4954 §4 asks 12,288 for AUTH.
# This one limit covers both, with room for every extension parameter.
COMMAND_LINE_LIMIT = 12_288


@dataclass(frozen=True, slots=True)
class State:
    """How far a client has come in its session."""

    greeted: bool = False
    extended: bool = False
    encrypted: bool = False
    authenticated: bool = False
    sender_given: bool = False
    recipients: int = 0


Rule = tuple[frozenset[str], Callable[[Profile, State], bool], Reply]


def _tls_is_due(profile: Profile, state: State) -> bool:
    return profile.starttls_required and not state.encrypted


def offers_auth(profile: Profile, state: State) -> bool:
    """Whether AUTH is open to this client: never in clear unless the profile says so (RFC 4954 §6)."""
    return profile.auth is not AuthPolicy.FORBIDDEN and (state.encrypted or profile.auth_in_clear)


def offers_starttls(profile: Profile, state: State) -> bool:
    """Whether STARTTLS is open: never twice (RFC 3207 §4.2)."""
    return profile.tls is TLSMode.STARTTLS and not state.encrypted


_AUTH = frozenset({"AUTH"})
_DATA = frozenset({"DATA"})
_STARTTLS = frozenset({"STARTTLS"})

# The first rule that speaks of the verb and holds gives the reply.
RULES: tuple[Rule, ...] = (
    (_STARTTLS, lambda profile, state: state.encrypted, _reply.TLS_ACTIVE),
    (_STARTTLS, lambda profile, state: not offers_starttls(profile, state), _reply.TLS_NOT_OFFERED),
    (AFTER_HELLO, lambda profile, state: not state.greeted, _reply.HELLO_FIRST),
    (_AUTH, lambda profile, state: state.authenticated, _reply.AUTH_TWICE),
    (_AUTH, lambda profile, state: not offers_auth(profile, state), _reply.AUTH_NOT_OFFERED),
    (_AUTH, lambda profile, state: not state.extended, _reply.AUTH_NOT_OFFERED),
    (_AUTH, lambda profile, state: state.sender_given, _reply.AUTH_IN_TRANSACTION),
    (
        AFTER_LOGIN,
        lambda profile, state: profile.auth is AuthPolicy.REQUIRED and not state.authenticated,
        _reply.LOGIN_FIRST,
    ),
    (_DATA, lambda profile, state: not state.recipients, _reply.NO_TRANSACTION),
)


def refusal(profile: Profile, state: State, verb: str) -> Reply | None:
    """The reply that refuses this verb now, or None where it is allowed."""
    if verb not in BEFORE_TLS and _tls_is_due(profile, state):
        return _reply.STARTTLS_FIRST
    for verbs, holds, reply in RULES:
        if verb in verbs and holds(profile, state):
            return reply
    return None


def recipient_refusal(profile: Profile, state: State, recipient: str) -> Reply | None:
    """The reply to RCPT where this port would have to relay for somebody who has not logged in, or None."""
    if not profile.local_domains or state.authenticated:
        return None
    domain = recipient.rpartition("@")[2] if "@" in recipient else profile.local_domains[0]
    local = {name.lower() for name in profile.local_domains}
    return None if domain.lower() in local else _reply.RELAY_REFUSED


def ehlo_keywords(profile: Profile, state: State) -> tuple[str, ...]:
    """The lines of the EHLO reply behind its first (RFC 5321 §4.1.1.1)."""
    on_offer = [keyword for keyword in profile.extensions if keyword != "HELP"]
    on_offer.insert(1, "SIZE" if profile.size_limit is None else f"SIZE {profile.size_limit}")
    if offers_starttls(profile, state):
        on_offer.append("STARTTLS")
    if offers_auth(profile, state):
        on_offer.append(" ".join(("AUTH", *profile.mechanisms)))
    if "HELP" in profile.extensions:
        on_offer.append("HELP")
    return tuple(on_offer)
