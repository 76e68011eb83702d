"""An application that is told by its environment where mail leaves it, as most are."""

import os
import smtplib
import ssl
from email.message import EmailMessage


def send_code(recipient: str, code: str) -> None:
    mail = EmailMessage()
    mail["From"] = "shop@example.com"
    mail["To"] = recipient
    mail["Bcc"] = "archive@example.com"
    mail["Subject"] = "Your code"
    mail.set_content(f"Your code is {code}.")
    with smtplib.SMTP(os.environ["SMTP_HOST"], int(os.environ["SMTP_PORT"]), timeout=10) as client:
        if os.environ["SMTP_TLS"] == "starttls":
            client.starttls(context=ssl.create_default_context())
        if user := os.environ["SMTP_USERNAME"]:
            client.login(user, os.environ["SMTP_PASSWORD"])
        client.send_message(mail)
