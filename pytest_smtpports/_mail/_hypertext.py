"""What a reader finds in HTML, and in text: links, and the words that are shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._safely import safely

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_LINKING = frozenset({"a", "area"})
_NOT_SHOWN = frozenset({"script", "style", "title", "template"})
# The elements that HTML shows in a line of their own.
_BLOCKS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "body", "br", "center", "dd", "div", "dl", "dt", "fieldset"),
        *("figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hr", "html", "li", "main"),
        *("nav", "ol", "option", "p", "pre", "section", "table", "tbody", "tfoot", "thead", "tr", "ul"),
    }
)
_CELLS = frozenset({"td", "th"})


@dataclass(frozen=True, slots=True)
class Hypertext:
    """What HTML shows: its links in order, and its words, a line for each block."""

    links: tuple[str, ...]
    text: str


@dataclass(slots=True)
class _Reader:
    """What a parser of HTML tells its findings to; lxml calls these methods by their names."""

    links: list[str] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    hidden: str | None = None

    def start(self, tag: str, attributes: Mapping[str, str | None]) -> None:
        if tag in _LINKING:
            self.links.append(attributes.get("href") or "")
        if self.hidden is None and tag in _NOT_SHOWN:
            self.hidden = tag
        self._part(tag)

    def end(self, tag: str) -> None:
        if tag == self.hidden:
            self.hidden = None
        self._part(tag)

    def data(self, text: str) -> None:
        if self.hidden is None:
            self.pieces.append(text.replace("\n", " ").replace("\r", " "))

    def close(self) -> None:
        """Nothing is left to be done."""

    def _part(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.pieces.append("\n")
        elif tag in _CELLS:
            self.pieces.append(" ")

    def read(self) -> Hypertext:
        lines = (" ".join(line.split()) for line in "".join(self.pieces).split("\n"))
        return Hypertext(tuple(map(_cleaned, self.links)), "\n".join(line for line in lines if line))


class _Standard(HTMLParser):
    """The standard library's parser, which tells the same reader."""

    def __init__(self, reader: _Reader) -> None:
        super().__init__(convert_charrefs=True)
        self._reader = reader

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # The first of two attributes with one name counts.
        self._reader.start(tag, dict(reversed(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self._reader.end(tag)

    def handle_data(self, data: str) -> None:
        self._reader.data(data)


def read_html(html: str) -> Hypertext:
    """What HTML shows, by lxml where it is installed, and by the standard library where it is not or can't."""
    by_lxml = safely(lambda: read_by_lxml(html), None)
    return read_by_standard_library(html) if by_lxml is None else by_lxml


def read_by_lxml(html: str) -> Hypertext:
    """The same by lxml.

    Raises:
        ImportError: it is not installed.
        Exception: it can't read this.
    """
    etree: Any = import_module("lxml.etree")  # it comes without types
    reader = _Reader()
    # Told as it goes, it makes no tree, and does not mind how deep that would be.
    parser = etree.HTMLParser(target=reader, encoding="utf-8")
    parser.feed(html.encode())
    parser.close()
    return reader.read()


def read_by_standard_library(html: str) -> Hypertext:
    """The same by `html.parser`, of which some versions take the square of the time for what is never ended."""
    reader = _Reader()
    parser = _Standard(reader)
    shown = "".join(_without_declarations(html))
    ended = shown.rfind(">") + 1
    safely(lambda: parser.feed(shown[:ended]), None)
    safely(parser.close, None)
    reader.data(shown[ended:].partition("<")[0])
    return reader.read()


def _without_declarations(html: str) -> Iterator[str]:
    """The HTML but for comments and other things that begin with `<!` or `<?`; one without an end takes the rest."""
    place = 0
    for begin in re.finditer(r"<!--|<!|<\?", html):
        if begin.start() < place:
            continue
        yield html[place : begin.start()]
        # "<!-->" is a comment too.
        end = html.find("-->", begin.start() + 2) if begin[0] == "<!--" else html.find(">", begin.end())
        if end < 0:
            return
        place = end + (3 if begin[0] == "<!--" else 1)
    yield html[place:]


# A URL in a text: a scheme (RFC 3986 §3.1) of at most 21 letters, so that no long word is looked at twice.
_URL = re.compile(r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s<>\"]+")
_BRACKETS = {")": "(", "]": "[", "}": "{"}
_PUNCTUATION = ".,;:!?'*"


def links_in_text(text: str) -> tuple[str, ...]:
    """The URLs in a text, without the punctuation of its sentences."""
    return tuple(url for url in map(_trimmed, _URL.findall(text)) if not url.endswith("://"))


def told_once(links: Iterable[str]) -> tuple[str, ...]:
    """The links that lead somewhere else, each once, in order."""
    return tuple(dict.fromkeys(link for link in links if link and not link.startswith("#")))


def _cleaned(link: str) -> str:
    """As a browser reads it: line ends and tabs in it do not count."""
    return re.sub(r"[\t\r\n]", "", link).strip()


def _trimmed(url: str) -> str:
    excess = {end: url.count(end) - url.count(begin) for end, begin in _BRACKETS.items()}
    length = len(url)
    while url[length - 1] in _PUNCTUATION or excess.get(url[length - 1], 0) > 0:
        if url[length - 1] in excess:
            excess[url[length - 1]] -= 1
        length -= 1
    return url[:length]
