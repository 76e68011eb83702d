"""What hangs on a message beside its text: files, pictures, other messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from .._errors import NotAttached
from ._parts import content_of
from ._safely import safely

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from email.message import Message as MIMEMessage

_TEXTS = frozenset({"text/plain", "text/html"})


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part of a message that is neither its text nor its HTML: a file, an inline picture, an attached message.

    Attributes:
        filename: as the message gives it: a stranger's word, so never a path to write to. "unnamed-1" and so on
            where it gives none.
        content_type: such as "application/pdf".
        content: the decoded bytes; of an attached message (message/rfc822) its bytes.
        content_id: what `cid:` links in the HTML call it (RFC 2392), without angle brackets, or None.

    Example:
        >>> from pytest_smtpports import Attachment
        >>> Attachment("a.txt", "text/plain", b"hello").content
        b'hello'
    """

    __module__ = "pytest_smtpports"

    filename: str
    content_type: str
    content: bytes
    content_id: str | None = None


class Attachments(Mapping[str, Attachment]):
    """Attachments by name; what is not there is told with what is."""

    __slots__ = ("_by_name",)

    def __init__(self, attachments: Sequence[Attachment]) -> None:
        self._by_name = dict(zip(_told_apart([each.filename for each in attachments]), attachments, strict=True))

    def __getitem__(self, name: str) -> Attachment:
        __tracebackhide__ = True
        if name not in self._by_name:
            raise NotAttached(name, self._by_name)
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def __repr__(self) -> str:
        return f"<attachments {', '.join(map(repr, self._by_name)) or 'none'}>"


def attachments_of(parts: Iterable[MIMEMessage]) -> Attachments:
    """The attachments among the parts of a message, in order."""
    found: list[Attachment] = []
    for part in parts:
        filename = _filename(part)
        if filename or _shown_as(part) not in _TEXTS or _asks_to_be_kept(part):
            name = filename or f"unnamed-{len(found) + 1}"
            found.append(Attachment(name, part.get_content_type(), content_of(part), _content_id(part)))
    return Attachments(found)


def text_part(parts: Iterable[MIMEMessage], content_type: str) -> MIMEMessage | None:
    """The part that is the message's text of this type: the first one that is shown, and rather one without a name."""
    shown = [part for part in parts if _shown_as(part) == content_type and not _asks_to_be_kept(part)]
    return min(shown, key=lambda part: (part.get_content_type() != content_type, bool(_filename(part))), default=None)


def _shown_as(part: MIMEMessage) -> str:
    """The type of a part as a reader takes it: what says that it has parts, and has none, is text."""
    return "text/plain" if part.get_content_maintype() == "multipart" else part.get_content_type()


def _asks_to_be_kept(part: MIMEMessage) -> bool:
    """Whether a part is to be kept as a file rather than shown (RFC 2183 §2.2)."""
    return safely(part.get_content_disposition, "attachment") == "attachment"


def _filename(part: MIMEMessage) -> str | None:
    return safely(part.get_filename, None)


def _content_id(part: MIMEMessage) -> str | None:
    return str(part.get("Content-ID", "")).strip().strip("<>") or None


def _told_apart(names: Sequence[str]) -> Iterator[str]:
    """The names, each once: of several that are one, the first keeps it, and the others get a number behind it."""
    taken = set(names)
    seen: dict[str, Iterator[int]] = {}
    for name in names:
        if name not in seen:
            seen[name] = count(2)
            yield name
            continue
        other = next(each for number in seen[name] if (each := _numbered(name, number)) not in taken)
        taken.add(other)
        yield other


def _numbered(name: str, number: int) -> str:
    """As a browser does it: "a (2).pdf"."""
    stem, dot, ending = name.rpartition(".")
    return f"{stem} ({number}){dot}{ending}" if stem else f"{name} ({number})"
