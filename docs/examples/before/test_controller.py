import smtplib

import pytest
from aiosmtpd.controller import Controller


class Handler:
    def __init__(self):
        self.mail = []

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):  # noqa: N802 # aiosmtpd's name
        if address == "full@example.org":
            return "452 4.2.2 Mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 # aiosmtpd's name
        self.mail.append(envelope)
        return "250 OK"


@pytest.fixture
def server():
    controller = Controller(Handler(), hostname="127.0.0.1", port=8025)
    controller.start()
    yield controller
    controller.stop()


def test_a_full_mailbox_is_told(server):
    with smtplib.SMTP("127.0.0.1", 8025, timeout=10) as client:
        refused = client.sendmail("app@example.com", ["ada@example.org", "full@example.org"], "Subject: Hello")

    assert refused == {"full@example.org": (452, b"4.2.2 Mailbox full")}
    assert server.handler.mail[0].rcpt_tos == ["ada@example.org"]
