"""An application that sends mail. It knows nothing of the tests, and is not changed for them."""

import smtplib
import ssl
from email.message import EmailMessage

HOST = "smtp.example.com"


def send_welcome_mail(recipient: str) -> int:
    """Send the mail by the first port that lets it through, and return its number."""
    mail = EmailMessage()
    mail["From"] = "shop@example.com"
    mail["To"] = recipient
    mail["Subject"] = "Welcome"
    mail.set_content("Please confirm your address.")
    for port in (587, 2525):
        try:
            with smtplib.SMTP(HOST, port, timeout=0.5) as client:
                client.starttls(context=ssl.create_default_context())
                client.login("user", "password")
                client.send_message(mail)
        except (TimeoutError, ConnectionError):
            continue
        return port
    raise ConnectionError(f"{HOST} can't be reached on any port")
