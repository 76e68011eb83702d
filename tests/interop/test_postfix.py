"""Postfix as the client: a relay of our own, in a folder of its own, that hands on what it is given."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import SMTPPorts
from tests.interop.conftest import PASSWORD, USER, Letter, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_smtpports import Message

# Seconds
DEADLINE = 20
SETTINGS = """
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
maillog_file = {home}/log
maillog_file_prefixes = {home}
myhostname = relay.example.com
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
relayhost = [{host}]:{port}
smtp_sasl_auth_enable = {login}
smtp_sasl_password_maps = texthash:{home}/etc/passwords
smtp_sasl_tls_security_options = noanonymous
smtp_tls_security_level = {level}
smtp_tls_wrappermode = {implicit}
smtp_tls_CAfile = {ca_file}
# It looks for names alone, not for addresses.
smtp_tls_secure_cert_match = localhost
"""
# As in the master.cf that Postfix comes with, without those that take mail in by SMTP or put it into mailboxes.
SERVICES = """
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="Postfix starts as root alone")


class Relay:
    """A Postfix that runs, and is given mail."""

    def __init__(self, home: Path, server: Server) -> None:
        self._etc = home / "etc"
        for name in ("etc", "queue", "data"):
            (home / name).mkdir()
        shutil.chown(home / "data", "postfix")
        settings = SETTINGS.format(
            home=home,
            host=server.host,
            port=server.port,
            ca_file=server.ca_file,
            login="yes" if server.user else "no",
            level="none" if server.number == 25 else "secure",
            implicit="yes" if server.is_implicit else "no",
        )
        (self._etc / "main.cf").write_text(settings, encoding="utf-8")
        (self._etc / "master.cf").write_text(SERVICES, encoding="utf-8")
        login = f"[{server.host}]:{server.port} {server.user}:{server.password}\n"
        (self._etc / "passwords").write_text(login, encoding="utf-8")
        self._call("postfix", "-c", self._etc, "check")
        self._log, self._tick = home / "log", Event()
        master = self._call("postconf", "-c", self._etc, "-h", "daemon_directory").decode().strip() + "/master"
        with (home / "said").open("wb") as said:
            self._master = subprocess.Popen([master, "-c", self._etc, "-d"], stdout=said, stderr=said)  # noqa: S603 # theirs

    def close(self) -> None:
        self._master.terminate()
        self._master.wait(DEADLINE)

    def send(self, letter: Letter) -> None:
        mail = letter.composed().as_bytes()
        self._call("sendmail", "-C", self._etc, "-i", "-f", letter.sender, "--", *letter.recipients, said=mail)

    def wait_for(self, line: str) -> None:
        """Until its log tells that."""
        deadline = time.monotonic() + DEADLINE
        while not (self._log.exists() and line in self._log.read_text(encoding="utf-8")):
            assert time.monotonic() < deadline, self._log.read_text(encoding="utf-8")
            self._tick.wait(0.05)

    @staticmethod
    def _call(*command: str | Path, said: bytes = b"") -> bytes:
        done = subprocess.run(command, input=said, capture_output=True, timeout=DEADLINE, check=False)  # noqa: S603 # theirs
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout


@pytest.fixture
def home() -> Iterator[Path]:
    # Its programs have a user of their own, who can't enter pytest's folders.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # as above
        yield Path(folder)


@pytest.fixture
def relaying(home: Path) -> Iterator[Callable[[Server], Relay]]:
    """Starts one; it is stopped at the end."""
    relays: list[Relay] = []

    def start(server: Server) -> Relay:
        relays.append(Relay(home, server))
        return relays[-1]

    yield start
    for relay in relays:
        relay.close()


@pytest.fixture
def server(smtpports: SMTPPorts, number: int) -> Server:
    smtpports.add_user(USER, PASSWORD)
    host, port = smtpports.ports[number].address
    return Server(host, number, port, smtpports.ca_file)


SENDERS = {"Postfix": Relay.send}


def test_a_letter_that_is_relayed_arrives_as_it_was_sent(
    client: str,
    number: int,
    letter: Letter,
    server: Server,
    relaying: Callable[[Server], Relay],
    smtpports: SMTPPorts,
    assert_arrived: Callable[..., Message],
) -> None:
    SENDERS[client](relaying(server), letter)

    smtpports.wait_for(subject=letter.subject, timeout=DEADLINE)
    assert_arrived(number)


@pytest.mark.parametrize("number", [465, 587])
def test_it_keeps_a_letter_from_a_server_that_it_does_not_trust(
    letter: Letter, server: Server, relaying: Callable[[Server], Relay], smtpports: SMTPPorts
) -> None:
    with SMTPPorts() as others:
        relay = relaying(replace(server, ca_file=others.ca_file))
        relay.send(letter)
        relay.wait_for("status=deferred (Server certificate not ")

    smtpports.assert_not_sent()
