"""What is opened: a mail's views, what it carries, and a connection's dialogue."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from pytest_smtpports import Line, Outcome
from pytest_smtpports._report._captured import Captured
from pytest_smtpports._report._contents import LARGEST_FILE, LONGEST_TEXT

from .conftest import connection_of, mail_of, message_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from playwright.sync_api import Page


def png() -> bytes:
    """A red square of eight by eight."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    pixels = zlib.compress((b"\0" + b"\xff\0\0" * 8) * 8)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def one(raw: bytes) -> tuple[Captured, ...]:
    return (Captured("test_it", "passed", (message_of(raw),), ()),)


def test_html_is_rendered_with_its_own_style(show: Callable[..., Page]) -> None:
    html = '<style>p { color: rgb(1, 2, 3) }</style><p>Hello <b style="color: rgb(4, 5, 6)">Ada</b></p>'
    frame = show(one(mail_of(html)), "#mail-1").frame_locator("iframe")

    expect(frame.locator("p")).to_have_css("color", "rgb(1, 2, 3)")
    expect(frame.locator("b")).to_have_css("color", "rgb(4, 5, 6)")


@pytest.mark.parametrize("place", ['<img id="i" src="cid:logo@app">', '<img id="i" src="CID:logo%40app">'])
def test_images_that_the_mail_carries_are_shown(show: Callable[..., Page], place: str) -> None:
    page = show(one(mail_of(place, files=[("logo.png", "image/png", png(), "logo@app")])), "#mail-1")

    expect(page.frame_locator("iframe").locator("#i")).to_have_js_property("naturalWidth", 8)
    expect(page.get_by_text("It asks for nothing remote.")).to_be_visible()


def test_what_is_remote_is_counted_by_kind_and_listed(show: Callable[..., Page]) -> None:
    html = (
        '<link rel="stylesheet" href="https://a.example/a.css"><style>@font-face { font-family: x; '
        "src: url(https://a.example/x.woff2) } @import 'https://a.example/b.css'; p { background: "
        "url('https://a.example/bg.png') }</style><img src='https://a.example/1.png'>"
        "<img src='http://a.example/2.png' srcset='https://a.example/3.png 2x'><script>0</script><script>1</script>"
        "<table background='relative.png'><tr><td>x</table><video src='https://a.example/v.mp4'></video>"
    )
    page = show(one(mail_of(html)), "#mail-1")

    summary = page.locator(".blocked summary")
    expect(summary).to_have_text(
        "2 remote stylesheets, 1 remote font, 5 remote images and 1 remote media file were not loaded. "
        "2 scripts were taken out."
    )
    summary.click()
    expect(page.locator(".blocked li").first).to_have_text("stylesheet https://a.example/a.css")


def test_text_headers_and_source_are_shown_as_they_are(show: Callable[..., Page]) -> None:
    raw = mail_of("<p>Hello</p>")
    page = show(one(raw), "#mail-1")

    page.get_by_role("tab", name="Text").click()
    expect(page.locator("pre.text")).to_have_text("Hello Ada\nhttps://app.example.com/confirm?token=1\n")
    page.get_by_role("tab", name="Headers").click()
    expect(page.get_by_role("row", name="X-Tag")).to_have_text("X-Tag<b>one</b>")
    page.get_by_role("tab", name="Source").click()
    assert page.locator("pre.source").text_content() == raw.decode("ascii").replace("\r\n", "\n")


@pytest.mark.parametrize(
    "raw",
    [b"Subject: a\r\n\r\nGr\xc3\xbc\xc3\x9fe\r\n.dot\n\r", b"Subject: a\r\n\r\nGr\xfc\xdfe \x00\x80\xff\r\n"],
    ids=["utf-8", "latin-1"],
)
def test_the_source_is_kept_to_the_byte(show: Callable[..., Page], tmp_path: Path, raw: bytes) -> None:
    page = show(one(raw), "#mail-1/source")

    with page.expect_download() as download:
        page.get_by_role("button", name="Download .eml").click()

    assert download.value.suggested_filename == "a.eml"
    download.value.save_as(tmp_path / "saved")
    assert (tmp_path / "saved").read_bytes() == raw


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("invoice.pdf", "invoice.pdf"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("C:\\autoexec.bat", "C__autoexec.bat"),
        ("a\u202egnp.exe", "a_gnp.exe"),
        (".bashrc", "bashrc"),
        ("con.txt", "_con.txt"),
        ("x" * 300 + ".txt", "x" * 116 + ".txt"),
        ("...", "attachment-1.bin"),
    ],
)
def test_an_attachment_is_saved_as_bytes_under_a_harmless_name(
    show: Callable[..., Page], tmp_path: Path, name: str, saved: str
) -> None:
    content = b"<script>top.owned = 1</script>\x00\xff"
    page = show(one(mail_of("<p>x", files=[(name, "text/x-html", content, "")])), "#mail-1/files")

    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()

    assert download.value.suggested_filename == saved
    assert download.value.url.startswith("blob:")
    download.value.save_as(tmp_path / "saved")
    assert (tmp_path / "saved").read_bytes() == content


def test_a_name_that_turns_what_is_read_is_told(show: Callable[..., Page]) -> None:
    page = show(one(mail_of("<p>x", files=[("a\u202egnp.exe", "image/png", png(), "")])), "#mail-1/files")

    expect(page.locator(".file strong")).to_have_text("a\\u202egnp.exe")
    expect(page.locator("img.preview")).to_have_js_property("naturalWidth", 8)


def test_links_are_listed_and_only_web_addresses_can_be_followed(show: Callable[..., Page]) -> None:
    html = '<a href="https://app.example.com/a">go</a><a href="javascript:top.owned=1">run</a>'
    page = show(one(mail_of(html)), "#mail-1/links")

    assert page.locator(".links a").evaluate_all("each => each.map((link) => link.href)") == [
        "https://app.example.com/a",
        "https://app.example.com/confirm?token=1",
    ]
    expect(page.locator(".links code")).to_have_text("javascript:top.owned=1")
    assert page.locator(".links a").first.get_attribute("rel") == "noopener noreferrer nofollow"


def test_what_is_too_long_for_the_page_is_left_out_and_told(show: Callable[..., Page]) -> None:
    large = mail_of("<p>" + "x" * LONGEST_TEXT, files=[("a.bin", "application/x-a", b"x" * (LARGEST_FILE + 1), "")])
    page = show(one(large), "#mail-1")

    expect(page.locator(".panel")).to_have_text("The HTML is too long for this page: 1,048,580 characters.")
    page.get_by_role("tab", name="Source").click()
    expect(page.locator(".panel .notice")).to_contain_text("--smtpports-save=DIR keeps the whole")
    page.get_by_role("tab", name="Attachments 1").click()
    expect(page.locator(".files")).to_contain_text("too large for this page; --smtpports-save=DIR keeps it")


def test_a_mail_that_says_nothing_is_shown(show: Callable[..., Page]) -> None:
    page = show(one(b""), "#mail-1")

    expect(page.get_by_role("heading", level=2)).to_have_text("(no subject)")
    expect(page.get_by_role("tab", selected=True)).to_have_text("Headers")


def test_a_connection_is_drawn_as_a_sequence(show: Callable[..., Page], run: Sequence[Captured]) -> None:
    page = show(run, "#mail-1/dialogue")

    steps = [" ".join(text.split()) for text in page.locator(".step").all_inner_texts()]
    assert steps == [
        "0.001 s port: 220 smtp.example.com ESMTP ready",
        "0.002 s client: EHLO app",
        "0.003 s port: 250-smtp.example.com 250 STARTTLS",
        "0.005 s client: STARTTLS",
        "0.006 s port: 220 2.0.0 Ready to start TLS",
        "encrypted from here: TLSv1.3, TLS_AES_256_GCM_SHA384",
        "0.020 s client: AUTH PLAIN ***",
        "1.5 s of silence",
        "1.520 s port: 235 2.7.0 Authentication successful",
        "1.530 s client: (a message of 321 bytes)",
        "1.540 s port: 250 2.0.0 Ok: message taken",
        "1.600 s ✓ delivered 1 message taken",
    ]


def test_what_never_arrived_is_drawn_so(show: Callable[..., Page], run: Sequence[Captured]) -> None:
    page = show(run, "#connection-1")

    expect(page.locator(".step.lost")).to_have_text("connect (drop)⊘")
    expect(page.locator(".facts")).to_contain_text(["test_falls_back", "app/mail.py:12"])


def test_implicit_tls_is_drawn_before_the_first_word(show: Callable[..., Page], run: Sequence[Captured]) -> None:
    page = show(run, "#connection-3")

    expect(page.locator(".step").first).to_have_class("step tls")
    expect(page.locator(".refusal")).to_contain_text("535 5.7.8 no")


def test_a_long_dialogue_is_drawn_as_far_as_it_is_asked_for(show: Callable[..., Page]) -> None:
    said = tuple(Line("CS"[place % 2], place / 1000, f"line {place}") for place in range(1500))
    connection = connection_of(1, 25, Outcome.QUIT, "said QUIT", dialogue=said)
    page = show([Captured("test_it", "passed", (), (connection,))], "#connection-1")
    expect(page.locator(".step")).to_have_count(200)

    page.get_by_role("button", name="1,301 more steps: show 1000").click()
    page.get_by_role("button", name="301 more steps: show 301").click()

    expect(page.locator(".step")).to_have_count(1501)


def test_attempts_are_drawn_by_port(show: Callable[..., Page], run: Sequence[Captured]) -> None:
    page = show(run)

    assert [" ".join(text.split()) for text in page.locator(".bars li").all_inner_texts()] == [
        "25 1 nothing sent",
        "465 1 failed",
        "587 1 blocked",
        "2525 1 delivered",
    ]


def test_a_test_is_opened_with_what_it_captured(show: Callable[..., Page], run: Sequence[Captured]) -> None:
    page = show(run, "#test-1")

    expect(page.get_by_role("heading", level=2)).to_have_text("tests/test_a.py::test_falls_back")
    page.get_by_role("link", name="Welcome").click()
    expect(page.get_by_role("heading", level=2)).to_have_text("Welcome")
