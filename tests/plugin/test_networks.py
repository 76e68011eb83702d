"""The network that tests run behind: of a whole run, of a test, or of each of its runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

BLOCKED = "[port.number for port in {fixture}.ports if port.blocked]"
HOTEL = """
    from pytest_smtpports import Network

    def pytest_smtpports_networks(config):
        assert config.rootpath
        return [Network("hotel", {587: "intercept"})]
"""


@pytest.mark.parametrize("fixture", ["smtpports", "smtpports_server"])
@pytest.mark.parametrize(
    ("line", "option", "blocked"),
    [
        ("", "", []),
        ("smtpports_network = hetzner", "", [25, 465]),
        ("", "--smtpports-network=digitalocean", [25, 465, 587]),
        ("smtpports_network = hetzner", "--smtpports-network=aws", [25]),
        ("smtpports_network = hotel", "", [587]),
    ],
)
def test_a_whole_run_is_behind_a_network(
    pytester: pytest.Pytester,
    write_ini: Callable[..., None],
    fixture: str,
    line: str,
    option: str,
    blocked: list[int],
) -> None:
    write_ini(line)
    pytester.makeconftest(HOTEL)
    pytester.makepyfile(f"""
        def test_first({fixture}):
            assert {BLOCKED.format(fixture=fixture)} == {blocked}
            {fixture}.unblock()

        def test_second({fixture}):
            assert {BLOCKED.format(fixture=fixture)} == {blocked}
    """)

    pytester.runpytest(*filter(None, [option])).assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("line", "option", "told"),
    [
        (
            "smtpports_network = hetzer",
            "",
            "ini smtpports_network: 'hetzer' is not a network; did you mean 'hetzner'*",
        ),
        ("", "--smtpports-network=asw", "--smtpports-network: 'asw' is not a network; did you mean 'aws'?*"),
        ("", "--smtpports-network=", "--smtpports-network: '' is not a network. Valid: *"),
    ],
)
def test_an_unknown_network_is_told_before_any_test_runs(
    pytester: pytest.Pytester, write_ini: Callable[..., None], line: str, option: str, told: str
) -> None:
    write_ini(line)
    pytester.makepyfile("def test_nothing(): pass")

    result = pytester.runpytest(*filter(None, [option]))

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{told}"])


def test_a_hook_that_returns_no_network_is_told(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("def pytest_smtpports_networks(config): return ['hotel']")
    pytester.makepyfile("def test_nothing(): pass")

    result = pytester.runpytest("--smtpports-network=hotel")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--smtpports-network: A Network is expected, not 'hotel'.*"])


def test_a_test_has_the_network_of_its_marker(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(f"""
        import pytest

        @pytest.mark.smtpports(network="aws", block=2525)
        def test_network(smtpports):
            assert {BLOCKED.format(fixture="smtpports")} == [25, 2525]

        def test_none(smtpports):
            assert {BLOCKED.format(fixture="smtpports")} == []
    """)

    pytester.runpytest().assert_outcomes(passed=2)


@pytest.mark.parametrize("fixture", ["smtpports", "smtpports_server"])
@pytest.mark.parametrize("names", ["['aws', 'hetzner', 'digitalocean']", "('aws', 'hetzner', 'digitalocean')"])
def test_a_test_runs_once_in_each_of_several_networks(pytester: pytest.Pytester, fixture: str, names: str) -> None:
    pytester.makepyfile(f"""
        import pytest

        EXPECTED = {{"aws": [25], "hetzner": [25, 465], "digitalocean": [25, 465, 587]}}
        seen = []

        @pytest.mark.smtpports(network={names})
        def test_network(request, {fixture}):
            name = request.node.callspec.params["_smtpports_network"]
            assert {BLOCKED.format(fixture=fixture)} == EXPECTED[name]
            seen.append(name)

        def test_each():
            assert seen == list(EXPECTED)
    """)

    result = pytester.runpytest("-v")

    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["*test_network[[]hetzner[]] PASSED*"])


def test_a_marked_test_that_takes_no_fixture_runs_in_each_as_well(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.mark.smtpports(network=["aws", "gcp"])
        def test_network():
            pass
    """)

    pytester.runpytest().assert_outcomes(passed=2)


def test_the_innermost_list_of_networks_holds(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        pytestmark = pytest.mark.smtpports(network=["aws", "gcp"])

        @pytest.mark.smtpports(network=["hetzner", "linode", "zerops"])
        def test_network(smtpports):
            pass
    """)

    pytester.runpytest().assert_outcomes(passed=3)


@pytest.mark.parametrize("fixture", ["smtpports", "smtpports_server"])
def test_one_of_several_networks_gives_way_to_the_other_arguments_as_one_alone_does(
    pytester: pytest.Pytester, fixture: str
) -> None:
    pytester.makepyfile(f"""
        import pytest

        @pytest.mark.smtpports(network=["hetzner", "aws"], block={{465: "refuse"}})
        def test_networks({fixture}):
            assert {fixture}.ports[465].blocked.kind == "refuse"

        @pytest.mark.smtpports(network=["hetzner"], block={{465: "refuse"}})
        def test_one_of_one({fixture}):
            assert [port.blocked.kind for port in {fixture}.ports if port.blocked] == ["drop", "refuse"]
    """)

    pytester.runpytest().assert_outcomes(passed=3)


def test_several_networks_where_a_test_can_not_be_run_several_times_are_told(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import unittest
        import pytest

        @pytest.mark.smtpports(network=["hetzner", "aws"])
        class TestMail(unittest.TestCase):
            def test_networks(self):
                pass
    """)

    result = pytester.runpytest()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*network=[[]'hetzner', 'aws'] has a test run once in each, and this one can't be run *"]
    )


@pytest.mark.parametrize("value", ["587", "[]", "[587]", "None", "{'aws': 25}"])
def test_what_is_no_network_in_a_marker_is_told(pytester: pytest.Pytester, value: str) -> None:
    pytester.makepyfile(f"""
        import pytest

        @pytest.mark.smtpports(network={value})
        def test_network(smtpports):
            pass
    """)

    result = pytester.runpytest()

    result.stdout.fnmatch_lines(["*@pytest.mark.smtpports: network= takes a name, or a list of them, not *"])
    assert result.ret != pytest.ExitCode.OK


@pytest.mark.parametrize("value", ["'asw'", "['aws', 'asw']"])
def test_an_unknown_network_in_a_marker_is_told(pytester: pytest.Pytester, value: str) -> None:
    pytester.makepyfile(f"""
        import pytest

        @pytest.mark.smtpports(network={value})
        def test_network(smtpports):
            pass
    """)

    result = pytester.runpytest()

    result.stdout.fnmatch_lines(["*'asw' is not a network; did you mean 'aws'?*"])
