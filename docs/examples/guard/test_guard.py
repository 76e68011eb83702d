import os
import smtplib
from contextlib import suppress

import pytest


def send_report():
    """The application, which takes no notice of what goes wrong."""
    with suppress(OSError):
        # An address that is in documents alone (RFC 5737).
        smtplib.SMTP("192.0.2.1", 25, timeout=10)


def test_a_setting_was_forgotten():
    # It fails all the same, and tells the line above.
    send_report()


@pytest.mark.smtpports(guard=False)
@pytest.mark.skipif("REAL_SMTP_HOST" not in os.environ, reason="it asks for a provider of the world")
def test_the_real_provider_greets():
    smtplib.SMTP(os.environ["REAL_SMTP_HOST"], 587, timeout=10).close()
