import smtplib


def test_a_full_mailbox_is_told(smtpports):
    smtpports.fail("rcpt", "452 4.2.2 Mailbox full", recipient="full@example.org")

    with smtplib.SMTP(*smtpports.ports[25].address, timeout=10) as client:
        refused = client.sendmail("app@example.com", ["ada@example.org", "full@example.org"], "Subject: Hello")

    assert refused == {"full@example.org": (452, b"4.2.2 Mailbox full")}
    smtpports.assert_sent(recipients=["ada@example.org"])
