from unittest.mock import patch

from hasty import send_hastily
from welcome import send_welcome_mail


def test_a_welcome_mail_is_sent():
    with patch("smtplib.SMTP") as smtp:
        send_welcome_mail("ada@example.org")

    smtp.assert_called_once_with("smtp.example.com", 587, timeout=0.5)
    client = smtp.return_value.__enter__.return_value
    client.starttls.assert_called_once()
    client.login.assert_called_once_with("user", "password")
    mail = client.send_message.call_args.args[0]
    assert mail["To"] == "ada@example.org"
    assert "confirm" in mail.get_content()


def test_a_port_is_blocked():
    with patch("smtplib.SMTP") as smtp:
        client = smtp.return_value
        client.__enter__.return_value = client
        smtp.side_effect = [TimeoutError("timed out"), client]

        assert send_welcome_mail("ada@example.org") == 2525


def test_what_a_server_refuses_passes():
    with patch("smtplib.SMTP") as smtp:
        send_hastily("ada@example.org")

    smtp.return_value.login.assert_called_once_with("user", "password")
