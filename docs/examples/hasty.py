"""An application with a mistake: it logs in before there is TLS."""

import smtplib
import ssl


def send_hastily(recipient: str) -> None:
    client = smtplib.SMTP("smtp.example.com", 587, timeout=10)
    try:
        client.login("user", "password")
        client.starttls(context=ssl.create_default_context())
        client.sendmail("shop@example.com", recipient, "Subject: Welcome\r\n\r\nHello")
    finally:
        client.close()
