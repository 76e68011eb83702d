import unittest

import pytest
from welcome import send_welcome_mail


class TestWelcome(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _provider(self, smtpports):
        smtpports.route("smtp.example.com")
        self.smtpports = smtpports

    def test_a_mail_is_sent(self):
        send_welcome_mail("ada@example.org")

        self.smtpports.assert_sent(to="ada@example.org", port=587)

    @pytest.mark.smtpports(block=587)
    def test_the_next_port_is_taken(self):
        assert send_welcome_mail("ada@example.org") == 2525
