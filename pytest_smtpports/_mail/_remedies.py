"""How the usual clients are mended, for the failures that find them wanting."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# By client, as their users write it. Without a context smtplib checks nothing (ssl._create_stdlib_context).
CERTIFICATES: Mapping[str, str] = {
    "smtplib": "starttls(context=ssl.create_default_context()), SMTP_SSL(..., context=ssl.create_default_context())",
    "aiosmtplib": "leave validate_certs=True, its default, or give it a tls_context that verifies",
    "Django": "its EmailBackend verifies: leave ssl_context alone",
    "Flask-Mail": "it gives smtplib no context: override Connection.configure_host() with one that does",
}
TIMEOUTS: Mapping[str, str] = {
    "smtplib": "SMTP(..., timeout=10)",
    "aiosmtplib": "SMTP(..., timeout=10)",
    "Django": "EMAIL_TIMEOUT = 10",
    "Flask-Mail": "it has no setting: socket.setdefaulttimeout(10)",
    "asyncio": "open_connection() within asyncio.timeout(10), or asyncio.wait_for(..., 10)",
}
CLEARTEXT: Mapping[str, str] = {
    "smtplib": "starttls(context=...) before login(), or SMTP_SSL; never login() where starttls() is missing",
    "aiosmtplib": "start_tls=True, or use_tls=True; None goes on in clear where STARTTLS is not offered",
    "Django": "EMAIL_USE_TLS = True on 587, or EMAIL_USE_SSL = True on 465",
    "Flask-Mail": "MAIL_USE_TLS = True on 587, or MAIL_USE_SSL = True on 465",
}


def told_with(headline: str, lines: Iterable[str], remedies: Mapping[str, str]) -> str:
    """A failure: what was found, where, and how to mend it."""
    width = max(map(len, remedies))
    advice = [f"  {client:<{width}}  {what}" for client, what in remedies.items()]
    return "\n".join([headline, *(f"  {line}" for line in lines), "How to mend it:", *advice])


def in_a_line(remedies: Mapping[str, str]) -> str:
    """The same advice where there is room for one line."""
    return "; ".join(f"{client}: {what}" for client, what in remedies.items())
