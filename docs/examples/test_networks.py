import pytest
from welcome import send_welcome_mail


@pytest.mark.smtpports(route="smtp.example.com", network=["aws", "hetzner", "digitalocean"])
def test_the_mail_gets_out_of_every_cloud_that_we_run_in(smtpports):
    send_welcome_mail("ada@example.org")

    smtpports.assert_sent(to="ada@example.org", tls=True)
