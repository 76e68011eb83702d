"""Port 25 beside plain aiosmtpd: one client, the same bytes to both, however they are cut.

Where aiosmtpd does what the RFCs say, codes and mail are the same; where it does not, the table of differences says so.
"""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from contextlib import closing
from itertools import chain, cycle
from typing import TYPE_CHECKING, NamedTuple

import pytest
from aiosmtpd.smtp import SMTP
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_smtpports import SMTPPorts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from aiosmtpd.smtp import Envelope

CRLF = b"\r\n"
# Seconds after which a wait has failed.
DEADLINE = 5.0
# How many commands that it does not know aiosmtpd takes before it closes the connection.
BOGUS = 4


class Mail(NamedTuple):
    """What was taken."""

    mail_from: str
    recipients: tuple[str, ...]
    content: bytes


class Server(NamedTuple):
    """Where a client connects, and what was taken there since it was last asked."""

    address: tuple[str, int]
    take: Callable[[], list[Mail]]


class Step(NamedTuple):
    """A command, and the message behind its 354: nothing, or whole lines."""

    line: bytes
    content: bytes | None = None

    @property
    def sent(self) -> tuple[bytes, ...]:
        """What leaves, in pieces each of which gets a reply; dots stuffed (RFC 5321 §4.5.2)."""
        command = self.line if self.line.endswith(b"\n") else self.line + CRLF
        if self.content is None:
            return (command,)
        return command, (CRLF + self.content).replace(b"\r\n.", b"\r\n..")[len(CRLF) :] + b".\r\n"


# Two servers


class Appends:
    """A handler of aiosmtpd's that does nothing else."""

    def __init__(self) -> None:
        self.taken: list[Mail] = []

    async def handle_DATA(self, _server: SMTP, _session: object, envelope: Envelope) -> str:  # noqa: N802 # its name
        self.taken.append(Mail(envelope.mail_from or "", tuple(envelope.rcpt_tos), bytes(envelope.content or b"")))
        return "250 OK"

    def take(self) -> list[Mail]:
        taken, self.taken = self.taken, []
        return taken


async def finished(loop: asyncio.AbstractEventLoop) -> None:
    tasks = asyncio.all_tasks(loop) - {asyncio.current_task()}
    await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), DEADLINE)


@pytest.fixture(scope="module")
def plain() -> Iterator[Server]:
    handler = Appends()
    with closing(asyncio.new_event_loop()) as loop:
        make = loop.create_server(lambda: SMTP(handler, hostname="mx.example", loop=loop), "127.0.0.1", 0)
        server = loop.run_until_complete(make)
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        yield Server(server.sockets[0].getsockname(), handler.take)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(DEADLINE)
        server.close()
        loop.run_until_complete(finished(loop))


@pytest.fixture(scope="module")
def ours() -> Iterator[Server]:
    with SMTPPorts() as smtpports:

        def take() -> list[Mail]:
            taken = [Mail(mail.mail_from, mail.recipients, mail.raw) for mail in smtpports.messages]
            smtpports.reset()
            return taken

        yield Server(smtpports.ports[25].address, take)


# One client


class Cut(NamedTuple):
    """How a client sends: in pieces of these sizes, over and over, with or without waiting for each reply."""

    sizes: Sequence[int]
    pipelined: bool


WHOLE = Cut((1_000_000,), pipelined=True)


def pieces(sent: bytes, sizes: Sequence[int]) -> Iterator[bytes]:
    """Some hundred pieces at most."""
    distances, place = cycle(sizes), 0
    while place < len(sent):
        size = max(next(distances), len(sent) // 400)
        yield sent[place : place + size]
        place += size


def codes(server: Server, steps: Iterable[Step], cut: Cut) -> list[str]:
    """The code of each reply, from the greeting to the end of the connection."""
    sent = [piece for step in (*steps, Step(b"QUIT")) for piece in step.sent]
    if cut.pipelined:
        sent = [b"".join(sent)]
    with socket.create_connection(server.address, DEADLINE) as client, client.makefile("rb") as replies:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lines = (line for line in replies if line[3:4] != b"-")
        got = [next(lines)]
        for part in sent:
            for piece in pieces(part, cut.sizes):
                client.sendall(piece)
            got.append(next(lines))
        got += lines
    return [line[:3].decode() for line in got]


# Where both are right

EHLO, HELO = Step(b"EHLO client.example"), Step(b"HELO client.example")
MAIL, RCPT = Step(b"MAIL FROM:<app@example.com>"), Step(b"RCPT TO:<ada@example.org>")
RSET, DATA = Step(b"RSET"), Step(b"DATA")
UNKNOWN = [
    Step(line) for line in (b"FOO", b"EHLOX x", b" NOOP", b"GET / HTTP/1.1", b"LHLO x", b"NOOP\tx", b"NOOP\rRSET")
]
SENDERS = [
    *(MAIL, Step(b"mail from:<App@Example.COM>"), Step(b"MAIL FROM: <app@example.com> ")),
    *(Step(b"MAIL FROM:<a+b=c_d.e@[127.0.0.1]>"), Step(b"MAIL FROM:<" + b"a" * 64 + b"@example.com>")),
]
RECIPIENTS = [
    *(RCPT, Step(b"rcpt to:<Ada@EXAMPLE.org>"), Step(b"RCPT TO:<Postmaster>"), Step(b"RCPT TO:<ada@[127.0.0.1]>")),
    *(Step(b'RCPT TO:<"ada l"@example.org>'), Step(b"RCPT TO:<@a.example,@b.example:ada@example.org>")),
]
# RFC 5321 §4.1.1, §4.1.4: right or wrong, in any order.
COMMANDS = [EHLO, HELO, *SENDERS, RSET, *RECIPIENTS]
COMMANDS += [
    Step(line)
    for line in (
        *(b"NOOP", b"noop whatever", b"NOOP " + b"x" * 505, b"rset ", b"RSET now", b"QUIT now", b"HELO", b"EHLO", b""),
        *(b"VRFY", b"VRFY ada", b"VRFY <ada@example.org>", b"EXPN staff", b"\xff\xfe", b"EHLO [127.0.0.1]", b"RCPT"),
        *(b"RCPT TO:", b"RCPT FROM:<ada@example.org>"),
    )
]
NO_SENDERS = [Step(line) for line in (b"MAIL", b"MAIL FROM:", b"MAIL TO:<app@example.com>")]
# RFC 1870 §6, RFC 6152 §2, RFC 5321 §4.1.1.11
PARAMETERS = [
    Step(b"MAIL FROM:<app@example.com> " + parameters)
    for parameters in (
        *(b"SIZE=0", b"SIZE=100", b"size=7 body=8bitmime", b"BODY=7BIT", b"BODY=8BITMIME SIZE=1"),
        *(b"SIZE=ten", b"SIZE=", b"SIZE=99999999999", b"BODY=9BIT", b"FOO=1", b"FOO"),
    )
]
# RFC 5321 §2.3.8, §4.5.2, §4.5.3.1.6: nothing ends a message but CRLF.CRLF, and a line has up to 998 octets.
MESSAGES = [
    *(b"", CRLF, b".\r\n", b"..\r\n", b". \r\n", b"Subject: x\r\n\r\n.dot\r\n..dot\r\n.\r\n", b"x\n.\r\n", b"x\r\r\n"),
    *(b"\r\n.\n.\r\n", b"\n.\n\r\n", b"\r\n.\r.\r\n", b"\r.\r\r\n", b"x\r\r\n.\r\n", b"x\n\r\n.\n\r\n", b"\r\r\r\n"),
    *(b"\x00\r\n.\x00\r\n", bytes(range(256)) + CRLF, "Grüße\r\n".encode(), b"x" * 998 + CRLF, b"." * 998 + CRLF),
    b"a\n.\nMAIL FROM:<eve@example.net>\nRCPT TO:<eve@example.net>\nDATA\r\nRSET\r\nQUIT\r\n",
]
SESSIONS = {
    "before a greeting": [MAIL, RCPT, DATA, RSET, Step(b"NOOP"), Step(b"VRFY ada")],
    "every command": [EHLO, *COMMANDS],
    "every command behind HELO": [HELO, *COMMANDS[2:]],
    "every command in a mail": [EHLO, MAIL, RCPT, *COMMANDS[2:], MAIL, RCPT, Step(b"DATA now"), Step(b"data", CRLF)],
    "every wrong sender": [MAIL, EHLO, *NO_SENDERS, MAIL, RSET, *NO_SENDERS, HELO, *NO_SENDERS, RCPT, DATA],
    "every sender": [EHLO, *(step for each in SENDERS for step in (each, RCPT, Step(b"DATA", b"x\r\n")))],
    "every recipient": [HELO, *(step for each in RECIPIENTS for step in (MAIL, each, each, Step(b"DATA", b"x\r\n")))],
    "every parameter": [step for parameters in PARAMETERS for step in (EHLO, parameters, RCPT)],
    "every message": [EHLO, *(step for each in MESSAGES for step in (MAIL, RCPT, RCPT, Step(b"DATA", each)))],
    "unknown commands": [*UNKNOWN[:2], EHLO, *UNKNOWN[2:BOGUS]],
    "more unknown commands": [EHLO, *UNKNOWN[BOGUS:]],
    "DATA too early": [EHLO, DATA, MAIL, DATA, RCPT, RSET, DATA, MAIL, RCPT, EHLO, DATA, MAIL, RCPT, HELO, DATA],
}
CUTS = [Cut(sizes, pipelined) for sizes in ((1_000_000,), (1,), (7,), (2, 3, 61)) for pipelined in (False, True)]


def assert_alike(plain: Server, ours: Server, steps: Sequence[Step], cut: Cut) -> None:
    expected, answered = codes(plain, steps, cut), codes(ours, steps, cut)
    left, taken = plain.take(), ours.take()
    assert answered == expected
    assert taken == left
    assert [mail.content for mail in taken] == [step.content for step in steps if step.content is not None]


@pytest.mark.parametrize("cut", CUTS, ids=str)
@pytest.mark.parametrize("session", SESSIONS)
def test_a_session_gets_the_codes_and_leaves_the_mail_that_it_does_at_aiosmtpd(
    plain: Server, ours: Server, session: str, cut: Cut
) -> None:
    assert_alike(plain, ours, SESSIONS[session], cut)


OCTETS = st.sampled_from([b".", b"..", b"\r", b"\n", CRLF, b"\r\n.", b"\x00", b"\xff", b" ", b"QUIT", b"x"])
LINES = st.sampled_from([CRLF + octet * 998 + CRLF for octet in (b"x", b".", b"\x00")])
PARTS = st.lists(OCTETS | LINES | st.binary(max_size=8), max_size=12)
CONTENT = PARTS.map(b"".join).map(lambda raw: raw and raw + CRLF)
MAILS = st.builds(
    lambda sender, recipients, content: [sender, *recipients, Step(b"DATA", content)],
    st.sampled_from(SENDERS),
    st.lists(st.sampled_from(RECIPIENTS), min_size=1, max_size=3),
    CONTENT,
)
PHRASES = st.one_of(
    MAILS,
    MAILS,
    st.sampled_from(COMMANDS).map(lambda step: [step]),
    # Behind HELO there are no parameters; behind RSET there is no sender yet, and nobody to whom DATA could go.
    st.sampled_from(PARAMETERS).map(lambda step: [EHLO, step]),
    st.sampled_from([[RSET, DATA], [RSET, MAIL, DATA], *([RSET, step] for step in NO_SENDERS)]),
)
UNKNOWNS = st.lists(st.sampled_from(UNKNOWN), max_size=BOGUS)
CUTTING = st.builds(Cut, st.lists(st.integers(1, 3) | st.integers(1, 100), min_size=1, max_size=4), st.booleans())


# Every wait has its own deadline; the same sessions everywhere, so that a failure is one everywhere.
@settings(deadline=None, derandomize=True, max_examples=150)
@given(phrases=st.lists(PHRASES, max_size=10), unknown=UNKNOWNS, cut=CUTTING)
def test_so_does_any_session_however_it_is_cut(
    plain: Server, ours: Server, phrases: list[list[Step]], unknown: list[Step], cut: Cut
) -> None:
    steps = [EHLO, *unknown, *chain.from_iterable(phrases)]

    assert_alike(plain, ours, steps, cut)


# Where they differ on purpose


class Difference(NamedTuple):
    """What both answer behind a greeting and to QUIT, and what both have taken of a mail to Ada."""

    lines: Sequence[bytes | Step]
    aiosmtpd: str
    ours: str
    reason: str
    taken_by_aiosmtpd: tuple[Mail, ...] = ()
    taken_by_us: tuple[Mail, ...] = ()
    aiosmtpd_closes: bool = False


HI = b"Hi\r\n"
LONG = b"x" * 1_000 + CRLF
QUOTED = b'RCPT TO:<"ada.l"@example.org>'
DIFFERENCES = {
    "HELP": Difference([b"HELP"], "250", "214", "RFC 5321 §4.3.2: 211 or 214 is for HELP"),
    "HELP with an argument": Difference([b"HELP FOO"], "501", "214", "RFC 5321 §4.1.1.8: with any argument"),
    "null sender": Difference(
        *([b"MAIL FROM:<>", RCPT, Step(b"DATA", HI)], "250 250 354 250", "250 250 354 250"),
        "RFC 5321 §4.5.5: the null path names nobody, and '<>' is no address",
        (Mail("<>", ("ada@example.org",), HI),),
        (Mail("", ("ada@example.org",), HI),),
    ),
    "null recipient": Difference([MAIL, b"RCPT TO:<>"], "250 250", "250 501", "RFC 5321 §4.1.1.3: a forward-path"),
    "quoted recipient": Difference(
        *([MAIL, QUOTED, Step(b"DATA", HI)], "250 250 354 250", "250 250 354 250"),
        "RFC 5321 §2.3.11: a local-part is its own host's to interpret, and kept as it was sent",
        (Mail("app@example.com", ("ada.l@example.org",), HI),),
        (Mail("app@example.com", ('"ada.l"@example.org',), HI),),
    ),
    "sender without <>": Difference(
        [b"MAIL FROM:a@b.example"], "250", "501", "RFC 5321 §4.1.2: a path has its brackets"
    ),
    "sender without >": Difference(
        [b"MAIL FROM:<a@b.example"], "250", "501", "RFC 5321 §4.1.2: a path has its brackets"
    ),
    "blank in the sender": Difference(
        [b"MAIL FROM:<a b@c.example>"], "250", "501", "RFC 5321 §4.1.2: an atom has none"
    ),
    "a second MAIL, and no sender": Difference(
        [MAIL, b"MAIL FROM:"], "250 501", "250 503", "RFC 5321 §4.1.4: out of order, whatever else is wrong with it"
    ),
    "recipient without <>": Difference(
        [MAIL, b"RCPT TO:a@b.example"], "250 250", "250 501", "RFC 5321 §4.1.2: a path has its brackets"
    ),
    "unknown parameter behind HELO": Difference(
        [HELO, b"MAIL FROM:<a@b.example> FOO=1"], "250 501", "250 555", "RFC 5321 §4.1.1.11: 555 for what is not known"
    ),
    "SIZE behind HELO": Difference(
        [HELO, b"MAIL FROM:<a@b.example> SIZE=1"],
        "250 501",
        "250 555",
        "RFC 5321 §4.1.1.11: 555 for what is not offered",
    ),
    "unknown parameter with a hyphen": Difference(
        [b"MAIL FROM:<a@b.example> X-FOO=1"], "501", "555", "RFC 5321 §4.1.2: a keyword may have hyphens"
    ),
    "a parameter twice": Difference(
        [b"MAIL FROM:<a@b.example> SIZE=1 SIZE=2"], "250", "501", "RFC 5321 §4.2.3: 501 for an error in parameters"
    ),
    "BODY=BINARYMIME": Difference(
        [b"MAIL FROM:<a@b.example> BODY=BINARYMIME"], "501", "250", "RFC 3030 §3: on offer here"
    ),
    "SMTPUTF8": Difference([b"MAIL FROM:<a@b.example> SMTPUTF8"], "501", "250", "RFC 6531 §3.4: on offer here"),
    "RET": Difference([b"MAIL FROM:<a@b.example> RET=HDRS"], "555", "250", "RFC 3461 §4.3: on offer here"),
    "NOTIFY": Difference(
        [MAIL, b"RCPT TO:<a@b.example> NOTIFY=NEVER"], "250 555", "250 250", "RFC 3461 §4.1: on offer"
    ),
    "BDAT": Difference([b"BDAT 0 LAST"], "500", "503", "RFC 3030 §2: on offer here, and too early"),
    "a command that few have": Difference([b"TURN"], "500", "502", "RFC 5321 §4.2.4: recognized, not implemented"),
    "STARTTLS": Difference([b"STARTTLS"], "454", "502", "RFC 3207 §4: 454 is for a temporary reason; here is no TLS"),
    "AUTH": Difference([b"AUTH PLAIN AGEAYg=="], "538", "503", "RFC 4954 §6: 538 asks for TLS, and here is none"),
    "VRFY of no address": Difference(
        [b"VRFY @@"], "502", "252", "RFC 5321 §3.5.3: 502 would say that there is no VRFY"
    ),
    "LF alone": Difference([b"NOOP\n"], "250", "500", "RFC 5321 §2.3.8: nothing but CRLF ends a line"),
    "CR before CRLF": Difference([b"RSET\r\r\n"], "250", "500", "RFC 5321 §2.3.8: CR stands before LF alone"),
    "NUL": Difference([b"NOOP \0"], "250", "500", "RFC 5321 §4.1.2: a string has no control character"),
    "UTF-8": Difference(["NOOP schön".encode()], "500", "250", "RFC 6531 §3.3: an atom may be UTF-8"),
    "a long command": Difference([b"NOOP " + b"x" * 508], "500", "250", "RFC 5321 §4.5.3.1: 512 octets at least"),
    "a long line of text": Difference(
        *([MAIL, RCPT, Step(b"DATA", LONG)], "250 250 354 500", "250 250 354 250"),
        "RFC 5321 §4.5.3.1: 1,000 octets at least",
        taken_by_us=(Mail("app@example.com", ("ada@example.org",), LONG),),
    ),
    "too many unknown commands": Difference(
        [b"FOO"] * (BOGUS + 1),
        "500 500 500 500 502",
        "500 500 500 500 500",
        "RFC 5321 §3.8: closes for QUIT, or with 421",
        aiosmtpd_closes=True,
    ),
}


@pytest.mark.parametrize("named", DIFFERENCES)
def test_where_they_differ_each_answers_in_its_own_way(plain: Server, ours: Server, named: str) -> None:
    difference = DIFFERENCES[named]
    steps = [EHLO, *(line if isinstance(line, Step) else Step(line) for line in difference.lines)]
    goodbye = [] if difference.aiosmtpd_closes else ["221"]

    expected, answered = codes(plain, steps, WHOLE), codes(ours, steps, WHOLE)
    left, taken = plain.take(), ours.take()
    assert expected == ["220", "250", *difference.aiosmtpd.split(), *goodbye]
    assert answered == ["220", "250", *difference.ours.split(), "221"]
    assert left == list(difference.taken_by_aiosmtpd)
    assert taken == list(difference.taken_by_us)


@pytest.mark.parametrize("named", DIFFERENCES)
def test_a_difference_is_one_and_has_its_reason(named: str) -> None:
    difference = DIFFERENCES[named]

    assert (difference.aiosmtpd, difference.taken_by_aiosmtpd) != (difference.ours, difference.taken_by_us)
    assert re.match(r"RFC \d{4} §\d[\d.]*: \S", difference.reason)
