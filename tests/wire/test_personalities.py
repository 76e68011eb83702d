"""The personalities against what the real servers said: recorded dialogues, spoken again to ours."""

from __future__ import annotations

import re
import socket
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from pytest_smtpports import PROFILES, Profile, Role, SMTPPorts, TLSMode

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "mail.example.com"
CLOSED = "---"
TRANSCRIPTS = Path(__file__).parent / "transcripts"


class Dialogue(NamedTuple):
    server: str
    name: str
    lines: tuple[str, ...]

    @property
    def port(self) -> int:
        return int(self.name.rpartition("-")[2] if self.name[-1].isdigit() else re.findall(r"-(\d+)-", self.name)[-1])


def dialogues(server: str) -> Iterator[Dialogue]:
    for part in (TRANSCRIPTS / f"{server}.txt").read_text(encoding="utf-8").split("\n== ")[1:]:
        name, *lines = part.splitlines()
        yield Dialogue(server, name, tuple(line.removesuffix(" closed") for line in lines if line))


DIALOGUES = [*dialogues("postfix"), *dialogues("exim")]

# What a personality does not imitate: server and reason, and the dialogues that differ for it.
DIFFERENT = {
    ("postfix", "its words for a broken login are those of the SASL library; ours is refused with the same code"): """
        auth-badbase64-initial-587 auth-plain-empty-response-587 auth-plain-equals-587
        auth-plain-not-nul-separated-587""",
    ("postfix", "it takes what RFC 5321, or another RFC, calls wrong and other servers refuse"): """
        before-starttls-helo-587 delivery-spaces-and-case-25 leading-space-25 mail-auth-bad-587 mail-auth-empty-25
        mail-param-after-helo-25 mail-param-twice-25 mail-syntax-no-open-25 mail-syntax-two-at-25 quit-foo-25
        rcpt-syntax-two-at-25 utf8-rcpt-without-smtputf8-25 utf8-sender-without-smtputf8-25""",
    ("postfix", "it has more ways to say that a parameter, an address or a line is wrong"): """
        dsn-notify-bad-25 dsn-notify-never-mixed-25 dsn-orcpt-bad-25 empty-line-25 mail-body-foo-25 mail-size-bad-25
        mail-size-noval-25 mail-syntax-display-name-25 mail-syntax-from-empty-25 smtputf8-with-value-25""",
    ("postfix", "it knows its users"): "utf8-with-smtputf8-25",
    ("postfix", "before STARTTLS it takes a chunk for commands; RFC 3030 §2 has it passed over"): """
        before-starttls-bdat-587""",
    ("exim", "it takes a login of nobody where the recipient is its own"): """
        before-starttls-delivery-587 mail-rcpt-noauth-587""",
    ("exim", "it repeats why every recipient was refused when DATA comes"): """
        bdat-noauth-587 data-no-rcpt-pipelined-25 data-no-rcpt-pipelined-587-noauth ehlo-in-transaction-25""",
    ("exim", "it has more ways to say that a command comes too early"): """
        auth-before-ehlo-465 bdat-before-ehlo-25 mail-after-bdat-25 mail-before-ehlo-25 rcpt-before-ehlo-25""",
    ("exim", "it takes a parameter that it does not know for a part of the address"): """
        dsn-25 dsn-envid-bad-25 dsn-ret-bad-25
        smtputf8-with-value-25""",
    ("exim", "it takes what RFC 5321, or another RFC, calls wrong and other servers refuse"): """
        delivery-spaces-and-case-25 mail-auth-empty-25 mail-param-twice-25 mail-size-bad-25 mail-size-noval-25
        mail-syntax-display-name-25 mail-syntax-trailing-comment-25 utf8-sender-without-smtputf8-25""",
    ("exim", "it has more ways to say that an address, a parameter or an argument is wrong"): """
        auth-noarg-587 auth-three-args-587 mail-auth-bad-587 mail-body-binarymime-25 mail-body-foo-25
        mail-syntax-from-empty-25 mail-syntax-no-open-25 mail-syntax-series-25 mail-syntax-space-in-local-25
        mail-syntax-trailing-text-25 mail-syntax-two-at-25 mail-syntax-unclosed-25 rcpt-syntax-space-25
        rcpt-syntax-two-at-25 rcpt-syntax-unclosed-25""",
    ("exim", "it knows its users, and wants a domain of every address but the postmaster's"): """
        mail-syntax-no-domain-25 rcpt-syntax-no-domain-25 utf8-rcpt-without-smtputf8-25 utf8-with-smtputf8-25
        vrfy-ada-25 vrfy-before-ehlo-25""",
    ("exim", "it has other last words in the middle of a message"): "idle-timeout-in-bdat-25 idle-timeout-in-data-25",
    ("exim", "it says back what stands in place of a mechanism, and that may be a secret"): "auth-unknown-mech-587",
    ("exim", "it has rules of its own for EXPN"): "before-starttls-expn-587 expn-25",
}
KNOWN_TO_DIFFER = {(server, name) for (server, _), names in DIFFERENT.items() for name in names.split()}


def profiles(server: str) -> list[Profile]:
    voice = {"personality": server}
    size = {"postfix": 10_240_000, "exim": 52_428_800}[server]
    mechanisms = {"postfix": ("PLAIN", "LOGIN", "CRAM-MD5"), "exim": ("PLAIN", "LOGIN")}[server]
    return [
        Profile(
            25,
            Role.MTA,
            tls=TLSMode.STARTTLS,
            local_domains=("example.org",),
            size_limit=size,
            idle_timeout=0.3,
            **voice,
        ),
        replace(PROFILES[587], size_limit=size, mechanisms=mechanisms, starttls_required=server == "postfix", **voice),
        replace(PROFILES[465], size_limit=size, mechanisms=mechanisms, **voice),
    ]


class Replay:
    """Says a client's lines, and collects what comes back in their place."""

    def __init__(self, smtpports: SMTPPorts, port: int) -> None:
        self._context = smtpports.client_context()
        self._socket = socket.create_connection(smtpports.route(HOST)[port].address, timeout=5)
        self._unsent = b""
        self.heard: list[str] = []
        if port == 465:
            self.secure()
        else:
            self._replies = self._socket.makefile("rb")

    def secure(self) -> None:
        self._socket = self._context.wrap_socket(self._socket, server_hostname=HOST)
        self._replies = self._socket.makefile("rb")

    def say(self, line: str) -> None:
        self._unsent += line.encode() + b"\r\n"

    def listen(self) -> None:
        self._socket.sendall(self._unsent)
        self._unsent = b""
        self.heard.append(self._replies.readline().decode().rstrip("\r\n"))

    def close(self) -> None:
        self._replies.close()
        self._socket.close()


def replayed(dialogue: Dialogue) -> list[str]:
    with SMTPPorts(profiles(dialogue.server)) as smtpports:
        replay = Replay(smtpports, dialogue.port)
        try:
            for line in dialogue.lines:
                {
                    "S": replay.listen,
                    "C": lambda line=line: replay.say(line[3:]),
                    CLOSED: replay.listen,
                    "--- TLS": {465: lambda: None}.get(dialogue.port, replay.secure),
                }[line if line.startswith("-") else line[0]]()
        except OSError as error:
            replay.heard.append(repr(error))
        finally:
            replay.close()
        return replay.heard


VARYING = (
    (re.compile(r"\b(id=|queued as )\S+"), r"\1X"),
    (re.compile(r"\w{3}, \d+ \w{3} \d{4} [\d:]{8} [+-]\d{4}"), "DATE"),
    (re.compile(r"\[[\d.]+\]"), "[PEER]"),
)


def comparable(line: str) -> str:
    for pattern, constant in VARYING:
        line = pattern.sub(constant, line)
    return line


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda each: f"{each.server}-{each.name}")
def test_a_personality_says_what_the_real_server_said(dialogue: Dialogue) -> None:
    # A connection that is closed is heard as an empty line.
    recorded = [comparable(line[3:]) for line in dialogue.lines if line.startswith("S: ") or line == CLOSED]

    heard = [comparable(line) for line in replayed(dialogue)]

    assert (heard == recorded) is ((dialogue.server, dialogue.name) not in KNOWN_TO_DIFFER), (heard, recorded)


def test_what_is_known_to_differ_was_recorded() -> None:
    assert {(dialogue.server, dialogue.name) for dialogue in DIALOGUES} >= KNOWN_TO_DIFFER
