"""An application that reads its environment."""

import os
import smtplib
import ssl
from email.message import EmailMessage

from fastapi import FastAPI

app = FastAPI()


@app.post("/sign-up/{address}")
def sign_up(address: str) -> str:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "shop@example.com", address, "Welcome"
    with smtplib.SMTP(os.environ["SMTP_HOST"], int(os.environ["SMTP_PORT"]), timeout=10) as client:
        client.starttls(context=ssl.create_default_context())
        client.login(os.environ["SMTP_USERNAME"], os.environ["SMTP_PASSWORD"])
        client.send_message(mail)
    return "sent"
