"""Any commands in any order, cut anywhere: what a port answers, and what is in the mailbox afterwards.

The model is written from the RFCs. Of the package it knows the profile of its port, and it asks the policy for a second
opinion on every command.
"""

from __future__ import annotations

import re
import socket
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import chain, cycle
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_smtpports import KINDRED, PROFILES, AuthPolicy, Login, Profile, Role, SMTPPorts, TLSMode
from pytest_smtpports._ports._policy import Policy, State

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Iterator, Sequence

CRLF = b"\r\n"
# RFC 4954 §4: 12,288 octets of base64 are what a server must take; this is with room for what is around them.
LONGEST = 16_384
LIMIT = 60
PORTS = {
    profile.number: profile
    for profile in (
        replace(KINDRED[24], local_domains=("example.org",), size_limit=LIMIT),
        replace(PROFILES[25], local_domains=("Example.org", "[127.0.0.1]")),
        replace(PROFILES[25], number=26, size_limit=LIMIT),
        PROFILES[465],
        PROFILES[587],
        PROFILES[2525],
        replace(PROFILES[2525], number=2526, auth=AuthPolicy.OPTIONAL, local_domains=("example.org",)),
    )
}
POLICIES = {number: Policy(profile) for number, profile in PORTS.items()}


# What a client sends, and what it has to get


class Step(NamedTuple):
    """One command.

    Attributes:
        line: the command; with its end where that is not CRLF.
        code: what it gets where nothing is in its way, or the beginning of that.
        sends: what comes behind it: the lines of a message, the octets of a chunk, the responses of a login, or what
            an attacker has put behind STARTTLS.
        address: whom MAIL and RCPT name, or who logs in.
        needs: the EHLO keyword that has to be on offer for it.
        size: how many octets MAIL announces.
    """

    line: bytes
    code: str = "250"
    sends: tuple[bytes, ...] = ()
    address: str = ""
    needs: str = ""
    size: int = 0

    @property
    def wire(self) -> bytes:
        return self.line if self.line.endswith(b"\n") else self.line + CRLF

    @property
    def text(self) -> str:
        return self.wire.removesuffix(CRLF).decode("utf-8", "replace")

    @property
    def verb(self) -> str:
        return self.text.partition(" ")[0].upper()

    @property
    def is_readable(self) -> bool:
        return self.text.isprintable() and "\N{REPLACEMENT CHARACTER}" not in self.text and len(self.wire) <= LONGEST


class Answer(NamedTuple):
    """What a reply has to be.

    Attributes:
        code: its code, or the beginning of it.
        is_enhanced: whether each of its lines has an enhanced code, or None where that is left open.
        keywords: what its lines name from the second one on, or None for anything.
    """

    code: str
    is_enhanced: bool | None = True
    keywords: frozenset[str] | None = None


class Turn(NamedTuple):
    """What a client sends, what it gets, and what it sends in one piece behind its last octets; TLS may follow."""

    wire: bytes = b""
    answers: tuple[Answer, ...] = ()
    behind: bytes = b""
    is_before_tls: bool = False


class Session(NamedTuple):
    """What a client does; where it waits for answers and where it cuts what it sends come round again and again."""

    steps: tuple[Step, ...]
    pauses: tuple[bool, ...] = (False,)
    sizes: tuple[int, ...] = (100_000,)
    end: Turn = Turn(b"QUIT\r\n", (Answer("221"),))


class Taken(NamedTuple):
    """A message that got its 250."""

    raw: bytes
    sender: str
    recipients: tuple[str, ...]
    user: str | None
    encrypted: bool
    acknowledged: bool = True


# The model

# RFC 2034 §4: no enhanced code in the greeting, nor in a 3yz.
GREETING, GO_AHEAD, CHALLENGE = (Answer(code, is_enhanced=False) for code in ("220", "354", "334"))
HELLOS = {"EHLO", "HELO", "LHLO"}
MAILING = {"MAIL", "RCPT", "DATA", "BDAT"}
COMMANDS = MAILING | {"RSET", "NOOP", "QUIT", "VRFY", "HELP", "STARTTLS", "AUTH"}
# RFC 5321 §4.1.1.7, §F.1, §F.6; RFC 1985, RFC 2645, RFC 4468
ELSEWHERE = {"EXPN", "TURN", "SEND", "SOML", "SAML", "ETRN", "ATRN", "BURL"}
NAMED = frozenset({"PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8", "DSN", "CHUNKING", "BINARYMIME", "HELP"})


@dataclass
class Model:
    """A port of that profile, and how far one client has come with it."""

    profile: Profile
    encrypted: bool = False
    hello: str = ""
    user: str | None = None
    offered: frozenset[str] = frozenset()
    sender: str | None = None
    is_binary: bool = False
    is_utf8: bool = False
    recipients: tuple[str, ...] = ()
    chunks: bytes | None = None
    taken: list[Taken] = field(default_factory=list)
    logins: list[Login] = field(default_factory=list)

    def turns(self, session: Session) -> Iterator[Turn]:
        self.encrypted = self.profile.tls is TLSMode.IMPLICIT
        yield Turn(is_before_tls=self.encrypted)
        yield Turn(answers=(GREETING,))
        for step in session.steps:
            yield from self.turns_of(step)
        yield session.end

    def turns_of(self, step: Step) -> Iterable[Turn]:
        refusal = self.refusal(step)
        return ACTIONS.get(step.verb, Model.say)(self, step) if refusal is None else self.refuse(step, refusal)

    # Whether a command is carried out

    def refusal(self, step: Step) -> str | None:
        if not step.is_readable:
            return "500"
        return self.gate(step.verb) or next((code or step.code for code, holds in FAULTS if holds(self, step)), None)

    def gate(self, verb: str) -> str | None:
        """The code that the policy gives, which has to be one that the RFCs allow."""
        code = next((code for code, holds in GATES if holds(self, verb)), "none")
        situation = POLICIES[self.profile.number].refusal(self.state(), verb)
        opinion = "none" if situation is None else str(situation.value.code)
        assert opinion.startswith(code), f"{verb} gets {opinion}, not {code}, in {self}"
        return None if situation is None else opinion

    def state(self) -> State:
        return State(
            greeted=bool(self.hello),
            extended=self.hello in {"EHLO", "LHLO"},
            encrypted=self.encrypted,
            authenticated=self.user is not None,
            sender_given=self.sender is not None,
            recipient_given=bool(self.recipients),
            chunked=self.chunks is not None,
            binary=self.is_binary,
            utf8=self.is_utf8,
        )

    @property
    def hellos(self) -> set[str]:
        return {"LHLO"} if self.profile.role is Role.LMTP else {"EHLO", "HELO"}

    @property
    def must_encrypt(self) -> bool:
        return self.profile.starttls_required and not self.encrypted

    @property
    def must_log_in(self) -> bool:
        return self.profile.auth is AuthPolicy.REQUIRED and self.user is None

    @property
    def offers_starttls(self) -> bool:
        return self.profile.tls is TLSMode.STARTTLS and not self.encrypted

    @property
    def offers_auth(self) -> bool:
        return self.profile.auth is not AuthPolicy.FORBIDDEN and (self.encrypted or self.profile.auth_in_clear)

    def is_too_big(self, size: int) -> bool:
        return self.profile.size_limit is not None and size > self.profile.size_limit

    def is_foreign(self, address: str) -> bool:
        local = {domain.lower() for domain in self.profile.local_domains}
        return bool(local) and "@" in address and address.rpartition("@")[2].lower() not in local

    def refuse(self, step: Step, code: str) -> Iterator[Turn]:
        """A chunk is on its way all the same (RFC 3030 §2), and whoever is not let in talks on."""
        # RFC 2034 §4 wants no enhanced code in a reply to EHLO, RFC 3207 §4 shows one in its 530.
        answer = Answer(code, is_enhanced=None if step.verb in HELLOS else True)
        yield Turn(step.wire + b"".join(step.sends) * (step.verb == "BDAT"), (answer,))
        for line in step.sends * (step.verb in {"AUTH", "STARTTLS"}):
            yield from self.turns_of(Step(line))

    # What a command does

    def say(self, step: Step) -> Iterator[Turn]:
        yield Turn(step.wire, (Answer(step.code),))

    def forget(self) -> None:
        self.sender = self.chunks = None
        self.is_binary = self.is_utf8 = False
        self.recipients = ()

    def on_hello(self, step: Step) -> Iterator[Turn]:
        self.forget()
        self.hello = step.verb
        self.offered = self.keywords() if step.verb != "HELO" else frozenset()
        yield Turn(step.wire, (Answer(step.code, is_enhanced=False, keywords=self.offered),))

    def keywords(self) -> frozenset[str]:
        by_state = {
            "ENHANCEDSTATUSCODES": True,
            "STARTTLS": self.offers_starttls,
            "AUTH": self.offers_auth,
            "VRFY": self.profile.auth is AuthPolicy.FORBIDDEN,
        }
        return NAMED.union(keyword for keyword, is_offered in by_state.items() if is_offered)

    def on_starttls(self, step: Step) -> Iterator[Turn]:
        # RFC 3207 §4.2
        self.forget()
        self.encrypted, self.hello, self.user, self.offered = True, "", None, frozenset()
        behind = b"".join(line + CRLF for line in step.sends)
        yield Turn(step.wire.removesuffix(CRLF), (Answer("220"),), CRLF + behind, is_before_tls=True)

    def on_auth(self, step: Step) -> Iterator[Turn]:
        answers = [CHALLENGE] * len(step.sends) + [Answer(step.code)]
        lines = [step.wire, *(response + CRLF for response in step.sends)]
        if step.code in {"235", "535"}:
            mechanism = step.text.split()[1].upper()
            self.logins.append(Login(step.address, mechanism, succeeded=step.code == "235"))
        if step.code == "235":
            self.user = step.address
        for line, answer in zip(lines, answers, strict=True):
            yield Turn(line, (answer,))

    def on_mail(self, step: Step) -> Iterator[Turn]:
        self.sender = step.address
        self.is_binary = step.needs == "BINARYMIME"
        self.is_utf8 = step.needs == "SMTPUTF8"
        yield from self.say(step)

    def on_rcpt(self, step: Step) -> Iterator[Turn]:
        self.recipients += (step.address,)
        yield from self.say(step)

    def on_rset(self, step: Step) -> Iterator[Turn]:
        self.forget()
        yield from self.say(step)

    def on_data(self, step: Step) -> Iterator[Turn]:
        yield Turn(step.wire, (GO_AHEAD,))
        # RFC 5321 §4.5.2
        raw = b"".join(line.removeprefix(b".") + CRLF for line in step.sends)
        yield Turn(b"".join(line + CRLF for line in step.sends) + b".\r\n", self.finish(raw))

    def on_bdat(self, step: Step) -> Iterator[Turn]:
        self.chunks = (self.chunks or b"") + b"".join(step.sends)
        yield Turn(step.wire + b"".join(step.sends), self.finish(self.chunks) if is_last(step) else self.go_on())

    def go_on(self) -> tuple[Answer, ...]:
        assert self.chunks is not None
        if not self.is_too_big(len(self.chunks)):
            return (Answer("250"),)
        # RFC 3030 §2: the transaction has failed.
        self.forget()
        return (Answer("552"),)

    def finish(self, raw: bytes) -> tuple[Answer, ...]:
        assert self.sender is not None
        code = "552" if self.is_too_big(len(raw)) else "250"
        # RFC 2033 §4.2, §4.3
        replies = len(self.recipients) if self.profile.role is Role.LMTP else 1
        self.taken += [Taken(raw, self.sender, self.recipients, self.user, self.encrypted)] * (code == "250")
        self.forget()
        return (Answer(code),) * replies


def is_last(step: Step) -> bool:
    return step.text.upper().endswith(" LAST")


ACTIONS: dict[str, Callable[[Model, Step], Iterable[Turn]]] = {
    **dict.fromkeys(HELLOS, Model.on_hello),
    "STARTTLS": Model.on_starttls,
    "AUTH": Model.on_auth,
    "MAIL": Model.on_mail,
    "RCPT": Model.on_rcpt,
    "DATA": Model.on_data,
    "BDAT": Model.on_bdat,
    "RSET": Model.on_rset,
}

# Why a verb is refused now; the first line that holds is the answer. An incomplete code is one that no RFC fixes.
GATES: tuple[tuple[str, Callable[[Model, str], bool]], ...] = (
    # RFC 3207 §4 has 530 for every command, RFC 5321 §4.2.4 has 500 for what is none.
    ("5", lambda model, verb: verb not in COMMANDS | model.hellos and model.must_encrypt),
    # RFC 5321 §4.2.4
    ("502", lambda _, verb: verb in ELSEWHERE),
    ("500", lambda model, verb: verb not in COMMANDS | model.hellos),
    # RFC 3207 §4
    ("530", lambda model, verb: verb not in {"NOOP", "EHLO", "STARTTLS", "QUIT"} and model.must_encrypt),
    # RFC 3207 §4.2, RFC 5321 §4.2.4
    ("50", lambda model, verb: verb == "STARTTLS" and not model.offers_starttls),
    # RFC 5321 §4.1.4
    ("503", lambda model, verb: verb in MAILING | {"AUTH"} and not model.hello),
    # RFC 4954 §4; an extension is there for who has said EHLO
    ("503", lambda model, verb: verb == "AUTH" and (model.user is not None or model.sender is not None)),
    ("503", lambda model, verb: verb == "AUTH" and (model.hello == "HELO" or not model.offers_auth)),
    # RFC 6409 §4.3, RFC 4954 §6
    ("530", lambda model, verb: verb in MAILING | {"VRFY"} and model.must_log_in),
    # RFC 5321 §3.3, §4.1.4
    ("503", lambda model, verb: verb == "MAIL" and model.sender is not None),
    ("503", lambda model, verb: verb in MAILING - {"MAIL"} and model.sender is None),
    ("503", lambda model, verb: verb in {"DATA", "BDAT"} and not model.recipients),
    # RFC 3030 §2, §3
    ("503", lambda model, verb: verb in {"RCPT", "DATA"} and model.chunks is not None),
    ("503", lambda model, verb: verb == "DATA" and model.is_binary),
)
# Why a command is refused that is in its place; where there is no code, it is the command's own.
FAULTS: tuple[tuple[str, Callable[[Model, Step], bool]], ...] = (
    # RFC 5321 §4.1.1.11
    ("555", lambda model, step: step.needs not in {"", *model.offered}),
    ("", lambda _, step: step.code.startswith("5") and step.verb != "AUTH"),
    # RFC 1870 §6.1
    ("552", lambda model, step: model.is_too_big(step.size)),
    # RFC 6531 §3.5
    ("553", lambda model, step: step.verb == "RCPT" and not step.address.isascii() and not model.is_utf8),
    # RFC 5321 §3.6.2
    ("550", lambda model, step: step.verb == "RCPT" and model.user is None and model.is_foreign(step.address)),
)


# The commands

USER64, PASSWORD64, PLAIN64, WRONG64 = b"dXNlcg==", b"cGFzc3dvcmQ=", b"AHVzZXIAcGFzc3dvcmQ=", b"AHVzZXIAd3Jvbmc="
SECRETS = ("password", *(secret.decode() for secret in (PASSWORD64, PLAIN64, WRONG64)))

HELLO = [
    Step(b"EHLO client.example"),
    Step(b"ehlo [127.0.0.1]"),
    Step(b"HELO client.example"),
    Step(b"LHLO client.example"),
    Step(b"EHLO", "501"),
    Step(b"Helo ", "501"),
    Step(b"LHLO", "501"),
]
STARTTLS = [
    Step(b"STARTTLS now", "501"),
    # RFC 3207 §5: what is put behind it in clear
    Step(b"StartTLS", sends=(b"EHLO eve.example", b"RSET", b"NOOP")),
    Step(b"STARTTLS"),
]
AUTH = [
    Step(b"AUTH", "501"),
    Step(b"AUTH PLAIN one two", "501"),
    Step(b"AUTH FOO", "504"),
    Step(b"AUTH CRAM-MD5", "504"),
    # RFC 4954 §4: cancelled, no base64, too long
    Step(b"AUTH PLAIN", "501", (b"*",)),
    Step(b"AUTH LOGIN", "501", (USER64, b"*")),
    Step(b"AUTH PLAIN %%%", "501"),
    Step(b"AUTH PLAIN", "501", (b"\xff\x00",)),
    Step(b"AUTH LOGIN", "501", (USER64, b"no base64")),
    Step(b"AUTH PLAIN", "500", (b"A" * LONGEST,)),
    Step(b"AUTH PLAIN " + WRONG64, "535", address="user"),
    Step(b"AUTH LOGIN", "535", (PASSWORD64, USER64), "password"),
    Step(b"AUTH PLAIN =", "535"),
    Step(b"AUTH PLAIN", "535", (b"",)),
    Step(b"auth plain " + PLAIN64, "235", address="user"),
    Step(b"AUTH PLAIN", "235", (PLAIN64,), "user"),
    Step(b"AUTH LOGIN", "235", (USER64, PASSWORD64), "user"),
    Step(b"AUTH Login " + USER64, "235", (PASSWORD64,), "user"),
    Step(b"AUTH PLAIN " + PLAIN64, "235", address="user"),
]
MAIL = [
    Step(b"MAIL FROM:<app@example.com>", address="app@example.com"),
    Step(b"mail from:<App@Example.com>", address="App@Example.com"),
    Step(b"MAIL FROM:<>"),
    Step(b"MAIL FROM: <app@example.com> ", address="app@example.com"),
    Step(b"MAIL FROM:<@relay.example,@b.example:app@example.com>", address="app@example.com"),
    Step(b'MAIL FROM:<"a <b>@"@example.com>', address='"a <b>@"@example.com'),
    Step(b"MAIL FROM:<app@example.com> SIZE=60", address="app@example.com", needs="SIZE", size=60),
    Step(b"MAIL FROM:<app@example.com> size=61", address="app@example.com", needs="SIZE", size=61),
    Step(b"MAIL FROM:<app@example.com> BODY=8bitmime", address="app@example.com", needs="8BITMIME"),
    Step(b"MAIL FROM:<app@example.com> BODY=BINARYMIME", address="app@example.com", needs="BINARYMIME"),
    Step("MAIL FROM:<jörg@exämple.com> SMTPUTF8".encode(), address="jörg@exämple.com", needs="SMTPUTF8"),
    Step(b"MAIL FROM:<app@example.com> RET=HDRS ENVID=q+2B1", address="app@example.com", needs="DSN"),
    # RFC 4954 §5: from everybody
    Step(b"MAIL FROM:<app@example.com> AUTH=<>", address="app@example.com", needs="AUTH"),
    Step("MAIL FROM:<jörg@example.com>".encode(), "550"),
    Step(b"MAIL FROM:<app@example.com> FOO=1", "555"),
    Step(b"MAIL FROM:<app@example.com> SIZE=ten", "501", needs="SIZE"),
    Step(b"MAIL FROM:<app@example.com> BODY=7BIT BODY=7BIT", "501", needs="8BITMIME"),
    Step(b"MAIL FROM:<app@example.com", "501"),
    Step(b"MAIL FROM:app@example.com", "501"),
    Step(b"MAIL FROM:<a b@example.com>", "501"),
    Step(b"MAIL TO:<app@example.com>", "501"),
    Step(b"MAIL", "501"),
]
RCPT = [
    Step(b"RCPT TO:<ada@example.org>", address="ada@example.org"),
    Step(b"rcpt to:<Ada@EXAMPLE.org>", address="Ada@EXAMPLE.org"),
    # RFC 5321 §4.1.1.3
    Step(b"RCPT TO:<Postmaster>", address="Postmaster"),
    Step(b"RCPT TO: <@a.example:ada@example.org>", address="ada@example.org"),
    Step(b'RCPT TO:<"a@b"@example.org>', address='"a@b"@example.org'),
    Step(b"RCPT TO:<ada@[127.0.0.1]>", address="ada@[127.0.0.1]"),
    Step(b"RCPT TO:<eve@elsewhere.example>", address="eve@elsewhere.example"),
    Step("RCPT TO:<jörg@example.org>".encode(), address="jörg@example.org"),
    Step(b"RCPT TO:<ada@example.org> NOTIFY=DELAY,SUCCESS", address="ada@example.org", needs="DSN"),
    Step(b"RCPT TO:<ada@example.org> NOTIFY=NEVER,DELAY", "501", needs="DSN"),
    Step(b"RCPT TO:<ada@example.org> FOO=1", "555"),
    Step(b"RCPT TO:<>", "5"),
    Step(b"RCPT TO:ada@example.org", "501"),
    Step(b"RCPT TO:<ada@example.org", "501"),
    Step(b"RCPT FROM:<ada@example.org>", "501"),
    Step(b"RCPT", "501"),
]
OTHER = [
    Step(b"NOOP"),
    Step(b"noop whatever"),
    Step("NOOP schön".encode()),
    Step(b"NOOP " + b"x" * (LONGEST - len("NOOP \r\n"))),
    Step(b"RSET"),
    Step(b"rSet "),
    Step(b"RSET now", "501"),
    Step(b"VRFY ada", "252"),
    Step(b"VRFY", "501"),
    Step(b"HELP", "214"),
    Step(b"help MAIL", "214"),
    Step(b"QUIT now", "501"),
    Step(b"DATA now", "501"),
    Step(b"BDAT", "501"),
    Step(b"BDAT five LAST", "501"),
    Step(b"BDAT -1", "501"),
    Step(b"BDAT 0 FIRST", "501"),
]
# RFC 5321 §4.2.4
UNKNOWN = [Step(line) for line in (b"", b" ", b"FOO", b" NOOP", b"EHLOX x", b"MAILFROM:<a@b.c>", b"GET / HTTP/1.1")]
UNKNOWN += [Step(verb.encode() + b" x") for verb in sorted(ELSEWHERE)]
# RFC 5321 §2.3.8, §4.5.3.1.4
UNREADABLE = [
    Step(line)
    for line in (
        *(b"NOOP\n", b"\n", b"QUIT\n", b"RSET\n", b"DATA\n", b"STARTTLS\n", b"NOOP\rRSET", b"RSET\r\r\n"),
        *(b"NOOP \x00", b"RSET\x00", b"NOOP\tx", b"\xff\xfe", b"MAIL FROM:<\xe9@example.com>", b"\x1b[31mRSET"),
        *(b"RSET " + b"x" * LONGEST, b"x" * (LONGEST - 1), b"x" * 2 * LONGEST + b"\n", b"AUTH PLAIN " + b"A" * LONGEST),
    )
]


def data(lines: Iterable[bytes] = (), line: bytes = b"DATA") -> Step:
    """A message; only a line of one dot can't be sent as it is (RFC 5321 §4.5.2)."""
    return Step(line, sends=tuple(b".." if each == b"." else each for each in lines))


def chunk(octets: bytes, *, last: bool, line: bytes = b"BDAT") -> Step:
    return Step(b"%b %d%b" % (line, len(octets), b" LAST" * last), sends=(octets,))


BODY = [b"Subject: x", b"", b"..dot", b".", b".x\n.\r", b"\x00\xff\r", b"\n.\n", b"MAIL FROM:<eve@example.net>"]
BODIES = [data(), data([b""]), data(BODY), data([b"x" * (LIMIT - 2)], b"Data "), data([b"x" * (LIMIT - 1)], b"dAtA")]
CHUNKS = [
    chunk(b"", last=False),
    chunk(b"\x00\r\n.\r\nQUIT\r\n", last=False),
    chunk(b"x" * (LIMIT + 1), last=False),
    chunk(b"", last=True),
    chunk(b"\n.\r\n", last=True, line=b"bdat"),
    chunk(b"x" * LIMIT, last=True),
    chunk(b"x" * (LIMIT + 1), last=True),
]
KINDS: tuple[list[Step], ...] = (HELLO, UNKNOWN, UNREADABLE, MAIL, RCPT, BODIES, CHUNKS, OTHER, AUTH, STARTTLS)
EVERY_STEP = tuple(chain.from_iterable(KINDS))

GREET, HELO, GREET_LMTP = HELLO[0], HELLO[2], HELLO[3]
ENCRYPT, LOG_IN = (GREET, STARTTLS[-1]), (GREET, AUTH[-1])
OPENINGS: dict[int, list[tuple[Step, ...]]] = {
    24: [(GREET_LMTP,)],
    25: [(GREET,), (HELO,)],
    26: [(GREET,), (HELO,)],
    465: [(GREET,), LOG_IN],
    587: [(GREET,), ENCRYPT, ENCRYPT + LOG_IN],
    2525: [(GREET,), LOG_IN, ENCRYPT, ENCRYPT + LOG_IN],
    2526: [(GREET,), (HELO,), LOG_IN, ENCRYPT + LOG_IN],
}
STAGES: dict[str, tuple[Step, ...]] = {
    "nothing": (),
    "a greeting": (GREET, GREET_LMTP),
    "HELO": (HELO, GREET_LMTP),
    "a sender": (GREET, GREET_LMTP, MAIL[0]),
    "recipients": (GREET, GREET_LMTP, MAIL[0], RCPT[0], RCPT[4]),
    "a chunk": (GREET, GREET_LMTP, MAIL[9], RCPT[0], RCPT[0], CHUNKS[1]),
}
MAILS = (MAIL[0], RCPT[0], BODIES[2], MAIL[2], RCPT[0], CHUNKS[1], CHUNKS[3])
GOODBYE = (Answer("221"),)
# The last three: what comes behind QUIT is not heard; and a client that goes away, in the middle of a line.
ENDS = [
    Turn(b"QUIT\r\n", GOODBYE),
    Turn(b"quit \r\n", GOODBYE),
    Turn(b"QUIT", GOODBYE, behind=b"\r\nNOOP\r\nMAIL FROM:<a@b.c>"),
    Turn(),
    Turn(b"NOOP"),
]


# The wire


class Client:
    """A socket with a deadline, and the replies that come from it."""

    def __init__(self, address: tuple[str, int], context: ssl.SSLContext) -> None:
        self._context = context
        self._socket = socket.create_connection(address, timeout=5)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._replies = self._socket.makefile("rb")

    def begin_tls(self) -> None:
        self._replies.close()
        self._socket = self._context.wrap_socket(self._socket, server_hostname="localhost")
        self._replies = self._socket.makefile("rb")

    def send(self, wire: bytes, sizes: Sequence[int]) -> None:
        for piece in pieces(wire, sizes):
            self._socket.sendall(piece)

    def reply(self) -> list[str]:
        lines = [self._replies.readline()]
        while lines[-1][3:4] == b"-":
            lines.append(self._replies.readline())
        return [line.decode("ascii") for line in lines]

    def rest(self) -> bytes:
        return self._replies.read()

    def close(self) -> None:
        self._replies.close()
        self._socket.close()


def pieces(wire: bytes, sizes: Sequence[int]) -> Iterator[bytes]:
    """Cut at those distances, over and over, in some hundred pieces at most."""
    distances, place = cycle(sizes), 0
    while place < len(wire):
        size = max(next(distances), len(wire) // 400)
        yield wire[place : place + size]
        place += size


def batches(turns: Iterable[Turn], pauses: Sequence[bool]) -> Iterator[Turn]:
    """Turns that are made without waiting for answers in between are one."""
    so_far = Turn()
    for turn, pause in zip(turns, cycle(pauses), strict=False):
        so_far = Turn(so_far.wire + turn.wire, so_far.answers + turn.answers, turn.behind, turn.is_before_tls)
        if pause or turn.is_before_tls:
            yield so_far
            so_far = Turn()
    yield so_far


LINE = re.compile(r"(?P<code>(?P<class>[2-5])\d\d)[ -](?P<enhanced>(?P=class)\.\d{1,3}\.\d{1,3} )?[ -~]*\r\n")


def fits(reply: list[str], answer: Answer) -> bool:
    """RFC 5321 §4.2.1: one code on all lines, a blank in the last; RFC 2034 §4: an enhanced code of that class."""
    lines = [line for line in map(LINE.fullmatch, reply) if line]
    return (
        len(lines) == len(reply)
        and {line["code"] for line in lines} == {reply[0][:3]}
        and reply[0].startswith(answer.code)
        and [line[3] for line in reply] == ["-"] * (len(reply) - 1) + [" "]
        and (answer.is_enhanced is None or {bool(line["enhanced"]) for line in lines} == {answer.is_enhanced})
        and answer.keywords in (None, {line[4:].split()[0] for line in reply[1:]})
    )


def play(smtpports: SMTPPorts, number: int, session: Session) -> None:
    """Be the client of that session, and see that port and mailbox do as the model says."""
    smtpports.reset()
    model = Model(PORTS[number])
    said: list[str] = []
    with closing(Client(smtpports.ports[number].address, smtpports.client_context())) as client:
        for batch in batches(model.turns(session), session.pauses):
            client.send(batch.wire, session.sizes)
            client.send(batch.behind, [len(batch.behind)])
            for answer in batch.answers:
                reply = client.reply()
                assert fits(reply, answer), f"{reply} is no {answer}; last sent: {batch.wire[-500:]!r}"
                said += [line.removesuffix("\r\n") for line in reply]
            if batch.is_before_tls:
                client.begin_tls()
        if session.end.answers:
            assert client.rest() == b""

    (connection,) = smtpports.connections
    written = [(line.direction, line.text.encode("ascii", "backslashreplace").decode()) for line in connection.dialogue]
    assert [text for direction, text in written if direction == "S"] == said
    assert not [text for _, text in written for secret in SECRETS if secret in text]
    assert connection.logins == tuple(model.logins)
    assert model.taken == [
        Taken(mail.raw, mail.mail_from, mail.recipients, mail.user, mail.tls is not None, mail.acknowledged)
        for mail in smtpports.messages
    ]
    smtpports.raise_failures()


# The sessions


@pytest.fixture(scope="module")
def smtpports_of_every_kind() -> Iterator[SMTPPorts]:
    with SMTPPorts(PORTS) as smtpports:
        yield smtpports


EVERY_PORT = pytest.mark.parametrize("number", sorted(PORTS))
EVERY_OPENING = pytest.mark.parametrize(
    ("number", "opening"),
    [
        pytest.param(number, opening, id=f"{number} {' '.join(step.verb for step in opening)}")
        for number, openings in OPENINGS.items()
        for opening in openings
    ],
)


@EVERY_OPENING
@pytest.mark.parametrize("stage", STAGES)
def test_after_anything_that_was_taken_every_command_gets_its_answer(
    smtpports_of_every_kind: SMTPPorts, number: int, opening: tuple[Step, ...], stage: str
) -> None:
    steps = chain.from_iterable((*STAGES[stage], step) for step in EVERY_STEP)

    play(smtpports_of_every_kind, number, Session((*opening, *steps)))


@EVERY_OPENING
@pytest.mark.parametrize("size", [1, 7])
def test_wherever_it_is_cut_every_command_gets_its_answer(
    smtpports_of_every_kind: SMTPPorts, number: int, opening: tuple[Step, ...], size: int
) -> None:
    play(smtpports_of_every_kind, number, Session((*opening, *EVERY_STEP), pauses=(True,), sizes=(size,)))


@EVERY_OPENING
def test_after_every_login_and_handshake_mail_gets_its_answers(
    smtpports_of_every_kind: SMTPPorts, number: int, opening: tuple[Step, ...]
) -> None:
    for step in (*AUTH, *STARTTLS):
        play(smtpports_of_every_kind, number, Session((*opening, step, *MAILS, step, GREET, *MAILS)))


@EVERY_PORT
@pytest.mark.parametrize("end", ENDS)
def test_a_session_may_end_anyhow(smtpports_of_every_kind: SMTPPorts, number: int, end: Turn) -> None:
    play(smtpports_of_every_kind, number, Session((*OPENINGS[number][-1], *MAILS), sizes=(1,), end=end))


def joined(parts: Iterable[Iterable[Step]]) -> tuple[Step, ...]:
    return tuple(chain.from_iterable(parts))


OCTETS = st.lists(
    st.sampled_from([b".", b"..", b"\r", b"\n", CRLF, b"\x00", b"\xff", b" ", b"QUIT", b"x"]) | st.binary(max_size=8),
    max_size=12,
).map(b"".join)
MESSAGES = OCTETS.map(lambda octets: data(octets.split(CRLF)))
CHUNKED = st.tuples(
    st.lists(st.builds(chunk, OCTETS, last=st.just(False)), max_size=2),
    st.tuples(st.builds(chunk, OCTETS, last=st.just(True))),
).map(joined)
# None of them wrong in itself, or the end of a transaction would hardly be reached.
TRANSACTIONS = st.tuples(
    st.tuples(st.sampled_from([step for step in MAIL if step.code == "250"])),
    st.lists(st.sampled_from([step for step in RCPT if step.code == "250"]), min_size=1, max_size=3),
    st.tuples(MESSAGES) | CHUNKED,
).map(joined)
SINGLE = st.tuples(
    st.one_of(*(st.sampled_from(kind) for kind in KINDS), MESSAGES, st.builds(chunk, OCTETS, last=st.booleans()))
)


def sessions(number: int) -> st.SearchStrategy[Session]:
    openings = st.sampled_from(OPENINGS[number])
    # The last one leads to where mail is taken.
    mostly_the_last = st.sampled_from([(), *OPENINGS[number], *OPENINGS[number][-1:] * 3])
    phrases = st.lists(st.one_of(TRANSACTIONS, TRANSACTIONS, SINGLE, SINGLE, SINGLE, openings), max_size=12)
    return st.builds(
        Session,
        st.builds(lambda opening, phrases: (*opening, *joined(phrases)), mostly_the_last, phrases),
        pauses=st.lists(st.booleans(), min_size=1, max_size=5).map(tuple),
        sizes=st.lists(st.integers(1, 3) | st.integers(1, 100), min_size=1, max_size=4).map(tuple),
        end=st.sampled_from(ENDS),
    )


# Every wait has its own deadline; the same sessions everywhere, so that a failure is one everywhere.
@EVERY_PORT
@settings(deadline=None, derandomize=True, max_examples=60)
@given(drawn=st.data())
def test_in_any_order_a_command_gets_its_answer_and_the_mailbox_has_what_got_250(
    smtpports_of_every_kind: SMTPPorts, number: int, drawn: st.DataObject
) -> None:
    play(smtpports_of_every_kind, number, drawn.draw(sessions(number)))
