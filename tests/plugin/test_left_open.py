"""A test that ends while clients are connected passes, and the terminal summary tells of it."""

from __future__ import annotations

import pytest

HEADING = "*= smtpports: connections open at the end of the test =*"
CONFTEST = """
    import contextlib
    import pytest

    @pytest.fixture(scope="session")
    def clients():
        with contextlib.ExitStack() as stack:
            yield stack
"""
OPEN = """
    import smtplib
    import pytest

    def leave_open(clients, address):
        client = smtplib.SMTP(*address, timeout=5)
        clients.callback(client.close)
        return client
"""


@pytest.fixture(autouse=True)
def suite(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(leaving=OPEN)


@pytest.mark.parametrize("fixture", ["smtpports", "smtpports_server"])
def test_it_is_told_by_the_test_and_the_port(pytester: pytest.Pytester, fixture: str) -> None:
    pytester.makepyfile(f"""
        from leaving import leave_open
        from mail import send

        def test_leaves(clients, {fixture}):
            leave_open(clients, {fixture}.ports[25].address).ehlo("client.example")
            leave_open(clients, {fixture}.ports[2525].address)

        def test_closes({fixture}):
            send({fixture}.ports[25].address)
            assert len({fixture}.messages) == 1
    """)

    result = pytester.runpytest()

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        [
            HEADING,
            "test_*.py::test_leaves: 25: open: the client has not closed it yet; the last it said was 'ehlo *",
            "test_*.py::test_leaves: 2525: open: the client has not closed it yet; it has said nothing*",
        ]
    )
    result.stdout.no_fnmatch_line("*::test_closes: *")


def test_the_name_that_was_dialled_is_told(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest
        from leaving import leave_open

        @pytest.mark.smtpports(route="smtp.example.com")
        def test_leaves(clients):
            leave_open(clients, ("smtp.example.com", 25))
    """)

    result = pytester.runpytest()

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([HEADING, "*::test_leaves: smtp.example.com:25: open: *"])


def test_a_test_that_fails_is_told_too(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from leaving import leave_open

        def test_fails(clients, smtpports):
            leave_open(clients, smtpports.ports[25].address)
            assert smtpports.messages

        def test_teardown_fails(clients, smtpports, request):
            leave_open(clients, smtpports.ports[587].address)
            request.addfinalizer(lambda: 1 / 0)
    """)

    result = pytester.runpytest()

    result.assert_outcomes(failed=1, passed=1, errors=1)
    result.stdout.fnmatch_lines([HEADING])
    result.stdout.fnmatch_lines_random(["*::test_fails: 25: open: *", "*::test_teardown_fails: 587: open: *"])


def test_the_workers_of_xdist_tell_the_terminal(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest
        from leaving import leave_open

        @pytest.mark.parametrize("number", [25, 465, 587, 2525])
        def test_leaves(clients, smtpports, number):
            leave_open(clients, smtpports.ports[25].address)
    """)

    result = pytester.runpytest_subprocess("-n", "2", timeout=60)

    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines([HEADING])
    result.stdout.fnmatch_lines_random(
        [f"*::test_leaves[[]{number}[]]: 25: open: *" for number in (25, 465, 587, 2525)]
    )


def test_nothing_is_told_where_nothing_was_left(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from mail import send

        def test_closes(smtpports):
            send(smtpports.ports[25].address)
            smtpports.block(587)
            smtpports.assert_sent()
    """)

    result = pytester.runpytest()

    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*connections open*")


def test_another_plugin_s_sections_are_left_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.fixture
        def noisy(request):
            yield
            request.node.add_report_section("teardown", "noise", "some noise")

        def test_mail(smtpports, noisy):
            print("some print")
            assert smtpports.ports[25].port
    """)

    result = pytester.runpytest()

    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*connections open*")
    result.stdout.no_fnmatch_line("*some noise*")


def test_a_client_that_has_said_quit_is_not_left_open(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest
        from mail import send

        @pytest.mark.parametrize("turn", range(50))
        def test_sends(smtpports, turn):
            send(smtpports.ports[25].address)
    """)

    result = pytester.runpytest("-rA")

    result.assert_outcomes(passed=50)
    result.stdout.no_fnmatch_line("*connections open*")


def test_the_last_test_of_a_session_that_shares_the_ports_is_told_too(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import smtplib
        from contextlib import ExitStack
        import pytest

        @pytest.fixture(scope="session")
        def clients():
            with ExitStack() as clients:
                yield clients

        def test_leaves(clients, smtpports_server):
            client = smtplib.SMTP(*smtpports_server.ports[25].address, timeout=5)
            clients.callback(client.close)
    """)

    result = pytester.runpytest()

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*connections open at the end*", "*test_leaves: 25: *"])


def test_many_connections_of_one_test_are_counted(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import smtplib
        from contextlib import ExitStack
        import pytest

        @pytest.fixture
        def clients():
            with ExitStack() as clients:
                yield clients

        def test_leaves(clients, smtpports):
            for _ in range(13):
                client = smtplib.SMTP(*smtpports.ports[25].address, timeout=5)
                clients.callback(client.close)
    """)

    result = pytester.runpytest()

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*test_leaves: and 3 more"])
