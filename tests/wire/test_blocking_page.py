"""What docs/explanation/blocking.md says that clients raise."""

from __future__ import annotations

import asyncio
import re
import smtplib
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

import aiosmtplib
import pytest

from pytest_smtpports._ports._kinds import KINDS

if TYPE_CHECKING:
    from pytest_smtpports import SMTPPorts

HOST = "smtp.example.com"
PAGE = (Path(__file__).parents[2] / "docs" / "explanation" / "blocking.md").read_text(encoding="utf-8")
TABLE = PAGE.partition("| kind | smtplib raises | aiosmtplib raises |\n")[2].partition("\n\n")[0]
# An exception by its own name, without its module's; what else a cell says is for the reader.
_NAME = r"`(?:\w+\.)?(\w+)`.*?"
_ROW = re.compile(rf"^\| `(\S+)` \| {_NAME} \| (?:{_NAME}|the same.*?) \|$", re.MULTILINE)
ROWS = {kind: (by_smtplib, by_aiosmtplib or by_smtplib) for kind, by_smtplib, by_aiosmtplib in _ROW.findall(TABLE)}
# These raise nothing, or nothing at the first connection; test_kinds.py has them.
LATER = {"tarpit", "throttle"}


def send_by_smtplib() -> None:
    with smtplib.SMTP(HOST, 587, timeout=1) as client:
        client.starttls(context=ssl.create_default_context())


def send_by_aiosmtplib() -> None:
    async def connect() -> None:
        context = ssl.create_default_context()
        client = aiosmtplib.SMTP(hostname=HOST, port=587, timeout=1, start_tls=True, tls_context=context)
        await client.connect()

    asyncio.run(connect())


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - LATER))
def test_clients_raise_what_the_page_says(smtpports: SMTPPorts, kind: str) -> None:
    smtpports.route(HOST)
    smtpports.block(587, how=kind)
    said = ROWS[kind]

    with pytest.raises(Exception) as by_smtplib:  # noqa: PT011 # which one, is what the page says
        send_by_smtplib()
    with pytest.raises(Exception) as by_aiosmtplib:  # noqa: PT011 # as above
        send_by_aiosmtplib()

    assert (by_smtplib.type.__name__, by_aiosmtplib.type.__name__) == said


def test_the_page_has_every_kind() -> None:
    assert re.findall(r"^\| `(\S+)` ", TABLE, re.MULTILINE) == list(KINDS)
