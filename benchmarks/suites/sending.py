"""What both suites send, and the client's TLS context: made once, whichever server it trusts."""

from __future__ import annotations

import ssl
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import smtplib

CLIENT = "client.example.com"
TIMEOUT = 10.0

_MESSAGE = b"From: app@example.com\r\nTo: ada@example.org\r\nSubject: Welcome\r\n\r\nPlease confirm your address.\r\n"


def send(client: smtplib.SMTP) -> None:
    """Send the message."""
    client.sendmail("app@example.com", "ada@example.org", _MESSAGE)


@cache
def context(ca_file: str) -> ssl.SSLContext:
    """A context that verifies, and trusts what is in this file."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.load_verify_locations(ca_file)
    return made
