"""Links, and the words that HTML shows: by lxml, and by the standard library, the same."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports._mail._hypertext import links_in_text, read_by_lxml, read_by_standard_library, read_html

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_smtpports import Message
    from pytest_smtpports._mail._hypertext import Hypertext

# There are Pythons that it is not built for.
READERS = [read_by_standard_library, *([read_by_lxml] if find_spec("lxml") else [])]

PAGES = [
    pytest.param('<a href="https://example.com/c?t=1">Confirm</a>', ["https://example.com/c?t=1"], "Confirm", id="one"),
    pytest.param("<a href='x?a=1&amp;b=2'>x</a>", ["x?a=1&b=2"], "x", id="entities"),
    pytest.param("<A HREF=x>a</A><area href=y>", ["x", "y"], "a", id="letter case, no quotes, an area"),
    pytest.param('<a href="\n https://example.com/\r\n\tc ">x</a>', ["https://example.com/c"], "x", id="line ends"),
    pytest.param("<a name=top>x</a>", [""], "x", id="an anchor"),
    pytest.param("<a href>x</a>", [""], "x", id="an attribute without a value"),
    pytest.param("<a href=x href=y>z</a>", ["x"], "z", id="the first of two"),
    pytest.param("<p>one</p><p>two<br>three", [], "one\ntwo\nthree", id="blocks"),
    pytest.param("<p>4<b>82</b>9\n 13</p>", [], "4829 13", id="within a block"),
    pytest.param("<tr><td>1</td><td>2</td></tr>", [], "1 2", id="cells"),
    pytest.param("<p>a&nbsp;&nbsp;b &lt;c&gt;</p>", [], "a b <c>", id="blanks and entities"),
    pytest.param("<title>t</title><style>p{}</style><p>x<script>'<a href=y>'</script></p>", [], "x", id="hidden"),
    pytest.param("<p>a<!-- <a href=x> -->b</p>", [], "ab", id="a comment"),
    pytest.param("<p>a<!--[if mso]><a href=x>o</a><![endif]-->b</p>", [], "ab", id="for Outlook"),
    pytest.param("<!--[if !mso]><!--><a href=x>o</a><!--<![endif]-->", ["x"], "o", id="not for Outlook"),
    pytest.param("<![if !mso]><a href=x>o</a><![endif]>", ["x"], "o", id="not for Outlook, shown by all"),
    pytest.param("<!DOCTYPE html><?xml version='1.0'?><p>x", [], "x", id="declarations"),
    pytest.param("<p>a<!-- never ended <a href=x>", [], "a", id="a comment without an end"),
    pytest.param("<p>a<a href='never ended", [], "a", id="a tag without an end"),
    pytest.param("<div>" * 2000 + "<a href=x>y</a>", ["x"], "y", id="deep"),
    pytest.param("<b><i><a href=x>y</b></i></a></p>", ["x"], "y", id="ends in disorder"),
    pytest.param("plain", [], "plain", id="no element"),
    pytest.param("", [], "", id="nothing"),
]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(("html", "links", "text"), PAGES)
def test_links_and_words_are_read(read: Callable[[str], Hypertext], html: str, links: list[str], text: str) -> None:
    page = read(html)

    assert ([*filter(None, page.links)], page.text) == ([*filter(None, links)], text)


def test_html_is_read_by_what_there_is() -> None:
    page = read_html("<p>x <a href=y>z</a>")

    assert (page.links, page.text) == (("y",), "x z")


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("See https://example.com/a.", ["https://example.com/a"]),
        ("(https://example.com/a_(b))", ["https://example.com/a_(b)"]),
        ("[Confirm](https://example.com/a)!", ["https://example.com/a"]),
        ("<https://example.com/a>, {http://example.com}", ["https://example.com/a", "http://example.com"]),
        ('"https://example.com/?q=a,b;c"', ["https://example.com/?q=a,b;c"]),
        ("myapp://confirm?t=1", ["myapp://confirm?t=1"]),
        ("HTTPS://EXAMPLE.COM", ["HTTPS://EXAMPLE.COM"]),
        ("https://bücher.example/ü", ["https://bücher.example/ü"]),
        ("https://...", []),
        ("www.example.com mailto:ada@example.org a://b", []),
        ("a" * 100 + "https://example.com", []),
    ],
)
def test_urls_are_found_in_text(text: str, links: list[str]) -> None:
    assert list(links_in_text(text)) == links


def test_a_message_tells_each_link_once_those_of_the_html_first(make_message: Callable[..., Message]) -> None:
    message = make_message(
        b"Content-Type: multipart/alternative; boundary=b\r\n\r\n"
        b"--b\r\n\r\nhttps://example.com/text https://example.com/both\r\n"
        b"--b\r\nContent-Type: text/html\r\n\r\n"
        b"<a href='https://example.com/both'>x</a><a href='#top'>y</a><a href='mailto:ada@example.org'>z</a>"
        b"<a href='https://example.com/both'>x</a><a name=top></a>\r\n--b--\r\n"
    )

    assert message.links == ("https://example.com/both", "mailto:ada@example.org", "https://example.com/text")


def test_a_message_without_links_has_none(make_message: Callable[..., Message]) -> None:
    assert make_message().links == ()


NEVER_ENDED = ["<a", "<a x='", "<!--", "<!", "<?", "</", "<script>", "<a href=x>", "&#", "<![CDATA[", "<title>", "<b><"]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("piece", NEVER_ENDED)
def test_what_is_never_ended_is_read_in_a_time_that_grows_with_its_length(
    read: Callable[[str], Hypertext], piece: str
) -> None:
    # Some versions of the standard library's parser would take hours.
    assert len(read(piece * (200_000 // len(piece))).links) <= 20_000


def test_long_words_are_looked_at_once() -> None:
    assert links_in_text("a" * 2_000_000 + " " + "a." * 1_000_000 + "https://" + ")" * 1_000_000) == ()
