from welcome import send_welcome_mail


def test_falls_back_to_2525_when_587_is_blocked(smtpports):
    smtpports.route("smtp.example.com")
    smtpports.block(587)

    send_welcome_mail("ada@example.org")

    mail = smtpports.assert_sent(to="ada@example.org", subject="Welcome", port=2525, tls=True)
    assert "confirm" in mail.text
    smtpports.assert_attempted([587, 2525])
