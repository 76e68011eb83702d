from pytest_bdd import given, parsers, scenarios, then, when
from welcome import send_welcome_mail

scenarios("sign_up.feature")


@given(parsers.parse("port {number:d} is blocked"))
def block(smtpports, number):
    smtpports.block(number)


@when(parsers.parse("{user} signs up"))
def sign_up(smtpports, user):
    smtpports.route("smtp.example.com")
    send_welcome_mail(user)


@then(parsers.parse("{user} has a mail that came by port {number:d}"))
def has_mail(smtpports, user, number):
    smtpports.assert_sent(to=user, port=number, within=5)
