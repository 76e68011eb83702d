from email.message import EmailMessage
from email.utils import localtime, make_msgid

import pytest


def newsletter():
    mail = EmailMessage()
    mail["From"] = "news@example.com"
    mail["To"] = "ada@example.org"
    mail["Subject"] = "News"
    mail["Date"] = localtime()
    mail["Message-ID"] = make_msgid(domain="example.com")
    mail.set_content("This is new.\n")
    return mail


def send(smtpports, mail):
    with smtpports.ports[587].connect() as client:
        client.send_message(mail, "news@example.com")


def test_the_newsletter_is_as_it_should_be(smtpports):
    send(smtpports, newsletter())

    assert not smtpports.messages.check()


def test_a_list_needs_a_way_to_unsubscribe(smtpports):
    mail = newsletter()
    mail["List-Id"] = "<news.example.com>"
    send(smtpports, mail)

    (finding,) = smtpports.messages.check()

    assert finding.rule == "no-one-click-unsubscribe"
    assert finding.source == "RFC 8058 §3.1"


def test_a_server_in_between_sets_the_date(smtpports):
    mail = newsletter()
    del mail["Date"]
    send(smtpports, mail)

    assert not smtpports.messages.check(ignore="missing-date")


class TestEveryMail:
    @pytest.fixture(autouse=True)
    def checked(self, smtpports):
        yield
        assert not smtpports.messages.check(ignore=("missing-date", "missing-message-id"))

    def test_a_newsletter(self, smtpports):
        send(smtpports, newsletter())
