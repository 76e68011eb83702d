import smtplib

import pytest


def test_a_further_port_is_emulated(smtpports):
    with smtpports.ports[2587].connect() as client:
        client.sendmail("app@example.com", "ada@example.org", "Subject: Hello\r\n\r\nHello Ada")

    smtpports.assert_sent(port=2587, tls=True)


def test_port_25_takes_mail_for_its_own_domain_only(smtpports):
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail("app@example.com", "ada@example.net", "Subject: Hello\r\n\r\n")
        client.sendmail("app@example.com", "ada@example.org", "Subject: Hello\r\n\r\n")

    smtpports.assert_sent(recipients="ada@example.org")


def test_a_hook_answers_a_command(smtpports):
    with smtpports.ports[25].connect() as client, pytest.raises(smtplib.SMTPRecipientsRefused, match="Mailbox full"):
        client.sendmail("app@example.com", "full@example.org", "Subject: Hello\r\n\r\n")


@pytest.mark.smtpports(fail="maintenance")
def test_a_fault_of_our_own_is_known_by_its_name(smtpports):
    with pytest.raises(smtplib.SMTPConnectError, match="Back at noon"):
        smtpports.ports[25].connect()
