from welcome import send_welcome


def test_the_mail_is_sent_again_when_the_first_try_is_put_off(smtpports):
    smtpports.route("smtp.example.com")
    smtpports.fail("rcpt", "450 4.7.1 Greylisted, try again later", times=1)

    send_welcome("ada@example.org")

    smtpports.assert_sent(to="ada@example.org", port=587)
    smtpports.assert_attempted([587, 587])
