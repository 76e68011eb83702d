"""One message as it came: the bytes, the envelope, and what can be read from them."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field, fields
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, overload

from .._errors import is_ours
from ._attachments import attachments_of, text_part
from ._code import FOUR_TO_EIGHT_DIGITS, code_in
from ._headers import addresses, decoded, plain_fields
from ._hypertext import links_in_text, read_html, told_once
from ._parts import defects_of, every_part, own_parts, parsed, text_of, unwritable
from ._safely import safely

if TYPE_CHECKING:
    import datetime
    import re
    from collections.abc import Callable, Mapping
    from email.message import EmailMessage
    from email.message import Message as MIMEMessage

    from ._attachments import Attachment
    from ._hypertext import Hypertext

T = TypeVar("T")

__tracebackhide__ = is_ours


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

    def __getstate__(self) -> dict[str, object]:
        # What has been read from the bytes can be read again, and not all of it can be pickled.
        return {each.name: vars(self)[each.name] for each in fields(self)}

    @_kept
    def email(self) -> EmailMessage:
        """The message parsed with `email.policy.default`.

        Header fields of which email can't read the value, or not in time, read as if they had no parameters, or were
        empty; `headers` has them as they stand.
        """
        return parsed(self.raw)

    @_kept
    def headers(self) -> tuple[tuple[str, str], ...]:
        """The header fields as (name, value), in order, values unfolded and decoded."""
        return tuple((name, decoded(name, value)) for name, value in self._fields)

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
        """The envelope's recipients that neither To nor Cc names, nor Resent-To or Resent-Cc (RFC 5322 §3.6.6)."""
        named = {address.lower() for name in _NAMING for address in self._addresses(name)}
        return tuple(recipient for recipient in self.recipients if recipient.lower() not in named)

    @_kept
    def text(self) -> str:
        """The plain text body, decoded, with LF line ends; empty where there is none."""
        return self._body("text/plain")

    @_kept
    def html(self) -> str:
        """The HTML body, decoded, with LF line ends; empty where there is none."""
        return self._body("text/html")

    @property
    def body(self) -> str:
        """The plain text body, or the HTML one where there is no plain text."""
        return self.text or self.html

    @_kept
    def attachments(self) -> Mapping[str, Attachment]:
        """Files, inline pictures and attached messages by file name, in order.

        Of several with one name the first is found by it, the second as "a (2).pdf", and so on; each one's `filename`
        is as the message gives it. A name that is not there is a `NotAttached`, which is a `KeyError`.

        Example:
            >>> from email.message import EmailMessage
            >>> from pytest_smtpports import SMTPPorts
            >>> mail = EmailMessage()
            >>> mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="a.pdf")
            >>> with SMTPPorts() as smtpports:
            ...     with smtpports.ports[25].connect() as client:
            ...         _ = client.send_message(mail, "app@example.com", "ada@example.org")
            ...     smtpports.messages.only.attachments["a.pdf"].content
            b'%PDF'
        """
        return attachments_of(self._parts)

    @_kept
    def links(self) -> tuple[str, ...]:
        """What the HTML links to, and the URLs in the text, each once, in order.

        Links within the page (`#top`) are left out. The HTML is read by lxml where it is installed (the extra
        `pytest-smtpports[html]`), else by the standard library.

        Example:
            >>> from pytest_smtpports import SMTPPorts
            >>> mail = "Subject: Welcome\\r\\n\\r\\nConfirm: https://example.com/c?t=1. Thanks!"
            >>> with SMTPPorts() as smtpports:
            ...     with smtpports.ports[25].connect() as client:
            ...         _ = client.sendmail("app@example.com", "ada@example.org", mail)
            ...     smtpports.messages.only.links
            ('https://example.com/c?t=1',)
        """
        return told_once((*self._hypertext.links, *links_in_text(self.text)))

    def code(self, pattern: str | re.Pattern[str] = FOUR_TO_EIGHT_DIGITS) -> str:
        """The first code in the text, or else in what the HTML shows.

        Args:
            pattern: what a code is: unless told, four to eight digits. With a group, the group is the code:
                `message.code("PIN: (.+)")`.

        Raises:
            AssertionError: there is none; the text of the failure shows how the message begins.
            ConfigurationError: `pattern` is no pattern of text.

        Example:
            >>> from pytest_smtpports import SMTPPorts
            >>> mail = "Subject: Welcome\\r\\n\\r\\nYour code is 482913."
            >>> with SMTPPorts() as smtpports:
            ...     with smtpports.ports[25].connect() as client:
            ...         _ = client.sendmail("app@example.com", "ada@example.org", mail)
            ...     smtpports.messages.only.code()
            '482913'
        """
        __tracebackhide__ = True
        return code_in({"text": self.text, "HTML": self._hypertext.text}, pattern, repr(self))

    @property
    def message_id(self) -> str:
        """The Message-ID header; empty where there is none."""
        return self._first("message-id").strip()

    @_kept
    def date(self) -> datetime.datetime | None:
        """The Date header, or None where there is none that can be read."""
        return safely(lambda: parsedate_to_datetime(self._first("date")), None)

    @_kept
    def defects(self) -> tuple[str, ...]:
        """What could not be decoded of the message, and how it breaks the RFCs, a sentence each."""
        found = [told for part in every_part(self.email) for told in defects_of(part)]
        return (*found, *unwritable(self._parts))

    def header_values(self, name: str) -> tuple[str, ...]:
        """The values of every header field of this name, in any letter case."""
        return tuple([decoded(name, value) for value in self._values(name)])

    @_kept
    def _fields(self) -> tuple[tuple[str, str], ...]:
        """The header fields as they stand, unfolded; from the bytes alone where they are as plain as most."""
        return plain_fields(self.raw) or tuple((name, str(value)) for name, value in self.email.raw_items())

    @_kept
    def _parts(self) -> tuple[MIMEMessage, ...]:
        return tuple(own_parts(self.email))

    @_kept
    def _hypertext(self) -> Hypertext:
        return read_html(self.html)

    def _values(self, name: str) -> list[str]:
        wanted = name.lower()
        return [value for key, value in self._fields if key.lower() == wanted]

    def _first(self, name: str) -> str:
        return next((decoded(key, value) for key, value in self._fields if key.lower() == name), "")

    def _addresses(self, name: str) -> tuple[str, ...]:
        return addresses(name, self._values(name))

    def _body(self, content_type: str) -> str:
        part = text_part(self._parts, content_type)
        return "" if part is None else text_of(part)


# The fields that name recipients for everybody to see (RFC 5322 §3.6.3, §3.6.6).
_NAMING = ("to", "cc", "resent-to", "resent-cc")


# The dataclass has made a field of it; from here on the field gives bytes that are somewhere else too.
Message.raw = _Raw()  # type: ignore[assignment]


def brought_by(message: Message, connection: int) -> Message:
    """The same, with another number for its connection."""
    other = copy(message)
    object.__setattr__(other, "connection", connection)
    return other


def unacknowledged(message: Message) -> Message:
    """The same, of which the client was not told that it was taken; its bytes stay where they are."""
    other = copy(message)
    object.__setattr__(other, "acknowledged", False)
    return other


def in_memory(message: Message) -> Message:
    """The same, with its bytes in memory: what is read of it is kept, and goes with it."""
    other = copy(message)
    object.__setattr__(other, "raw", message.raw)
    return other
