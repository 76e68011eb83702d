"""The ports beside pytest-trio, pytest-rerunfailures, pytest-bdd and pytest-django, with pytest-xdist and without."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Suite = Callable[..., pytest.RunResult]

INI = """
[pytest]
pythonpath = .
asyncio_default_fixture_loop_scope = function
{lines}
filterwarnings =
    error
    # Django has other settings to come.
{ignored}
"""
MAIL = """
    import smtplib

    def send(address, subject="Hello"):
        with smtplib.SMTP(*address, timeout=5) as client:
            client.sendmail("app@example.com", "ada@example.org", f"Subject: {subject}")
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> Suite:
    """Runs some tests in this process; those of Django, which is set up once in a process, in one of their own."""

    def run(tests: str, *options: str, lines: str = "", ignored: str = "", django: bool = False) -> pytest.RunResult:
        pytester.makeini(INI.format(lines=lines, ignored=ignored))
        pytester.makepyfile(mail=MAIL)
        pytester.makepyfile(tests)
        options = ("-p", "no:randomly", "-p", "no:cacheprovider", *options)
        return pytester.runpytest_subprocess(*options) if django else pytester.runpytest("-p", "no:django", *options)

    return run


# pytest-trio

TRIO = """
    import pytest
    import trio
    from mail import send
    from pytest_smtpports import BlockingWaitError

    {mark}

    @pytest.fixture
    async def sent(smtpports, nursery):
        nursery.start_soon(trio.to_thread.run_sync, send, smtpports.ports[25].address)
        return smtpports

    async def test_wait(sent):
        assert (await sent.wait_for_async(subject="Hello", timeout=5)).port == 25

    async def test_assert(sent):
        await sent.assert_sent_async(subject="Hello", within=5)

    async def test_fixture_that_is_new(smtpports):
        await smtpports.assert_not_sent_async(settle=0.05)

    async def test_blocking_wait(smtpports):
        with pytest.raises(BlockingWaitError, match="wait_for_async"):
            smtpports.wait_for(subject="Hello", timeout=5)

    async def test_trio_dials_by_a_route(smtpports):
        smtpports.route("smtp.example.com")
        async with await trio.open_tcp_stream("smtp.example.com", 25) as stream:
            assert (await stream.receive_some()).startswith(b"220 smtp.example.com")

    @pytest.mark.smtpports(route="smtp.example.com", block={{25: "refuse"}})
    async def test_trio_meets_a_block():
        with pytest.raises(OSError):
            await trio.open_tcp_stream("smtp.example.com", 25)
"""


@pytest.mark.parametrize(("mark", "lines"), [("pytestmark = pytest.mark.trio", ""), ("", "trio_mode = true")])
def test_coroutines_under_trio_have_ports(suite: Suite, mark: str, lines: str) -> None:
    suite(TRIO.format(mark=mark), lines=lines).assert_outcomes(passed=6)


# pytest-rerunfailures

FLAKY = """
    import pytest
    from mail import send

    TURNS = []

    @pytest.mark.parametrize("name", ["smtpports", "smtpports_server"])
    @pytest.mark.smtpports(block=587)
    def test_flaky(request, name):
        smtpports = request.getfixturevalue(name)
        assert (*smtpports.messages, *smtpports.connections) == ()
        assert [port.number for port in smtpports.ports if port.blocked] == [587] * (name == "smtpports")
        send(smtpports.ports[25].address)
        smtpports.block(2525)
        TURNS.append(name)
        assert TURNS.count(name) == 3

    def test_after(smtpports_server):
        assert not smtpports_server.messages
"""


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["here", "in workers"])
def test_a_test_that_is_run_again_finds_the_ports_as_new(suite: Suite, options: tuple[str, ...]) -> None:
    result = suite(FLAKY, "--reruns", "3", *options)

    assert result.parseoutcomes() == {"passed": 3, "rerun": 4}


def test_a_test_that_the_guard_fails_is_run_again_and_fails_again(suite: Suite) -> None:
    result = suite(
        """
    from mail import send

    def test_world():
        try:
            send(("192.0.2.1", 587))
        except OSError:
            pass
    """,
        "--reruns",
        "1",
        "--smtpports-guard",
    )

    assert result.parseoutcomes() == {"failed": 1, "rerun": 1}


# pytest-bdd

FEATURE = """
Feature: Signing up

  Scenario: A port is blocked
    Given port 587 is blocked
    When ada@example.org signs up
    Then a mail to ada@example.org has come by port 2525

  Scenario: No port is blocked
    When grace@example.org signs up
    Then a mail to grace@example.org has come by port 587
"""
STEPS = """
    import smtplib
    import pytest
    from pytest_bdd import given, parsers, scenarios, then, when

    scenarios("sign_up.feature")

    @pytest.fixture(autouse=True)
    def provider(smtpports):
        return smtpports.route("smtp.example.com")

    @given(parsers.parse("port {number:d} is blocked"))
    def block(smtpports, number):
        smtpports.block(number, how="refuse")

    @when(parsers.parse("{user} signs up"))
    def sign_up(user):
        for number in (587, 2525):
            try:
                client = smtplib.SMTP("smtp.example.com", number, timeout=5)
            except ConnectionRefusedError:
                continue
            import ssl
            with client:
                client.starttls(context=ssl.create_default_context())
                client.login("user", "password")
                client.sendmail("app@example.com", user, "Subject: Welcome")
            return

    @then(parsers.parse("a mail to {user} has come by port {number:d}"))
    def has_come(smtpports, user, number):
        smtpports.assert_sent(recipients=user, port=number)
        assert len(smtpports.messages) == 1
"""


def test_the_steps_of_a_scenario_share_the_ports(suite: Suite, pytester: pytest.Pytester) -> None:
    (pytester.path / "sign_up.feature").write_text(FEATURE)

    suite(STEPS).assert_outcomes(passed=2)


# pytest-django

DJANGO = """
    import django.test
    import pytest
    from django.core import mail

    def send():
        mail.send_mail("Welcome", "Hello", "app@example.com", ["ada@example.org"])

    @pytest.fixture
    def provider(smtpports, settings, request):
        for name, value in smtpports.ports[587].settings("django").items():
            setattr(settings, name, value)
        if request.cls is not None:
            request.cls.smtpports = smtpports
        return smtpports

    def test_function(provider):
        send()
        provider.assert_sent(subject="Welcome", tls=True)
        assert mail.outbox == []

    def test_without_ports_djangos_own_outbox_is_there():
        send()
        assert len(mail.outbox) == 1

    @pytest.mark.usefixtures("provider")
    class TestCase(django.test.SimpleTestCase):
        def test_one(self):
            send()
            self.smtpports.assert_sent(subject="Welcome", port=587, user="user")

        def test_two(self):
            self.smtpports.assert_not_sent()
"""


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["here", "in workers"])
def test_djangos_tests_send_to_the_ports_or_to_the_outbox(
    suite: Suite, pytester: pytest.Pytester, options: tuple[str, ...]
) -> None:
    pytester.makepyfile(shop_settings='SECRET_KEY = "of no use"')
    lines = "DJANGO_SETTINGS_MODULE = shop_settings"
    ignored = "    ignore::django.utils.deprecation.RemovedAfterNextVersionWarning"

    suite(DJANGO, *options, lines=lines, ignored=ignored, django=True).assert_outcomes(passed=4)


# All of them at once

MIXED = """
    import smtplib
    import pytest
    import trio
    from mail import send

    @pytest.mark.parametrize("turn", range(2))
    @pytest.mark.trio
    async def test_trio(smtpports, turn):
        await trio.to_thread.run_sync(send, smtpports.ports[25].address)
        smtpports.assert_sent(subject="Hello")

    @pytest.mark.parametrize("turn", range(2))
    @pytest.mark.asyncio
    async def test_asyncio(smtpports, turn):
        import asyncio

        await asyncio.to_thread(send, smtpports.ports[25].address)
        smtpports.assert_sent(subject="Hello")

    @pytest.mark.parametrize("turn", range(2))
    @pytest.mark.timeout(30)
    def test_plain(smtpports_server, turn):
        send(smtpports_server.ports[25].address)
        smtpports_server.assert_sent(subject="Hello")
"""


def test_a_suite_may_have_tests_of_every_kind(pytester: pytest.Pytester) -> None:
    pytester.makeini(INI.format(lines="", ignored=""))
    pytester.makepyfile(mail=MAIL)
    pytester.makepyfile(MIXED)

    options = ("-n", "2", "-p", "randomly", "--reruns", "1", "--allow-hosts=127.0.0.1", "--smtpports-guard")
    pytester.runpytest_subprocess(*options, timeout=60).assert_outcomes(passed=6)
