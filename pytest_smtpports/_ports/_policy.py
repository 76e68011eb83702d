"""What a port allows, as tables: (profile, state, verb) -> nothing, or the situation in which it is refused.

Nothing here knows a wire. Where an RFC fixes the order of two checks, the table below is in that order.
"""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from ._personality import ENHANCED, personality
from ._profile import EXTENSIONS, AuthPolicy, Profile, Role, TLSMode
from ._situations import Situation

if TYPE_CHECKING:
    from ._path import Path

# RFC 3207 §2, §4: the keyword, and the command
STARTTLS = "STARTTLS"
# RFC 3207 §4: the commands that are answered before STARTTLS where it is required; every other one gets 530.
# LHLO is to LMTP what EHLO is to SMTP (RFC 2033 §4.1).
BEFORE_TLS = frozenset({"EHLO", "LHLO", "STARTTLS", "NOOP", "QUIT"})
# RFC 5321 §4.1.4: the commands that need a greeting of the client's first.
AFTER_HELLO = frozenset({"MAIL", "RCPT", "DATA", "BDAT", "AUTH"})
# RFC 4954 §6, RFC 6409 §4.3: what needs a login where one is required.
AFTER_LOGIN = frozenset({"MAIL", "RCPT", "DATA", "BDAT", "VRFY"})
# RFC 5321 §4.1.1.4, RFC 3030 §2: what brings the message.
CONTENT = frozenset({"DATA", "BDAT"})

# RFC 5321 §4.5.3.1.4 (512 octets with CRLF) is what a server must take at least; RFC 4954 §4 asks 12,288 for the base64
# of AUTH. This one limit covers both, with room for the command before it and for every extension parameter.
COMMAND_LINE_LIMIT = 16_384

# RFC 5321 §4.5.1 and the extensions' own; BDAT and ETRN are there where they are on offer.
_COMMANDS = ("STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "NOOP", "VRFY", "ETRN", "HELP", "QUIT")
# RFC 5321 §4.1.1.7, §F.1, §F.6; RFC 1985, RFC 2645, RFC 4468: commands that exist, and that few servers take.
_ELSEWHERE = frozenset({"EXPN", "TURN", "SEND", "SOML", "SAML", "ETRN", "ATRN", "BURL", "BDAT"})
# Each of these is a way to say what role one talks to (RFC 5321 §4.1.1.1, RFC 2033 §4.1).
_HELLOS = {Role.LMTP: ("LHLO",)}
_SMTP_HELLOS = ("EHLO", "HELO")


# How far a client has come in its session, and in a mail: the fields of a `State` in its order.
Standing = tuple[bool, bool, bool, bool, bool]
Progress = tuple[bool, bool, bool, bool, bool]
NO_PROGRESS: Progress = (False, False, False, False, False)


class State(NamedTuple):
    """How far a client has come in its session, and in a mail.

    Attributes:
        greeted: it has said EHLO, HELO or LHLO.
        extended: and it was not HELO.
        encrypted: TLS is on.
        certified: and it has shown a certificate that the port trusts.
        authenticated: it has logged in.
        sender_given: MAIL was taken.
        recipient_given: and a RCPT since.
        chunked: BDAT has begun to bring the message.
        binary: MAIL said BODY=BINARYMIME.
        utf8: MAIL said SMTPUTF8.
    """

    greeted: bool = False
    extended: bool = False
    encrypted: bool = False
    certified: bool = False
    authenticated: bool = False
    sender_given: bool = False
    recipient_given: bool = False
    chunked: bool = False
    binary: bool = False
    utf8: bool = False


class Policy:
    """What one port allows.

    Args:
        profile: what the port is.
        starttls: what its clients see in the place of the keyword STARTTLS, or None for nothing: for whatever else,
            somebody on the way takes the keyword and the command out of what is said.

    Attributes:
        voice: whose words it speaks.
        hellos: the commands by which a client may say who it is.
        commands: every command that it knows.
        help: those that it ever carries out.
        says_enhanced: whether its replies have enhanced codes (RFC 2034).
        text_line_limit: the longest line of a message in octets, or None.
        only_reply: what every command gets behind a greeting with 521 (RFC 7504 §3), or None.
    """

    def __init__(self, profile: Profile, starttls: str | None = STARTTLS) -> None:
        self.profile = profile
        self._starttls = starttls
        self.voice = personality(profile.personality)
        self._keywords = self._named()
        self._extensions = _supported(frozenset(profile.extensions).intersection(self._keywords))
        self.hellos = _HELLOS.get(profile.role, _SMTP_HELLOS)
        self.commands = self._known()
        never = {"STARTTLS": profile.tls is not TLSMode.STARTTLS, "AUTH": profile.auth is AuthPolicy.FORBIDDEN}
        self.help = tuple(verb for verb in self.commands if not never.get(verb, False))
        self.says_enhanced = ENHANCED in self._extensions
        self.text_line_limit = profile.text_line_limit or self.voice.text_line_limit
        refusal = profile.turns_away
        self.only_reply = refusal if refusal is not None and refusal.code == 521 else None

    def refusal(self, state: State, verb: str) -> Situation | None:
        """Why this verb is refused now, or None where it is allowed."""
        if self.profile.turns_away is not None and verb != "QUIT":
            return Situation.TURNED_AWAY
        if any(fnmatchcase(verb, pattern) for pattern in self.voice.forbidden):
            return Situation.FORBIDDEN_COMMAND
        if verb not in self.commands:
            return Situation.NOT_IMPLEMENTED if verb in _ELSEWHERE else Situation.UNKNOWN_COMMAND
        if verb not in BEFORE_TLS and self.tls_is_due(state):
            return Situation.STARTTLS_FIRST
        for verbs, holds, situation in RULES:
            if verb in verbs and holds(self, state):
                return situation
        return None

    def sender_refusal(self, sender: Path) -> Situation | None:
        """Why MAIL is refused: an address beyond ASCII (RFC 6531 §3.5), or its size (RFC 1870 §6.1); or None."""
        if not sender.address.isascii() and "SMTPUTF8" not in sender.parameters:
            return Situation.SENDER_NOT_ASCII
        return Situation.TOO_BIG if self.is_too_big(int(sender.parameters.get("SIZE") or 0)) else None

    def recipient_refusal(self, state: State, recipient: Path) -> Situation | None:
        """Why RCPT is refused: it is no recipient, no login yet, or this port would have to relay; or None."""
        address = recipient.address
        if not address:
            return Situation.NULL_RECIPIENT
        if not address.isascii() and not state.utf8:
            return Situation.RECIPIENT_NOT_ASCII
        if self.login_is_due(state):
            return Situation.LOGIN_FIRST
        return None if state.authenticated or self._is_local(address) else Situation.RELAY_REFUSED

    def content_refusal(self, raw: bytes, *, is_binary: bool) -> Situation | None:
        """Why a message is not taken: it is too big (RFC 1870 §6.3), or a line is too long (RFC 5321 §4.5.3.1.6)."""
        if self.is_too_big(len(raw)):
            return Situation.TOO_BIG
        if self.text_line_limit is None or is_binary:
            return None
        return Situation.TEXT_LINE_TOO_LONG if longest_line(raw) > self.text_line_limit else None

    def is_too_big(self, size: int) -> bool:
        """Whether a message of so many octets is beyond the limit."""
        return self.profile.size_limit is not None and size > self.profile.size_limit

    def ehlo_keywords(self, state: State) -> tuple[str, ...]:
        """The lines of the EHLO reply behind its first (RFC 5321 §4.1.1.1)."""
        lines = (self._line(keyword, state) for keyword in self._keywords)
        return tuple(line for line in lines if line is not None)

    def mechanisms(self, state: State) -> tuple[str, ...]:
        """The SASL mechanisms for this client; EXTERNAL where it has shown who it is (RFC 4422 appendix A)."""
        order = self.voice.mechanisms
        preferred = sorted(self.profile.mechanisms, key=lambda name: order.index(name) if name in order else len(order))
        return tuple(name for name in preferred if name != "EXTERNAL" or state.certified)

    def tls_is_due(self, state: State) -> bool:
        """Whether STARTTLS has to come first."""
        return self.profile.starttls_required and not state.encrypted and not self.voice.auth_in_clear

    def login_is_due(self, state: State) -> bool:
        """Whether a login has to come first."""
        return self.profile.auth is AuthPolicy.REQUIRED and not state.authenticated

    def offers_auth(self, state: State) -> bool:
        """Whether AUTH is open: never in clear unless the profile or its personality says so (RFC 4954 §6)."""
        in_clear = self.profile.auth_in_clear or self.voice.auth_in_clear
        return self.profile.auth is not AuthPolicy.FORBIDDEN and (state.encrypted or in_clear)

    def offers_starttls(self, state: State) -> bool:
        """Whether STARTTLS is open: never twice (RFC 3207 §4.2)."""
        return self.profile.tls is TLSMode.STARTTLS and not state.encrypted

    def _is_local(self, address: str) -> bool:
        """Whether the port takes mail for that address for everybody; one without a domain is its own."""
        domains = self.profile.local_domains
        # "@" may stand in a quoted local part as well.
        has_domain = "@" in address and not address.endswith('"')
        domain = address.rpartition("@")[2].lower() if has_domain else None
        return not domains or domain is None or domain in map(str.lower, domains)

    def _named(self) -> tuple[str, ...]:
        for_clients = self.profile.role not in (Role.MTA, Role.LMTP)
        if for_clients and self.voice.submission_keywords is not None:
            return self.voice.submission_keywords
        return self.voice.keywords

    def _known(self) -> tuple[str, ...]:
        optional = {"BDAT": "CHUNKING" in self._extensions, "ETRN": "ETRN" in self._keywords}
        optional.update(dict.fromkeys(self.voice.lacks, False))
        optional[STARTTLS] = self._starttls == STARTTLS
        return tuple(verb for verb in (*self.hellos, *_COMMANDS) if optional.get(verb, True))

    def _line(self, keyword: str, state: State) -> str | None:
        """What EHLO says of one keyword now, or None for nothing."""
        anyway = keyword in self.voice.named_anyway
        if keyword in ("AUTH", "AUTH="):
            listed = self.offers_auth(state) and (self.voice.auth_after_login or not state.authenticated)
            listed = listed or (anyway and self.profile.auth is not AuthPolicy.FORBIDDEN)
            mechanisms = " ".join(self.mechanisms(state))
            separator = "" if keyword.endswith("=") else " "
            return f"{keyword}{separator}{mechanisms}" if listed and mechanisms else None
        if keyword == STARTTLS:
            listed = self.offers_starttls(state) or (anyway and self.profile.tls is TLSMode.STARTTLS)
            return self._starttls if listed else None
        if keyword == "SIZE":
            return keyword if self.profile.size_limit is None else f"{keyword} {self.profile.size_limit}"
        return keyword if keyword not in EXTENSIONS or keyword in self._extensions else None


def offered(lines: tuple[str, ...]) -> frozenset[str]:
    """The names of the extensions that the lines of an EHLO reply promise."""
    return frozenset(line.partition(" ")[0] for line in lines)


def longest_line(raw: bytes) -> int:
    """How many octets the longest line of a message has, its CRLF counted (RFC 5321 §4.5.3.1.6)."""
    return max(map(len, raw.split(b"\r\n"))) + len(b"\r\n")


def _supported(extensions: frozenset[str]) -> frozenset[str]:
    """Those that have what they need: RFC 3030 §3, RFC 6531 §3.1."""
    needs = {"BINARYMIME": "CHUNKING", "SMTPUTF8": "8BITMIME"}
    return frozenset(keyword for keyword in extensions if needs.get(keyword, keyword) in extensions)


_MAIL = frozenset({"MAIL"})
_RCPT = frozenset({"RCPT"})
_DATA = frozenset({"DATA"})
_AUTH = frozenset({"AUTH"})
_STARTTLS = frozenset({"STARTTLS"})

Rule = tuple[frozenset[str], Callable[[Policy, State], bool], Situation]

# The first rule that speaks of the verb and holds gives the reply.
RULES: tuple[Rule, ...] = (
    (_STARTTLS, lambda _, state: state.encrypted, Situation.TLS_ACTIVE),
    (_STARTTLS, lambda policy, state: not policy.offers_starttls(state), Situation.TLS_NOT_OFFERED),
    (AFTER_HELLO, lambda policy, state: not state.greeted and policy.voice.hello_needed, Situation.HELLO_FIRST),
    (_AUTH, lambda _, state: state.authenticated, Situation.AUTH_TWICE),
    (_AUTH, lambda policy, state: not policy.offers_auth(state), Situation.AUTH_NOT_OFFERED),
    (_AUTH, lambda policy, state: not state.extended and policy.voice.hello_needed, Situation.AUTH_NOT_OFFERED),
    (_AUTH, lambda _, state: state.sender_given, Situation.AUTH_IN_TRANSACTION),
    (
        AFTER_LOGIN,
        lambda policy, state: policy.login_is_due(state) and policy.voice.login_due_at == "MAIL",
        Situation.LOGIN_FIRST,
    ),
    (_MAIL, lambda _, state: state.sender_given, Situation.NESTED_MAIL),
    (_RCPT, lambda _, state: not state.sender_given, Situation.MAIL_FIRST),
    (CONTENT, lambda _, state: not state.sender_given, Situation.NO_TRANSACTION),
    (CONTENT, lambda _, state: not state.recipient_given, Situation.NO_RECIPIENTS),
    # RFC 3030 §2, §3
    (_RCPT | _DATA, lambda _, state: state.chunked, Situation.CHUNKS_BEGUN),
    (_DATA, lambda _, state: state.binary, Situation.CHUNKS_ONLY),
)
