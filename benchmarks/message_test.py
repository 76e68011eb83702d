"""A test that sends one message by smtplib, without what an empty test takes; both sides without a login."""

from __future__ import annotations

from ._measure import Goal, compare
from ._suite import ours, smtpdfix


def _measure(what: str, test: str, times: float, tests: int, **environment: str) -> None:
    peers = {"smtpdfix": smtpdfix(test, tests, **environment)}
    compare(what, "ms", ours(test, 100), peers, Goal("smtpdfix", times), rounds=5)


if __name__ == "__main__":
    _measure("a test with one message", "test_message", 3, 100)
    _measure("a test with one message, implicit TLS", "test_message_over_implicit_tls", 9, 40, SMTPD_USE_SSL="True")
    _measure("a test with one message, STARTTLS", "test_message_over_starttls", 2.4, 100, SMTPD_USE_STARTTLS="True")
