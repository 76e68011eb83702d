"""Mail beyond what memory has room for: in a file, read as if it were not, and gone when nobody holds it."""

from __future__ import annotations

import copy
import dataclasses
import gc
import os
import pickle
import smtplib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import ConfigurationError, SMTPPorts
from pytest_smtpports._mail._message import Message
from pytest_smtpports._server._journal import MEMORY_LIMIT, Journal
from pytest_smtpports._server._spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = 1_000


def open_files() -> list[str]:
    """What this process has open that has no name any more."""
    return [name for name in map(_name, Path("/proc/self/fd").iterdir()) if name.endswith(" (deleted)")]


def _name(descriptor: Path) -> str:
    try:
        return os.readlink(descriptor)  # noqa: PTH115 # the link need not lead to a file
    except FileNotFoundError:
        # The folder's own descriptor.
        return ""


def send(smtpports: SMTPPorts, *bodies: str) -> None:
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
        for number, body in enumerate(bodies):
            client.sendmail("app@example.com", "ada@example.org", f"Subject: Mail {number}\r\n\r\n{body}\r\n")


def test_mail_beyond_the_limit_is_read_as_any_other() -> None:
    bodies = ["a" * 600, "b" * 600, "c" * 200, "d" * 5_000]
    with SMTPPorts(memory_limit=LIMIT) as smtpports:
        send(smtpports, *bodies)

        assert [message.text.strip() for message in smtpports.messages] == bodies
        assert [message.subject for message in smtpports.messages] == [f"Mail {number}" for number in range(4)]
        assert smtpports.assert_sent(text="d" * 5_000).raw == b"Subject: Mail 3\r\n\r\n" + b"d" * 5_000 + b"\r\n"
        assert smtpports.assert_sent(subject="Mail 1").text == "b" * 600 + "\n"


def test_only_what_memory_has_no_room_for_is_in_the_file() -> None:
    with SMTPPorts(memory_limit=LIMIT) as smtpports:
        before = len(open_files())
        send(smtpports, "a" * 600)
        assert len(open_files()) == before
        send(smtpports, "b" * 600, "c" * 600)
        assert len(open_files()) == before + 1

        kinds = [isinstance(vars(message)["raw"], bytes) for message in smtpports.messages]
        assert kinds == [True, False, False]


def test_what_is_in_the_file_is_not_kept_in_memory_by_being_read() -> None:
    with SMTPPorts(memory_limit=0) as smtpports:
        send(smtpports, "a" * 600)
        (message,) = smtpports.messages
        assert message.text.strip() == "a" * 600

        assert sorted(vars(message)) == sorted(
            ["raw", "envelope", "port", "received_at", "host", "tls", "user", "acknowledged", "connection"]
        )


@pytest.mark.parametrize("leave", [SMTPPorts.close, SMTPPorts.reset])
def test_a_message_that_somebody_holds_can_still_be_read_and_the_file_goes_with_it(
    leave: Callable[[SMTPPorts], None],
) -> None:
    before = len(open_files())
    with SMTPPorts(memory_limit=0) as smtpports:
        send(smtpports, "a" * 600, "b" * 600)
        message = smtpports.messages[1]
        leave(smtpports)
        assert message.text.strip() == "b" * 600
        assert len(open_files()) == before + 1
        del smtpports
    del message
    gc.collect()

    assert len(open_files()) == before


@pytest.mark.parametrize("limit", [0, LIMIT])
def test_a_message_can_be_copied_and_pickled_wherever_its_bytes_are(limit: int) -> None:
    with SMTPPorts(memory_limit=limit) as smtpports:
        send(smtpports, "a" * 600)
        (message,) = smtpports.messages
        others = [copy.copy(message), copy.deepcopy(message), pickle.loads(pickle.dumps(message))]  # noqa: S301 # our own
        others.append(dataclasses.replace(message, acknowledged=False))

        assert [other.raw for other in others] == [message.raw] * 4
        assert [other.text for other in others] == [message.text] * 4


def test_no_file_outlives_its_test(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nsmtpports_memory_limit = 0\nasyncio_default_fixture_loop_scope = function")
    pytester.makepyfile("""
        from tests.wire.test_spool import open_files

        def test_mail(smtpports):
            assert not open_files()
            with smtpports.ports[25].connect() as client:
                client.sendmail("app@example.com", "ada@example.org", "Subject: Welcome\\r\\n\\r\\n")
            assert smtpports.messages.only.subject == "Welcome"
            assert len(open_files()) == 1

        def test_behind_it():
            assert not open_files()
    """)

    # Without pytest's own files for what is printed.
    options = "-s", "-p", "no:randomly", f"-opythonpath={Path(__file__).parents[2]}"
    result = pytester.runpytest_subprocess(*options, timeout=60)

    result.assert_outcomes(passed=2)


def test_a_file_that_can_not_be_written_fails_the_test_and_the_client_gets_no_250(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    smtpports = SMTPPorts(memory_limit=0)
    with pytest.raises(smtplib.SMTPDataError) as caught:
        send(smtpports, "a")
    assert caught.value.smtp_code == 451

    with pytest.raises(Exception, match="FileNotFoundError"):
        smtpports.close()
    assert len(smtpports.messages) == 0


def test_the_limit_holds_for_all_mail_together_and_anew_after_a_reset() -> None:
    spool = Spool(10)

    assert spool.keep(b"x" * 6) == b"x" * 6
    assert spool.keep(b"y" * 4) == b"y" * 4
    stored = spool.keep(b"z")
    assert not isinstance(stored, bytes)
    spool.clear()
    assert spool.keep(b"x" * 10) == b"x" * 10
    assert stored.read() == b"z"


def test_what_is_read_in_between_does_not_disturb_what_comes_behind() -> None:
    spool = Spool(0)
    stored = []
    for body in (b"one", b"two", b"three"):
        stored.append(spool.keep(body))
        assert not isinstance(stored[0], bytes)
        assert stored[0].read() == b"one"

    assert [each if isinstance(each, bytes) else each.read() for each in stored] == [b"one", b"two", b"three"]


def test_the_usual_limit_is_64_mebibytes() -> None:
    assert Journal().memory_limit == MEMORY_LIMIT == 64 * 1024 * 1024


@pytest.mark.parametrize("limit", [-1, 1.5, "64M", None, True])
def test_a_limit_that_can_not_be_meant_is_refused(limit: object) -> None:
    with pytest.raises(ConfigurationError, match="memory_limit is a number of bytes from 0, not"):
        SMTPPorts(memory_limit=limit)  # type: ignore[arg-type] # as a user might


def test_the_field_itself_can_be_looked_at() -> None:
    assert Message.raw is vars(Message)["raw"]
    assert (Message.text.__doc__ or "").startswith("The plain text body")
