"""The marker `smtpports`: what its arguments do, and what it says of those that can't be meant."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("argument", "blocks"),
    [
        ("block=587", {587: "drop"}),
        ("block=(25, 587)", {25: "drop", 587: "drop"}),
        ("block=[25, 587]", {25: "drop", 587: "drop"}),
        ("block={25, 587}", {25: "drop", 587: "drop"}),
        ('block={587: "refuse", 25: "drop"}', {587: "refuse", 25: "drop"}),
        ("block={587: Refuse()}", {587: "refuse"}),
        ("only=2525", {25: "drop", 465: "drop", 587: "drop"}),
        ("only=(25, 2525)", {465: "drop", 587: "drop"}),
        ("only=()", {25: "drop", 465: "drop", 587: "drop", 2525: "drop"}),
        ('only=(587, 2525), block={587: "refuse"}', {25: "drop", 465: "drop", 587: "refuse"}),
    ],
)
def test_block_and_only_take_a_number_or_several(
    pytester: pytest.Pytester, argument: str, blocks: dict[int, str]
) -> None:
    pytester.makepyfile(f"""
        import pytest
        from pytest_smtpports import Refuse

        @pytest.mark.smtpports({argument})
        def test_marked(smtpports):
            blocks = {{port.number: port.blocked.kind for port in smtpports.ports if port.blocked}}
            assert blocks == {blocks}
    """)

    pytester.runpytest().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("argument", "hosts"),
    [
        ('"smtp.example.com"', ["smtp.example.com"]),
        ('("mx1.example.org", "mx2.example.org")', ["mx1.example.org", "mx2.example.org"]),
    ],
)
def test_route_takes_a_host_or_several(pytester: pytest.Pytester, argument: str, hosts: list[str]) -> None:
    pytester.makepyfile(f"""
        import pytest
        from mail import send

        @pytest.mark.smtpports(route={argument})
        def test_marked(smtpports):
            for host in {hosts}:
                send((host, 25))
            assert [message.host for message in smtpports.messages] == {hosts}
    """)

    pytester.runpytest().assert_outcomes(passed=1)


@pytest.mark.parametrize("argument", ["profile", "(profile,)"])
def test_profiles_replaces_one_and_adds_another(pytester: pytest.Pytester, argument: str) -> None:
    pytester.makepyfile(f"""
        from dataclasses import replace
        import pytest
        from pytest_smtpports import PROFILES, Profile, Role

        profile = replace(PROFILES[25], greeting="altered")

        @pytest.mark.smtpports(profiles={argument})
        def test_replaced(smtpports):
            assert smtpports.ports[25].profile is profile
            assert [port.number for port in smtpports.ports] == [25, 465, 587, 2525]

        @pytest.mark.smtpports(profiles=Profile(26, Role.MTA), only=26)
        def test_added(smtpports):
            assert [port.number for port in smtpports.ports if not port.blocked] == [26]

        def test_not_marked(smtpports):
            assert smtpports.ports[25].profile is PROFILES[25]
            assert 26 not in smtpports.ports
    """)

    pytester.runpytest().assert_outcomes(passed=3)


def test_the_marker_alone_activates_the_fixture(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import smtplib
        import unittest
        import pytest
        from mail import send

        @pytest.mark.smtpports(route="smtp.example.com", block={25: "refuse"})
        def test_function(request):
            with pytest.raises(ConnectionRefusedError):
                send(("smtp.example.com", 25))
            assert "smtpports" in request.fixturenames

        @pytest.mark.smtpports(route="smtp.example.com")
        class TestCase(unittest.TestCase):
            def test_method(self):
                send(("smtp.example.com", 25))

        @pytest.mark.parametrize("number", [1, 2])
        @pytest.mark.smtpports(route="smtp.example.com")
        def test_parametrized(number):
            send(("smtp.example.com", 25))
    """)

    pytester.runpytest().assert_outcomes(passed=4)


def test_a_marker_without_arguments_activates_the_fixture(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.mark.smtpports
        def test_marked(request):
            assert "smtpports" in request.fixturenames

        @pytest.mark.smtpports()
        def test_called(request):
            assert "smtpports" in request.fixturenames

        def test_bare(request):
            assert "smtpports" not in request.fixturenames
    """)

    pytester.runpytest().assert_outcomes(passed=3)


def test_the_marker_holds_for_the_ports_that_each_smtpport_comes_from(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.mark.smtpports(only=25)
        def test_marked(each_smtpport):
            assert (each_smtpport.blocked is None) == (each_smtpport.number == 25)
    """)

    pytester.runpytest().assert_outcomes(passed=4)


def test_a_marker_on_something_that_is_no_function_is_left_alone(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("""
        import pytest

        class Word(pytest.Item):
            def runtest(self):
                assert self.name == "hello"

        class Words(pytest.File):
            def collect(self):
                item = Word.from_parent(self, name="hello")
                item.add_marker(pytest.mark.smtpports(block=587))
                yield item

        def pytest_collect_file(file_path, parent):
            if file_path.suffix == ".words":
                return Words.from_parent(parent, path=file_path)
    """)
    pytester.makefile(".words", test_hello="hello")

    pytester.runpytest().assert_outcomes(passed=1)


def test_markers_of_module_class_and_function_combine_and_the_inner_one_wins(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        pytestmark = pytest.mark.smtpports(block={25: "refuse", 465: "refuse", 587: "refuse"})

        def blocks(smtpports):
            return {port.number: port.blocked.kind for port in smtpports.ports if port.blocked}

        def test_module(smtpports):
            assert blocks(smtpports) == {25: "refuse", 465: "refuse", 587: "refuse"}

        @pytest.mark.smtpports(block=(465, 587))
        class TestClass:
            def test_class(self, smtpports):
                assert blocks(smtpports) == {25: "refuse", 465: "drop", 587: "drop"}

            @pytest.mark.smtpports(block={587: "refuse"}, route="smtp.example.com")
            def test_function(self, smtpports):
                assert blocks(smtpports) == {25: "refuse", 465: "drop", 587: "refuse"}

            @pytest.mark.smtpports(only=(25, 465, 587))
            def test_opened(self, smtpports):
                assert blocks(smtpports) == {2525: "drop"}
    """)

    pytester.runpytest().assert_outcomes(passed=4)


def test_the_profile_of_an_inner_marker_wins(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from dataclasses import replace
        import pytest
        from pytest_smtpports import PROFILES

        pytestmark = pytest.mark.smtpports(profiles=replace(PROFILES[25], greeting="outer"))

        @pytest.mark.smtpports(profiles=replace(PROFILES[25], greeting="inner"))
        def test_inner(smtpports):
            assert smtpports.ports[25].profile.greeting == "inner"

        def test_outer(smtpports):
            assert smtpports.ports[25].profile.greeting == "outer"
    """)

    pytester.runpytest().assert_outcomes(passed=2)


def test_a_parameter_can_bring_a_marker(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.mark.parametrize(
            "kind", [None, pytest.param("drop", marks=pytest.mark.smtpports(block=587))]
        )
        def test_blocked(smtpports, kind):
            block = smtpports.ports[587].blocked
            assert (block.kind if block else None) == kind
    """)

    pytester.runpytest().assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            "blok=587",
            "'blok' is not a marker argument; did you mean 'block'? Valid: 'profiles', 'route', 'provider', *",
        ),
        (
            "zzz=587",
            "'zzz' is not a marker argument. Valid: 'profiles', 'route', 'provider', *'block', 'fail', 'guard'.",
        ),
        (
            "587",
            "takes keyword arguments only, not 587: profiles=, route=, provider=, network=, only=, block=, *guard=",
        ),
        ("block=588", "588 is not an emulated port; did you mean 587? The emulated ports are 25, 465, 587, 2525."),
        ("block={588: 'drop'}", "588 is not an emulated port; did you mean 587?"),
        ("block={'587': 'drop'}", "'587' is not an emulated port; did you mean 587?"),
        ("only=2526", "2526 is not an emulated port; did you mean 2525?"),
        ("block={587: 'dorp'}", "'dorp' is not a block kind; did you mean 'drop'? Valid: 'drop', 'refuse', *"),
        ("block={587: None}", "None is not a block kind. Valid: 'drop', 'refuse', *"),
        ("block='587'", "block= takes a port number or a tuple of them, not '587'."),
        ("block=(25, '587')", "block= takes a port number or a tuple of them, not '587'."),
        ("block=None", "block= takes a port number or a tuple of them, not None."),
        ("block=()", "block() takes the ports to block, such as block(587)"),
        ("only=25.0", "only= takes a port number or a tuple of them, not 25.0."),
        ("route=587", "route= takes a host name or a tuple of them, not 587."),
        ("route=()", "route() takes the host names to lead here"),
        ("route='127.0.0.1'", "127.0.0.1"),
        ("fail='mailbox-ful'", "'mailbox-ful' is not a fault; did you mean 'mailbox-full'?"),
        ("fail='rcpt'", "'rcpt' is a stage: say what happens there as well, as in fail('rcpt', Disconnect())"),
        ("fail=('rctp', '450 No')", "'rctp' is not a stage; did you mean 'rcpt'?"),
        ("fail=FAULTS.transient", "fail= takes a fault, such as FAULTS*, or a list of these, not (<Fault syn-dropped*"),
        ("fail=[('rcpt', '450 No'), 450]", "fail= takes a fault, such as FAULTS*, or a list of these, not 450."),
        ("profiles=587", "Profiles are expected, such as * not 587."),
        ("profiles=(PROFILES[25], PROFILES[25])", "Two profiles have the number 25; a port can be one of them."),
    ],
)
def test_an_argument_that_can_not_be_meant_is_a_usage_error_that_teaches(
    pytester: pytest.Pytester, arguments: str, told: str
) -> None:
    pytester.makepyfile(f"""
        import pytest
        from pytest_smtpports import FAULTS, PROFILES

        @pytest.mark.smtpports({arguments})
        def test_marked():
            pass

        def test_next(smtpports):
            assert smtpports.ports[25].port
    """)

    result = pytester.runpytest()

    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines([f"E *UsageError: @pytest.mark.smtpports*{told}*"])


def test_profiles_can_not_be_changed_for_one_test_where_all_share_their_ports(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest
        from pytest_smtpports import PROFILES

        @pytest.mark.smtpports(profiles=PROFILES[25])
        def test_marked():
            pass
    """)

    result = pytester.runpytest("-o", "smtpports_scope=session")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["E *UsageError: @pytest.mark.smtpports(profiles=...) needs ports of the test's own*smtpports_profiles*"]
    )


def test_the_marker_holds_for_the_server_of_the_session_too(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest
        from mail import send

        @pytest.fixture(scope="session")
        def app(smtpports_server):
            return smtpports_server.ports[25].address

        @pytest.mark.smtpports(block=587)
        def test_direct(smtpports_server, request):
            assert smtpports_server.ports[587].blocked.kind == "drop"
            assert "smtpports" not in request.fixturenames

        @pytest.mark.parametrize("turn", [1, 2])
        @pytest.mark.smtpports(block={25: "refuse"})
        def test_by_a_fixture(app, turn):
            with pytest.raises(ConnectionRefusedError):
                send(app)

        def test_next(app):
            send(app)
    """)

    pytester.runpytest().assert_outcomes(passed=4)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("blok=587", "'blok' is not a marker argument; did you mean 'block'? *"),
        ("block=588", "588 is not an emulated port; did you mean 587? *"),
        ("profiles=PROFILES[25]", "*needs ports of the test's own*smtpports_profiles*"),
    ],
)
def test_a_mistake_in_the_marker_of_a_test_that_takes_the_server_is_told(
    pytester: pytest.Pytester, arguments: str, told: str
) -> None:
    pytester.makepyfile(f"""
        import pytest
        from pytest_smtpports import PROFILES

        @pytest.mark.smtpports({arguments})
        def test_marked(smtpports_server):
            pass
    """)

    result = pytester.runpytest()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"E *UsageError: @pytest.mark.smtpports*{told}"])


def test_the_marker_is_declared_with_its_arguments(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--markers")

    result.stdout.fnmatch_lines(
        ["@pytest.mark.smtpports(profiles=..., route=..., provider=..., network=..., only=..., *guard=...): *"]
    )


def test_a_marked_parameter_activates_the_fixture_for_itself_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.mark.parametrize("n", [1, pytest.param(2, marks=pytest.mark.smtpports(block=25))])
        def test_mail(request, n):
            assert ("smtpports" in request.fixturenames) == (n == 2)
    """)

    pytester.runpytest().assert_outcomes(passed=2)


@pytest.mark.parametrize("value", ["{587: ['drop']}", "{587: {}}"])
def test_a_block_that_can_not_be_hashed_is_a_usage_error(pytester: pytest.Pytester, value: str) -> None:
    pytester.makepyfile(f"""
        import pytest

        @pytest.mark.smtpports(block={value})
        def test_marked():
            pass
    """)

    result = pytester.runpytest()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["E *UsageError: @pytest.mark.smtpports: *is not a block kind*"])
