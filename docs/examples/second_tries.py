"""A client that sends again what was put off, and nothing that was refused."""

import smtplib
import time
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from email.utils import make_msgid

HOST, PORT = "mx.example.org", 25
# Seconds between one try and the next.
PAUSES = (60, 300, 1800)


def deliver(mail: EmailMessage, recipients: Sequence[str], sleep: Callable[[float], object] = time.sleep) -> None:
    """Send to everybody, in several tries where it must be; raise what the last of them met."""
    if "Message-ID" not in mail:
        # One for all tries: who gets the mail twice can tell.
        mail["Message-ID"] = make_msgid(domain="example.com")
    for pause in (*PAUSES, None):
        try:
            recipients = hand_over(mail, recipients)
        except OSError as error:
            if pause is None or not is_transient(error):
                raise
        if not recipients:
            return
        if pause is None:
            raise TimeoutError(f"still put off: {', '.join(recipients)}")
        sleep(pause)


def hand_over(mail: EmailMessage, recipients: Sequence[str]) -> list[str]:
    """Send once, and return those of the recipients who are put off while others are served."""
    with smtplib.SMTP(HOST, PORT, timeout=10) as client:
        refused = client.send_message(mail, to_addrs=recipients)
    return [recipient for recipient, (code, _) in refused.items() if code < 500]


def is_transient(error: OSError) -> bool:
    """Whether another try may do better."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return any(code < 500 for code, _ in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code < 500
    return isinstance(error, (smtplib.SMTPServerDisconnected, ConnectionError, TimeoutError))
