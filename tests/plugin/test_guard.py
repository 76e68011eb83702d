"""The guard: no test sends mail to the world, whatever it makes of being refused. Nothing here leaves the machine."""

from __future__ import annotations

import pickle
import socket
import threading
from itertools import count
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import Location, OutboundConnectionError
from pytest_smtpports._network._guard import Guard

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_smtpports._network._patch import Destination

# RFC 5737 §3, RFC 3849: no machine has these.
FAR = "192.0.2.1"
# A client that takes no notice of what it gets.
DIAL = """
    import asyncio, smtplib, socket, threading
    import pytest

    def dial(host="192.0.2.1", port=25, family=socket.AF_INET):
        try:
            with socket.socket(family) as client:
                client.settimeout(5)
                client.connect((host, port))
        except ConnectionRefusedError:
            pass
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> Callable[[str], pytest.RunResult]:
    """Runs a suite under the guard."""

    def run(tests: str, *options: str) -> pytest.RunResult:
        pytester.makepyfile(dialling=DIAL)
        pytester.makepyfile(f"    from dialling import *\n{tests}")
        return pytester.runpytest("--smtpports-guard", *options)

    return run


@pytest.mark.parametrize("port", [25, 465, 587, 2525])
def test_a_dial_of_another_machine_fails_its_test_though_it_is_swallowed(
    suite: Callable[[str], pytest.RunResult], port: int
) -> None:
    result = suite(f"""
    def test_dial():
        dial(port={port})

    def test_another():
        pass
    """)

    result.assert_outcomes(failed=1, passed=1)
    told = "an SMTP port of another machine, and refused: *smtpports.ports[[]...].address, *smtpports(guard=False)."
    result.stdout.fnmatch_lines([f"{FAR}:{port} was dialled from *dialling.py:8, {told}"])


@pytest.mark.parametrize(
    "call",
    [
        "connect('2001:db8::1', socket.AF_INET6)",
        "connect('smtp.example.com', socket.AF_INET)",
        "socket.create_connection(('192.0.2.1', 587), 5)",
        "smtplib.SMTP('192.0.2.1', 587, timeout=5)",
        "asyncio.run(asyncio.open_connection('192.0.2.1', 587))",
        "__import__('uvloop').run(asyncio.open_connection('192.0.2.1', 587))",
    ],
)
def test_every_client_is_refused_as_if_nobody_listened(suite: Callable[[str], pytest.RunResult], call: str) -> None:
    result = suite(f"""
    def connect(host, family):
        with socket.socket(family) as client:
            client.connect((host, 587))

    def test_dial():
        with pytest.raises(ConnectionRefusedError):
            {call}
    """)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*:587 was dialled from *.py:*, an SMTP port of another machine, and refused: *"])


def test_connect_ex_is_refused_too(suite: Callable[[str], pytest.RunResult]) -> None:
    result = suite("""
    def test_dial():
        with socket.socket() as client:
            assert client.connect_ex(("192.0.2.1", 587)) == 111
    """)

    result.assert_outcomes(failed=1)


def test_a_test_that_skips_itself_for_want_of_a_network_fails(suite: Callable[[str], pytest.RunResult]) -> None:
    result = suite("""
    @pytest.mark.parametrize("give_up", [pytest.skip, pytest.xfail])
    def test_dial(give_up):
        dial()
        give_up("no network here")

    @pytest.fixture
    def network():
        dial()
        pytest.skip("no network here")

    def test_skipped_before(network):
        pass

    def test_another():
        pytest.skip("no data here")
    """)

    result.assert_outcomes(failed=2, errors=1, skipped=1)
    result.stdout.fnmatch_lines(["192.0.2.1:25 was dialled from *"])


@pytest.mark.parametrize("scope", ["function", "module", "session"])
def test_a_provider_that_was_there_before_the_guard_may_be_dialled(
    suite: Callable[[str], pytest.RunResult], scope: str
) -> None:
    result = suite(f"""
    @pytest.fixture(scope="{scope}")
    def relay():
        from pytest_smtpports import SMTPPorts
        with SMTPPorts() as provider:
            provider.route("smtp.example.com")
            yield provider

    @pytest.mark.parametrize("number", [1, 2])
    def test_dial(relay, number):
        smtplib.SMTP("smtp.example.com", 587, timeout=5).quit()
    """)

    result.assert_outcomes(passed=2)


def test_a_test_case_of_unittest_fails_as_well(suite: Callable[[str], pytest.RunResult]) -> None:
    result = suite("""
    import unittest

    def give_up():
        dial()
        raise unittest.SkipTest("no network here")

    def test_skipped():
        give_up()

    class TestSkipped(unittest.TestCase):
        def test_swallowed(self):
            dial()

        def test_raised(self):
            give_up()

        def test_called(self):
            dial()
            self.skipTest("no network here")

        def test_failed(self):
            dial()
            self.fail("no mail")

    class TestSkippedBefore(unittest.TestCase):
        @classmethod
        def setUpClass(cls):
            give_up()

        def test_nothing(self):
            pass
    """)

    result.assert_outcomes(failed=5, errors=1)
    assert str(result.stdout).count("192.0.2.1:25 was dialled from") >= 6
    result.stdout.fnmatch_lines(["*no mail*", "*smtpports: refused by the guard*"])


def test_what_is_expected_to_fail_fails_in_another_way(suite: Callable[[str], pytest.RunResult]) -> None:
    result = suite("""
    @pytest.mark.xfail
    def test_dial():
        smtplib.SMTP("192.0.2.1", 587, timeout=5)
    """)

    result.assert_outcomes(failed=1)


def test_no_refusal_is_lost_while_threads_dial() -> None:
    guard = Guard()
    dials = [guard.destination(None, FAR, 25) for _ in range(4)]
    told: list[OutboundConnectionError] = []

    def dial(destination: Destination) -> None:
        for _ in range(500):
            with socket.socket() as client, pytest.raises(OutboundConnectionError):
                destination.dial(client, lambda _: None)

    threads = [threading.Thread(target=dial, args=(each,)) for each in dials]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        told += guard.take_refused()
    told += guard.take_refused()

    assert len(told) == 2000


def test_a_dial_in_a_thread_fails_the_test_as_well(suite: Callable[[str], pytest.RunResult]) -> None:
    result = suite("""
    def test_dial():
        thread = threading.Thread(target=dial)
        thread.start()
        thread.join(5)
    """)

    result.assert_outcomes(failed=1)


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_dial_of_a_fixture_fails_the_test_as_well(suite: Callable[[str], pytest.RunResult], phase: str) -> None:
    result = suite(f"""
    @pytest.fixture
    def dialling():
        {"dial()" if phase == "before" else "pass"}
        yield
        {"dial()" if phase == "after" else "pass"}

    def test_dial(dialling):
        pass
    """)

    result.assert_outcomes(errors=1, passed=int(phase == "after"))


def test_a_fixture_that_does_not_swallow_it_is_told_once(suite: Callable[[str], pytest.RunResult]) -> None:
    result = suite("""
    @pytest.fixture
    def before():
        smtplib.SMTP("192.0.2.1", 587, timeout=5)

    @pytest.fixture
    def after():
        yield
        smtplib.SMTP("192.0.2.1", 587, timeout=5)

    def test_before(before):
        pass

    def test_after(after):
        pass
    """)

    result.assert_outcomes(errors=2, passed=1)
    assert str(result.stdout).count("smtpports: refused by the guard") == 2


def test_a_dial_of_a_thread_that_outlives_its_test_says_so(suite: Callable[[str], pytest.RunResult]) -> None:
    result = suite(
        """
    begin, dialled = threading.Event(), threading.Event()

    def wait_and_dial():
        begin.wait(5)
        dial()
        dialled.set()

    def test_one():
        threading.Thread(target=wait_and_dial, name="worker").start()

    def test_two():
        begin.set()
        assert dialled.wait(5)
    """,
        "-p",
        "no:randomly",
    )

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*.py:8 by the thread 'worker', which ran before this test, an SMTP port of another *"]
    )


def test_a_patch_that_ends_in_the_middle_of_a_test_leaves_it_guarded(suite: Callable[[str], pytest.RunResult]) -> None:
    result = suite("""
    from unittest import mock

    def test_dial(smtpports):
        below = socket.socket.connect
        with mock.patch.object(socket.socket, "connect", lambda *args: below(*args)):
            smtpports.block(587).remove()
            smtpports.route("smtp.example.com")
        dial()
    """)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["192.0.2.1:25 was dialled from *"])


def test_a_test_that_fails_by_itself_is_told_in_a_section(suite: Callable[[str], pytest.RunResult]) -> None:
    result = suite("""
    def test_dial():
        dial()
        assert 1 == 2
    """)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*assert 1 == 2*", "*smtpports: refused by the guard*", "192.0.2.1:25 was dialled*"])


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.9.9.9", "127.1", "0.0.0.0"])  # it is dialled
def test_this_machine_may_be_dialled(suite: Callable[[str], pytest.RunResult], host: str) -> None:
    # Nobody listens there, which is not the guard's doing.
    suite(f"""
    def test_dial():
        dial("{host}", 25)
    """).assert_outcomes(passed=1)


def test_an_address_of_this_machine_may_be_dialled_in_any_form(suite: Callable[[str], pytest.RunResult]) -> None:
    suite("""
    def test_dial():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            # No packet leaves for that; it tells which address would be ours.
            probe.connect(("192.0.2.77", 9))
            own = probe.getsockname()[0]
        dial(own)
        dial("::ffff:7f00:1", family=socket.AF_INET6)
        dial(f"::ffff:{own}", family=socket.AF_INET6)
    """).assert_outcomes(passed=1)


def test_the_emulated_ports_may_be_dialled_by_address_and_by_name(suite: Callable[[str], pytest.RunResult]) -> None:
    suite("""
    def test_dial(smtpports):
        smtpports.route("smtp.example.com")
        for address in (("smtp.example.com", 25), smtpports.ports[25].address):
            smtplib.SMTP(*address, timeout=5).quit()
        assert len(smtpports.connections) == 2
    """).assert_outcomes(passed=1)


def test_a_marker_opts_out_and_another_in_again(suite: Callable[[str], pytest.RunResult]) -> None:
    suite("""
    pytestmark = pytest.mark.smtpports(guard=False)

    def test_out():
        assert "connect" not in vars(socket.socket)

    @pytest.mark.smtpports(guard=True)
    def test_in():
        assert "connect" in vars(socket.socket)
    """).assert_outcomes(passed=2)


def test_nothing_is_patched_between_tests_and_without_the_guard(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("""
        import socket

        def pytest_runtest_logfinish():
            assert "connect" not in vars(socket.socket)
    """)
    pytester.makepyfile("def test_one(): pass\ndef test_two(): pass")

    pytester.runpytest("--smtpports-guard").assert_outcomes(passed=2)
    pytester.runpytest().assert_outcomes(passed=2)


@pytest.mark.parametrize(("lines", "failed"), [("smtpports_guard = true", True), ("smtpports_guard = false", False)])
def test_the_ini_file_can_say_so(
    pytester: pytest.Pytester, write_ini: Callable[..., None], lines: str, failed: bool
) -> None:
    write_ini(lines)
    pytester.makepyfile("""
        import socket

        def test_guard():
            assert "connect" not in vars(socket.socket)
    """)

    pytester.runpytest().assert_outcomes(**({"failed": 1} if failed else {"passed": 1}))


def test_the_ini_file_can_add_ports(
    pytester: pytest.Pytester, write_ini: Callable[..., None], suite: Callable[[str], pytest.RunResult]
) -> None:
    write_ini("smtpports_guard_ports = 26 2465")

    result = suite("""
    @pytest.mark.parametrize("port", [26, 2465])
    def test_dial(port):
        dial(port=port)
    """)

    result.assert_outcomes(failed=2)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("smtpports_guard = perhaps", "ini smtpports_guard: 'perhaps' is not a truth value. Valid: *"),
        ("smtpports_guard_ports = smtp", "ini smtpports_guard_ports: 'smtp' is not a port number; *"),
    ],
)
def test_what_can_not_be_meant_is_told(
    pytester: pytest.Pytester, write_ini: Callable[..., None], line: str, told: str
) -> None:
    write_ini(line)
    pytester.makepyfile("def test_nothing(): pass")

    result = pytester.runpytest()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{told}"])


def test_a_guard_that_is_no_truth_value_is_told(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.mark.smtpports(guard="off")
        def test_nothing(): pass
    """)

    result = pytester.runpytest()

    result.stdout.fnmatch_lines(["*guard= takes True or False, not 'off'.*"])


def test_the_name_that_was_looked_up_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import _socket

    addresses = (f"198.18.{number >> 8}.{number & 255}" for number in count())
    monkeypatch.setattr(
        _socket, "getaddrinfo", lambda *_: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(addresses), 587))]
    )
    guard = Guard()
    guard.begin()
    try:
        with pytest.raises(OutboundConnectionError) as caught:
            socket.create_connection(("smtp.example.com", 587), 5)
        for number in range(1001):
            socket.getaddrinfo(f"host-{number}.example.com", 587)
    finally:
        guard.end()

    assert (caught.value.host, caught.value.port) == ("smtp.example.com", 587)
    assert guard.take_refused() == (caught.value,)
    assert guard.take_refused() == ()


def test_the_error_survives_pickling() -> None:
    error = OutboundConnectionError("smtp.example.com", 587, Location("app/mail.py", 12), "worker")
    same = pickle.loads(pickle.dumps(error))  # noqa: S301 # our own bytes

    assert str(same) == str(error)
    assert (same.host, same.port, same.location, same.errno) == ("smtp.example.com", 587, error.location, 111)
    assert same.thread == "worker"
    assert " from " not in str(OutboundConnectionError("smtp.example.com", 587)).split(",", 1)[0]
