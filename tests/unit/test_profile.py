"""What a port is: the four as shipped, and what a profile refuses to be."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, replace
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import PROFILES, AuthPolicy, ConfigurationError, Profile, Role, TLSMode, UnknownName
from pytest_smtpports._ports._profile import by_number
from pytest_smtpports._settings import SHIPPED

if TYPE_CHECKING:
    from enum import Enum


def test_four_profiles_are_shipped() -> None:
    assert list(PROFILES) == [25, 465, 587, 2525]


def test_each_shipped_profile_stands_under_its_own_number() -> None:
    assert all(number == profile.number for number, profile in PROFILES.items())


@pytest.mark.parametrize(
    ("number", "role", "tls", "starttls_required", "auth", "auth_in_clear"),
    [
        (25, Role.MTA, TLSMode.NONE, False, AuthPolicy.FORBIDDEN, False),
        (465, Role.SUBMISSIONS, TLSMode.IMPLICIT, False, AuthPolicy.REQUIRED, False),
        (587, Role.SUBMISSION, TLSMode.STARTTLS, True, AuthPolicy.REQUIRED, False),
        (2525, Role.ALTERNATE, TLSMode.STARTTLS, False, AuthPolicy.REQUIRED, True),
    ],
)
def test_a_shipped_port_is_what_it_is_in_the_world(
    number: int, role: Role, tls: TLSMode, auth: AuthPolicy, *, starttls_required: bool, auth_in_clear: bool
) -> None:
    profile = PROFILES[number]

    assert profile == Profile(
        number, role, tls=tls, starttls_required=starttls_required, auth=auth, auth_in_clear=auth_in_clear
    )


@pytest.mark.parametrize(
    ("choices", "values"),
    [
        (Role, ["mta", "submission", "submissions", "alternate"]),
        (TLSMode, ["none", "starttls", "implicit"]),
        (AuthPolicy, ["forbidden", "optional", "required"]),
    ],
)
def test_the_choices_are_these(choices: type[Enum], values: list[str]) -> None:
    assert [choice.value for choice in choices] == values


def test_what_is_not_told_of_a_port_is_as_most_have_it() -> None:
    profile = Profile(25, Role.MTA)

    assert (profile.mechanisms, profile.local_domains) == (("PLAIN", "LOGIN"), ())
    assert (profile.size_limit, profile.idle_timeout) == (35_882_577, 300.0)
    assert profile.extensions == ("PIPELINING", "8BITMIME", "SMTPUTF8", "HELP")
    assert profile.greeting == "ESMTP ready"


def test_the_shipped_profiles_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        PROFILES[26] = PROFILES[25]  # type: ignore[index] # that it is refused is the point


def test_a_profile_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        PROFILES[25].number = 26  # type: ignore[misc] # that it is refused is the point


def test_a_profile_is_varied_by_replace() -> None:
    strict = replace(PROFILES[2525], starttls_required=True, auth_in_clear=False)

    assert (strict.number, strict.starttls_required, strict.auth_in_clear) == (2525, True, False)


def test_a_variant_is_checked_too() -> None:
    with pytest.raises(ConfigurationError, match="starttls_required needs"):
        replace(PROFILES[25], starttls_required=True)


def test_a_profile_survives_pickling() -> None:
    assert pickle.loads(pickle.dumps(PROFILES[587])) == PROFILES[587]  # noqa: S301 # our own bytes


@pytest.mark.parametrize("number", [1, 65535])
def test_the_first_and_the_last_port_number_are_taken(number: int) -> None:
    assert Profile(number, Role.MTA).number == number


@pytest.mark.parametrize("number", [0, -1, 65536, True, "25", 25.0, None])
def test_what_is_no_port_number_is_refused(number: int) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Profile(number, Role.MTA)

    assert str(caught.value) == f"A port number is an int from 1 to 65535, not {number!r}."


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (
            "role",
            "mta",
            "'mta' is not a role. Valid: 'Role.MTA', 'Role.SUBMISSION', 'Role.SUBMISSIONS', 'Role.ALTERNATE'.",
        ),
        (
            "tls",
            "TLSMode.STARTLS",
            (
                "'TLSMode.STARTLS' is not a TLS mode; did you mean 'TLSMode.STARTTLS'? "
                "Valid: 'TLSMode.NONE', 'TLSMode.STARTTLS', 'TLSMode.IMPLICIT'."
            ),
        ),
        (
            "auth",
            None,
            "None is not an auth policy. Valid: 'AuthPolicy.FORBIDDEN', 'AuthPolicy.OPTIONAL', 'AuthPolicy.REQUIRED'.",
        ),
    ],
)
def test_what_is_no_member_of_its_enum_is_refused(field: str, value: object, message: str) -> None:
    with pytest.raises(UnknownName) as caught:
        Profile(**{"number": 25, "role": Role.MTA, field: value})  # type: ignore[arg-type] # wrong on purpose

    assert str(caught.value) == message


def test_an_unknown_mechanism_is_refused() -> None:
    with pytest.raises(UnknownName) as caught:
        replace(PROFILES[587], mechanisms=("PLAIN", "LOGON"))

    assert str(caught.value) == "'LOGON' is not a SASL mechanism; did you mean 'LOGIN'? Valid: 'PLAIN', 'LOGIN'."


def test_an_unknown_ehlo_keyword_is_refused() -> None:
    with pytest.raises(UnknownName) as caught:
        replace(PROFILES[587], extensions=("PIPELINE",))

    assert (caught.value.what, caught.value.name) == ("EHLO keyword", "PIPELINE")
    assert caught.value.known == ("PIPELINING", "8BITMIME", "SMTPUTF8", "HELP")
    assert str(caught.value) == (
        "'PIPELINE' is not an EHLO keyword; did you mean 'PIPELINING'? "
        "Valid: 'PIPELINING', '8BITMIME', 'SMTPUTF8', 'HELP'."
    )


@pytest.mark.parametrize(
    ("field", "what"),
    [("mechanisms", "SASL mechanism"), ("extensions", "EHLO keyword"), ("local_domains", "domain")],
)
@pytest.mark.parametrize("names", ["HELP", ["HELP"], {"HELP"}, (b"HELP",), ("HELP", 1), None])
def test_what_is_no_tuple_of_strings_is_refused(field: str, what: str, names: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        replace(PROFILES[587], **{field: names})  # type: ignore[arg-type] # wrong on purpose

    assert str(caught.value) == f"A tuple of {what}s is expected, such as ('x', 'y') or ('x',), not {names!r}."


def test_a_port_may_take_mail_for_some_domains_alone() -> None:
    assert replace(PROFILES[25], local_domains=("example.com", "example.org")).local_domains[1] == "example.org"


def test_a_port_may_offer_no_extension() -> None:
    assert replace(PROFILES[25], extensions=()).extensions == ()


@pytest.mark.parametrize("size_limit", [1, None])
def test_a_size_limit_is_a_positive_number_or_none(size_limit: int | None) -> None:
    assert replace(PROFILES[25], size_limit=size_limit).size_limit == size_limit


@pytest.mark.parametrize("size_limit", [0, -1, True, False, 1.5, "1000", b"1000", [1]])
def test_a_size_limit_that_is_no_number_of_bytes_is_refused(size_limit: int) -> None:
    with pytest.raises(ConfigurationError) as caught:
        replace(PROFILES[25], size_limit=size_limit)

    assert str(caught.value) == f"size_limit is a number of bytes from 1, or None for no limit, not {size_limit!r}."


def test_an_idle_timeout_may_be_a_fraction_of_a_second() -> None:
    assert replace(PROFILES[25], idle_timeout=0.1).idle_timeout == 0.1


@pytest.mark.parametrize("idle_timeout", [0, -0.5, float("nan"), True, "300", None, 1j])
def test_an_idle_timeout_that_is_not_above_zero_is_refused(idle_timeout: float) -> None:
    with pytest.raises(ConfigurationError) as caught:
        replace(PROFILES[25], idle_timeout=idle_timeout)

    assert str(caught.value) == f"idle_timeout is a number of seconds above 0, not {idle_timeout!r}."


@pytest.mark.parametrize("greeting", ["", "two\r\nlines", "bell\a", "grüß dich", None, b"hi", 587, ["x"], True])
def test_a_greeting_that_is_not_one_line_of_printable_ascii_is_refused(greeting: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        replace(PROFILES[25], greeting=greeting)

    assert str(caught.value) == f"greeting is one line of printable ASCII (RFC 5321 §4.2), not {greeting!r}."


@pytest.mark.parametrize(("number", "mode"), [(25, "none"), (465, "implicit")])
def test_starttls_cannot_be_required_where_it_is_not_offered(number: int, mode: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        replace(PROFILES[number], starttls_required=True)

    assert str(caught.value) == (f"starttls_required needs tls=TLSMode.STARTTLS; port {number} has TLS mode {mode!r}.")


@pytest.mark.parametrize("auth", [AuthPolicy.OPTIONAL, AuthPolicy.REQUIRED])
def test_a_port_with_logins_needs_a_mechanism(auth: AuthPolicy) -> None:
    with pytest.raises(ConfigurationError) as caught:
        replace(PROFILES[587], auth=auth, mechanisms=())

    assert str(caught.value) == (
        "Port 587 lets clients log in but offers no mechanism; name one of ('PLAIN', 'LOGIN')."
    )


def test_a_port_without_logins_needs_no_mechanism() -> None:
    assert replace(PROFILES[25], mechanisms=()).mechanisms == ()


def test_a_port_where_nobody_could_log_in_is_refused() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Profile(26, Role.ALTERNATE, auth=AuthPolicy.REQUIRED)

    assert str(caught.value) == ("Nobody could ever log in at port 26: it has no TLS and auth_in_clear is False.")


def test_a_port_without_tls_may_take_logins_in_clear() -> None:
    profile = Profile(26, Role.ALTERNATE, auth=AuthPolicy.OPTIONAL, auth_in_clear=True)

    assert profile.tls is TLSMode.NONE


def test_the_numbers_that_need_no_hook_are_those_of_the_shipped_profiles() -> None:
    assert frozenset(PROFILES) == SHIPPED


def test_profiles_are_found_by_their_own_number_and_not_by_the_key_of_a_mapping() -> None:
    plain, strict = PROFILES[25], PROFILES[587]

    assert by_number([plain, strict]) == {25: plain, 587: strict}
    assert by_number(iter([strict])) == {587: strict}
    assert by_number({1: plain, "submission": strict}) == {25: plain, 587: strict}
    assert by_number(()) == {}


@pytest.mark.parametrize("profiles", [None, 25, PROFILES[25]])
def test_what_cannot_be_gone_through_is_refused_as_profiles(profiles: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        by_number(profiles)

    assert str(caught.value) == f"Profiles are expected, such as [PROFILES[25]], not {profiles!r}."


@pytest.mark.parametrize("profiles", [[25], {25: "mta"}, ["25", PROFILES[25]], [PROFILES[25], None], ("mta",)])
def test_one_that_is_no_profile_is_refused(profiles: object) -> None:
    with pytest.raises(ConfigurationError, match=r"^A Profile is expected, such as PROFILES\[25\], not .+\.$"):
        by_number(profiles)


def test_two_profiles_of_one_number_are_refused() -> None:
    with pytest.raises(ConfigurationError) as caught:
        by_number([PROFILES[25], PROFILES[587], replace(PROFILES[25], size_limit=None)])

    assert str(caught.value) == "Two profiles have the number 25; a port can be one of them."
