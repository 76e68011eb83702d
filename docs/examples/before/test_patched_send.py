import welcome


def sign_up(address):
    """The application, which knows `send_welcome_mail` by its module."""
    welcome.send_welcome_mail(address)


def test_a_new_user_is_sent_mail(monkeypatch):
    sent = []
    monkeypatch.setattr(welcome, "send_welcome_mail", sent.append)

    sign_up("ada@example.org")

    assert sent == ["ada@example.org"]
