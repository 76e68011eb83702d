"""The page in a real browser: Debian's chromium, driven by Playwright; and what it is given to show."""

from __future__ import annotations

import datetime
import os
import select
import shutil
import socket
import threading
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import sync_playwright

from pytest_smtpports import TLS, Connection, Envelope, Line, Location, Login, Message, Outcome
from pytest_smtpports._report._captured import Captured
from pytest_smtpports._report._page import pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from playwright.sync_api import Browser, ConsoleMessage, Page, Request

NOON = datetime.datetime(2024, 5, 17, 12, 0, 0, 250_000, tzinfo=datetime.timezone.utc)
TLS13 = TLS("TLSv1.3", "TLS_AES_256_GCM_SHA384", "smtp.example.com")
DIALOGUE = (
    Line("S", 0.001, "220 smtp.example.com ESMTP ready"),
    Line("C", 0.002, "EHLO app"),
    Line("S", 0.003, "250-smtp.example.com"),
    Line("S", 0.004, "250 STARTTLS"),
    Line("C", 0.005, "STARTTLS"),
    Line("S", 0.006, "220 2.0.0 Ready to start TLS"),
    Line("C", 0.020, "AUTH PLAIN ***"),
    Line("S", 1.520, "235 2.7.0 Authentication successful"),
    Line("C", 1.530, "(a message of 321 bytes)"),
    Line("S", 1.540, "250 2.0.0 Ok: message taken"),
)

# A browser that asks for nothing by itself.
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


# What Chromium says where a policy or a sandbox has stopped something.
WALLS = ("Content Security Policy", "sandboxed", "TrustedScript")


class World:
    """What stands for every host below .example: it writes down who comes, and what for."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._last = socket.create_server(("127.0.0.1", 0))
        self._over, self._ends = socket.socketpair()
        self._came: list[str] = []
        self._served = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def rules(self) -> str:
        """How names are looked up, in the browser's words."""
        port, last = (each.getsockname()[1] for each in (self._listening, self._last))
        return f"MAP last.example 127.0.0.1:{last}, MAP *.example 127.0.0.1:{port}, MAP * ~NOTFOUND"

    def close(self) -> None:
        """Nobody can come any more."""
        self._ends.close()
        self._thread.join(10)
        for each in (self._listening, self._last, self._over):
            each.close()

    def since(self, browser: Browser) -> list[str]:
        """Who has come since this was asked last; somebody is sent after all that are on their way."""
        page = browser.new_page()
        page.goto("http://last.example/")
        page.close()
        assert self._served.acquire(timeout=10)
        came, self._came = self._came, []
        return came

    def _serve(self) -> None:
        """Who came before the last one is written down before it is answered."""
        while True:
            ready, _, _ = select.select([self._listening, self._last, self._over], [], [])
            if self._listening in ready:
                self._came.append(_answered(self._listening))
            elif self._last in ready:
                # A browser also opens connections that it may need.
                if _answered(self._last).startswith("GET / "):
                    self._served.release()
            else:
                return


def _answered(listening: socket.socket) -> str:
    """What the next client asks for; one may come and say nothing."""
    client, _ = listening.accept()
    with client:
        client.settimeout(0.5)
        try:
            line = client.recv(4096).split(b"\r\n")[0].decode("latin-1")
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        except OSError:
            line = ""
    return line or "somebody who said nothing"


@dataclass
class Seen:
    """What went wrong, or out, while a page was open.

    Attributes:
        errors: what the console said, dialogs and windows.
        walls: what it said of what was kept from happening by the browser, on the page's word.
        requests: for anything but the page itself.
    """

    errors: list[str] = field(default_factory=list)
    walls: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Write down what happens on a page."""
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._said)
        page.on("dialog", lambda dialog: (self.errors.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("popup", lambda popup: self.errors.append(f"popup {popup.url}"))
        page.on("request", self._asked)

    def _said(self, message: ConsoleMessage) -> None:
        held = any(wall in message.text for wall in WALLS)
        (self.walls if held else self.errors).append(message.text)

    def _asked(self, request: Request) -> None:
        if not request.url.startswith(("file:", "data:", "blob:", "about:")):
            self.requests.append(request.url)


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """Every host of the world."""
    world = World()
    yield world
    world.close()


@pytest.fixture(scope="session")
def browser(world: World) -> Iterator[Browser]:
    """One browser for all tests; names below .example lead to `world`, and other ones nowhere."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs chromium: on Debian, apt-get install chromium")
    arguments = [*QUIET, f"--host-resolver-rules={world.rules}"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def seen() -> Seen:
    """What went wrong, or out, on the pages of this test."""
    return Seen()


@pytest.fixture
def show(browser: Browser, tmp_path: Path, seen: Seen) -> Iterator[Callable[..., Page]]:
    """Opens the page of what was captured, at a fragment; what it says to the console is an error."""
    pages = []

    def show_page(captured: Sequence[Captured], fragment: str = "", **options: Any) -> Page:
        file = tmp_path / "report.html"
        with file.open("w", encoding="utf-8") as out:
            out.writelines(pieces(captured))
        page = browser.new_page(**{"viewport": {"width": 1280, "height": 800}, **options})
        pages.append(page)
        seen.watch(page)
        page.goto(f"{file.as_uri()}{fragment}")
        if options.get("java_script_enabled", True):
            page.wait_for_selector("body[data-opened]")
        return page

    yield show_page
    for page in pages:
        page.close()
    assert (seen.errors, seen.walls, seen.requests) == ([], [], [])


def written(mail: EmailMessage) -> bytes:
    """The mail as it goes over the wire."""
    return mail.as_bytes().replace(b"\n", b"\r\n")


def mail_of(html: str, subject: str = "Welcome", files: Sequence[tuple[str, str, bytes, str]] = ()) -> bytes:
    """A mail with text, HTML, and (name, type, content, Content-ID) beside it."""
    mail = EmailMessage()
    mail["From"] = "App <app@example.com>"
    mail["To"] = "Ada <ada@example.org>"
    mail["Subject"] = subject
    mail["X-Tag"] = "<b>one</b>"
    mail.set_content("Hello Ada\nhttps://app.example.com/confirm?token=1\n")
    mail.add_alternative(html, subtype="html")
    for name, content_type, content, content_id in files:
        main, sub = content_type.split("/")
        cid = f"<{content_id}>" if content_id else None
        mail.add_attachment(content, maintype=main, subtype=sub, filename=name, cid=cid)
    return written(mail)


def message_of(raw: bytes, port: int = 587, tls: TLS | None = TLS13, **kwargs: Any) -> Message:
    """A message as the port took it."""
    envelope = Envelope("app@example.com", ("ada@example.org",))
    return Message(raw, envelope, port, NOON, **{"tls": tls, "user": "user", "connection": 1, **kwargs})


def connection_of(number: int, port: int, outcome: Outcome, reason: str, **kwargs: Any) -> Connection:
    """A connection of which what is not told is as it mostly is."""
    usual = {
        "host": None,
        "peer": ("127.0.0.1", 41234),
        "block": None,
        "tls": None,
        "logins": (),
        "dialogue": (),
        "timeout": 10.0,
        "location": Location("app/mail.py", 12),
        "opened_at": NOON,
        "closed_at": NOON + datetime.timedelta(seconds=1.6),
    }
    return Connection(id=number, port=port, outcome=outcome, reason=reason, **{**usual, **kwargs})


@pytest.fixture
def run() -> tuple[Captured, ...]:
    """A small run: one test that fell back to 2525, one whose login failed, one that sent in clear, one idle."""
    blocked = connection_of(1, 587, Outcome.BLOCKED, "the SYN was not answered", block="drop", peer=None)
    delivered = connection_of(
        2,
        2525,
        Outcome.DELIVERED,
        "1 message taken",
        tls=TLS13,
        dialogue=DIALOGUE,
        logins=(Login("user", "PLAIN", succeeded=True),),
    )
    welcome = message_of(mail_of("<h1>Hello <em>Ada</em></h1>"), port=2525, connection=2)
    refused = connection_of(
        1,
        465,
        Outcome.AUTH_FAILED,
        "the login of 'ada' was refused",
        tls=TLS13,
        dialogue=(Line("S", 0.1, "220 hello"), Line("C", 0.2, "AUTH PLAIN ***"), Line("S", 0.3, "535 5.7.8 no")),
    )
    plain = message_of(
        b"From: app@example.com\r\nTo: bob@example.net\r\nSubject: Invoice 7\r\n\r\nthe needle is here\r\n",
        port=25,
        tls=None,
        acknowledged=False,
    )
    return (
        Captured("tests/test_a.py::test_falls_back", "passed", (welcome,), (blocked, delivered)),
        Captured("tests/test_a.py::test_logs_in", "failed", (), (refused,)),
        Captured("tests/test_b.py::test_in_clear", "passed", (plain,), (connection_of(1, 25, Outcome.OPEN, "open"),)),
        Captured("tests/test_b.py::test_idle", "skipped", (), ()),
    )
