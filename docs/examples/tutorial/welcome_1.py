import smtplib
import ssl
from email.message import EmailMessage


def send_welcome(recipient):
    mail = EmailMessage()
    mail["From"] = "shop@example.com"
    mail["To"] = recipient
    mail["Subject"] = "Welcome"
    mail.set_content("Please confirm your address.")
    with smtplib.SMTP("smtp.example.com", 587, timeout=5) as client:
        client.starttls(context=ssl.create_default_context())
        client.login("user", "password")
        client.send_message(mail)
