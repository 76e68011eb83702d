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
        deliver_patiently(mail, 587)
    except (TimeoutError, ConnectionError):
        deliver_patiently(mail, 2525)


def deliver_patiently(mail, port):
    try:
        deliver(mail, port)
    except smtplib.SMTPRecipientsRefused as refused:
        if any(code >= 500 for code, _ in refused.recipients.values()):
            raise  # a 5xx is for good: to try again helps nobody
        deliver(mail, port)  # an application would wait before this


def deliver(mail, port):
    with smtplib.SMTP("smtp.example.com", port, timeout=5) as client:
        client.starttls(context=ssl.create_default_context())
        client.login("user", "password")
        client.send_message(mail)
