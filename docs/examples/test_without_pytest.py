from pytest_smtpports import SMTPPorts


def test_smtpports_is_a_context_manager():
    with SMTPPorts() as smtpports:
        with smtpports.ports[587].connect() as client:
            client.sendmail("app@example.com", "ada@example.org", "Subject: Hello\r\n\r\n")
        assert smtpports.messages.only.subject == "Hello"
