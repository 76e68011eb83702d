import pytest

from pytest_smtpports import KINDRED


@pytest.mark.smtpports(profiles=KINDRED[24])
def test_lmtp_takes_a_mail_for_one_recipient(smtpports):
    with smtpports.ports[24].connect() as client:
        client.sendmail("app@example.com", "ada@example.org", "Subject: Hello\r\n\r\n")

    smtpports.assert_sent(port=24, recipients="ada@example.org")


@pytest.mark.smtpports(profiles=KINDRED[24])
def test_lmtp_replies_for_each_recipient(smtpports):
    client = smtpports.ports[24].connect()
    client.ehlo_or_helo_if_needed()
    client.mail("app@example.com")
    client.rcpt("ada@example.org")
    client.rcpt("bob@example.org")

    # smtplib reads one reply behind a message; the other one is still to be read.
    replies = [client.data("Subject: Hello\r\n\r\n"), client.getreply()]

    assert replies == [
        (250, b"2.1.5 <ada@example.org> Ok: message taken"),
        (250, b"2.1.5 <bob@example.org> Ok: message taken"),
    ]
    client.quit()
