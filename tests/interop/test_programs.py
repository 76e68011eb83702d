"""Programs that are not Python, at a port of this machine: what arrives, and who checks certificates."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.interop.conftest import PASSWORD, USER, Letter, Server

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_smtpports import Message, SMTPPorts

HERE = Path(__file__).parent
# Seconds after which a client that hangs is given up.
DEADLINE = 30
JAVA_PATH = "/usr/share/java/jakarta-mail.jar:/usr/share/java/jakarta-activation.jar"


class Room:
    """A folder of its own in which programs run, without the settings of whoever runs the tests."""

    def __init__(self, path: Path, prepared: Callable[[str], Path]) -> None:
        self.path = path
        # Where it is that a fixture has built or fetched, by the fixture's name.
        self.prepared = prepared
        self._environment = {"PATH": os.environ["PATH"], "HOME": str(path), "LC_ALL": "C.UTF-8"}

    def run(self, *command: str | Path, said: bytes = b"") -> bytes:
        done = subprocess.run(  # noqa: S603 # the clients that are tested
            command,
            input=said,
            capture_output=True,
            timeout=DEADLINE,
            env=self._environment,
            cwd=self.path,
            check=False,
        )
        if done.returncode:
            raise OSError(f"{command[0]} ended with {done.returncode}: {(done.stderr + done.stdout).decode()}")
        return done.stdout


def mode_of(server: Server) -> str:
    return "implicit" if server.is_implicit else "starttls" if server.is_upgraded else "clear"


def by_curl(letter: Letter, server: Server, room: Room) -> None:
    scheme = "smtps" if server.is_implicit else "smtp"
    command = ["curl", "--silent", "--show-error", "--upload-file", "-", "--mail-from", letter.sender]
    command += ["--url", f"{scheme}://{server.host}:{server.port}/client.example", "--cacert", server.ca_file]
    command += [word for each in letter.recipients for word in ("--mail-rcpt", each)]
    command += ["--ssl-reqd"] if server.is_upgraded else []
    command += ["--user", f"{server.user}:{server.password}"] if server.user else []
    room.run(*command, said=letter.raw)


def by_swaks(letter: Letter, server: Server, room: Room) -> None:
    command = ["swaks", "--server", server.host, "--port", str(server.port), "--helo", "client.example"]
    command += ["--from", letter.sender, "--to", ",".join(letter.recipients), "--data", "-", "--timeout", "10"]
    command += ["--tls-verify", "--tls-ca-path", server.ca_file]
    command += {"implicit": ["--tls-on-connect"], "starttls": ["--tls"], "clear": []}[mode_of(server)]
    command += (
        ["--auth", "PLAIN", "--auth-user", server.user, "--auth-password", server.password] if server.user else []
    )
    # It ends the last line by itself.
    room.run(*command, said=letter.raw.removesuffix(b"\r\n"))


def by_msmtp(letter: Letter, server: Server, room: Room) -> None:
    command = ["msmtp", "--file=/dev/null", f"--host={server.host}", f"--port={server.port}", "--timeout=10"]
    command += [f"--from={letter.sender}", "--domain=client.example", f"--tls-trust-file={server.ca_file}"]
    command += {
        "implicit": ["--tls=on", "--tls-starttls=off"],
        "starttls": ["--tls=on", "--tls-starttls=on"],
        "clear": ["--tls=off"],
    }[mode_of(server)]
    if server.user:
        command += ["--auth=plain", f"--user={server.user}", f"--passwordeval=echo '{server.password}'"]
    room.run(*command, *letter.recipients, said=letter.composed().as_bytes())


def by_s_nail(letter: Letter, server: Server, room: Room) -> None:
    scheme = "smtps" if server.is_implicit else "smtp"
    settings = {
        # In a certificate it looks for names alone, not for addresses.
        "mta": f"{scheme}://localhost:{server.port}",
        "from": letter.sender,
        "hostname": "client.example",
        "smtp-auth": "plain" if server.user else "none",
        "tls-ca-file": server.ca_file,
        "tls-ca-no-defaults": None,
        "tls-verify": "strict",
        "sendwait": None,
        "v15-compat": "yes",
        # Where it keeps what it could not send.
        "DEAD": str(room.path / "dead.letter"),
    }
    if server.user:
        settings |= {"user": server.user, "password": server.password}
    if server.is_upgraded:
        settings["smtp-use-starttls"] = None
    command = ["s-nail", "-:/"]
    command += [
        word for name, value in settings.items() for word in ("-S", name if value is None else f"{name}={value}")
    ]
    command += ["-s", letter.subject, "-c", letter.cc, "-b", letter.bcc, "-a", str(letter.attached), letter.to]
    room.run(*command, said=letter.text.encode())


def by_openssl(letter: Letter, server: Server, room: Room) -> None:
    command = ["openssl", "s_client", "-quiet", "-connect", f"{server.host}:{server.port}", "-CAfile", server.ca_file]
    command += ["-verify_return_error", "-verify_ip", server.host]
    command += [] if server.is_implicit else ["-starttls", "smtp"]
    login = base64.b64encode(f"\0{server.user}\0{server.password}".encode()).decode()
    lines = ["EHLO client.example", f"AUTH PLAIN {login}", f"MAIL FROM:<{letter.sender}>"]
    lines += [f"RCPT TO:<{each}>" for each in letter.recipients] + ["DATA", ""]
    stuffed = letter.raw.replace(b"\r\n.", b"\r\n..")
    room.run(*command, said="\r\n".join(lines).encode() + stuffed + b".\r\nQUIT\r\n")


def by_perl(letter: Letter, server: Server, room: Room) -> None:
    to = [server.host, str(server.port), mode_of(server), server.ca_file, server.user or "", server.password or ""]
    room.run("perl", HERE / "send.pl", *to, letter.sender, *letter.recipients, said=letter.composed().as_bytes())


def by_nodemailer(letter: Letter, server: Server, room: Room) -> None:
    transport = {
        "host": server.host,
        "port": server.port,
        "secure": server.is_implicit,
        "requireTLS": server.is_upgraded,
        "tls": {"ca": Path(server.ca_file).read_text(encoding="ascii")},
        "auth": {"user": server.user, "pass": server.password} if server.user else None,
    }
    mail = {
        "from": letter.sender,
        "to": letter.to,
        "cc": letter.cc,
        "bcc": letter.bcc,
        "subject": letter.subject,
        "text": letter.text,
        "html": letter.html,
        "attachments": [{"path": str(letter.attached)}],
    }
    said = json.dumps({"transport": transport, "mail": mail})
    room.run("node", HERE / "send.cjs", room.prepared("nodemailer"), said)


def by_jakarta_mail(letter: Letter, server: Server, room: Room) -> None:
    what = {
        "host": server.host,
        "port": server.port,
        "mode": mode_of(server),
        "ca": server.ca_file,
        "user": server.user,
        "password": server.password,
        "from": letter.sender,
        "to": letter.to,
        "cc": letter.cc,
        "bcc": letter.bcc,
        "subject": letter.subject,
        "text": letter.text.replace("\n", "\\n"),
        "html": letter.html.replace("\n", "\\n"),
        "attached": letter.attached,
        "filename": letter.attached.name,
    }
    lines = [f"{name}={value}\n" for name, value in what.items() if value is not None]
    (room.path / "letter.properties").write_text("".join(lines), encoding="utf-8")
    room.run(
        "java",
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-cp",
        f"{room.prepared('classes')}:{JAVA_PATH}",
        "Send",
        "letter.properties",
    )


SENDERS: dict[str, Callable[[Letter, Server, Room], None]] = {
    "curl": by_curl,
    "swaks": by_swaks,
    "msmtp": by_msmtp,
    "s-nail": by_s_nail,
    "openssl s_client": by_openssl,
    "Net::SMTP": by_perl,
    "nodemailer": by_nodemailer,
    "Jakarta Mail": by_jakarta_mail,
}


@pytest.fixture(scope="session")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("classes")
    command = ["javac", "-d", folder, "-cp", JAVA_PATH, HERE / "Send.java"]
    subprocess.run(command, capture_output=True, timeout=60, check=True)  # noqa: S603 # our own words
    return folder


@pytest.fixture
def room(tmp_path: Path, request: pytest.FixtureRequest) -> Room:
    return Room(tmp_path, request.getfixturevalue)


@pytest.fixture
def server(smtpports: SMTPPorts, number: int) -> Server:
    smtpports.add_user(USER, PASSWORD)
    host, port = smtpports.ports[number].address
    return Server(host, number, port, smtpports.ca_file)


def test_a_letter_arrives_as_it_was_sent(
    client: str,
    number: int,
    letter: Letter,
    server: Server,
    room: Room,
    row: dict[str, list[str]],
    assert_arrived: Callable[..., Message],
) -> None:
    SENDERS[client](letter, server, room)

    assert_arrived(number, lacks=tuple(row.get("lacks", ())))


@pytest.mark.by_numbers(587)
def test_it_checks_certificates_as_the_table_says(
    client: str,
    number: int,
    letter: Letter,
    server: Server,
    room: Room,
    row: dict[str, list[str]],
    smtpports: SMTPPorts,
) -> None:
    accepted = set()
    try:
        smtpports.assert_verifies_certificate(partial(SENDERS[client], letter, server, room))
    except AssertionError as error:
        accepted = set(re.findall("^  ([a-z-]+): ", str(error), re.MULTILINE))
        if not accepted:
            raise
    # A later version may be stricter.
    assert accepted <= set(row.get("accepts", ()))
