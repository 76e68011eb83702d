"""What the tests beside other projects share: the table of the clients, the letter that each sends, other processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from pytest_smtpports import Message, SMTPPorts

HERE = Path(__file__).parent
# What each client is, by the tests' module that sends with it; the documentation's page is made from it too.
CLIENTS = json.loads((HERE / "clients.json").read_text(encoding="utf-8"))
HOST = "smtp.example.com"
USER, PASSWORD = "app@example.com", "correct horse+battery"


@dataclass(frozen=True, slots=True)
class Letter:
    """What every client sends, as far as it can."""

    attached: Path
    sender: str = "app@example.com"
    to: str = "ada@example.org"
    cc: str = "grace@example.org"
    bcc: str = "edsger@example.net"
    subject: str = "Grüße aus Köln"
    text: str = "Hallo Ada,\n\n.schöne Grüße!\n"
    html: str = "<p>Schöne <b>Grüße</b></p>\n"

    @property
    def content(self) -> bytes:
        return self.attached.read_bytes()

    @property
    def recipients(self) -> list[str]:
        return [self.to, self.cc, self.bcc]

    def composed(self) -> EmailMessage:
        """The letter as the standard library writes it, for clients that send what they are given."""
        mail = EmailMessage()
        mail["Subject"], mail["From"], mail["To"], mail["Cc"] = self.subject, self.sender, self.to, self.cc
        mail.set_content(self.text)
        mail.add_alternative(self.html, subtype="html")
        mail.add_attachment(self.content, "application", "pdf", filename=self.attached.name)
        return mail

    @property
    def raw(self) -> bytes:
        """The same, as it goes over the wire."""
        return self.composed().as_bytes(policy=SMTP)


@dataclass(frozen=True, slots=True)
class Server:
    """Where a client is to send: as its user would configure it."""

    host: str
    number: int
    port: int
    ca_file: str
    # Whom to trust, for clients that check no certificate unless they are given this.
    context: ssl.SSLContext | None = None

    @property
    def user(self) -> str | None:
        return None if self.number == 25 else USER

    @property
    def password(self) -> str | None:
        return None if self.number == 25 else PASSWORD

    @property
    def is_implicit(self) -> bool:
        return self.number == 465

    @property
    def is_upgraded(self) -> bool:
        return self.number in (587, 2525)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "by_numbers(*numbers): of the ports that a client supports, only these.")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have a test that asks for `client` and `number` once for each port that the table says the client supports."""
    if not {"client", "number"}.issubset(metafunc.fixturenames):
        return
    rows = CLIENTS[metafunc.module.__name__.rpartition("test_")[2]]
    if set(rows) != set(metafunc.module.SENDERS):
        raise pytest.UsageError(f"clients.json and SENDERS differ by {set(rows) ^ set(metafunc.module.SENDERS)}.")
    ways = [(name, int(number)) for name, row in rows.items() for number in row["ports"]]
    for mark in metafunc.definition.iter_markers("by_numbers"):
        ways = [(name, number) for name, number in ways if number in mark.args]
    metafunc.parametrize(("client", "number"), ways)


@pytest.fixture
def row(request: pytest.FixtureRequest, client: str) -> dict[str, object]:
    return CLIENTS[request.module.__name__.rpartition("test_")[2]][client]


@pytest.fixture
def server(smtpports: SMTPPorts, row: dict[str, dict[str, str]], number: int) -> Server:
    """A provider's host name, for clients of this process."""
    smtpports.add_user(USER, PASSWORD)
    smtpports.route(HOST)
    context = smtpports.client_context() if row["ports"][str(number)] == "on request" else None
    return Server(HOST, number, number, smtpports.ca_file, context)


@pytest.fixture
def letter(tmp_path: Path) -> Letter:
    attached = tmp_path / "Übersicht.pdf"
    attached.write_bytes(b"%PDF-1.7\r\n" + bytes(range(256)) * 20)
    return Letter(attached)


@pytest.fixture
def assert_arrived(smtpports: SMTPPorts, letter: Letter) -> Callable[..., Message]:
    """Compares what has come with the letter; without what the client can't send."""

    def compare(number: int, *, lacks: tuple[str, ...] = ()) -> Message:
        message = smtpports.messages.only
        assert message.acknowledged
        assert (message.port, message.tls is not None) == (number, number != 25)
        assert message.user == (None if number == 25 else USER)
        assert message.mail_from == letter.sender
        assert sorted(message.recipients) == sorted(letter.recipients)
        assert (message.to, message.cc, message.bcc) == ((letter.to,), (letter.cc,), (letter.bcc,))
        assert message.subject == letter.subject
        # Some end the last line, and some put a whole page around it.
        assert ("text" in lacks) or message.text.strip() == letter.text.strip()
        assert ("html" in lacks) or letter.html.strip() in message.html
        assert {name: each.content for name, each in message.attachments.items()} == {
            letter.attached.name: letter.content
        }
        assert smtpports.connections[-1].outcome == "delivered"
        return message

    return compare


@pytest.fixture
def run() -> Callable[[str], str]:
    """Runs a Python program, and returns what it has said."""

    def run_program(program: str) -> str:
        command = [sys.executable, "-c", program]
        # In development mode asyncio tells of what takes long, as much does on a busy machine.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDEVMODE"}
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)  # noqa: S603 # our own words
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.strip()

    return run_program


@pytest.fixture(scope="session")
def nodemailer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nodemailer")
    command = ["npm", "install", "--prefix", folder, "--prefer-offline", "--no-audit", "--no-fund", "nodemailer@^10"]
    subprocess.run(command, capture_output=True, timeout=60, check=True)  # noqa: S603 # as its users do
    return folder / "node_modules" / "nodemailer"
