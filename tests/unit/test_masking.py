"""What may be written down of a line that a client sends."""

from __future__ import annotations

import pytest

from pytest_smtpports._ports._masking import written
from pytest_smtpports._ports._profile import MECHANISMS
from pytest_smtpports._texts import MASK


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b"AUTH PLAIN AHVzZXIAcGFzc3dvcmQ=\r\n", "AUTH PLAIN ***"),
        (b"auth login dXNlcg== cGFzc3dvcmQ=\r\n", "auth login ***"),
        (b"  Auth\tPLAIN\tAHVzZXIAcGFzc3dvcmQ=\r\n", "Auth PLAIN ***"),
        (b"AUTH CRAM-MD5 dXNlcg==\r\n", "AUTH CRAM-MD5 ***"),
        (b"AUTH scram-sha-256 biws\r\n", "AUTH scram-sha-256 ***"),
        (b"AUTH XOAUTH2 dXNlcj1h\r\n", "AUTH XOAUTH2 ***"),
        (b"AUTH OAUTHBEARER bixhPWE=\r\n", "AUTH OAUTHBEARER ***"),
        (b"AUTH EXTERNAL =\r\n", "AUTH EXTERNAL ***"),
        (b"AUTH EXTERNAL\r\n", "AUTH EXTERNAL"),
        (b"AUTH SCRAM-SHA-256-PLUS biws\r\n", "AUTH ***"),
        (b"AUTH FOO cGFzc3dvcmQ=\r\n", "AUTH ***"),
        (b"AUTH LOGIN\r\n", "AUTH LOGIN"),
        (b"AUTH\r\n", "AUTH"),
        (b"AUTH cGFzc3dvcmQ=\r\n", "AUTH ***"),
        (b"AUTH PLAINcGFzc3dvcmQ=\r\n", "AUTH ***"),
        (b"AUTH=PLAIN cGFzc3dvcmQ=\r\n", "AUTH ***"),
        (b"AUTH PLAIN cGFz\nc3dv\r\n", "AUTH PLAIN ***"),
        (b"MAIL FROM:<ada@example.org> AUTH=<>\r\n", "MAIL FROM:<ada@example.org> AUTH=<>"),
        (b"\x00AUTH PLAIN cGFz\r\n", "AUTH PLAIN ***"),
        (b"\xef\xbb\xbfAUTH PLAIN cGFz\r\n", "AUTH PLAIN ***"),
        (b"\xffAUTH LOGIN\r\n", "AUTH LOGIN"),
        (b"XAUTH PLAIN cGFz\r\n", "XAUTH PLAIN ***"),
        (b"EHLO x\rAUTH PLAIN cGFz\r\n", "EHLO x\\rAUTH PLAIN ***"),
        (b"HELP AUTH\r\n", "HELP AUTH"),
        (b"AUTHPLAIN cGFz\r\n", "AUTH ***"),
        (b"EHLO auth.example.org\r\n", "EHLO auth.example.org"),
    ],
)
def test_what_auth_carries_is_masked_and_nothing_else(line: bytes, text: str) -> None:
    assert written(line) == text


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_every_mechanism_is_told_and_its_response_is_not(mechanism: str) -> None:
    assert written(f"AUTH {mechanism} AHVzZXIAcGFzc3dvcmQ=\r\n".encode()) == f"AUTH {mechanism} {MASK}"


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b"NOOP \x1b[31mred\r\n", "NOOP \\x1b[31mred"),
        (b"NOOP \xff\r\n", "NOOP \\xff"),
        (b"NOOP \x00\r\n", "NOOP \\x00"),
        (b"NOOP a\rb\n", "NOOP a\\rb"),
        ("NOOP Grüße\r\n".encode(), "NOOP Grüße"),
    ],
)
def test_what_a_terminal_would_act_on_is_an_escape(line: bytes, text: str) -> None:
    assert written(line) == text
