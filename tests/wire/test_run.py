"""`smtpports run` as a process: what its command finds, what is told behind it, and how it ends."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_smtpports import _cli
from pytest_smtpports._cli import _child
from pytest_smtpports._cli._child import Child
from pytest_smtpports._cli._run import MOST
from pytest_smtpports._cli._signals import handling
from pytest_smtpports._cli._watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "cli"
SMTPPORTS = [sys.executable, "-m", "pytest_smtpports"]
DEADLINE = 60.0
ROUTED = """
import smtplib, ssl
with smtplib.SMTP("smtp.example.com", 587, timeout=10) as client:
    client.starttls(context=ssl.create_default_context())
    client.login("user", "password")
    client.sendmail("app@example.com", "ada@example.org", "Subject: Welcome\\r\\n\\r\\nHello")
"""
IN_CLEAR = """
import os, smtplib, sys
with smtplib.SMTP(os.environ["SMTP_HOST"], int(os.environ["SMTP_PORT"]), timeout=10) as client:
    for number in range(int(sys.argv[1])):
        client.sendmail("app@example.com", "ada@example.org", f"Subject: Mail {number}\\r\\n\\r\\nHello")
"""
# It tells when it is there, and which signals come; print() can't be called while it is.
TOLD_OF_SIGNALS = """
import os, signal, sys
def tell(number, frame):
    os.write(1, signal.Signals(number).name.encode() + b"\\n")
    if len(sys.argv) == 1:
        os._exit(7)
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, tell)
os.write(1, b"ready\\n")
while True:
    signal.pause()
"""


def ran(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [*SMTPPORTS, "run", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, **options)  # noqa: S603


@pytest.fixture
def told_of_signals() -> Iterator[subprocess.Popen[str]]:
    """A command that lives until a signal comes, which has begun."""
    yield from running(TOLD_OF_SIGNALS)


@pytest.fixture
def stubborn() -> Iterator[subprocess.Popen[str]]:
    """One that goes on whatever comes."""
    yield from running(TOLD_OF_SIGNALS, "on")


def running(program: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [*SMTPPORTS, "run", "--", sys.executable, "-c", program, *arguments]
    # In a session of its own no terminal sends it anything.
    options: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, start_new_session=True, **options) as child:  # noqa: S603
        timer = threading.Timer(DEADLINE, os.killpg, (child.pid, signal.SIGKILL))
        timer.start()
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            yield child
        finally:
            timer.cancel()
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)


def line_of(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline()


def test_a_shell_script_with_curl_sends_and_its_mail_is_told(tmp_path: Path) -> None:
    saved, page = tmp_path / "mail", tmp_path / "page.html"

    done = ran("--save", str(saved), "--report", str(page), "--", str(EXAMPLES / "welcome.sh"), "ada@example.org")

    headline, mail, where, what = done.stderr.splitlines()
    assert (done.stdout, done.returncode) == ("", 0)
    assert headline.startswith("smtpports: 1 message came by 1 connection in ")
    assert "  587    TLSv1.3   app@example.com to ada@example.org  'Welcome'  " in mail
    assert (where, what) == (f"mail   {saved}", f"page   {page}")
    assert b"Subject: Welcome" in (saved / "001-587-welcome.eml").read_bytes()
    assert "welcome.sh ada@example.org" in page.read_text(encoding="utf-8")


def test_a_routed_host_leads_a_python_program_here_with_its_certificate() -> None:
    done = ran("--route", "smtp.example.com", "--", sys.executable, "-c", ROUTED)

    assert done.returncode == 0, done.stderr
    assert "  smtp.example.com:587  TLSv1.3   app@example.com to ada@example.org  'Welcome'  27 B" in done.stderr


def test_a_blocked_port_is_told_behind_the_command() -> None:
    done = ran("--port", "25", "--block", "25=close", "--", sys.executable, "-c", IN_CLEAR, "1")

    assert done.returncode == 1
    assert "SMTPServerDisconnected" in done.stderr
    assert "0 messages came by 1 connection in " in done.stderr
    assert "  25     in clear  blocked (close): " in done.stderr


def test_where_a_port_sees_nobody_the_report_says_that_it_is_blocked() -> None:
    done = ran("--route", "smtp.example.com", "--block", "587=refuse", "--", sys.executable, "-c", ROUTED)

    *_, headline, blocked, hint = done.stderr.splitlines()
    assert done.returncode == 1
    assert headline.startswith("smtpports: no connection came in ")
    assert blocked == "Blocked, so that nobody may be seen there: 587 (refuse)."
    assert hint.startswith("Does the command dial smtp.example.com, or SMTP_HOST and SMTP_PORT, which were 127.0.0.1")


def test_every_port_is_in_the_file_that_the_environment_names_while_it_runs() -> None:
    program = "import os; print(os.environ['SMTPPORTS_FILE']); print(open(os.environ['SMTPPORTS_FILE']).read())"

    done = ran("--ports", "25", "465", "--", sys.executable, "-c", program)

    path, told = done.stdout.split("\n", 1)
    ports = json.loads(told)["ports"]
    assert list(ports) == ["25", "465"]
    assert ports["465"]["env"]["SMTP_TLS"] == "implicit"
    assert not Path(path).parent.exists()


def test_the_file_is_where_it_is_asked_for(tmp_path: Path) -> None:
    program = "import os; print(os.path.abspath('ports.json') == os.environ['SMTPPORTS_FILE'])"

    done = ran("--ports-file", "ports.json", "--", sys.executable, "-c", program, cwd=tmp_path)

    assert done.stdout == "True\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [([], "587 starttls"), (["--port", "465"], "465 implicit"), (["--ports", "25", "2525"], "25 none")],
)
def test_the_variables_tell_of_the_port_that_is_asked_for(arguments: list[str], told: str) -> None:
    number, tls = told.split()
    program = (
        "import json, os; env = os.environ; ports = json.load(open(env['SMTPPORTS_FILE']))['ports']; "
        f"print(env['SMTP_TLS'], ports['{number}']['env']['SMTP_PORT'] == env['SMTP_PORT'])"
    )

    done = ran(*arguments, "--", sys.executable, "-c", program)

    assert done.stdout == f"{tls} True\n"


def test_input_goes_to_the_command_and_a_command_that_dials_nothing_is_asked_why() -> None:
    done = ran("--", "cat", input="Hello")

    headline, hint = done.stderr.splitlines()
    assert done.stdout == "Hello"
    assert headline.startswith("smtpports: no connection came in ")
    assert hint.startswith("Does the command dial SMTP_HOST and SMTP_PORT, which were 127.0.0.1 and ")


def test_the_report_is_bounded() -> None:
    done = ran("--port", "25", "--", sys.executable, "-c", IN_CLEAR, str(MOST + 2))

    headline, left_out, *mails = done.stderr.splitlines()
    assert headline.startswith(f"smtpports: {MOST + 2} messages came by 1 connection in ")
    assert left_out == f"(the latest {MOST}; 2 came before them)"
    assert len(mails) == MOST
    assert f"'Mail {MOST + 1}'" in mails[-1]


@pytest.mark.parametrize(
    ("command", "code", "told"),
    [
        (["sh", "-c", "exit 3"], 3, "smtpports: no connection came in "),
        (["sh", "-c", "kill -9 $$"], 128 + 9, "smtpports: no connection came in "),
        (["no-such-command"], 127, "'no-such-command' was not found: no folder of PATH has it"),
        (["./no-such-script"], 127, "'./no-such-script' was not found: there is no such file"),
        ([__file__], 126, "can't be executed (Permission denied). A script needs `chmod +x`"),
    ],
)
def test_the_exit_code_is_that_of_a_shell(command: list[str], code: int, told: str) -> None:
    done = ran("--", *command)

    assert done.returncode == code
    assert told in done.stderr


def test_a_port_that_can_not_be_had_is_told_and_the_command_does_not_run() -> None:
    done = ran("--host", "192.0.2.1", "--", "echo", "ran")

    assert (done.stdout, done.returncode) == ("", 1)
    assert "smtpports run: error: --host: Nothing can listen on 192.0.2.1" in done.stderr


def test_what_could_not_be_saved_is_told_and_the_code_is_1(tmp_path: Path) -> None:
    program = f"import shutil; shutil.rmtree('mail')\n{IN_CLEAR}"

    done = ran("--save", "mail", "--port", "25", "--", sys.executable, "-c", program, "1", cwd=tmp_path)

    assert done.returncode == 1
    assert "smtpports: error: 'mail' could not be written: " in done.stderr
    assert "mail   mail" not in done.stderr


def test_nobody_has_to_read_what_is_told() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        command = [*SMTPPORTS, "run", "--", "sh", "-c", "exit 3"]
        done = subprocess.run(command, stderr=writing, timeout=DEADLINE)  # noqa: S603
    finally:
        os.close(writing)

    assert done.returncode == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_passed_on_and_the_command_is_waited_for(
    told_of_signals: subprocess.Popen[str], number: signal.Signals
) -> None:
    told_of_signals.send_signal(number)
    said, told = told_of_signals.communicate(timeout=DEADLINE)

    assert (said, told_of_signals.returncode) == (f"{number.name}\n", 7)
    assert told.startswith("smtpports: no connection came in ")


def test_a_second_signal_is_passed_on_too_and_the_third_ends_it(stubborn: subprocess.Popen[str]) -> None:
    for _ in range(2):
        stubborn.send_signal(signal.SIGTERM)
        assert line_of(stubborn) == "SIGTERM\n"
    stubborn.send_signal(signal.SIGTERM)
    stubborn.communicate(timeout=DEADLINE)

    assert stubborn.returncode == 128 + 9


def test_a_signal_that_comes_before_the_command_is_passed_on_when_it_begins() -> None:
    ended = threading.Event()
    with Child() as child:
        child.tell(signal.SIGTERM)
        child.start(["sleep", "60"], os.environ, ended.set)

        assert ended.wait(DEADLINE)
        assert child.code == 128 + signal.SIGTERM


@pytest.mark.parametrize("is_stubborn", [False, True])
def test_when_something_goes_wrong_here_no_command_is_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, is_stubborn: bool
) -> None:
    monkeypatch.setattr(_child, "GRACE", 1.0 if is_stubborn else DEADLINE)
    os.mkfifo(tmp_path / "ready")
    trap = "trap '' TERM; " if is_stubborn else ""
    command = ["sh", "-c", f"{trap}echo > '{tmp_path / 'ready'}'; exec sleep 60"]
    ended = threading.Event()

    def fail() -> None:
        with Child() as child:
            child.start(command, os.environ, ended.set)
            (tmp_path / "ready").read_bytes()
            raise ValueError("spam")

    with pytest.raises(ValueError, match="spam"):
        fail()

    assert ended.wait(DEADLINE)


def test_where_a_console_has_no_foreground_everybody_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("os.tcgetpgrp")

    assert _child._is_in_foreground()


@pytest.mark.parametrize(("ignored_ones", "handled"), [(True, {signal.SIGINT, signal.SIGTERM}), (False, set())])
def test_a_signal_that_is_ignored_stays_so_unless_it_ends_what_serves(
    ignored_ones: bool, handled: set[signal.Signals]
) -> None:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        with handling(print, ignored_ones=ignored_ones):
            assert {number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN} == handled
        assert [signal.getsignal(number) for number in numbers] == [signal.SIG_IGN] * 3
    finally:
        for number, earlier in zip(numbers, before, strict=True):
            signal.signal(number, earlier)


def test_what_goes_wrong_inside_is_told_and_the_code_is_1(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(watch: Watch) -> None:
        watch._smtpports._world.journal.fail(ValueError("spam"))
        watch._smtpports.close()

    monkeypatch.setattr(Watch, "finish", fail)

    assert _cli.main(["run", "--", "true"]) == 1

    assert "smtpports run: error: An exception was raised on the server's thread" in capfd.readouterr().err


def test_an_interrupt_that_nobody_awaits_is_told_by_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_child: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Child, "__enter__", interrupt)

    assert _cli.main(["run", "--", "true"]) == 128 + signal.SIGINT


def test_an_interrupt_while_the_command_loads_shows_no_traceback() -> None:
    code = (
        "import sys\n"
        "from pytest_smtpports import _cli\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'pytest_smtpports._cli._serve': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupt())\n"
        "sys.exit(_cli.main(['serve']))\n"
    )

    ended = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60
    )

    assert (ended.returncode, ended.stderr) == (128 + signal.SIGINT, "")


def test_the_environment_is_what_it_was_before(capfd: pytest.CaptureFixture[str]) -> None:
    before = dict(os.environ)

    assert _cli.main(["run", "--route", "smtp.example.com", "--", shutil.which("true") or "true"]) == 0

    assert dict(os.environ) == before
