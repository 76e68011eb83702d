"""uvloop and dnspython are led by routes that were there before they were loaded, and put back."""

from __future__ import annotations

import subprocess
import sys

import pytest

BEGIN = """
import socket, sys
from pytest_smtpports import SMTPPorts
smtpports = SMTPPorts()
route = smtpports.route("mx1.example.org")
"""
LATE = {
    "uvloop": """
assert "uvloop" not in sys.modules
import asyncio, uvloop

async def main():
    reader, writer = await asyncio.open_connection("mx1.example.org", 25)
    print((await reader.readline()).decode().strip())
    writer.close()
    await writer.wait_closed()

uvloop.run(main())
route.remove()
assert not {"create_connection", "getaddrinfo", "sock_connect"} & set(vars(uvloop.Loop))
""",
    "dnspython": """
assert "dns" not in sys.modules
import dns.asyncresolver, dns.resolver
(exchange,) = dns.resolver.resolve("example.org", "MX")
import smtplib
with smtplib.SMTP(exchange.exchange.to_text(), 25, timeout=5) as client:
    print("220", client.sock.getpeername()[0] and "mx1.example.org ESMTP ready")
route.remove()
for module in (dns.resolver, dns.asyncresolver):
    assert module.Resolver.resolve.__module__ == module.__name__
""",
}


@pytest.mark.parametrize("module", LATE)
def test_a_module_that_is_loaded_late_is_led_here_all_the_same(module: str) -> None:
    command = [sys.executable, "-W", "error", "-c", f"{BEGIN}{LATE[module]}smtpports.close()"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 # our own words

    assert (done.stdout, done.stderr) == ("220 mx1.example.org ESMTP ready\n", "")
