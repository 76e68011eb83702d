from welcome import send_welcome


def test_the_mail_goes_by_2525_when_587_is_blocked(smtpports):
    smtpports.route("smtp.example.com")
    smtpports.block(587)

    send_welcome("ada@example.org")

    smtpports.assert_sent(to="ada@example.org", port=2525)
    smtpports.assert_attempted([587, 2525])
