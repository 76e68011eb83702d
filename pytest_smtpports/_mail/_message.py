"""One message as it came: the bytes, the envelope, and what can be read from them."""

from __future__ import annotations

import re
from copy import copy
from dataclasses import dataclass, field
from email import policy
from email.errors import MessageDefect
from email.headerregistry import HeaderRegistry
from email.message import EmailMessage
from email.message import Message as MIMEMessage
from email.parser import BytesParser
from email.utils import getaddresses, parsedate_to_datetime
from functools import lru_cache
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, overload

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Mapping

T = TypeVar("T")
U = TypeVar("U")


@lru_cache(maxsize=256)
def _header(name: str, value: str) -> object:
    """A header field as email reads it, which takes longer than all else, and is the same in many messages."""
    return policy.default.header_factory(name, value)


class _Headers(HeaderRegistry):
    def __call__(self, name: str, value: str) -> Any:  # a class that email makes up
        return _header(name, value) if len(value) < _LONGEST_REMEMBERED else super().__call__(name, value)


_LONGEST_REMEMBERED = 256
_POLICY = policy.default.clone(header_factory=_Headers())
# Bytes of a header beyond which it is left to email.
_LONGEST_PLAIN = 65_536
# Characters of a header field beyond which it is taken as it stands.
LONGEST_DECODED = 16_384


@dataclass(frozen=True, slots=True)
class TLS:
    """What protected a connection.

    Attributes:
        version: as `ssl` names it, such as "TLSv1.3".
        cipher: the cipher suite's name.
        sni: the host name that the client asked for (RFC 6066 §3), or None.
        client: whom the client's certificate names, if it showed one: the e-mail addresses and names of its
            subjectAltName, and its common name. Only a port that asks for a certificate gets one.
        fault: the kind of `fail_tls()` that it came about under, and that the client took, or None.

    Example:
        >>> from pytest_smtpports import TLS
        >>> TLS("TLSv1.3", "TLS_AES_256_GCM_SHA384", None).version
        'TLSv1.3'
    """

    __module__ = "pytest_smtpports"

    version: str
    cipher: str
    sni: str | None
    client: tuple[str, ...] = ()
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who sends and who receives, as MAIL and RCPT said it (RFC 5321 §2.3.1), whatever the headers say.

    Attributes:
        mail_from: the sender, `user@host`; the empty string for the null sender.
        recipients: the accepted recipients, in order.
        mail_parameters: the ESMTP parameters of MAIL, such as "BODY=8BITMIME".
        recipient_parameters: those of each RCPT, a tuple per recipient.

    Example:
        >>> from pytest_smtpports import Envelope
        >>> Envelope("app@example.com", ("ada@example.org",)).recipients
        ('ada@example.org',)
    """

    __module__ = "pytest_smtpports"

    mail_from: str
    recipients: tuple[str, ...]
    mail_parameters: tuple[str, ...] = ()
    recipient_parameters: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part of a message that has a file name or asks to be kept as a file.

    Attributes:
        filename: as the message gives it: a stranger's word, so never a path to write to.
        content_type: such as "application/pdf".
        content: the decoded bytes.

    Example:
        >>> from pytest_smtpports import Attachment
        >>> Attachment("a.txt", "text/plain", b"hello").content
        b'hello'
    """

    __module__ = "pytest_smtpports"

    filename: str
    content_type: str
    content: bytes


class Stored(Protocol):
    """A message's bytes somewhere else than in memory."""

    def read(self) -> bytes:
        """Fetch them."""
        ...


class _Raw:
    """The field `raw`, which gives bytes wherever they are."""

    def __get__(self, message: Message | None, owner: type[Message]) -> bytes | _Raw:
        if message is None:
            return self
        kept: bytes | Stored = message.__dict__["raw"]
        return kept if isinstance(kept, bytes) else kept.read()

    def __set__(self, message: Message, value: bytes | Stored) -> None:
        message.__dict__["raw"] = value


class _kept(Generic[T]):  # noqa: N801 # used as `cached_property` is
    """A property that is read once, where the bytes are in memory too; two threads may read it twice."""

    def __init__(self, read: Callable[[Any], T]) -> None:
        self._read = read
        self.__doc__ = read.__doc__

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, message: None, owner: type) -> _kept[T]: ...

    @overload
    def __get__(self, message: object, owner: type) -> T: ...

    def __get__(self, message: object | None, owner: type) -> T | _kept[T]:
        if message is None:
            return self
        value = self._read(message)
        attributes = vars(message)
        if isinstance(attributes["raw"], bytes):
            attributes[self._name] = value
        return value


@dataclass(frozen=True, eq=False)
class Message:
    """A captured message.

    No attribute raises, however broken the bytes are: what can't be read is empty, and `defects` says why.

    Attributes:
        raw: the exact bytes behind DATA, dots unstuffed (RFC 5321 §4.5.2), nothing added.
        envelope: who sends and who receives.
        port: the emulated number of the port that took it.
        host: the routed name that was dialled, or None.
        tls: what protected the connection, or None.
        user: who was logged in, or None.
        acknowledged: whether the client was told 250.
        connection: the `id` of its `Connection`.
        received_at: when its last byte came, aware, in UTC, by the real clock.

    Example:
        >>> import smtplib
        >>> from pytest_smtpports import SMTPPorts
        >>> with SMTPPorts() as smtpports:
        ...     with smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
        ...         _ = client.sendmail("app@example.com", "ada@example.org", "Subject: Welcome\\r\\n\\r\\nHello")
        ...     message = smtpports.messages.only
        >>> message.subject, message.text, message.recipients, message.port
        ('Welcome', 'Hello\\n', ('ada@example.org',), 25)
    """

    __module__ = "pytest_smtpports"

    raw: bytes = field(repr=False)
    envelope: Envelope
    port: int
    received_at: datetime.datetime
    host: str | None = None
    tls: TLS | None = None
    user: str | None = None
    acknowledged: bool = True
    connection: int = 0

    def __repr__(self) -> str:
        recipients = ", ".join(self.recipients)
        return f"<Message {self.subject!r} from {self.mail_from!r} to {recipients!r} on {self.port}>"

    @property
    def mail_from(self) -> str:
        """The envelope's sender."""
        return self.envelope.mail_from

    @property
    def recipients(self) -> tuple[str, ...]:
        """The envelope's recipients."""
        return self.envelope.recipients

    @_kept
    def email(self) -> EmailMessage:
        """The message parsed with `email.policy.default`."""
        try:
            return BytesParser(policy=_POLICY).parsebytes(self.raw)
        except Exception as error:  # the standard library's parser chokes on some strangers' headers
            return _salvaged(self.raw, error)

    @_kept
    def headers(self) -> tuple[tuple[str, str], ...]:
        """The header fields as (name, value), in order, values unfolded and decoded."""
        return tuple((name, self._decoded_header(name, value)) for name, value in self._fields)

    @property
    def subject(self) -> str:
        """The Subject header, decoded; empty where there is none."""
        return self._first("subject")

    @_kept
    def from_(self) -> tuple[str, ...]:
        """The addresses of the From header."""
        return self._addresses("from")

    @_kept
    def to(self) -> tuple[str, ...]:
        """The addresses of the To header."""
        return self._addresses("to")

    @_kept
    def cc(self) -> tuple[str, ...]:
        """The addresses of the Cc header."""
        return self._addresses("cc")

    @_kept
    def bcc(self) -> tuple[str, ...]:
        """The envelope's recipients that neither To nor Cc names."""
        named = {address.lower() for address in (*self.to, *self.cc)}
        return tuple(recipient for recipient in self.recipients if recipient.lower() not in named)

    @_kept
    def text(self) -> str:
        """The plain text body, decoded, with LF line ends; empty where there is none."""
        return self._body("plain")

    @_kept
    def html(self) -> str:
        """The HTML body, decoded, with LF line ends; empty where there is none."""
        return self._body("html")

    @property
    def body(self) -> str:
        """The plain text body, or the HTML one where there is no plain text."""
        return self.text or self.html

    @_kept
    def attachments(self) -> Mapping[str, Attachment]:
        """The attachments by file name; of two with one name the first."""
        found: dict[str, Attachment] = {}
        for part in self._parts():
            filename = _safely(part.get_filename, None)
            disposition = _safely(part.get_content_disposition, "attachment")
            if part.is_multipart() or not (filename or disposition == "attachment"):
                continue
            name = filename or f"unnamed-{len(found) + 1}"
            content_type = _safely(part.get_content_type, "application/octet-stream")
            found.setdefault(name, Attachment(name, content_type, _payload(part)))
        return MappingProxyType(found)

    @property
    def message_id(self) -> str:
        """The Message-ID header; empty where there is none."""
        return self._first("message-id").strip()

    @_kept
    def date(self) -> datetime.datetime | None:
        """The Date header, or None where there is none that can be read."""
        return _safely(lambda: parsedate_to_datetime(self._first("date")), None)

    @_kept
    def defects(self) -> tuple[str, ...]:
        """What is wrong with the message as far as parsing it has shown, a sentence each."""
        return tuple(
            f"{type(defect).__name__}: {defect}".rstrip(": ") for part in self._parts() for defect in part.defects
        )

    def header_values(self, name: str) -> tuple[str, ...]:
        """The values of every header field of this name, in any letter case."""
        wanted = name.lower()
        return tuple([self._decoded_header(key, value) for key, value in self._fields if key.lower() == wanted])

    @_kept
    def _fields(self) -> tuple[tuple[str, str], ...]:
        """The header fields as they stand, unfolded; from the bytes alone where they are as plain as most."""
        return _plain_fields(self.raw) or tuple((name, str(value)) for name, value in self.email.raw_items())

    def _parts(self) -> list[EmailMessage]:
        nothing: list[EmailMessage] = []
        return _safely(lambda: list(self.email.walk()), nothing)

    def _decoded_header(self, name: str, value: str) -> str:
        if len(value) > LONGEST_DECODED:
            # The time that email takes grows with the square of the length.
            return "".join(value.splitlines())
        if name.lower() not in _STRUCTURED and _is_plain(value):
            return _unfolded(value)
        return _safely(lambda: str(_POLICY.header_fetch_parse(name, value)), _unfolded(value))

    def _first(self, name: str) -> str:
        return next((self._decoded_header(key, value) for key, value in self._fields if key.lower() == name), "")

    def _addresses(self, name: str) -> tuple[str, ...]:
        values = [_unfolded(value) for key, value in self._fields if key.lower() == name]
        if all(map(_PLAIN_ADDRESSES.fullmatch, values)):
            return tuple([address for value in values for address in _PLAIN_ADDRESS.findall(value)])
        return tuple(address for _, address in getaddresses(list(self.header_values(name))) if address)

    def _body(self, kind: str) -> str:
        part = _safely(lambda: self.email.get_body(preferencelist=(kind,)), None)
        if part is None:
            return ""
        # A charset that is unknown is read as UTF-8.
        return normal_line_ends(str(_safely(part.get_content, "")) or _payload(part).decode("utf-8", "replace"))


# A header field of printable ASCII, folded or not (RFC 5322 §2.2, §2.2.3): its name, blanks, its value.
_FIELD = re.compile(r"([!-9;-~]+):([ \t]*)((?:[!-~][\t -~]*(?:\r\n[\t ][\t -~]*)*)?)\r\n")
# The fields whose values email does not give as they stand.
_STRUCTURED = frozenset(HeaderRegistry().registry) - {"subject"}
_ADDRESS = r"[\w+-]+(?:\.[\w+-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
_MAILBOX = rf"(?:[\w '+-]*<{_ADDRESS}>|{_ADDRESS})"
_PLAIN_ADDRESSES = re.compile(rf"{_MAILBOX}(?:, *{_MAILBOX})* *", re.ASCII)
_PLAIN_ADDRESS = re.compile(_ADDRESS, re.ASCII)


def _plain_fields(raw: bytes) -> tuple[tuple[str, str], ...] | None:
    """The header fields where they are plain, or None; the same as email finds, in a tenth of the time."""
    end = raw.find(b"\r\n\r\n")
    header = raw[: end + 2]
    if not 0 < end < _LONGEST_PLAIN or not header.isascii():
        return None
    found = _FIELD.findall(header.decode("ascii"))
    covered = sum(map(len, chain.from_iterable(found))) + len(found) * len(":\r\n")
    return tuple([(name, value) for name, _, value in found]) if covered == len(header) else None


def _is_plain(value: str) -> bool:
    return value.isascii() and "=?" not in value


def _unfolded(value: str) -> str:
    return value.replace("\r\n", "") if "\r" in value else value


def _salvaged(raw: bytes, error: Exception) -> EmailMessage:
    """What can be had of a message that can't be parsed: its headers, but for those that tell what the body is."""
    plain = BytesParser(policy=policy.compat32).parsebytes(raw, headersonly=True)
    kept = EmailMessage()
    for name, value in plain.raw_items():
        if not name.lower().startswith("content-"):
            kept.set_raw(name, value)
    del plain["Content-Transfer-Encoding"]
    kept.set_payload(_payload(plain).decode("ascii", "surrogateescape"))
    kept.defects.append(MessageDefect(f"the message can't be parsed: {type(error).__name__}: {error}"))
    return kept


def _payload(part: MIMEMessage) -> bytes:
    payload: object = _safely(lambda: part.get_payload(decode=True), None)
    return payload if isinstance(payload, bytes) else b""


# The dataclass has made a field of it; from here on the field gives bytes that are somewhere else too.
Message.raw = _Raw()  # type: ignore[assignment]


def unacknowledged(message: Message) -> Message:
    """The same, of which the client was not told that it was taken; its bytes stay where they are."""
    other = copy(message)
    object.__setattr__(other, "acknowledged", False)
    return other


def normal_line_ends(text: str) -> str:
    """The text with LF alone at the end of each line."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _safely(read: Callable[[], T], otherwise: U) -> T | U:
    """What `read` gives, or a stand-in where the standard library's parser chokes on a stranger's bytes."""
    try:
        return read()
    except Exception:
        return otherwise
