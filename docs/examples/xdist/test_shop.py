import smtplib

import pytest


def send(smtpports, subject):
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=10) as client:
        client.sendmail("app@example.com", "ada@example.org", f"Subject: {subject}\r\n\r\nHello")


@pytest.mark.parametrize("number", range(4))
def test_each_test_has_ports_of_its_own(smtpports, number):
    send(smtpports, f"mail {number}")

    smtpports.assert_sent(subject=f"mail {number}")


@pytest.fixture(scope="session")
def dear():
    """A server that is slow to start, say: the tests of its group run in one worker, which starts it once."""
    return object()


@pytest.mark.xdist_group("dear")
@pytest.mark.parametrize("number", range(2))
def test_a_group_runs_in_one_worker(smtpports_server, dear, number):
    send(smtpports_server, f"dear {number}")

    smtpports_server.assert_sent(subject=f"dear {number}")
