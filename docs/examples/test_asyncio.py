import aiosmtplib
import pytest


@pytest.mark.asyncio
async def test_aiosmtplib_sends_through_a_routed_host(smtpports):
    smtpports.route("smtp.example.com")

    await aiosmtplib.send(
        "Subject: Hello\r\n\r\n",
        sender="app@example.com",
        recipients=["ada@example.org"],
        hostname="smtp.example.com",
        port=465,
        use_tls=True,
        username="user",
        password="password",
        timeout=5,
    )

    smtpports.assert_sent(recipients="ada@example.org", port=465, tls=True)


@pytest.mark.asyncio
async def test_a_mail_that_comes_later_is_awaited(smtpports):
    port = smtpports.ports[25]
    await aiosmtplib.send(
        "Subject: Later\r\n\r\n",
        sender="app@example.com",
        recipients=["ada@example.org"],
        hostname=port.host,
        port=port.port,
        timeout=5,
    )

    message = await smtpports.wait_for_async(subject="Later", timeout=5)
    assert message.port == 25
