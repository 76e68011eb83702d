"""Coroutines as tests, by pytest-asyncio in its strict mode, with aiosmtplib as the client."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

HEAD = """
        import asyncio
        import contextlib
        import ssl
        import aiosmtplib
        import pytest

        pytestmark = pytest.mark.asyncio

        async def send(host, port, subject="Hello", **settings):
            mail = f"Subject: {subject}\\r\\n\\r\\nGood morning"
            async with aiosmtplib.SMTP(hostname=host, port=port, timeout=5, **settings) as client:
                wire = client.transport.get_extra_info("socket")
                await client.sendmail("app@example.com", ["ada@example.org"], mail)
            # aiosmtplib doesn't wait for the end of TLS, and the test's loop would be closed before it has come.
            async with asyncio.timeout(5) if hasattr(asyncio, "timeout") else contextlib.nullcontext():
                while wire.fileno() >= 0:
                    await asyncio.sleep(0)
"""


def test_aiosmtplib_sends_through_each_port(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        HEAD
        + """
        LOGIN = {"username": "user", "password": "password"}
        SETTINGS = {
            25: {},
            465: {"use_tls": True, **LOGIN},
            587: {"start_tls": True, **LOGIN},
            2525: {"start_tls": False, **LOGIN},
        }

        async def test_port(each_smtpport, smtpports):
            settings = dict(SETTINGS[each_smtpport.number])
            if settings.get("use_tls") or settings.get("start_tls"):
                settings["tls_context"] = smtpports.client_context()
            await send(*each_smtpport.address, **settings)
            smtpports.assert_sent(port=each_smtpport.number, tls=each_smtpport.number in (465, 587))
    """
    )

    pytester.runpytest("--asyncio-mode=strict").assert_outcomes(passed=4)


def test_aiosmtplib_falls_back_through_a_routed_host(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        HEAD
        + """
        @pytest.mark.smtpports(route="smtp.example.com", block={587: "refuse"})
        async def test_fallback(smtpports):
            login = {"username": "user", "password": "password"}
            with pytest.raises(aiosmtplib.SMTPConnectError):
                await send("smtp.example.com", 587, **login)
            await send("smtp.example.com", 2525, start_tls=True, **login)
            smtpports.assert_sent(host="smtp.example.com", port=2525, tls=True)
            smtpports.assert_attempted([587, 2525])
    """
    )

    pytester.runpytest("--asyncio-mode=strict").assert_outcomes(passed=1)


def test_mail_that_comes_later_is_awaited(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        HEAD
        + """
        async def test_later(smtpports):
            task = asyncio.create_task(send(*smtpports.ports[25].address, subject="Later"))
            message = await smtpports.wait_for_async(subject="Later", timeout=5)
            assert message.port == 25
            await smtpports.assert_sent_async(subject="Later")
            await smtpports.assert_not_sent_async(subject="Earlier", settle=0.2)
            await task
    """
    )

    pytester.runpytest("--asyncio-mode=strict").assert_outcomes(passed=1)


def test_a_blocking_wait_in_a_coroutine_names_its_twin(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        HEAD
        + """
        async def test_wait(smtpports):
            smtpports.wait_for(subject="Later")
    """
    )

    result = pytester.runpytest("--asyncio-mode=strict")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E *BlockingWaitError: wait_for() waits, *`await smtpports.wait_for_async(...)`."])


def test_an_async_fixture_can_hold_a_client(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        HEAD
        + """
        import pytest_asyncio

        @pytest_asyncio.fixture
        async def client(smtpports):
            port = smtpports.ports[2525]
            client = aiosmtplib.SMTP(hostname=port.host, port=port.port, username="user", password="password",
                                     start_tls=False, timeout=5)
            async with client:
                yield client

        async def test_client(client, smtpports):
            await client.sendmail("app@example.com", "ada@example.org", "Subject: Hello\\r\\n\\r\\n")
            smtpports.assert_sent(user="user")
    """
    )

    pytester.runpytest("--asyncio-mode=strict").assert_outcomes(passed=1)
