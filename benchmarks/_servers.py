"""Servers to be measured, each in a process of its own; `python -m benchmarks._servers NAME` is such a process."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ._client import DEADLINE, HOST, Client, lines

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
# Debian puts them where not every PATH leads.
SBIN = "/usr/sbin"
# Seconds after which a server is ended, whatever it does.
LONGEST_LIFE = 300.0


@dataclass
class Server:
    """A process that serves.

    Attributes:
        port: where.
        memory: its peak in bytes before anything came, and at the end; 0 while it runs or where it does not tell.
    """

    process: subprocess.Popen[str]
    port: int
    memory: tuple[int, int] = (0, 0)

    @property
    def peak(self) -> int:
        """How much more memory it had at its worst than at the beginning, in bytes."""
        return self.memory[1] - self.memory[0]

    @property
    def processor(self) -> float:
        """Seconds that it has run on a processor so far."""
        # proc_pid_stat(5): the name in parentheses may hold blanks; the 14th and 15th fields are utime and stime.
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def tool(name: str) -> str | None:
    """The path of one of Postfix's test programs, or None where it is not installed."""
    return shutil.which(name) or shutil.which(name, path=SBIN)


def tls_of(name: str) -> str | None:
    """When TLS begins on the server of this name: "implicit", "starttls", or None for never."""
    mode = name.rpartition("-")[2]
    return mode if mode in ("implicit", "starttls") else None


@contextmanager
def serving(name: str) -> Iterator[Server]:
    """One of `ours`, `aiosmtpd`, `smtp-sink`, `ours-implicit`, ... in a process of its own."""
    if name == "smtp-sink":
        with _sinking() as server:
            yield server
        return
    command = [sys.executable, "-m", "benchmarks._servers", name]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with _ended(process):
        assert process.stdout is not None
        server = Server(process, int(process.stdout.readline()))
        yield server
        told, _ = process.communicate("", timeout=DEADLINE)
        before, after = map(int, told.split())
        server.memory = (before, after)


@contextmanager
def in_process(name: str) -> Iterator[int]:
    """One of the same in this process, but for `smtp-sink`; its port."""
    with _SERVERS[name]() as port:
        yield port


@contextmanager
def _sinking() -> Iterator[Server]:
    port = _free_port()
    # It does not run as root unless told as whom.
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    command = [str(tool("smtp-sink")), *user, f"{HOST}:{port}", "256"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
    with _ended(process):
        _wait_for(port)
        yield Server(process, port)


@contextmanager
def _ended(process: subprocess.Popen[str]) -> Iterator[None]:
    """End a process with the block, and a process that hangs before."""
    timer = threading.Timer(LONGEST_LIFE, process.kill)
    timer.daemon = True
    timer.start()
    try:
        with process:
            try:
                yield
            finally:
                process.terminate()
    finally:
        timer.cancel()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind((HOST, 0))
        port: int = free.getsockname()[1]
    return port


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        try:
            with Client(port):
                return
        except ConnectionRefusedError:
            time.sleep(0.01)
    raise TimeoutError(f"nothing listens on {port}")


@contextmanager
def _ours(number: int) -> Iterator[int]:
    from pytest_smtpports import PROFILES, AuthPolicy, SMTPPorts

    profile = replace(PROFILES[number], auth=AuthPolicy.FORBIDDEN, size_limit=None)
    with SMTPPorts([profile]) as smtpports:
        yield smtpports.ports[number].port


class _Appender:
    """A handler that only appends."""

    def __init__(self) -> None:
        self.messages: list[object] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: object) -> str:  # noqa: N802
        self.messages.append(envelope)
        return "250 OK"


@contextmanager
def _aiosmtpd(tls: str | None = None) -> Iterator[int]:
    from aiosmtpd.controller import Controller

    options: dict[str, object] = {"data_size_limit": 0}
    if tls == "implicit":
        options["ssl_context"] = _context()
    elif tls == "starttls":
        options["tls_context"] = _context()
    controller = Controller(_Appender(), hostname=HOST, port=_free_port(), **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@contextmanager
def _canned() -> Iterator[int]:
    """A thread that says the same to everybody and keeps nothing: what is left are two threads that take turns."""
    with socket.create_server((HOST, 0)) as listening:
        thread = threading.Thread(target=_recite, args=(listening,), daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        thread.join(DEADLINE)


def _recite(listening: socket.socket) -> None:
    with suppress(OSError):
        while True:
            client, _ = listening.accept()
            with client:
                _recite_to(client)


def _recite_to(client: socket.socket) -> None:
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.send(b"220 localhost ESMTP\r\n")
    last, end = b"", b"\r\n"
    while heard := client.recv(262_144):
        last = (last[-4:] + heard[-5:])[-5:]
        if last.endswith(end):
            verb = heard[:4].upper() if end == b"\r\n" else b""
            last, end = b"", b"\r\n.\r\n" if verb == b"DATA" else b"\r\n"
            client.send(_CANNED.get(verb, b"250 Ok\r\n"))


_CANNED = {b"DATA": b"354 Go ahead\r\n", b"QUIT": b"221 Bye\r\n"}


def _context() -> object:
    """With a P-256 key, as ours are."""
    import ssl

    import trustme

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA(key_type=trustme.KeyType.ECDSA).issue_cert(HOST, key_type=trustme.KeyType.ECDSA).configure_cert(context)
    return context


@contextmanager
def _smtpdfix() -> Iterator[int]:
    """With the RSA key that its fixture makes."""
    from smtpdfix import SMTPDFix
    from smtpdfix.certs import _generate_certs

    with tempfile.TemporaryDirectory() as folder:
        certificate, _ = _generate_certs(Path(folder), separate_key=False)
        os.environ["SMTPD_SSL_CERTIFICATE_FILE"] = str(certificate.resolve())
        os.environ["SMTPD_USE_STARTTLS"] = "True"
        with SMTPDFix(HOST) as controller:
            yield controller.port


_SERVERS = {
    "ours": lambda: _ours(25),
    "ours-implicit": lambda: _ours(465),
    "ours-starttls": lambda: _ours(587),
    "canned replies": _canned,
    "aiosmtpd": _aiosmtpd,
    "aiosmtpd-implicit": lambda: _aiosmtpd("implicit"),
    "aiosmtpd-starttls": lambda: _aiosmtpd("starttls"),
    "smtpdfix-starttls": _smtpdfix,
}


def _peak() -> int:
    """The most memory that was resident since `_forget_peak()`, in bytes.

    What `getrusage` tells begins with the peak of the process that started this one.
    """
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def _forget_peak() -> None:
    # proc_pid_clear_refs(5): the peak begins again with what is resident now.
    Path("/proc/self/clear_refs").write_text("5")


def _main(name: str) -> None:
    with in_process(name) as port:
        # Everything that is loaded with the first connection is there before the count begins.
        with Client(port, tls_of(name)) as client:
            client.deliver(lines(80))
        _forget_peak()
        before = _peak()
        print(port, flush=True)
        sys.stdin.read()
        print(before, _peak(), flush=True)


if __name__ == "__main__":
    _main(sys.argv[1])
