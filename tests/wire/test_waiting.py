"""Waiting for mail that is still to come, in threads and in event loops."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
import smtplib
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import aiosmtplib
import pytest
import time_machine
import trio
from freezegun import freeze_time

from pytest_smtpports import BlockingWaitError, ConfigurationError, SMTPPorts, UnknownCriterion, UnknownPort

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from pytest_smtpports import Message

MAIL = "Subject: Welcome\r\n\r\nHello Ada\r\n"


@pytest.fixture(autouse=True)
def an_open_port(smtpports: SMTPPorts) -> tuple[str, int]:
    return smtpports.ports[25].address


def send(smtpports: SMTPPorts, recipient: str = "ada@example.org") -> None:
    with smtplib.SMTP(*smtpports.ports[25].address, timeout=5) as client:
        client.sendmail("app@example.com", recipient, MAIL)


@contextmanager
def meanwhile(function: Callable[..., None], *arguments: object) -> Iterator[None]:
    thread = threading.Thread(target=function, args=arguments)
    thread.start()
    yield
    thread.join(5)


# In a thread


def test_a_message_that_is_there_is_not_waited_for(smtpports: SMTPPorts) -> None:
    send(smtpports)

    assert smtpports.wait_for(recipients="ada@example.org").subject == "Welcome"


def test_a_message_that_comes_from_another_thread_is_waited_for(smtpports: SMTPPorts) -> None:
    with meanwhile(send, smtpports):
        assert smtpports.wait_for(timeout=5, recipients="ada@example.org").subject == "Welcome"


def test_a_message_that_does_not_match_is_not_what_is_waited_for(smtpports: SMTPPorts) -> None:
    def send_two() -> None:
        send(smtpports, "bob@example.org")
        send(smtpports, "ada@example.org")

    with meanwhile(send_two):
        message = smtpports.wait_for(timeout=5, recipients="ada@example.org")

    assert message.recipients == ("ada@example.org",)


def test_wait_for_gives_the_first_of_several(smtpports: SMTPPorts) -> None:
    send(smtpports, "bob@example.org")
    send(smtpports, "ada@example.org")

    assert smtpports.wait_for(subject="Welcome").recipients == ("bob@example.org",)


def test_what_does_not_come_in_time_is_explained(smtpports: SMTPPorts) -> None:
    with pytest.raises(AssertionError, match="no message matches, 1 expected"):
        smtpports.wait_for(timeout=0.2, recipients="ada@example.org")
    with pytest.raises(AssertionError, match="no message matches, 1 expected"):
        smtpports.assert_sent(within=0.2)


def test_assert_sent_waits_as_long_as_it_is_told(smtpports: SMTPPorts) -> None:
    with meanwhile(send, smtpports):
        assert smtpports.assert_sent(within=5, subject="Welcome").subject == "Welcome"


def test_assert_sent_times_waits_for_the_last_of_them(smtpports: SMTPPorts) -> None:
    def send_three() -> None:
        for _ in range(3):
            send(smtpports)

    with meanwhile(send_three):
        assert len(smtpports.assert_sent_times(3, within=5, subject="Welcome")) == 3


def test_assert_not_sent_settles_and_then_holds(smtpports: SMTPPorts) -> None:
    with meanwhile(send, smtpports, "bob@example.org"):
        smtpports.assert_not_sent(settle=0.3, recipients="ada@example.org")


def test_assert_not_sent_fails_as_soon_as_one_comes(smtpports: SMTPPorts) -> None:
    with (
        meanwhile(send, smtpports),
        pytest.raises(AssertionError, match="1 message matches, none expected"),
    ):
        smtpports.assert_not_sent(settle=5, recipients="ada@example.org")


# In an event loop


async def waited(smtpports: SMTPPorts) -> Message:
    return await smtpports.wait_for_async(timeout=5, recipients="ada@example.org")


@pytest.mark.asyncio
async def test_a_message_is_awaited_under_asyncio(smtpports: SMTPPorts) -> None:
    with meanwhile(send, smtpports):
        assert (await waited(smtpports)).subject == "Welcome"


@pytest.mark.asyncio
async def test_a_message_of_the_same_loop_is_awaited(smtpports: SMTPPorts) -> None:
    host, port = smtpports.ports[25].address
    waiting = asyncio.create_task(waited(smtpports))
    async with aiosmtplib.SMTP(hostname=host, port=port, timeout=5) as client:
        await client.sendmail("app@example.com", "ada@example.org", MAIL)

    assert (await waiting).subject == "Welcome"


@pytest.mark.asyncio
async def test_a_message_that_comes_just_before_the_wait_begins_is_not_missed(smtpports: SMTPPorts) -> None:
    await asyncio.to_thread(send, smtpports)
    seen: list[str] = []

    def is_second(subject: str) -> bool:
        seen.append(subject)
        if len(seen) == 1:
            send(smtpports)
        return len(seen) > 1

    message = await smtpports.wait_for_async(timeout=5, subject=is_second)

    assert message is smtpports.messages[1]
    assert len(seen) == 2


@pytest.mark.asyncio
async def test_several_can_await_under_asyncio(smtpports: SMTPPorts) -> None:
    with meanwhile(send, smtpports):
        messages = await asyncio.gather(*(waited(smtpports) for _ in range(5)))

    assert len(set(messages)) == 1


@pytest.mark.asyncio
async def test_the_twins_assert_under_asyncio(smtpports: SMTPPorts) -> None:
    await smtpports.assert_not_sent_async(settle=0.1)
    with meanwhile(send, smtpports):
        message = await smtpports.assert_sent_async(within=5, subject="Welcome")

    assert message.subject == "Welcome"
    with pytest.raises(AssertionError, match="1 message matches, none expected"):
        await smtpports.assert_not_sent_async(settle=5)
    with pytest.raises(AssertionError, match="no message matches, 1 expected"):
        await smtpports.assert_sent_async(within=0.2, subject="Goodbye")
    with pytest.raises(AssertionError, match="no message matches, 1 expected"):
        await smtpports.wait_for_async(timeout=0.2, subject="Goodbye")


@pytest.mark.asyncio
async def test_several_are_awaited(smtpports: SMTPPorts) -> None:
    def send_two() -> None:
        send(smtpports)
        send(smtpports)

    with meanwhile(send_two):
        assert len(await smtpports.assert_sent_times_async(2, within=5, subject="Welcome")) == 2
    with pytest.raises(AssertionError, match="2 messages match, 3 expected"):
        await smtpports.assert_sent_times_async(3, within=0.1)


@pytest.mark.asyncio
async def test_a_wait_that_is_cancelled_leaves_no_listener(smtpports: SMTPPorts) -> None:
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(smtpports.wait_for_async(timeout=60), 0.1)

    send(smtpports)
    smtpports.assert_sent()


def test_everything_is_awaited_under_trio(smtpports: SMTPPorts) -> None:
    async def main() -> None:
        await smtpports.assert_not_sent_async(settle=0.1)
        with pytest.raises(AssertionError, match="no message matches"):
            await smtpports.wait_for_async(timeout=0.1)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.to_thread.run_sync, send, smtpports)
            message = await waited(smtpports)
        assert message == await smtpports.assert_sent_async(within=5, subject="Welcome")

    trio.run(main)


def test_a_wait_that_trio_cancels_ends(smtpports: SMTPPorts) -> None:
    async def main() -> bool:
        with trio.move_on_after(0.1) as scope:
            await smtpports.wait_for_async(timeout=60)
        return scope.cancelled_caught

    assert trio.run(main)
    send(smtpports)
    smtpports.assert_sent()


NO_SECONDS = ["5", None, -1, float("nan"), float("inf"), 1e12, dt.timedelta(seconds=5)]


@pytest.mark.parametrize("seconds", NO_SECONDS)
def test_what_is_no_number_of_seconds_is_refused_at_once(smtpports: SMTPPorts, seconds: Any) -> None:
    told = re.escape(f"= takes the seconds to wait, from 0 to 86,400 (a day), such as NAME=5, not {seconds!r}.")
    for name, wait in (
        ("within", lambda: smtpports.assert_sent(within=seconds)),
        ("within", lambda: asyncio.run(smtpports.assert_sent_async(within=seconds))),
        ("settle", lambda: smtpports.assert_not_sent(settle=seconds)),
        ("settle", lambda: asyncio.run(smtpports.assert_not_sent_async(settle=seconds))),
        ("timeout", lambda: smtpports.wait_for(timeout=seconds)),
        ("timeout", lambda: asyncio.run(smtpports.wait_for_async(timeout=seconds))),
        ("timeout", lambda: smtpports.expect(timeout=seconds)),
    ):
        with pytest.raises(ConfigurationError, match=name + told.replace("NAME", name)):
            wait()


@pytest.mark.parametrize("number", ["2", -1, True, None, 1.0])
def test_what_is_no_number_of_messages_is_refused(smtpports: SMTPPorts, number: Any) -> None:
    with pytest.raises(ConfigurationError, match="how many messages are expected, such as 2, not "):
        smtpports.assert_sent_times(number)


def test_an_expectation_that_is_entered_again_forgets_what_it_has_found(smtpports: SMTPPorts) -> None:
    expected = smtpports.expect(timeout=0.1, subject="Welcome")
    with expected:
        send(smtpports)
    with pytest.raises(AssertionError, match="1 message that matches came before"), expected:
        pass

    with pytest.raises(ConfigurationError, match="once the block"):
        _ = expected.message


# What would stop the loop

BLOCKING = {
    "wait_for": ("wait_for_async", lambda smtpports: smtpports.wait_for()),
    "assert_sent": ("assert_sent_async", lambda smtpports: smtpports.assert_sent(within=1)),
    "assert_sent_times": ("assert_sent_times_async", lambda smtpports: smtpports.assert_sent_times(2, within=1)),
    "assert_not_sent": ("assert_not_sent_async", lambda smtpports: smtpports.assert_not_sent(settle=1)),
}


def asyncio_run(main: Callable[[], Coroutine[object, object, None]]) -> None:
    asyncio.run(main())


@pytest.mark.parametrize("called", BLOCKING)
@pytest.mark.parametrize("run", [asyncio_run, trio.run])
def test_a_blocking_wait_in_an_event_loop_names_its_twin(
    smtpports: SMTPPorts, called: str, run: Callable[[Callable[[], Coroutine[object, object, None]]], None]
) -> None:
    twin, wait = BLOCKING[called]

    async def main() -> None:
        wait(smtpports)

    with pytest.raises(BlockingWaitError, match=f"use `await smtpports.{twin}") as caught:
        run(main)

    assert (caught.value.called, caught.value.twin) == (called, twin)


@pytest.mark.asyncio
async def test_an_assertion_that_does_not_wait_is_allowed_in_an_event_loop(smtpports: SMTPPorts) -> None:
    await asyncio.to_thread(send, smtpports)

    smtpports.assert_sent(subject="Welcome")
    smtpports.assert_not_sent(subject="Goodbye")
    assert smtpports.wait_for(timeout=0).subject == "Welcome"


@pytest.mark.asyncio
async def test_a_thread_of_an_event_loop_may_wait(smtpports: SMTPPorts) -> None:
    with meanwhile(send, smtpports):
        message = await asyncio.to_thread(smtpports.wait_for, timeout=5)

    assert message.subject == "Welcome"


# Clocks that stand still


def test_a_deadline_holds_while_freezegun_holds_the_clock(smtpports: SMTPPorts) -> None:
    with freeze_time("2001-02-03"):
        with pytest.raises(AssertionError):
            smtpports.wait_for(timeout=0.2)
        smtpports.assert_not_sent(settle=0.2)
        with meanwhile(send, smtpports):
            smtpports.wait_for(timeout=5)


def test_a_deadline_holds_while_time_machine_holds_the_clock(smtpports: SMTPPorts) -> None:
    with time_machine.travel("2001-02-03", tick=False):
        with pytest.raises(AssertionError):
            smtpports.wait_for(timeout=0.2)
        smtpports.assert_not_sent(settle=0.2)
        with meanwhile(send, smtpports):
            smtpports.wait_for(timeout=5)


def test_a_deadline_is_awaited_while_freezegun_holds_the_clock(smtpports: SMTPPorts) -> None:
    async def main() -> None:
        with freeze_time("2001-02-03", real_asyncio=True), pytest.raises(AssertionError):
            await smtpports.wait_for_async(timeout=0.2)
        with freeze_time("2001-02-03"), pytest.raises(AssertionError):
            await smtpports.wait_for_async(timeout=0.2)

    asyncio.run(main())


def test_a_wait_with_a_criterion_that_does_not_exist_fails_at_once(smtpports: SMTPPorts) -> None:
    with pytest.raises(UnknownCriterion):
        smtpports.wait_for(timeout=60, sbject="Welcome")


WITHOUT_A_LOOP = """
import sys
from pytest_smtpports import SMTPPorts

with SMTPPorts() as smtpports:
    try:
        smtpports.wait_for(timeout=0.05)
    except AssertionError as error:
        print(str(error).splitlines()[0])
print({"asyncio", "ssl", "trio", "aiosmtpd", "trustme", "cryptography"} & set(sys.modules))
"""


def test_a_wait_where_no_event_loop_was_ever_loaded_loads_none() -> None:
    ended = subprocess.run(  # noqa: S603 # this very Python
        [sys.executable, "-W", "error", "-c", WITHOUT_A_LOOP], capture_output=True, text=True, check=False
    )

    assert (ended.stdout, ended.stderr) == ("no message matches, 1 expected\nset()\n", "")


def test_nothing_is_waited_for_after_the_end() -> None:
    with SMTPPorts() as smtpports:
        pass

    with pytest.raises(AssertionError, match="no message matches"):
        smtpports.wait_for(timeout=3600, subject="Welcome")


def test_a_port_number_as_text_is_a_mistake(smtpports: SMTPPorts) -> None:
    with pytest.raises(UnknownPort, match="did you mean 25"):
        smtpports.assert_not_sent(port="25")


# A block in which a message is expected


def test_a_message_that_a_block_brings_is_its_message(smtpports: SMTPPorts) -> None:
    send(smtpports, "grace@example.org")
    with smtpports.expect(subject="Welcome") as expected:
        send(smtpports)

    assert expected.message.recipients == ("ada@example.org",)


def test_a_message_that_comes_behind_the_block_is_waited_for(smtpports: SMTPPorts) -> None:
    go = threading.Event()

    def send_later() -> None:
        go.wait(5)
        send(smtpports)

    with meanwhile(send_later), smtpports.expect(recipients="ada@example.org") as expected:
        threading.Timer(0.05, go.set).start()

    assert expected.message.subject == "Welcome"


def test_a_message_that_was_there_before_is_none_that_came(smtpports: SMTPPorts) -> None:
    send(smtpports)

    with pytest.raises(AssertionError) as caught, smtpports.expect(timeout=0.05, subject="Welcome"):
        pass

    told = str(caught.value).splitlines()
    assert told[0] == "no message matches, 1 expected"
    assert told[-1] == "1 message that matches came before expect() began."


def test_a_block_that_raises_expects_nothing_any_more(smtpports: SMTPPorts) -> None:
    with pytest.raises(KeyError), smtpports.expect(timeout=60, subject="Welcome"):
        raise KeyError


def test_the_message_is_not_there_before_the_end_of_the_block(smtpports: SMTPPorts) -> None:
    with smtpports.expect(subject="Welcome") as expected:
        send(smtpports)
        with pytest.raises(ConfigurationError, match="once the block of expect"):
            assert expected.message


def test_a_block_that_has_begun_anew_expects_what_comes_then(smtpports: SMTPPorts) -> None:
    send(smtpports)
    with smtpports.expect(subject="Welcome") as expected:
        smtpports.reset()
        send(smtpports)

    assert expected.message.subject == "Welcome"


@pytest.mark.parametrize("run", [asyncio.run, trio.run])
def test_a_loop_goes_on_while_a_message_is_expected(smtpports: SMTPPorts, run: Callable[..., object]) -> None:
    async def main() -> None:
        async with smtpports.expect(recipients="ada@example.org") as expected:
            sending = threading.Thread(target=send, args=(smtpports,))
            sending.start()
        assert expected.message.subject == "Welcome"
        sending.join(5)
        with pytest.raises(AssertionError, match="no message matches"):
            async with smtpports.expect(timeout=0.01, recipients="nobody@example.org"):
                pass
        with pytest.raises(KeyError):
            async with smtpports.expect(timeout=60, recipients="nobody@example.org"):
                raise KeyError
        with (
            pytest.raises(BlockingWaitError, match=r"use `async with smtpports\.expect\("),
            smtpports.expect(subject="Never"),
        ):
            pass

    run(main) if run is trio.run else run(main())


def test_a_criterion_that_does_not_exist_is_told_at_once(smtpports: SMTPPorts) -> None:
    with pytest.raises(UnknownCriterion):
        smtpports.expect(subjekt="Welcome")
