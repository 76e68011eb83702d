"""The ports beside what runs tests in another way: unittest, doctest, anyio, pytest-asyncio, pytest-timeout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

# By streams of anyio, under whichever loop runs the test.
ANYIO_MAIL = """
import anyio

async def send(address):
    async with await anyio.connect_tcp(*address) as stream:
        for line in ("", "EHLO client", "MAIL FROM:<app@example.com>", "RCPT TO:<ada@example.org>", "DATA", "Subject: Hello\\r\\n\\r\\n.", "QUIT"):
            if line:
                await stream.send(line.encode() + b"\\r\\n")
            await stream.receive()
"""  # noqa: E501 # a dialogue


# unittest


def test_a_test_case_that_is_async_takes_the_fixture(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import unittest
        import aiosmtplib
        import pytest

        class TestMail(unittest.IsolatedAsyncioTestCase):
            @pytest.fixture(autouse=True)
            def take(self, smtpports):
                self.smtpports = smtpports

            async def asyncSetUp(self):
                settings = self.smtpports.ports[25].settings("aiosmtplib")
                await aiosmtplib.send("Subject: Hello", sender="a@example.com", recipients=["ada@x.org"], **settings)

            async def test_assert_sent(self):
                self.smtpports.assert_sent(subject="Hello")

            async def test_wait(self):
                message = await self.smtpports.wait_for_async(subject="Hello", timeout=5)
                self.assertEqual(message.port, 25)
    """)

    pytester.runpytest().assert_outcomes(passed=2)


def test_each_test_of_a_class_finds_the_ports_that_a_fixture_puts_on_it_as_new(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import unittest
        import pytest
        from mail import send

        @pytest.fixture(scope="class")
        def mail_provider(request, smtpports_server):
            request.cls.smtpports = smtpports_server

        @pytest.mark.usefixtures("mail_provider")
        class TestMail(unittest.TestCase):
            def setUp(self):
                send(self.smtpports.ports[25].address)

            def test_one(self):
                self.smtpports.assert_sent(subject="Hello")

            def test_two(self):
                self.smtpports.assert_sent(subject="Hello")

            def test_parts(self):
                for number in (25, 587):
                    with self.subTest(number):
                        self.assertIn(number, self.smtpports.ports)
    """)

    result = pytester.runpytest()

    assert result.ret == 0
    assert result.parseoutcomes()["passed"] >= 3


def test_a_failure_in_a_test_case_tells_what_came(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import unittest
        import pytest
        from mail import send

        class TestMail(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def take(self, smtpports):
                self.smtpports = smtpports

            def test_fails(self):
                send(self.smtpports.ports[25].address)
                self.smtpports.assert_sent(subject="Welcome")
    """)

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*subject*Welcome*", "*Hello*"])


# doctest


def test_a_doctest_asks_for_the_fixture_by_its_name(pytester: pytest.Pytester) -> None:
    pytester.makepyfile('''
        def greet(address):
            """
            >>> smtpports = getfixture("smtpports")
            >>> greet(smtpports.ports[25].address)
            >>> smtpports.messages.only.subject
            'Hello'
            """
            from mail import send

            send(address)

        def greet_by_the_server(address):
            """
            >>> smtpports = getfixture("smtpports_server")
            >>> len(smtpports.messages)
            0
            >>> greet(smtpports.ports[25].address)
            >>> smtpports.assert_sent().subject
            'Hello'
            """

        def greet_by_the_server_again():
            """
            >>> len(getfixture("smtpports_server").messages)
            0
            """
    ''')
    pytester.maketxtfile(
        test_readme="""
        >>> smtpports = getfixture("smtpports")
        >>> with smtpports.route("smtp.example.com") as route:
        ...     print(route)
        <Route smtp.example.com>
        """
    )

    pytester.runpytest("--doctest-modules", "--doctest-glob=*.txt").assert_outcomes(passed=4)


# pytest-asyncio


@pytest.mark.parametrize("scope", ["function", "session"])
def test_pytest_asyncio_in_its_auto_mode_takes_coroutines_and_fixtures(
    pytester: pytest.Pytester, write_ini: Callable[..., None], scope: str
) -> None:
    write_ini(f"asyncio_default_test_loop_scope = {scope}", "asyncio_mode = auto")
    pytester.makepyfile("""
        import aiosmtplib
        import pytest

        @pytest.fixture
        async def sent(smtpports):
            settings = smtpports.ports[25].settings("aiosmtplib")
            await aiosmtplib.send("Subject: Hello", sender="a@example.com", recipients=["b@example.org"], **settings)
            return smtpports

        @pytest.mark.parametrize("turn", range(2))
        async def test_mail(sent, turn):
            assert (await sent.wait_for_async(subject="Hello", timeout=5)).port == 25
            assert len(sent.messages) == 1

        @pytest.mark.smtpports(block=25)
        async def test_marked(smtpports):
            assert smtpports.ports[25].blocked

        def test_that_is_no_coroutine(smtpports):
            assert not smtpports.messages
    """)

    pytester.runpytest().assert_outcomes(passed=4)


# anyio


def test_the_plugin_of_anyio_runs_a_test_under_asyncio_and_trio(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(sending=ANYIO_MAIL)
    pytester.makepyfile("""
        import pytest
        from sending import send

        pytestmark = pytest.mark.anyio

        @pytest.fixture
        async def sent(anyio_backend, smtpports):
            await send(smtpports.ports[25].address)
            return smtpports

        async def test_fixture(sent):
            sent.assert_sent(subject="Hello")

        async def test_wait(smtpports):
            import anyio

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(send, smtpports.ports[25].address)
                assert (await smtpports.wait_for_async(subject="Hello", timeout=5)).port == 25

        async def test_blocking_wait(smtpports):
            from pytest_smtpports import BlockingWaitError

            with pytest.raises(BlockingWaitError, match="wait_for_async"):
                smtpports.wait_for(subject="Hello", timeout=5)

        @pytest.mark.smtpports(block={25: "refuse"})
        async def test_block(smtpports):
            with pytest.raises(OSError):
                await send(smtpports.ports[25].address)
    """)

    # Of the options that speak of one plugin the last holds.
    pytester.runpytest("-p", "anyio").assert_outcomes(passed=8)


# pytest-timeout


def test_a_test_that_is_ended_by_its_timeout_leaves_nothing_to_the_next(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import socket
        import pytest

        @pytest.mark.timeout(0.5, method="signal")
        @pytest.mark.parametrize("how", ["silent", "drop", "tarpit"])
        def test_waits(smtpports, how):
            smtpports.real_time()
            smtpports.block(25, how=how)
            with socket.socket() as client:
                client.connect(smtpports.ports[25].address)
                while client.recv(1):
                    pass

        @pytest.mark.timeout(0.5, method="signal")
        def test_waits_for_mail(smtpports_server):
            smtpports_server.wait_for(subject="Hello", timeout=60)

        def test_next(smtpports, smtpports_server):
            from mail import send

            for each in (smtpports, smtpports_server):
                send(each.ports[25].address)
                each.assert_sent(subject="Hello")
    """)

    result = pytester.runpytest("-p", "no:randomly")

    result.assert_outcomes(failed=4, passed=1)
    result.stdout.fnmatch_lines(["*Timeout*0.5*"])
