import smtplib

import pytest

from pytest_smtpports import FAULTS

MAIL = "Subject: Invoice\r\nMessage-ID: <1@example.com>\r\n\r\n"
PUT_OFF = [fault for fault in FAULTS.transient if fault.stage == "message"]
# One provider says 450 for good, which no code can tell.
REFUSED = [fault for fault in FAULTS.permanent if fault.stage == "message" and fault.name != "validation-failed"]


def send(address):
    """Code under test: who is put off comes again, once; in the world it pauses before."""
    try:
        send_once(address)
    except smtplib.SMTPDataError as error:
        if error.smtp_code >= 500:
            raise
        send_once(address)


def send_once(address):
    with smtplib.SMTP(*address, timeout=10) as client:
        client.sendmail("app@example.com", "ada@example.org", MAIL)


@pytest.mark.parametrize("fault", PUT_OFF)
def test_a_mail_that_is_put_off_is_sent_again(smtpports, fault):
    smtpports.fail(fault, times=1)

    send(smtpports.ports[25].address)

    smtpports.assert_sent(subject="Invoice")


@pytest.mark.parametrize("fault", REFUSED)
def test_a_mail_that_is_refused_is_not_sent_again(smtpports, fault):
    smtpports.fail(fault)

    with pytest.raises(smtplib.SMTPDataError):
        send(smtpports.ports[25].address)

    smtpports.assert_attempted([25])


@pytest.mark.smtpports(fail="tls-unavailable")
def test_no_password_goes_over_a_line_without_tls(smtpports):
    with pytest.raises(smtplib.SMTPResponseException, match="454"):
        smtpports.ports[587].connect()

    smtpports.assert_not_sent()
