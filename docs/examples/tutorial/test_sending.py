from welcome import send_welcome


def test_a_new_customer_gets_a_mail(smtpports):
    smtpports.route("smtp.example.com")

    send_welcome("ada@example.org")

    mail = smtpports.assert_sent(to="ada@example.org", subject="Welcome", port=587, tls=True)
    assert "confirm" in mail.text
