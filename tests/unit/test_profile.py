"""What a port is: the four as shipped, and what a profile refuses to be."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, replace
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import (
    KINDRED,
    PROFILES,
    AuthPolicy,
    ConfigurationError,
    Profile,
    Reply,
    Role,
    TLSMode,
    UnknownName,
)
from pytest_smtpports._ports._profile import MECHANISMS, by_number
from pytest_smtpports._settings import SHIPPED

if TYPE_CHECKING:
    from enum import Enum


EXTENSIONS = (
    *("PIPELINING", "8BITMIME", "SMTPUTF8", "DSN", "CHUNKING", "BINARYMIME", "ENHANCEDSTATUSCODES", "VRFY", "HELP"),
)


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
    ("number", "like"),
    [(26, 2525), (588, 2525), (2465, 465), (2587, 587), (8025, 2525), (8465, 465)],
)
def test_a_kindred_port_is_one_of_the_four_by_another_number(number: int, like: int) -> None:
    assert KINDRED[number] == replace(PROFILES[like], number=number)


def test_lmtp_and_the_sink_of_developers_are_kindred_too() -> None:
    assert KINDRED[24] == Profile(24, Role.LMTP)
    assert KINDRED[1025] == Profile(1025, Role.ALTERNATE)


def test_each_kindred_profile_stands_under_its_own_number_beside_the_four() -> None:
    assert list(KINDRED) == sorted(KINDRED) == [24, 26, 588, 1025, 2465, 2587, 8025, 8465]
    assert all(number == profile.number for number, profile in KINDRED.items())
    assert KINDRED.keys().isdisjoint(PROFILES)


@pytest.mark.parametrize(
    ("choices", "values"),
    [
        (Role, ["mta", "submission", "submissions", "alternate", "lmtp"]),
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
    assert profile.extensions == EXTENSIONS
    assert (profile.greeting, profile.turns_away, profile.personality) == (None, None, "rfc")
    assert profile.text_line_limit is None


def test_the_shipped_profiles_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        PROFILES[26] = PROFILES[25]  # type: ignore[index] # that it is refused is the point
    with pytest.raises(TypeError):
        KINDRED[25] = PROFILES[25]  # type: ignore[index] # that it is refused is the point


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
            (
                "'mta' is not a role. Valid: 'Role.MTA', 'Role.SUBMISSION', 'Role.SUBMISSIONS', 'Role.ALTERNATE', "
                "'Role.LMTP'."
            ),
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

    assert str(caught.value) == (
        "'LOGON' is not a SASL mechanism; did you mean 'LOGIN'? Valid: 'PLAIN', 'LOGIN', 'CRAM-MD5', 'SCRAM-SHA-256', "
        "'XOAUTH2', 'OAUTHBEARER', 'EXTERNAL'."
    )


def test_an_unknown_ehlo_keyword_is_refused() -> None:
    with pytest.raises(UnknownName) as caught:
        replace(PROFILES[587], extensions=("PIPELINE",))

    assert (caught.value.what, caught.value.name) == ("EHLO keyword", "PIPELINE")
    assert caught.value.known == EXTENSIONS
    assert str(caught.value).startswith(
        "'PIPELINE' is not an EHLO keyword; did you mean 'PIPELINING'? Valid: 'PIPELINING', '8BITMIME', "
    )


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_each_mechanism_may_be_offered_alone(mechanism: str) -> None:
    assert replace(PROFILES[587], mechanisms=(mechanism,)).mechanisms == (mechanism,)


def test_an_unknown_personality_is_refused() -> None:
    with pytest.raises(UnknownName) as caught:
        replace(PROFILES[25], personality="sendmail")

    assert (caught.value.what, caught.value.name) == ("personality", "sendmail")


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


@pytest.mark.parametrize("field", ["size_limit", "text_line_limit"])
@pytest.mark.parametrize("limit", [1, 1000, None])
def test_a_limit_is_a_positive_number_or_none(field: str, limit: int | None) -> None:
    assert getattr(replace(PROFILES[25], **{field: limit}), field) == limit  # type: ignore[arg-type] # by name


@pytest.mark.parametrize("field", ["size_limit", "text_line_limit"])
@pytest.mark.parametrize("limit", [0, -1, True, False, 1.5, "1000", b"1000", [1]])
def test_a_limit_that_is_no_number_of_bytes_is_refused(field: str, limit: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        replace(PROFILES[25], **{field: limit})  # type: ignore[arg-type] # wrong on purpose

    assert str(caught.value) == f"{field} is a number of bytes from 1, or None for no limit, not {limit!r}."


def test_an_idle_timeout_may_be_a_fraction_of_a_second() -> None:
    assert replace(PROFILES[25], idle_timeout=0.1).idle_timeout == 0.1


@pytest.mark.parametrize("idle_timeout", [0, -0.5, float("nan"), True, "300", None, 1j])
def test_an_idle_timeout_that_is_not_above_zero_is_refused(idle_timeout: float) -> None:
    with pytest.raises(ConfigurationError) as caught:
        replace(PROFILES[25], idle_timeout=idle_timeout)

    assert str(caught.value) == f"idle_timeout is a number of seconds above 0, not {idle_timeout!r}."


@pytest.mark.parametrize("greeting", ["", "two\r\nlines", "bell\a", "grüß dich", b"hi", 587, ["x"], True])
def test_a_greeting_that_is_not_one_line_of_printable_ascii_is_refused(greeting: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        replace(PROFILES[25], greeting=greeting)

    assert str(caught.value) == f"greeting is one line of printable ASCII (RFC 5321 §4.2), not {greeting!r}."


@pytest.mark.parametrize(
    "greeting", ["ESMTP ready", "2 be or not", "55 Main Street", "5543 ESMTP", "554-ready", "~ {braces}", None]
)
def test_a_greeting_without_a_code_turns_nobody_away(greeting: str | None) -> None:
    assert replace(PROFILES[25], greeting=greeting).turns_away is None


@pytest.mark.parametrize(
    ("greeting", "reply"),
    [
        # RFC 5321 §3.1; RFC 7504 §3; RFC 5321 §4.3.2
        ("554 No mail here", Reply(554, None, "No mail here")),
        ("554 5.3.2 No mail here", Reply(554, "5.3.2", "No mail here")),
        ("554", Reply(554, None, "")),
        ("521 Host does not accept mail", Reply(521, None, "Host does not accept mail")),
        ("421 4.3.2 Come back later", Reply(421, "4.3.2", "Come back later")),
    ],
)
def test_a_greeting_with_a_code_of_refusal_turns_everybody_away(greeting: str, reply: Reply) -> None:
    assert replace(PROFILES[25], greeting=greeting).turns_away == reply


@pytest.mark.parametrize("greeting", ["220 ready", "250 Ok", "450 Later", "220", "550 5.7.1 No"])
def test_a_greeting_with_another_code_is_refused(greeting: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        replace(PROFILES[25], greeting=greeting)

    assert str(caught.value) == (
        f"A greeting with a code of its own turns clients away: 554, 521 or 421, not {greeting!r}. "
        "The text behind 220 is given without its code."
    )


def test_a_greeting_whose_codes_contradict_each_other_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"^The enhanced code 4\.3\.2 is not of the class of 554"):
        replace(PROFILES[25], greeting="554 4.3.2 No mail here")


@pytest.mark.parametrize("number", [465, 587, 2525])
def test_a_submission_port_never_says_that_it_takes_no_mail_at_all(number: int) -> None:
    with pytest.raises(ConfigurationError) as caught:
        replace(PROFILES[number], greeting="521 No mail here")

    assert str(caught.value) == (
        "521 is for hosts that never take mail; a submission port says 554 or 421 (RFC 6409 §7)."
    )


@pytest.mark.parametrize("number", [465, 587, 2525])
@pytest.mark.parametrize("greeting", ["554 No mail here", "421 Come back later"])
def test_a_submission_port_may_turn_clients_away_for_now(number: int, greeting: str) -> None:
    assert replace(PROFILES[number], greeting=greeting).turns_away is not None


def test_lmtp_is_never_spoken_on_25() -> None:
    with pytest.raises(ConfigurationError) as caught:
        replace(KINDRED[24], number=25)

    assert str(caught.value) == "LMTP must not be spoken on port 25 (RFC 2033 §5); its usual number is 24."


@pytest.mark.parametrize("number", [24, 2003])
def test_lmtp_is_spoken_on_any_other_port(number: int) -> None:
    assert replace(KINDRED[24], number=number).role is Role.LMTP


@pytest.mark.parametrize(("number", "mode"), [(25, "none"), (465, "implicit")])
def test_starttls_cannot_be_required_where_it_is_not_offered(number: int, mode: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        replace(PROFILES[number], starttls_required=True)

    assert str(caught.value) == (f"starttls_required needs tls=TLSMode.STARTTLS; port {number} has TLS mode {mode!r}.")


@pytest.mark.parametrize("auth", [AuthPolicy.OPTIONAL, AuthPolicy.REQUIRED])
def test_a_port_with_logins_needs_a_mechanism(auth: AuthPolicy) -> None:
    with pytest.raises(ConfigurationError) as caught:
        replace(PROFILES[587], auth=auth, mechanisms=())

    assert str(caught.value) == (f"Port 587 lets clients log in but offers no mechanism; name one of {MECHANISMS}.")


def test_a_port_without_logins_needs_no_mechanism() -> None:
    assert replace(PROFILES[25], mechanisms=()).mechanisms == ()


def test_a_port_where_nobody_could_log_in_is_refused() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Profile(26, Role.ALTERNATE, auth=AuthPolicy.REQUIRED)

    assert str(caught.value) == ("Nobody could ever log in at port 26: it has no TLS and auth_in_clear is False.")


def test_a_port_without_tls_may_take_logins_in_clear() -> None:
    profile = Profile(26, Role.ALTERNATE, auth=AuthPolicy.OPTIONAL, auth_in_clear=True)

    assert profile.tls is TLSMode.NONE


def test_the_numbers_that_need_no_hook_are_those_of_the_shipped_profiles_and_their_kin() -> None:
    assert {*PROFILES, *KINDRED} == SHIPPED


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


def test_lmtp_has_no_port_with_implicit_tls() -> None:
    with pytest.raises(ConfigurationError, match="LMTP begins in clear; TLS comes with STARTTLS, or not at all"):
        Profile(24, Role.LMTP, tls=TLSMode.IMPLICIT)


@pytest.mark.parametrize("personality", [["rfc"], None, 1, "Postfix"])
def test_what_is_no_personality_is_refused(personality: str) -> None:
    with pytest.raises(UnknownName, match="is not a personality"):
        replace(PROFILES[25], personality=personality)


def test_a_mechanism_is_named_once() -> None:
    with pytest.raises(ConfigurationError, match=r"Each SASL mechanism is named once, not as in \('PLAIN', 'PLAIN'\)"):
        replace(PROFILES[587], mechanisms=("PLAIN", "PLAIN"))


def test_a_personality_that_takes_logins_in_clear_makes_up_for_a_profile_that_does_not() -> None:
    profile = Profile(25, Role.ALTERNATE, auth=AuthPolicy.REQUIRED, personality="mailgun")

    assert not profile.auth_in_clear
