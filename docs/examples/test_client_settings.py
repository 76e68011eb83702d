import os
import smtplib
import subprocess
import sys

PROGRAM = """
import os, smtplib, ssl
with smtplib.SMTP(os.environ["SMTP_HOST"], int(os.environ["SMTP_PORT"]), timeout=10) as client:
    client.starttls(context=ssl.create_default_context())
    client.login(os.environ["SMTP_USERNAME"], os.environ["SMTP_PASSWORD"])
    client.sendmail("app@example.com", "ada@example.org", "Subject: Hello")
"""


def test_smtplib_is_told_its_calls(smtpports):
    settings = smtpports.ports[587].settings("smtplib")

    with smtplib.SMTP(**settings["SMTP"]) as client:
        client.starttls(**settings["starttls"])
        client.login(**settings["login"])
        client.sendmail("app@example.com", "ada@example.org", "Subject: Hello")

    smtpports.assert_sent(port=587, tls=True, user="user")


def test_a_child_process_is_told_by_its_environment(smtpports):
    subprocess.run([sys.executable, "-c", PROGRAM], env=os.environ | smtpports.env(587), check=True, timeout=30)

    smtpports.assert_sent(port=587, tls=True, user="user")
