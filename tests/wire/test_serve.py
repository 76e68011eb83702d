"""`smtpports serve` as a process: what it tells while clients come, and how it ends."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import pty
import select
import shutil
import signal
import smtplib
import socket
import ssl
import stat
import struct
import subprocess
import sys
import termios
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import pytest

from pytest_smtpports import ConfigurationError, SMTPPorts, _cli
from pytest_smtpports._cli._keeping import Keeping
from pytest_smtpports._cli._ports_file import PortsFile
from pytest_smtpports._cli._watch import END, Watch
from pytest_smtpports._network._door import Door

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_smtpports._network._door import Answer

SMTPPORTS = [sys.executable, "-m", "pytest_smtpports"]
DEADLINE = 60.0
MAIL = "Subject: Welcome\r\n\r\nHello"
# The first program of a session that has the terminal, which is its standard input.
AT_TERMINAL = (
    "import fcntl, os, sys, termios; "
    "os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)


@contextmanager
def serving(*arguments: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A process that serves, and is gone at the end, whatever happens."""
    command = [*SMTPPORTS, "serve", *arguments]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
    with subprocess.Popen(command, **options) as child:  # noqa: S603 # this very interpreter
        timer = threading.Timer(DEADLINE, child.kill)
        timer.start()
        try:
            yield child
        finally:
            timer.cancel()
            child.kill()


def line_of(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline()


def event_of(child: subprocess.Popen[str]) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(line_of(child))
    return told


def rest_of(child: subprocess.Popen[str], number: int = signal.SIGTERM) -> tuple[str, str, int]:
    """What it says when it is told to end, on both streams, and its exit code."""
    child.send_signal(number)
    told, complained = child.communicate(timeout=DEADLINE)
    return told, complained, child.returncode


def send(ready: dict[str, Any], number: int) -> None:
    port = ready["ports"][str(number)]
    context = ssl.create_default_context(cafile=ready["ca_file"])
    with smtplib.SMTP(*port["address"], timeout=10) as client:
        client.starttls(context=context)
        client.login("user", "password")
        client.sendmail("app@example.com", "ada@example.org", MAIL)


def test_each_mail_and_each_connection_is_told_to_a_program() -> None:
    with serving("--json", "--block", "25=close", "--password", "correct horse") as child:
        ready = event_of(child)
        with pytest.raises(smtplib.SMTPAuthenticationError):
            send(ready, 587)
        refused = event_of(child)
        with pytest.raises(smtplib.SMTPServerDisconnected):
            smtplib.SMTP(*ready["ports"]["25"]["address"], timeout=10)
        blocked = event_of(child)
        told, complained, code = rest_of(child)

    assert list(ready["ports"]) == ["25", "465", "587", "2525"]
    assert ready["ports"]["25"]["block"] == "close"
    assert (refused["outcome"], refused["logins"][0]["username"]) == ("auth-failed", "user")
    assert (blocked["outcome"], blocked["port"], blocked["block"]) == ("blocked", 25, "close")
    end = json.loads(told)
    assert (end["event"], end["messages"], end["connections"], end["without_mail"]) == ("end", 0, 2, 2)
    assert (complained, code) == ("", 0)
    assert not Path(ready["ca_file"]).exists()


def test_a_mail_by_curl_over_implicit_tls_is_told() -> None:
    with serving("--json") as child:
        ready = event_of(child)
        host, port = ready["ports"]["465"]["address"]
        command = ["curl", "--silent", "--show-error", f"smtps://{host}:{port}", "--cacert", ready["ca_file"]]
        command += ["--user", "user:password", "--mail-from", "app@example.com", "--mail-rcpt", "ada@example.org"]
        subprocess.run([*command, "--upload-file", "-"], input=MAIL.encode(), check=True, timeout=30)  # noqa: S603
        message, connection = event_of(child), event_of(child)
        _, _, code = rest_of(child, signal.SIGINT)

    assert (message["event"], message["port"], message["subject"]) == ("message", 465, "Welcome")
    assert (message["user"], message["recipients"]) == ("user", ["ada@example.org"])
    assert (connection["event"], connection["outcome"], connection["id"]) == ("connection", "delivered", 1)
    assert code == 0


def test_a_client_that_does_not_know_the_authority_is_told_as_that() -> None:
    with serving("--json") as child:
        host, port = event_of(child)["ports"]["465"]["address"]
        command = ["openssl", "s_client", "-connect", f"{host}:{port}", "-verify_return_error", "-no-CAfile"]
        ran = subprocess.run(command, input=b"", capture_output=True, timeout=30)  # noqa: S603 # our own words
        connection = event_of(child)

    assert ran.returncode
    assert connection["outcome"] == "tls-failed"


def test_a_pipe_gets_plain_lines_each_at_once() -> None:
    environment = {**os.environ, "TERM": "xterm"}
    with serving("--ports", "25", "587", "--bind", f"587={free_port()}", env=environment) as child:
        heading, *rows = (line_of(child) for _ in range(3))
        _, user, ca, _, ending, *_ = (line_of(child) for _ in range(5))
        address = rows[0].split()[3]
        host, port = address.split(":")
        with smtplib.SMTP(host, int(port), timeout=10) as client:
            client.sendmail("app@example.com", "ada@example.org", MAIL)
        mail = line_of(child)
        told, complained, code = rest_of(child, signal.SIGHUP)

    assert heading.split() == ["PORT", "ROLE", "TLS", "ADDRESS", "LOGIN"]
    assert (user, ca.split()[0], ending) == ("user   user\n", "CA", "Ctrl-C ends it.\n")
    assert mail[8:] == "  25     in clear  app@example.com to ada@example.org  'Welcome'  27 B\n"
    assert "\x1b" not in mail + told
    assert told.startswith("1 message came by 1 connection in ")
    assert (complained, code) == ("", 0)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number: int = free.getsockname()[1]
        return number


def test_real_numbers_are_where_they_were_asked_for() -> None:
    number = free_port()
    with serving("--json", "--bind", f"25={number}") as child:
        assert event_of(child)["ports"]["25"]["address"] == ["127.0.0.1", number]
        with smtplib.SMTP("127.0.0.1", number, timeout=10) as client:
            assert client.noop()[0] == 250


def test_a_taken_port_is_told_and_nothing_is_left_half_open(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number, free = taken.getsockname()[1], free_port()
        arguments = ["--bind", f"587={number}", "--bind", f"25={free}", "--ports-file", str(tmp_path / "ports")]
        with serving(*arguments, "--save", str(tmp_path / "mail")) as child:
            told, complained = child.communicate(timeout=DEADLINE)

    assert (told, child.returncode) == ("", 1)
    assert complained.startswith(
        f"smtpports serve: error: --bind 587={number}: Nothing can listen on 127.0.0.1:{number} "
    )
    assert "another program does" in complained
    assert list(tmp_path.iterdir()) == []
    with socket.create_server(("127.0.0.1", free)):
        pass


def test_a_port_at_which_nothing_can_answer_is_given_back() -> None:
    number = free_port()

    def answer(bound: socket.socket, _block: object) -> Answer:
        raise OSError(errno.EMFILE, "Too many open files")

    with pytest.raises(ConfigurationError, match=rf"on 127.0.0.1:{number} on this machine \(Too many open files\)\.$"):
        Door("127.0.0.1", answer, None, number)

    with socket.create_server(("127.0.0.1", number)):
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere low numbers may be anybody's")
def test_a_privileged_port_is_told() -> None:
    # The administrator may, unless that is given up.
    giving_up = ["setpriv", "--bounding-set=-net_bind_service", "--inh-caps=-net_bind_service"]
    command = [*(giving_up if os.geteuid() == 0 else []), *SMTPPORTS, "serve", "--bind", "25=25"]

    ran = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE)  # noqa: S603

    assert (ran.stdout, ran.returncode) == ("", 1)
    assert "127.0.0.1:25 on this machine (Permission denied): low numbers belong to the administrator" in ran.stderr


def test_an_address_that_is_none_of_this_machine_is_told_behind_a_warning() -> None:
    # RFC 5737 §3: nobody has it.
    with serving("--host", "192.0.2.1") as child:
        told, complained = child.communicate(timeout=DEADLINE)

    warning, error = complained.splitlines()
    assert (told, child.returncode) == ("", 1)
    assert warning.startswith("smtpports serve: warning: --host 192.0.2.1 is not of this machine alone")
    assert error.startswith("smtpports serve: error: --host: Nothing can listen on 192.0.2.1")


@pytest.mark.parametrize("option", ["--save", "--ports-file", "--report"])
def test_what_can_not_be_written_is_told_at_the_start(tmp_path: Path, option: str) -> None:
    (tmp_path / "file").touch()
    with serving(option, str(tmp_path / "file" / "inside")) as child:
        told, complained = child.communicate(timeout=DEADLINE)

    assert (told, child.returncode) == ("", 1)
    assert complained.startswith(f"smtpports serve: error: {option}: ")
    assert "can't be written" in complained


def test_programs_find_the_ports_by_a_file_that_is_theirs_alone_and_gone_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "ports.json"
    with serving("--json", "--ports-file", str(path), "--password", "correct horse") as child:
        ready = event_of(child)
        told = json.loads(path.read_text())
        mode = stat.S_IMODE(path.stat().st_mode)
        port = told["ports"]["587"]
        with smtplib.SMTP(port["env"]["SMTP_HOST"], int(port["env"]["SMTP_PORT"]), timeout=10) as client:
            client.starttls(context=ssl.create_default_context(cafile=told["ca_file"]))
            client.login(told["username"], told["password"])
        rest_of(child)

    assert ready["ports_file"] == str(path)
    assert mode == 0o600
    assert port["address"] == ready["ports"]["587"]["address"]
    assert port["url"] == "smtp://user:correct%20horse@{}:{}".format(*port["address"])
    assert (port["tls"], port["env"]["SMTP_PASSWORD"]) == ("starttls", "correct horse")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_another_one_has_written_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "ports.json"
    with SMTPPorts() as smtpports:
        first = PortsFile(path, smtpports)
        second = PortsFile(path, smtpports)
        first.remove()
        assert path.exists()

        second.remove()
        second.remove()

    assert list(tmp_path.iterdir()) == []


def test_a_file_that_can_not_take_its_place_leaves_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "ports.json"
    path.mkdir()
    with SMTPPorts() as smtpports, pytest.raises(IsADirectoryError):
        PortsFile(path, smtpports)

    assert list(tmp_path.iterdir()) == [path]


def test_mail_and_dialogues_are_saved_as_they_come_and_those_of_before_are_gone(tmp_path: Path) -> None:
    saved = tmp_path / "mail"
    saved.mkdir()
    (saved / "001-25-old.eml").touch()
    (saved / "notes.txt").touch()
    page = tmp_path / "page.html"
    with serving("--json", "--save", str(saved), "--report", str(page)) as child:
        send(event_of(child), 2525)
        events = [event_of(child), event_of(child)]
        names = sorted(path.name for path in saved.iterdir())
        _, complained, code = rest_of(child)

    assert [event["event"] for event in events] == ["message", "connection"]
    assert names == ["001-2525-welcome.eml", "001.dialogue.txt", "notes.txt"]
    assert b"Subject: Welcome" in (saved / "001-2525-welcome.eml").read_bytes()
    dialogue = (saved / "001.dialogue.txt").read_text()
    assert dialogue.startswith("smtpports serve\n2525: delivered: 1 message taken\n")
    assert "brought message 001 to ada@example.org" in dialogue
    assert "smtpports serve" in page.read_text(encoding="utf-8")
    assert (complained, code) == ("", 0)


def test_what_can_not_be_saved_any_more_is_told_at_the_end(tmp_path: Path) -> None:
    saved = tmp_path / "mail"
    with serving("--json", "--save", str(saved)) as child:
        ready = event_of(child)
        shutil.rmtree(saved)
        send(ready, 587)
        assert event_of(child)["event"] == "message"
        _, complained, code = rest_of(child)

    assert complained.startswith(f"smtpports serve: error: {str(saved)!r} could not be written: ")
    assert complained.count("\n") == code == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_client_in_the_middle_of_a_session_is_told_of_at_the_end_and_signals_may_come_twice(number: int) -> None:
    with serving("--json") as child:
        host, port = event_of(child)["ports"]["25"]["address"]
        with smtplib.SMTP(host, port, timeout=10) as client:
            client.ehlo()
            client.docmd("MAIL FROM:<app@example.com>")
            child.send_signal(number)
            told, complained, code = rest_of(child, number)

    connection, end = map(json.loads, told.splitlines())
    assert (connection["outcome"], connection["closed_at"]) == ("open", None)
    assert "the last it said was 'MAIL FROM:<app@example.com>" in connection["reason"]
    assert (end["connections"], end["without_mail"]) == (1, 1)
    assert (complained, code) == ("", 0)


def test_it_ends_when_nobody_reads_any_more() -> None:
    with serving() as child:
        line_of(child)
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()

        assert child.stderr.read() == ""
        assert child.wait(DEADLINE) == 1


def test_a_line_that_nobody_takes_is_given_up_at_the_second_signal() -> None:
    reading, writing = os.pipe()
    with serving("--json", stdout=writing) as child:
        os.close(writing)
        ready = json.loads(os.read(reading, 65536))
        # A pipe holds 64 KiB.
        host, port = ready["ports"]["25"]["address"]
        with smtplib.SMTP(host, port, timeout=10) as client:
            for _ in range(400):
                client.sendmail("app@example.com", "ada@example.org", MAIL)
        ended = threading.Event()

        def insist() -> None:
            while not ended.wait(0.2):
                child.send_signal(signal.SIGTERM)

        thread = threading.Thread(target=insist)
        thread.start()
        try:
            assert child.wait(DEADLINE) == 1
        finally:
            ended.set()
            thread.join()
    os.close(reading)


@contextmanager
def at_terminal(*command: str, **variables: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A process that has a terminal of its own, 80 columns wide, and the other end of it."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = {**os.environ, "TERM": "xterm", **variables}
    environment.pop("COLUMNS", None)
    words = [sys.executable, "-c", AT_TERMINAL, *command]
    with subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as child:  # noqa: S603
        os.close(theirs)
        try:
            yield child, ours
        finally:
            child.kill()
            os.close(ours)


def shown_at(terminal: int, until: str = "") -> str:
    """What is shown from now on, until some text is, or until everything has ended."""
    shown, end = "", time.monotonic() + DEADLINE
    while not until or until not in shown:
        assert select.select([terminal], [], [], max(0.0, end - time.monotonic()))[0], shown
        read = b""
        with suppress(OSError):
            read = os.read(terminal, 65536)
        if not read:
            break
        shown += read.decode()
    return shown


def test_a_terminal_gets_colour_within_its_width_and_ctrl_c_ends_it() -> None:
    with at_terminal(*SMTPPORTS, "serve", "--block", "25=close") as (child, terminal):
        shown = shown_at(terminal, "ends it.")
        host, port = next(word for word in shown.split() if word.startswith("127.0.0.1:")).split(":")
        with pytest.raises(smtplib.SMTPServerDisconnected):
            smtplib.SMTP(host, int(port), timeout=10)
        blocked = shown_at(terminal, "\x1b[31m")
        os.write(terminal, b"\x03")
        end = shown_at(terminal)
        code = child.wait(DEADLINE)

    assert shown.startswith("\x1b[1mPORT  ROLE")
    assert max(len(line.removeprefix("\x1b[1m").removesuffix("\x1b[0m")) for line in shown.splitlines()) <= 80
    assert "  25     in clear  \x1b[31mblocked (close): " in blocked + end
    assert "0 messages came by 1 connection in " in end
    assert code == 0


def test_a_terminal_that_wants_no_colour_gets_none() -> None:
    with at_terminal(*SMTPPORTS, "serve", NO_COLOR="1") as (child, terminal):
        shown = shown_at(terminal, "ends it.")
        os.write(terminal, b"\x03")
        shown += shown_at(terminal)
        code = child.wait(DEADLINE)

    assert "\x1b" not in shown
    assert code == 0


def test_a_terminal_sends_ctrl_c_to_a_command_that_is_run_once() -> None:
    program = (
        "import signal; number = {signal.SIGINT}; signal.pthread_sigmask(signal.SIG_BLOCK, number); "
        "print('ready', flush=True); signal.sigwait(number); "
        "print('again' if signal.sigtimedwait(number, 0.5) else 'once', flush=True)"
    )
    with at_terminal(*SMTPPORTS, "run", "--", sys.executable, "-c", program) as (child, terminal):
        shown_at(terminal, "ready")
        os.write(terminal, b"\x03")
        shown = shown_at(terminal)
        code = child.wait(DEADLINE)

    assert "once" in shown
    assert "\x1b[1msmtpports: no connection came in " in shown
    assert code == 0


def test_what_was_told_is_forgotten_with_all_its_bytes() -> None:
    queue = SimpleQueue[object]()
    with SMTPPorts(memory_limit=100) as smtpports:
        told: list[object] = []
        watch = Watch(smtpports, Keeping("", None, None), told.append, queue)
        with smtpports.ports[25].connect() as client:
            for _ in range(5):
                client.sendmail("app@example.com", "ada@example.org", MAIL)
                queue.put(END)
                watch.follow(lambda: False)
                assert len(smtpports.messages) == 0
        spool = smtpports._world.journal._spool
        assert (spool._in_memory, spool._file) == (0, None)
        watch.finish()

    assert len(told) == 6
    assert smtpports.connections == ()
    assert (watch.totals.messages, watch.totals.connections, watch.totals.without_mail) == (5, 1, 0)


def test_it_is_followed_until_it_is_over() -> None:
    with SMTPPorts() as smtpports:
        watch = Watch(smtpports, Keeping("", None, None), lambda _: None, SimpleQueue())
        looks = iter([False, True])

        watch.follow(lambda: next(looks))

    assert list(looks) == []


def test_what_goes_wrong_inside_is_told_and_the_code_is_1(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(watch: Watch, _is_over: object) -> None:
        watch._smtpports._world.journal.fail(ValueError("spam"))

    monkeypatch.setattr(Watch, "follow", fail)

    assert _cli.main(["serve"]) == 1

    assert "smtpports serve: error: An exception was raised on the server's thread" in capfd.readouterr().err


def test_signals_are_who_they_were_before(capfd: pytest.CaptureFixture[str]) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    threading.Timer(1, os.kill, (os.getpid(), signal.SIGINT)).start()

    assert _cli.main(["serve", "--ports", "25"]) == 0

    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before
    assert capfd.readouterr().out.splitlines()[-1].startswith("no connection came in ")
