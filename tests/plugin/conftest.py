"""What the suites that are run here have in common: their ini file, and a module that sends mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import SMTPPorts

if TYPE_CHECKING:
    from collections.abc import Callable

INI = (
    "[pytest]",
    "addopts = -p no:randomly -p no:hypothesispytest -p no:anyio -p no:cacheprovider --strict-markers",
    "asyncio_default_fixture_loop_scope = function",
    "filterwarnings = error",
    "pythonpath = .",
)
MAIL = """
    import smtplib

    def send(address, subject="Hello", to="ada@example.org"):
        with smtplib.SMTP(*address, timeout=5) as client:
            client.sendmail("app@example.com", to, f"To: {to}\\r\\nSubject: {subject}\\r\\n\\r\\nGood morning")
"""


@pytest.fixture(scope="session", autouse=True)
def loaded_once() -> None:
    """What is slow to load is loaded here, and not anew by each suite that is run in this process."""
    with SMTPPorts() as smtpports, smtpports.ports[465].connect():
        pass


@pytest.fixture(autouse=True)
def write_ini(pytester: pytest.Pytester) -> Callable[..., None]:
    """Writes the suite's ini file, with further lines; without being called it is there too."""

    def write(*lines: str) -> None:
        pytester.makeini("\n".join((*INI, *lines)))

    write()
    pytester.makepyfile(mail=MAIL)
    return write
