import smtplib


def test_port_25_takes_mail_in_clear(smtpports):
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
        client.sendmail("app@example.com", "ada@example.org", "Subject: by 25\r\n\r\nHello")

    smtpports.assert_sent(subject="by 25", port=25, tls=False)


def test_port_465_speaks_tls_from_the_first_byte(smtpports):
    context = smtpports.client_context()
    with smtplib.SMTP_SSL(*smtpports.ports[465].address, timeout=5, context=context) as client:
        client.login(smtpports.username, smtpports.password)
        client.sendmail("app@example.com", "ada@example.org", "Subject: by 465\r\n\r\nHello")

    smtpports.assert_sent(subject="by 465", port=465, tls=True, user="user")


def test_port_587_asks_for_starttls_and_a_login(smtpports):
    with smtplib.SMTP(*smtpports.ports[587].address, timeout=5) as client:
        client.starttls(context=smtpports.client_context())
        client.login(smtpports.username, smtpports.password)
        client.sendmail("app@example.com", "ada@example.org", "Subject: by 587\r\n\r\nHello")

    smtpports.assert_sent(subject="by 587", port=587, tls=True, user="user")


def test_port_2525_takes_a_login_in_clear_too(smtpports):
    with smtplib.SMTP(*smtpports.ports[2525].address, timeout=5) as client:
        client.login(smtpports.username, smtpports.password)
        client.sendmail("app@example.com", "ada@example.org", "Subject: by 2525\r\n\r\nHello")

    smtpports.assert_sent(subject="by 2525", port=2525, tls=False, user="user")


def test_every_port_takes_mail_from_a_client_that_suits_it(each_smtpport):
    with each_smtpport.connect() as client:
        client.sendmail("app@example.com", "ada@example.org", "Subject: Hello\r\n\r\n")

    assert each_smtpport.messages.only.port == each_smtpport.number
