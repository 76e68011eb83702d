"""The parts that a message is made of (RFC 2045), and what they hold. Nothing here raises, whoever wrote them."""

from __future__ import annotations

import codecs
from base64 import b64decode
from email import policy
from email.errors import MessageDefect
from email.generator import BytesGenerator
from email.message import EmailMessage
from email.message import Message as MIMEMessage
from email.parser import BytesParser
from functools import partial
from io import BytesIO
from quopri import decodestring
from typing import TYPE_CHECKING

from ._headers import POLICY, complaints
from ._safely import safely, trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

# RFC 2045 §6.1, and what came before it.
_ENCODINGS = frozenset(
    {"", "7bit", "8bit", "binary", "quoted-printable", "base64", "uuencode", "x-uuencode", "x-uue", "uue"}
)
# Codecs of Python that are no charset of a mail; the time that the first two take grows with the square of the length.
_NO_CHARSETS = frozenset({"punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined"})
_TNEF = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})

# An attached message is written as it came.
_AS_IT_CAME = policy.default.clone(refold_source="none", linesep="\r\n", cte_type="8bit")


def parsed(raw: bytes) -> EmailMessage:
    """The message; one that email can't parse comes as its header and its body."""
    try:
        return BytesParser(policy=POLICY).parsebytes(raw)
    except Exception as error:  # parts within parts within parts, beyond what Python can follow
        return _salvaged(raw, error)


def _salvaged(raw: bytes, error: Exception) -> EmailMessage:
    """What can be had of a message that can't be parsed: its headers, but for those that tell what the body is."""
    plain = BytesParser(policy=policy.compat32).parsebytes(raw, headersonly=True)
    kept = EmailMessage(POLICY)
    for name, value in plain.raw_items():
        if not name.lower().startswith("content-"):
            kept.set_raw(name, value)
    del plain["Content-Transfer-Encoding"]
    kept.set_payload(_payload(plain).decode("ascii", "surrogateescape"))
    kept.defects.append(MessageDefect(f"the message can't be parsed: {type(error).__name__}: {error}"))
    return kept


def every_part(email: EmailMessage) -> list[MIMEMessage]:
    """All parts in order, containers and those of attached messages too."""
    return _walked(email, lambda part: part.is_multipart())


def own_parts(email: EmailMessage) -> list[MIMEMessage]:
    """The parts that hold something, in order; an attached message is one of them, whatever it holds."""
    return [part for part in _walked(email, _is_container) if not _is_container(part)]


def _is_container(part: MIMEMessage) -> bool:
    return part.is_multipart() and not _is_attached_message(part)


def _is_attached_message(part: MIMEMessage) -> bool:
    return part.is_multipart() and part.get_content_maintype() == "message"


def _walked(email: EmailMessage, enters: Callable[[MIMEMessage], bool]) -> list[MIMEMessage]:
    # Not by recursion, as email does it: a stranger says how deep it goes.
    found: list[MIMEMessage] = []
    waiting: list[MIMEMessage] = [email]
    while waiting:
        part = waiting.pop()
        found.append(part)
        if enters(part):
            inside: list[MIMEMessage] = part.get_payload()  # type: ignore[assignment] # a list, as it is multipart
            waiting.extend(reversed(inside))
    return found


def content_of(part: MIMEMessage) -> bytes:
    """What a part holds, its transfer encoding undone; of an attached message its bytes."""
    return safely(lambda: _written(part), b"") if _is_attached_message(part) else _payload(part)


def _payload(part: MIMEMessage) -> bytes:
    payload: object = safely(lambda: part.get_payload(decode=True), None)
    return payload if isinstance(payload, bytes) else b""


# RFC 2046 §5.2.1 forbids to encode an attached message; some do.
_UNDO: Mapping[str, Callable[[bytes], bytes]] = {"base64": b64decode, "quoted-printable": decodestring}


def _written(part: MIMEMessage) -> bytes:
    out = BytesIO()
    BytesGenerator(out, mangle_from_=False, policy=_AS_IT_CAME).flatten(part)  # type: ignore[arg-type] # any message will do
    content = out.getvalue().partition(b"\r\n\r\n")[2]
    undo = _UNDO.get(_encoding(part))
    return undo(content) if undo else content


def _encoding(part: MIMEMessage) -> str:
    return str(part.get("Content-Transfer-Encoding", "")).strip().lower()


def text_of(part: MIMEMessage) -> str:
    """What a part holds as text, with LF line ends."""
    text, _ = _read(part)
    return normal_line_ends(text)


def _read(part: MIMEMessage) -> tuple[str, str | None]:
    """The text by the charset that is declared, or else as UTF-8; and what is wrong with the charset, or None."""
    content = content_of(part)
    declared = safely(lambda: str(part.get_param("charset", "")), "")
    wrong = _why_not(declared or "utf-8", content)
    if wrong is None:
        return _printable(content.decode(declared or "utf-8")), None
    # What is no text in the charset that is declared is most often UTF-8.
    if not declared or _is_unknown(declared) or _why_not("utf-8", content) is None:
        return content.decode("utf-8", "replace"), wrong
    return _printable(content.decode(declared, "replace")), wrong


def _why_not(charset: str, content: bytes) -> str | None:
    if _is_unknown(charset):
        return f"the charset {charset!r} is unknown"
    why = trouble(lambda: content.decode(charset))
    return why and f"its bytes are no {charset}: {why}"


def _is_unknown(charset: str) -> bool:
    # A codec that makes bytes of bytes, such as "hex", is found, and refuses to decode.
    found = safely(lambda: (codecs.lookup(charset).name, b"?".decode(charset, "replace")), None)
    return found is None or found[0].replace("_", "-") in _NO_CHARSETS


def _printable(text: str) -> str:
    """The same without halves of characters, which UTF-7 can say and nobody can print."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def normal_line_ends(text: str) -> str:
    """The text with LF alone at the end of each line."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def defects_of(part: MIMEMessage) -> tuple[str, ...]:
    """What is wrong with a part, a sentence each; what its header says, what it holds, and how it is built."""
    found = [told for name, value in part.raw_items() for told in complaints(name, str(value))]
    # Decoding what it holds is what has email find defects.
    _payload(part)
    found += _defects_inside(part)
    found += [f"{type(defect).__name__}: {defect}".rstrip(": ") for defect in part.defects]
    # Each time that it is decoded it finds them again.
    return tuple(dict.fromkeys(found))


def _defects_inside(part: MIMEMessage) -> Iterator[str]:
    content_type = part.get_content_type()
    if _encoding(part) not in _ENCODINGS:
        yield f"{content_type}: the transfer encoding {_encoding(part)!r} is unknown; it is kept as it came"
    if content_type in _TNEF:
        yield f"{content_type}: what it packs is not unpacked; it is kept as it came"
    wrong = _read(part)[1] if part.get_content_maintype() == "text" else None
    if wrong is not None:
        yield f"{content_type}: {wrong}"


def unwritable(parts: Iterable[MIMEMessage]) -> tuple[str, ...]:
    """Which of the attached messages can't be had as bytes, a sentence each."""
    attached = [part for part in parts if _is_attached_message(part)]
    troubles = [(part.get_content_type(), trouble(partial(_written, part))) for part in attached]
    return tuple(f"{name}: the attached message can't be written again: {why}" for name, why in troubles if why)
