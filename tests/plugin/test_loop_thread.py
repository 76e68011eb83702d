"""The background thread: there while consecutive tests use it, and gone before a test that doesn't."""

from __future__ import annotations

import threading

import pytest

THREADS = """
    import threading

    def servers():
        return [thread for thread in threading.enumerate() if thread.name == "pytest-smtpports"]
"""


@pytest.fixture(autouse=True)
def threads(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(threads=THREADS)


def names() -> list[str]:
    return [thread.name for thread in threading.enumerate()]


@pytest.mark.parametrize("fixture", ["smtpports", "each_smtpport"])
def test_it_lives_on_between_tests_that_use_it_and_is_gone_before_one_that_does_not(
    pytester: pytest.Pytester, fixture: str
) -> None:
    pytester.makepyfile(f"""
        from threads import servers

        seen = set()

        def use(ports):
            assert ports
            (thread,) = servers()
            seen.add(thread)

        def test_before():
            assert not servers()

        def test_first(smtpports):
            use(smtpports.ports[25].address)

        def test_second({fixture}):
            use(getattr({fixture}, "address", None) or {fixture}.ports[25].address)

        def test_third(smtpports):
            use(smtpports.ports[587].address)
            assert len(seen) == 1

        def test_not_using_it():
            assert not servers()

        def test_fourth(smtpports):
            use(smtpports.ports[25].address)
            assert len(seen) == 2
    """)

    result = pytester.runpytest()

    result.assert_outcomes(passed=6 if fixture == "smtpports" else 9)
    assert "pytest-smtpports" not in names()


def test_it_does_not_start_where_no_port_is_used(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from threads import servers

        def test_block(smtpports):
            smtpports.block(25)
            assert smtpports.ports[25].blocked
            assert not servers()
    """)

    pytester.runpytest().assert_outcomes(passed=1)


def test_it_is_gone_before_the_next_test_where_the_one_that_used_it_failed(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest
        from threads import servers

        @pytest.fixture
        def breaks(smtpports):
            smtpports.ports[25].address
            raise RuntimeError("in setup")

        @pytest.fixture
        def breaks_late(smtpports):
            yield smtpports.ports[25].address
            raise RuntimeError("in teardown")

        def test_fails(smtpports):
            assert not smtpports.ports[25].address

        def test_after_the_failure():
            assert not servers()

        def test_setup_fails(breaks):
            pass

        def test_after_the_setup():
            assert not servers()

        def test_teardown_fails(breaks_late):
            assert servers()

        def test_after_the_teardown():
            assert not servers()
    """)

    pytester.runpytest().assert_outcomes(failed=1, passed=4, errors=2)


@pytest.mark.parametrize("fixture", ["smtpports", "smtpports_server"])
@pytest.mark.parametrize(
    "ending",
    [
        "assert False",
        'pytest.exit("enough")',
        "raise KeyboardInterrupt",
    ],
)
def test_it_is_gone_where_the_session_stops_early(pytester: pytest.Pytester, fixture: str, ending: str) -> None:
    pytester.makepyfile(f"""
        import pytest
        from threads import servers

        def test_stops({fixture}):
            assert {fixture}.ports[25].address and servers()
            {ending}

        def test_never_run({fixture}):
            pass
    """)

    result = pytester.runpytest("-x", no_reraise_ctrlc=True)

    assert result.ret in (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED)
    assert result.parseoutcomes().get("passed", 0) == 0
    assert "pytest-smtpports" not in names()


def test_it_stays_while_the_server_of_the_session_is_open_and_ends_with_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from threads import servers

        def test_uses_it(smtpports_server):
            smtpports_server.ports[25].address

        def test_does_not():
            assert servers()

        def test_uses_one_of_its_own(smtpports):
            smtpports.ports[25].address
            assert len(servers()) == 1

        def test_does_not_either():
            assert servers()
    """)

    pytester.runpytest().assert_outcomes(passed=4)

    assert "pytest-smtpports" not in names()


def test_a_process_that_ran_tests_exits_at_once(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        def test_last(smtpports):
            with smtpports.ports[465].connect():
                smtpports.route("smtp.example.com")
    """)

    result = pytester.runpytest_subprocess(timeout=20)

    result.assert_outcomes(passed=1)
    assert not result.errlines
