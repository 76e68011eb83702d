import unittest

import pytest


@pytest.fixture(scope="class")
def shared_ports(request, smtpports_server):
    request.cls.smtpports = smtpports_server


@pytest.mark.usefixtures("shared_ports")
class TestWelcome(unittest.TestCase):
    def setUp(self):
        # The ports are as new.
        self.smtpports.route("smtp.example.com")

    def test_a_mail_is_sent(self):
        with self.smtpports.ports[587].connect() as client:
            client.sendmail("app@example.com", "ada@example.org", "Subject: Welcome")

        assert self.smtpports.messages.only.subject == "Welcome"

    def test_no_mail_is_sent(self):
        self.smtpports.assert_not_sent()
