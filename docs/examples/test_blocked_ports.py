import smtplib

import pytest


def test_a_dropped_port_means_a_timeout(smtpports):
    smtpports.block(587)

    with pytest.raises(TimeoutError):
        smtplib.SMTP(*smtpports.ports[587].address, timeout=30)
    assert smtpports.connections[0].timeout == 30


def test_a_refused_port_fails_at_once(smtpports):
    smtpports.block(25, how="refuse")

    with pytest.raises(ConnectionRefusedError):
        smtplib.SMTP(*smtpports.ports[25].address, timeout=5)


def test_a_block_ends_with_its_with_block(smtpports):
    with smtpports.block(25, how="refuse"), pytest.raises(ConnectionRefusedError):
        smtplib.SMTP(*smtpports.ports[25].address, timeout=5)

    with smtpports.ports[25].connect() as client:
        client.sendmail("app@example.com", "ada@example.org", "Subject: Hello\r\n\r\n")
    smtpports.assert_sent(port=25)


@pytest.mark.smtpports(only=2525, route="smtp.example.com")
def test_a_cloud_that_lets_2525_through_and_nothing_else(smtpports):
    for number in (25, 465, 587):
        with pytest.raises(TimeoutError):
            smtplib.SMTP("smtp.example.com", number, timeout=10)

    with smtplib.SMTP("smtp.example.com", 2525, timeout=5) as client:
        client.login("user", "password")
        client.sendmail("app@example.com", "ada@example.org", "Subject: Hello\r\n\r\n")
    smtpports.assert_sent(port=2525, host="smtp.example.com")
    smtpports.assert_attempted([25, 465, 587, 2525])


def test_two_hosts_with_different_blocks(smtpports):
    first, second = smtpports.route("mx1.example.org"), smtpports.route("mx2.example.org")
    first.block(25, how="refuse")

    with pytest.raises(ConnectionRefusedError):
        smtplib.SMTP("mx1.example.org", 25, timeout=5)
    with smtplib.SMTP("mx2.example.org", 25, timeout=5) as client:
        client.sendmail("app@example.com", "ada@example.org", "Subject: Hello\r\n\r\n")

    assert second.messages.only.host == "mx2.example.org"
