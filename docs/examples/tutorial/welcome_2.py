import smtplib
import ssl
from email.message import EmailMessage


def send_welcome(recipient):
    mail = EmailMessage()
    mail["From"] = "shop@example.com"
    mail["To"] = recipient
    mail["Subject"] = "Welcome"
    mail.set_content("Please confirm your address.")
    try:
        deliver(mail, 587)
    except (TimeoutError, ConnectionError):
        deliver(mail, 2525)


def deliver(mail, port):
    with smtplib.SMTP("smtp.example.com", port, timeout=5) as client:
        client.starttls(context=ssl.create_default_context())
        client.login("user", "password")
        client.send_message(mail)
