"""What may be written down of a line that a client sends."""

from __future__ import annotations

import pytest

from pytest_smtpports._ports._masking import written


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b"AUTH PLAIN AHVzZXIAcGFzc3dvcmQ=\r\n", "AUTH PLAIN ***"),
        (b"auth login dXNlcg== cGFzc3dvcmQ=\r\n", "auth login ***"),
        (b"  Auth\tPLAIN\tAHVzZXIAcGFzc3dvcmQ=\r\n", "Auth PLAIN ***"),
        (b"AUTH LOGIN\r\n", "AUTH LOGIN"),
        (b"AUTH\r\n", "AUTH"),
        (b"AUTH cGFzc3dvcmQ=\r\n", "AUTH ***"),
        (b"AUTH PLAINcGFzc3dvcmQ=\r\n", "AUTH ***"),
        (b"AUTH=PLAIN cGFzc3dvcmQ=\r\n", "AUTH ***"),
        (b"AUTH PLAIN cGFz\nc3dv\r\n", "AUTH PLAIN ***"),
        (b"MAIL FROM:<ada@example.org> AUTH=<>\r\n", "MAIL FROM:<ada@example.org> AUTH=<>"),
    ],
)
def test_what_auth_carries_is_masked_and_nothing_else(line: bytes, text: str) -> None:
    assert written(line) == text


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b"NOOP \x1b[31mred\r\n", "NOOP \\x1b[31mred"),
        (b"NOOP \xff\r\n", "NOOP \\xff"),
        ("NOOP Grüße\r\n".encode(), "NOOP Grüße"),
    ],
)
def test_what_a_terminal_would_act_on_is_an_escape(line: bytes, text: str) -> None:
    assert written(line) == text
