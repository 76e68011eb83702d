import smtplib
from email.message import EmailMessage

import pytest
from second_tries import deliver

from pytest_smtpports import FAULTS, Disconnect, accept_then

pytestmark = pytest.mark.smtpports(route="mx.example.org")

# Those that are told by a reply with a 4 in front.
PUT_OFF = [fault for fault in FAULTS.transient if fault.stage == "rcpt" and str(fault.action).startswith("4")]


@pytest.fixture
def mail():
    mail = EmailMessage()
    mail["From"] = "shop@example.com"
    mail["Subject"] = "Invoice"
    return mail


def test_a_mail_that_is_put_off_is_sent_again(smtpports, mail):
    smtpports.fail("rcpt", "450 4.7.1 Greylisted", times=2)

    # The clock of the ports takes the place of `time.sleep`, so that no test waits.
    deliver(mail, ["ada@example.org"], sleep=smtpports.clock.advance)

    smtpports.assert_sent(subject="Invoice")
    smtpports.assert_attempted([25, 25, 25])


def test_a_mail_that_is_refused_is_not_sent_again(smtpports, mail):
    smtpports.fail("rcpt", "550 5.1.1 No such user")

    with pytest.raises(smtplib.SMTPRecipientsRefused):
        deliver(mail, ["ada@example.org"], sleep=smtpports.clock.advance)
    smtpports.assert_attempted([25])


@pytest.mark.parametrize("fault", PUT_OFF)
def test_whatever_puts_a_mail_off_in_the_world_is_met_by_a_second_try(smtpports, mail, fault):
    smtpports.fail(fault, times=1)

    deliver(mail, ["ada@example.org"], sleep=smtpports.clock.advance)

    smtpports.assert_sent(subject="Invoice")


def test_a_greylist_lets_in_who_comes_late_enough(smtpports, mail):
    smtpports.greylist(retry_after=300)
    pauses = []

    def sleep(seconds):
        pauses.append(seconds)
        smtpports.clock.advance(seconds)

    deliver(mail, ["ada@example.org"], sleep)

    assert pauses == [60, 300]
    smtpports.assert_sent(subject="Invoice")


def test_only_those_who_were_put_off_are_sent_it_again(smtpports, mail):
    smtpports.fail("rcpt", "452 4.2.2 Mailbox full", recipient="bob@example.org", times=1)

    deliver(mail, ["ada@example.org", "bob@example.org"], sleep=smtpports.clock.advance)

    assert [message.recipients for message in smtpports.messages] == [("ada@example.org",), ("bob@example.org",)]
    smtpports.assert_delivered_once()


def test_a_mail_is_given_up_in_the_end(smtpports, mail):
    smtpports.fail("rcpt", "450 4.2.0 Mailbox busy")

    with pytest.raises(smtplib.SMTPRecipientsRefused):
        deliver(mail, ["ada@example.org"], sleep=smtpports.clock.advance)
    smtpports.assert_attempted([25] * 4)


def test_a_line_that_drops_before_the_mail_was_taken_delivers_once(smtpports, mail):
    smtpports.fail("data", Disconnect("reset"), times=1)

    deliver(mail, ["ada@example.org"], sleep=smtpports.clock.advance)

    smtpports.assert_delivered_once(subject="Invoice")


def test_a_line_that_drops_behind_it_delivers_twice_by_one_message_id(smtpports, mail):
    smtpports.fail("message", accept_then(Disconnect()), times=1)

    deliver(mail, ["ada@example.org"], sleep=smtpports.clock.advance)

    first, second = smtpports.assert_sent_times(2, subject="Invoice")
    assert first.message_id == second.message_id
    assert (first.acknowledged, second.acknowledged) == (False, True)
    # What can't be told from the first by who sends, is told here.
    with pytest.raises(AssertionError, match="2 deliveries of"):
        smtpports.assert_delivered_once()
