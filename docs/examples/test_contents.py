from email.message import EmailMessage

import pytest


def confirmation():
    mail = EmailMessage()
    mail["From"] = "shop@example.com"
    mail["To"] = "ada@example.org"
    mail["Subject"] = "Confirm your address"
    mail.set_content("Your code is 482913.\n")
    mail.add_alternative('<p>Or <a href="https://shop.example.com/confirm?t=1">confirm here</a>.</p>', subtype="html")
    mail.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="terms.pdf")
    return mail


@pytest.fixture
def mail(smtpports):
    with smtpports.ports[587].connect() as client:
        client.send_message(confirmation())
    return smtpports.assert_sent(to="ada@example.org")


def test_the_link_leads_to_the_shop(mail):
    assert mail.links == ("https://shop.example.com/confirm?t=1",)


def test_the_code_has_six_digits(mail):
    assert len(mail.code()) == 6


def test_a_code_of_another_kind_is_found_by_its_pattern(mail):
    assert mail.code(r"code is (\w+)") == "482913"


def test_the_terms_are_attached(mail):
    terms = mail.attachments["terms.pdf"]

    assert terms.content_type == "application/pdf"
    assert terms.content.startswith(b"%PDF")
