"""A client that tries one port after another, as long as no mail has been handed over."""

import smtplib
import ssl
from email.message import EmailMessage

HOST = "smtp.example.com"
PORTS = (587, 2525, 465)
# Seconds, for the connect and for each reply.
TIMEOUT = 10


def send(mail: EmailMessage) -> None:
    with log_in_somewhere() as client:
        # From here on an error is an error: whoever goes on to another port now may deliver twice.
        client.send_message(mail)


def log_in_somewhere() -> smtplib.SMTP:
    """A client that is logged in at the first port that lets it; what every other one did is in the error."""
    failures = []
    for port in PORTS:
        try:
            return log_in(port)
        except smtplib.SMTPAuthenticationError:
            # Another port asks for the same password.
            raise
        except OSError as error:
            failures.append(f"{port}: {error!r}")
    raise ConnectionError("; ".join(failures))


def log_in(port: int) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if port == 465:
        client = smtplib.SMTP_SSL(HOST, port, timeout=TIMEOUT, context=context)
    else:
        client = smtplib.SMTP(HOST, port, timeout=TIMEOUT)
    try:
        if port != 465:
            client.starttls(context=context)
        client.login("user", "password")
    except BaseException:
        client.close()
        raise
    return client
