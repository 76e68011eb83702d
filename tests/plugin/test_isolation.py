"""What a test that used the ports leaves behind: nothing."""

from __future__ import annotations

import pytest

CONFTEST = """
    import _socket
    import contextlib
    import gc
    import os
    import socket
    import threading
    from pathlib import Path
    import pytest

    def opened():
        for path in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                yield str(path.readlink())

    def now():
        found = list(opened())
        return {
            # Those that trio keeps for later use, in tests of this process, end by themselves.
            "threads": {each for each in threading.enumerate() if not each.name.startswith("Trio thread")},
            "open files": len(found),
            "sockets": sorted(name for name in found if name.startswith(("socket:", "anon_inode:"))),
            "environment": {name: os.environ[name] for name in os.environ if name != "PYTEST_CURRENT_TEST"},
            "socket.socket": dict(vars(socket.socket)),
            "socket": {name: value for name, value in vars(socket).items() if callable(value)},
            "_socket": {name: value for name, value in vars(_socket).items() if callable(value)},
        }

    @pytest.fixture
    def clients():
        with contextlib.ExitStack() as stack:
            yield stack

    def pytest_sessionstart(session):
        # What other tests have dropped is not to be missed later.
        gc.collect()
        session.config.stash["before"] = now()

    @pytest.fixture
    def before(request):
        return request.config.stash["before"]

    @pytest.fixture
    def after():
        return now()
"""
THEN = """

        @pytest.mark.parametrize(
            "what", ["threads", "open files", "sockets", "environment", "socket.socket", "socket", "_socket"]
        )
        def test_all_is_as_before(what, before, after):
            assert after[what] == before[what]
"""
CASES = {
    "blocks": """
        def test_blocks(smtpports):
            smtpports.block(587)
            smtpports.block(25, how="refuse")
            for number, error in ((587, TimeoutError), (25, ConnectionRefusedError)):
                with pytest.raises(error):
                    smtplib.SMTP(*smtpports.ports[number].address, timeout=0.2)
    """,
    "routes with TLS": """
        def test_routes(smtpports):
            smtpports.route("smtp.example.com", "mx.example.org")
            with smtplib.SMTP("smtp.example.com", 587, timeout=5) as client:
                client.starttls(context=ssl.create_default_context())
            with pytest.raises(ConnectionRefusedError):
                smtplib.SMTP("mx.example.org", 2526, timeout=5)
    """,
    "clients left open": """
        @pytest.mark.smtpports(route="smtp.example.com")
        def test_clients(clients, smtpports):
            for _ in range(5):
                for port in smtpports.ports:
                    client = port.connect()
                    clients.callback(client.close)
            client = smtplib.SMTP("smtp.example.com", 25, timeout=5)
            clients.callback(client.close)
    """,
    "a handshake half done": """
        def test_handshake(clients, smtpports):
            client = clients.enter_context(socket.create_connection(smtpports.ports[465].address, timeout=5))
            client.sendall(bytes([22, 3, 1]))
            # Whoever is served after it has seen that it was let in.
            with smtpports.ports[25].connect():
                assert len(smtpports.connections) == 2
    """,
    "a test that fails": """
        @pytest.mark.xfail(strict=True, raises=ZeroDivisionError)
        @pytest.mark.smtpports(route="smtp.example.com", block=587)
        def test_fails(clients, smtpports):
            client = smtplib.SMTP("smtp.example.com", 25, timeout=5)
            clients.callback(client.close)
            1 / 0
    """,
    "a hook that raises in a test of its own": """
        def test_hook(clients):
            class Plugin:
                def pytest_smtpports_message(self, message):
                    raise ValueError("no boom please")

            smtpports = SMTPPorts(plugins=[Plugin()])
            with pytest.raises(ServerError, match="no boom please"), smtpports:
                with smtpports.ports[25].connect() as client, pytest.raises(smtplib.SMTPDataError):
                    client.sendmail("app@example.com", "ada@example.org", "Subject: Hello\\r\\n\\r\\n")
    """,
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_process_is_as_it_was_before_the_test(pytester: pytest.Pytester, case: str) -> None:
    head = """
        import smtplib
        import socket
        import ssl
        import pytest
        from pytest_smtpports import ServerError, SMTPPorts
    """
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(head + case + THEN)

    result = pytester.runpytest("-rxX")

    outcomes = result.parseoutcomes()
    assert outcomes.pop("passed") + outcomes.pop("xfailed", 0) == 8
    assert not outcomes


def test_the_process_is_as_it_was_before_a_session_with_a_server_of_its_own(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        CONFTEST
        + """
    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(config):
        before, after = config.stash["before"], now()
        # pytest has closed files of its own by now.
        print("changed:", [what for what in before if before[what] != after[what] and what != "open files"])
    """
    )
    pytester.makepyfile("""
        import smtplib
        import ssl

        def test_server(clients, smtpports_server):
            smtpports_server.block(25)
            smtpports_server.route("smtp.example.com")
            client = smtplib.SMTP("smtp.example.com", 587, timeout=5)
            clients.callback(client.close)
            client.starttls(context=ssl.create_default_context())
    """)

    result = pytester.runpytest_subprocess("-s", timeout=20)

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["changed: [[][]]"])


def test_a_session_that_does_not_use_it_loads_nothing_slow(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeini("[pytest]\naddopts = -p no:cacheprovider")
    pytester.makeconftest("""
        import sys

        SLOW = {"aiosmtpd", "asyncio", "cryptography", "ssl", "trustme"}
        before = SLOW & set(sys.modules)

        def pytest_unconfigure(config):
            print("loaded:", sorted(SLOW & set(sys.modules) - before))
    """)
    pytester.makepyfile("""
        def test_nothing():
            pass
    """)

    result = pytester.runpytest_subprocess("-s", "-p", "pytest_smtpports.plugin", "-p", "no:unittest", timeout=20)

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["loaded: [[][]]"])


@pytest.mark.parametrize("number", [25, 465])
def test_a_client_that_has_just_connected_leaves_no_socket_behind(pytester: pytest.Pytester, number: int) -> None:
    pytester.makepyfile(f"""
        import gc
        import socket
        import pytest

        @pytest.fixture(scope="module", autouse=True)
        def only_what_is_new_is_collected():
            gc.collect()
            gc.freeze()
            yield
            gc.unfreeze()

        @pytest.fixture
        def client():
            with socket.socket() as client:
                yield client
            gc.collect()

        @pytest.mark.parametrize("turn", range(50))
        def test_connects(client, smtpports, turn):
            client.connect(smtpports.ports[{number}].address)
    """)

    pytester.runpytest().assert_outcomes(passed=50)


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "NODE_OPTIONS", "PYTHONPATH"])
def test_a_variable_that_a_test_sets_over_a_route_is_taken_back_with_the_test(
    pytester: pytest.Pytester, variable: str
) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(f"""
        import pytest

        def test_route(monkeypatch, smtpports):
            smtpports.route("smtp.example.com")
            monkeypatch.setenv("{variable}", "theirs")

        def test_all_is_as_before(before, after):
            assert after["environment"] == before["environment"]
    """)

    pytester.runpytest("-p", "no:randomly").assert_outcomes(passed=2)


def test_a_run_that_has_to_do_with_no_port_loads_none_of_the_rooms(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("""
        import sys

        def pytest_unconfigure():
            print("loaded:", *sorted(name for name in sys.modules if name.startswith("pytest_smtpports.")))
    """)
    pytester.makepyfile("def test_nothing(): pass")

    result = pytester.runpytest_subprocess("-s", timeout=60)

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["loaded: pytest_smtpports._clock pytest_smtpports._closing pytest_smtpports.hookspecs pytest_smtpports.plugin"]
    )
