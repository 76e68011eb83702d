"""A Celery application. Where its broker is, and where its mail goes, is told by the environment."""

import os
import smtplib
import ssl
from email.message import EmailMessage

from celery import Celery

FOLDER = os.environ.get("SHOP_QUEUE", "")

app = Celery("shop", broker="filesystem://" if FOLDER else "memory://")
# Celery's broker in a folder, or in the memory of a process, for the sake of tests.
app.conf.broker_transport_options = {
    "data_folder_in": FOLDER,
    "data_folder_out": FOLDER,
    "control_folder": os.path.join(FOLDER, "control"),  # noqa: PTH118 # an option, and no path of ours
    "polling_interval": 0.05,
}


@app.task
def send_welcome_mail(address: str) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "shop@example.com", address, "Welcome"
    mail.set_content("Please confirm your address.")
    host, port = os.environ.get("SMTP_HOST", "smtp.example.com"), int(os.environ.get("SMTP_PORT", "587"))
    with smtplib.SMTP(host, port, timeout=10) as client:
        client.starttls(context=ssl.create_default_context())
        client.login(os.environ.get("SMTP_USERNAME", "user"), os.environ.get("SMTP_PASSWORD", "password"))
        client.send_message(mail)
