"""What is wrong with a mail that was delivered all the same: a table of rules, and what they find."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from .._errors import UnknownName, is_ours
from ._shown import counted, shown, shown_line

if TYPE_CHECKING:
    from ._message import Message

__tracebackhide__ = is_ours


@dataclass(frozen=True, slots=True, repr=False)
class Finding:
    """Something that `Mailbox.check` finds wrong with a message.

    Attributes:
        rule: the name of the rule, such as "missing-date"; `check(ignore="missing-date")` leaves it out.
        message: the message.
        what: what is wrong with it.
        mend: what to do about it.
        source: who says so, such as "RFC 5322 §3.6".

    Example:
        >>> from pytest_smtpports import SMTPPorts
        >>> mail = "From: app@example.com\\r\\nDate: Fri, 17 May 2024 12:00:00 +0200\\r\\n\\r\\nHello"
        >>> with SMTPPorts() as smtpports:
        ...     with smtpports.ports[25].connect() as client:
        ...         _ = client.sendmail("app@example.com", "ada@example.org", mail)
        ...     (finding,) = smtpports.messages.check()
        >>> finding
        <missing-message-id in '': there is no Message-ID>
        >>> print(finding.source)
        RFC 5322 §3.6.4
    """

    __module__ = "pytest_smtpports"

    rule: str
    message: Message
    what: str
    mend: str
    source: str

    def __repr__(self) -> str:
        # pytest shows some 240 characters of all that are found.
        return f"<{self.rule} in {shown(self.message.subject)}: {self.what}>"

    def __str__(self) -> str:
        return f"{self.rule}: {self.what} ({self.source}). {self.mend}\n  in {shown_line(repr(self.message))}"


Find = Callable[["Message"], Iterable[str]]


@dataclass(frozen=True, slots=True)
class _Rule:
    """What is looked for, in words too; what to do about it; who says so."""

    find: Find
    finds: str
    mend: str
    source: str


def findings(messages: Iterable[Message], ignore: str | Iterable[str]) -> tuple[Finding, ...]:
    """What the rules find in the messages, message by message.

    Raises:
        UnknownName: `ignore` names what is not a rule.
    """
    ignored = {ignore} if isinstance(ignore, str) else set(ignore)
    for name in sorted(map(str, ignored)):
        if name not in RULES:
            raise UnknownName("lint rule", name, RULES)
    return tuple(
        Finding(name, message, what, rule.mend, rule.source)
        for message in messages
        for name, rule in RULES.items()
        if name not in ignored
        for what in rule.find(message)
    )


def _is_binary(message: Message) -> bool:
    """Whether the client declared that its lines are none (RFC 3030 §3)."""
    return "BODY=BINARYMIME" in _declared(message)


def _declared(message: Message) -> set[str]:
    return {parameter.upper() for parameter in message.envelope.mail_parameters}


_BARE_LF = re.compile(rb"(?<!\r)\n")
_BARE_CR = re.compile(rb"\r(?!\n)")


def _bare(bare: re.Pattern[bytes], name: str) -> Find:
    def find(message: Message) -> Iterator[str]:
        raw = message.raw
        places = [] if _is_binary(message) else [found.start() for found in bare.finditer(raw)]
        if places:
            line = raw.count(b"\n", 0, places[0]) + 1
            yield f"{counted(len(places), name, name)}, first in line {line}"

    return find


def _long_lines(message: Message) -> Iterator[str]:
    long = [
        (number, len(line))
        for number, line in enumerate(message.raw.replace(b"\r\n", b"\n").split(b"\n"), start=1)
        if len(line) > _LONGEST_LINE
    ]
    if long and not _is_binary(message):
        number, length = long[0]
        lines = counted(len(long), "line", "lines")
        yield f"{lines} of more than {_LONGEST_LINE} octets, first line {number} with {length}"


# RFC 5322 §2.1.1, without the line's end.
_LONGEST_LINE = 998


def _missing(name: str) -> Find:
    def find(message: Message) -> Iterator[str]:
        if not any(value.strip() for value in message.header_values(name)):
            yield f"there is no {name}"

    return find


# RFC 5322 §3.6: the fields that may stand there once.
_ONCE = (
    *("Date", "From", "Sender", "Reply-To", "To", "Cc", "Bcc"),
    *("Message-ID", "In-Reply-To", "References", "Subject"),
)


def _repeated(message: Message) -> Iterator[str]:
    times = Counter(name.lower() for name, _ in message.headers)
    for name in _ONCE:
        if times[name.lower()] > 1:
            yield f"{name} stands there {times[name.lower()]} times"


def _header_and_body(raw: bytes) -> tuple[bytes, bytes]:
    end = re.search(rb"\r?\n\r?\n", raw)
    return (raw, b"") if end is None else (raw[: end.start()], raw[end.end() :])


def _undeclared_8bit(message: Message) -> Iterator[str]:
    _, body = _header_and_body(message.raw)
    if not body.isascii() and not _declared(message) & {"BODY=8BITMIME", "BODY=BINARYMIME"}:
        yield "the body has octets beyond ASCII, and MAIL did not say BODY=8BITMIME"


def _undeclared_utf8(message: Message) -> Iterator[str]:
    header, _ = _header_and_body(message.raw)
    if not header.isascii() and "SMTPUTF8" not in _declared(message):
        yield "the header has octets beyond ASCII, and MAIL did not say SMTPUTF8"


def _bcc_header(message: Message) -> Iterator[str]:
    told = [value for value in message.header_values("bcc") if value.strip()]
    if told:
        yield f"a Bcc header tells every recipient of {shown(told[0])}"


# The fields that an attacker wants to add, where a line end gets into a value.
_WANTED = rb"(?:To|Cc|Bcc|From|Sender|Reply-To|Subject|Date|Message-ID|MIME-Version|Content-[A-Za-z-]+)"
_FOLDED = re.compile(rb"\r?\n[ \t]+(" + _WANTED + rb":[ \t][^\r\n]*)", re.IGNORECASE)
_FIELD_IN_BODY = re.compile(rb"\s*(" + _WANTED + rb":[ \t][^\r\n]*)", re.IGNORECASE)


def _injection(message: Message) -> Iterator[str]:
    header, body = _header_and_body(message.raw)
    folded = next(filter(_had_room, _FOLDED.finditer(header)), None)
    if folded:
        yield f"a folded line reads like a field of its own: {_words(folded[1])}"
    # Where all lines end in LF, they are the client's; one among others has come with a value.
    if _BARE_CR.search(header) or (b"\r\n" in header and _BARE_LF.search(header)):
        yield "a header field holds a CR or LF of its own"
    # Whoever gets two line ends into a value makes body of the rest of the header, which is missing there then. What
    # people write begins like that too, as the mail of a contact form does: "From: ...".
    begins = _FIELD_IN_BODY.match(body[:_LONGEST_LINE])
    if begins and not message.header_values(begins[1].partition(b":")[0].decode("ascii")):
        yield f"the body begins like a header: {_words(begins[1])}"


def _had_room(folded: re.Match[bytes]) -> bool:
    """Whether the first word would have fitted on the line before, so that no library has folded there."""
    before = folded.start() - (folded.string.rfind(b"\n", 0, folded.start()) + 1)
    return before + len(b" ") + len(folded[1].split()[0]) <= _FOLDED_AT


# RFC 5322 §2.1.1: what a line should not go beyond.
_FOLDED_AT = 78


def _words(line: bytes) -> str:
    return shown(line.decode("utf-8", "replace"))


def _html_alone(message: Message) -> Iterator[str]:
    if message.html.strip() and not message.text.strip():
        yield "there is HTML, and no text for those who read no HTML"


_BULK = frozenset({"bulk", "list", "junk"})
_ONE_CLICK = "list-unsubscribe=one-click"


def _unsubscribing(message: Message) -> Iterator[str]:
    unsubscribe = " ".join(message.header_values("list-unsubscribe"))
    precedence = {value.strip().lower() for value in message.header_values("precedence")}
    if not (unsubscribe or message.header_values("list-id") or precedence & _BULK):
        return
    if "<https:" not in unsubscribe.lower():
        yield "it is bulk mail, and no List-Unsubscribe has an https URL"
    elif not any(value.strip().lower() == _ONE_CLICK for value in message.header_values("list-unsubscribe-post")):
        yield "it is bulk mail, and no List-Unsubscribe-Post says List-Unsubscribe=One-Click"


def _unaligned(message: Message) -> Iterator[str]:
    sender = _domain(message.mail_from)
    authors = [_domain(address) for address in message.from_]
    # Where the envelope has no sender, SPF looks at EHLO (RFC 7208 §2.4).
    if sender and authors and not any(_aligned(sender, author) for author in authors):
        yield f"the envelope's sender is of {shown(sender)}, the From header of {shown(authors[0])}"


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower().rstrip(".")


def _aligned(one: str, other: str) -> bool:
    """Whether two domains belong to one organisation (RFC 7489 §3.2), as far as can be told without its list."""
    pairs = zip(reversed(one.split(".")), reversed(other.split(".")), strict=False)
    shared = [label for label, _ in takewhile(lambda pair: pair[0] == pair[1], pairs)]
    # Where mail is sent from what they share, that is no registry: t.co and mail.t.co.
    if len(shared) > 1 and ".".join(reversed(shared)) in (one, other):
        return True
    # Under a country one registers in a short second level: example.co.uk, example.com.au.
    registry = len(shared) > 1 and len(shared[0]) == 2 and len(shared[1]) <= 3
    return one == other or len(shared) > (2 if registry else 1)


def _defective(message: Message) -> Iterator[str]:
    if message.defects:
        more = f", and {len(message.defects) - 1} more" * (len(message.defects) > 1)
        yield f"{shown_line(message.defects[0])}{more}"


_WRITE_CRLF = "End every line with CR LF: smtplib's send_message() does so."
RULES: Mapping[str, _Rule] = {
    "bare-lf": _Rule(
        _bare(_BARE_LF, "LF without CR before it"),
        "LF without CR before it",
        _WRITE_CRLF,
        "RFC 5321 §2.3.8, RFC 5322 §2.3",
    ),
    "bare-cr": _Rule(
        _bare(_BARE_CR, "CR without LF behind it"),
        "CR without LF behind it",
        _WRITE_CRLF,
        "RFC 5321 §2.3.8, RFC 5322 §2.3",
    ),
    "long-line": _Rule(
        _long_lines,
        "lines of more than 998 octets",
        "Have the part encoded (quoted-printable or base64), and the header folded, as smtplib's send_message() does.",
        "RFC 5322 §2.1.1",
    ),
    "missing-from": _Rule(_missing("From"), "no From", 'Set mail["From"].', "RFC 5322 §3.6"),
    "missing-date": _Rule(_missing("Date"), "no Date", 'Set mail["Date"] = email.utils.localtime().', "RFC 5322 §3.6"),
    "missing-message-id": _Rule(
        _missing("Message-ID"),
        "no Message-ID",
        'Set mail["Message-ID"] = email.utils.make_msgid(domain=...), once for all attempts to send it.',
        "RFC 5322 §3.6.4",
    ),
    "repeated-header": _Rule(
        _repeated,
        "From, Subject, To or another field that may stand there once, and stands there more often",
        "Set it once; where the second one came with somebody's input, refuse line ends in that.",
        "RFC 5322 §3.6",
    ),
    "undeclared-8bit": _Rule(
        _undeclared_8bit,
        "octets beyond ASCII in the body, where MAIL did not say `BODY=8BITMIME`",
        'Send it with mail_options=["BODY=8BITMIME"], or have the body encoded, as smtplib\'s send_message() does.',
        "RFC 6152 §3",
    ),
    "undeclared-utf8": _Rule(
        _undeclared_utf8,
        "octets beyond ASCII in the header, where MAIL did not say `SMTPUTF8`",
        'Send it with mail_options=["SMTPUTF8"], or have the words encoded, as smtplib\'s send_message() does.',
        "RFC 6531 §3.4, RFC 2047",
    ),
    "bcc-header": _Rule(
        _bcc_header,
        "a Bcc header, which every recipient can read",
        'Name blind recipients in the envelope alone, and `del mail["Bcc"]` before it is sent.',
        "RFC 5322 §3.6.3",
    ),
    "header-injection": _Rule(
        _injection,
        "traces of line ends that got into a header field: a folded line, or the body, that begins like a field; "
        "CR or LF alone",
        "Refuse line ends in what becomes a header: EmailMessage raises ValueError for them.",
        "RFC 5322 §2.2, CWE-93",
    ),
    "html-without-text": _Rule(
        _html_alone,
        "HTML, and no text beside it",
        'Set the text first, and then add_alternative(html, subtype="html").',
        "RFC 2046 §5.1.4",
    ),
    "no-one-click-unsubscribe": _Rule(
        _unsubscribing,
        "bulk mail (List-Id, List-Unsubscribe or Precedence says so) that can't be unsubscribed by one click",
        "Set List-Unsubscribe: <https://...> and List-Unsubscribe-Post: List-Unsubscribe=One-Click.",
        "RFC 8058 §3.1",
    ),
    "unaligned-sender": _Rule(
        _unaligned,
        "an envelope sender of another organisation than From",
        "Send from an address of the From header's domain, or DMARC has to rest on DKIM alone.",
        "RFC 7489 §3.1.2",
    ),
    "defect": _Rule(
        _defective,
        "what `Message.defects` tells",
        "Have a library compose it, such as email.message.EmailMessage.",
        "RFC 2045, RFC 5322",
    ),
}
