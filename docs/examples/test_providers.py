import smtplib
import ssl

import pytest


@pytest.mark.smtpports(network="digitalocean")
def test_sendgrid_by_the_port_that_is_left(smtpports):
    sendgrid = smtpports.provider("sendgrid")

    with smtplib.SMTP("smtp.sendgrid.net", 2525, timeout=5) as client:
        client.starttls(context=ssl.create_default_context())
        client.login("apikey", sendgrid.password)
        client.sendmail("app@example.com", "ada@example.org", "Subject: Hello\r\n\r\n")

    smtpports.assert_sent(host="smtp.sendgrid.net", port=2525, tls=True, user="apikey")
