"""What a port allows, command by command."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import PROFILES, AuthPolicy, Profile, Role, TLSMode
from pytest_smtpports._ports import _reply
from pytest_smtpports._ports._policy import (
    State,
    ehlo_keywords,
    offers_auth,
    offers_starttls,
    recipient_refusal,
    refusal,
)

if TYPE_CHECKING:
    from pytest_smtpports._ports._reply import Reply

VERBS = ("EHLO", "HELO", "NOOP", "QUIT", "RSET", "HELP", "VRFY", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA")

CONNECTED = State()
HELO = State(greeted=True)
EHLO = State(greeted=True, extended=True)
ENCRYPTED = State(encrypted=True)
EHLO_TLS = State(greeted=True, extended=True, encrypted=True)
LOGGED_IN = replace(EHLO_TLS, authenticated=True)
LOGGED_IN_CLEAR = replace(EHLO, authenticated=True)
SENDER = replace(LOGGED_IN, sender_given=True)
READY = replace(SENDER, recipients=1)

OPTIONAL = replace(PROFILES[2525], auth=AuthPolicy.OPTIONAL)
MX = replace(PROFILES[25], local_domains=("Example.org", "example.net"))


@pytest.mark.parametrize("verb", ["EHLO", "STARTTLS", "NOOP", "QUIT"])
def test_these_commands_are_answered_before_a_required_starttls(verb: str) -> None:
    assert refusal(PROFILES[587], EHLO, verb) is None


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in {"EHLO", "STARTTLS", "NOOP", "QUIT"}])
@pytest.mark.parametrize("state", [CONNECTED, EHLO])
def test_every_other_command_has_to_wait_for_a_required_starttls(verb: str, state: State) -> None:
    assert refusal(PROFILES[587], state, verb) is _reply.STARTTLS_FIRST


@pytest.mark.parametrize("number", [25, 465, 2525])
@pytest.mark.parametrize("verb", ["EHLO", "HELO", "NOOP", "QUIT", "RSET", "HELP", "VRFY"])
def test_these_commands_need_nothing_before_them(number: int, verb: str) -> None:
    assert refusal(PROFILES[number], State(encrypted=number == 465), verb) is None


@pytest.mark.parametrize(
    ("profile", "state", "verb", "reply"),
    [
        # 25: plain, no login
        (PROFILES[25], CONNECTED, "MAIL", _reply.HELLO_FIRST),
        (PROFILES[25], HELO, "MAIL", None),
        (PROFILES[25], EHLO, "MAIL", None),
        (PROFILES[25], EHLO, "AUTH", _reply.AUTH_NOT_OFFERED),
        (PROFILES[25], EHLO, "STARTTLS", _reply.TLS_NOT_OFFERED),
        (PROFILES[25], CONNECTED, "RCPT", _reply.HELLO_FIRST),
        (PROFILES[25], CONNECTED, "DATA", _reply.HELLO_FIRST),
        (PROFILES[25], EHLO, "DATA", _reply.NO_TRANSACTION),
        (PROFILES[25], replace(EHLO, sender_given=True), "DATA", _reply.NO_TRANSACTION),
        (PROFILES[25], replace(EHLO, sender_given=True, recipients=1), "DATA", None),
        # 465: TLS from the first byte, login required
        (PROFILES[465], ENCRYPTED, "AUTH", _reply.HELLO_FIRST),
        (PROFILES[465], EHLO_TLS, "AUTH", None),
        (PROFILES[465], EHLO_TLS, "MAIL", _reply.LOGIN_FIRST),
        (PROFILES[465], LOGGED_IN, "MAIL", None),
        (PROFILES[465], EHLO_TLS, "STARTTLS", _reply.TLS_ACTIVE),
        # 587: STARTTLS, EHLO again, login
        (PROFILES[587], EHLO, "STARTTLS", None),
        (PROFILES[587], CONNECTED, "STARTTLS", None),
        (PROFILES[587], EHLO_TLS, "STARTTLS", _reply.TLS_ACTIVE),
        (PROFILES[587], ENCRYPTED, "MAIL", _reply.HELLO_FIRST),
        (PROFILES[587], ENCRYPTED, "AUTH", _reply.HELLO_FIRST),
        (PROFILES[587], replace(HELO, encrypted=True), "AUTH", _reply.AUTH_NOT_OFFERED),
        (PROFILES[587], EHLO_TLS, "AUTH", None),
        (PROFILES[587], EHLO_TLS, "MAIL", _reply.LOGIN_FIRST),
        (PROFILES[587], LOGGED_IN, "AUTH", _reply.AUTH_TWICE),
        (PROFILES[587], LOGGED_IN, "MAIL", None),
        (PROFILES[587], LOGGED_IN, "DATA", _reply.NO_TRANSACTION),
        (PROFILES[587], SENDER, "RCPT", None),
        (PROFILES[587], SENDER, "AUTH", _reply.AUTH_TWICE),
        (PROFILES[587], SENDER, "DATA", _reply.NO_TRANSACTION),
        (PROFILES[587], READY, "DATA", None),
        # 2525: STARTTLS offered, login required and also taken in clear
        (PROFILES[2525], EHLO, "AUTH", None),
        (PROFILES[2525], EHLO, "STARTTLS", None),
        (PROFILES[2525], EHLO, "MAIL", _reply.LOGIN_FIRST),
        (PROFILES[2525], LOGGED_IN_CLEAR, "MAIL", None),
        # a port where a login is left to the client
        (OPTIONAL, EHLO, "MAIL", None),
        (OPTIONAL, replace(EHLO, sender_given=True), "AUTH", _reply.AUTH_IN_TRANSACTION),
    ],
)
def test_a_command_is_allowed_or_refused(profile: Profile, state: State, verb: str, reply: Reply | None) -> None:
    assert refusal(profile, state, verb) is reply


@pytest.mark.parametrize(
    ("profile", "state", "offered"),
    [
        (PROFILES[25], EHLO, False),
        (PROFILES[25], EHLO_TLS, False),
        (PROFILES[465], EHLO_TLS, True),
        (PROFILES[587], EHLO, False),
        (PROFILES[587], EHLO_TLS, True),
        (PROFILES[2525], EHLO, True),
        (PROFILES[2525], EHLO_TLS, True),
    ],
)
def test_auth_is_offered_in_clear_only_where_the_profile_says_so(
    profile: Profile, state: State, *, offered: bool
) -> None:
    assert offers_auth(profile, state) is offered


@pytest.mark.parametrize(
    ("number", "state", "offered"),
    [
        (25, EHLO, False),
        (465, EHLO_TLS, False),
        (587, EHLO, True),
        (587, EHLO_TLS, False),
        (2525, EHLO, True),
        (2525, EHLO_TLS, False),
    ],
)
def test_starttls_is_offered_until_tls_is_active(number: int, state: State, *, offered: bool) -> None:
    assert offers_starttls(PROFILES[number], state) is offered


@pytest.mark.parametrize(
    ("profile", "state", "keywords"),
    [
        (PROFILES[25], EHLO, ("PIPELINING", "SIZE 35882577", "8BITMIME", "SMTPUTF8", "HELP")),
        (
            PROFILES[465],
            EHLO_TLS,
            ("PIPELINING", "SIZE 35882577", "8BITMIME", "SMTPUTF8", "AUTH PLAIN LOGIN", "HELP"),
        ),
        (PROFILES[587], EHLO, ("PIPELINING", "SIZE 35882577", "8BITMIME", "SMTPUTF8", "STARTTLS", "HELP")),
        (
            PROFILES[587],
            EHLO_TLS,
            ("PIPELINING", "SIZE 35882577", "8BITMIME", "SMTPUTF8", "AUTH PLAIN LOGIN", "HELP"),
        ),
        (
            PROFILES[2525],
            EHLO,
            ("PIPELINING", "SIZE 35882577", "8BITMIME", "SMTPUTF8", "STARTTLS", "AUTH PLAIN LOGIN", "HELP"),
        ),
        (replace(PROFILES[25], size_limit=None), EHLO, ("PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8", "HELP")),
        (replace(PROFILES[25], size_limit=1000, extensions=()), EHLO, ("SIZE 1000",)),
        (replace(PROFILES[25], extensions=("8BITMIME",)), EHLO, ("8BITMIME", "SIZE 35882577")),
        (
            Profile(26, Role.ALTERNATE, auth=AuthPolicy.OPTIONAL, auth_in_clear=True, mechanisms=("LOGIN",)),
            EHLO,
            ("PIPELINING", "SIZE 35882577", "8BITMIME", "SMTPUTF8", "AUTH LOGIN", "HELP"),
        ),
        (
            Profile(24, Role.MTA, tls=TLSMode.STARTTLS, extensions=("HELP",)),
            EHLO,
            ("SIZE 35882577", "STARTTLS", "HELP"),
        ),
    ],
)
def test_ehlo_names_what_is_on_offer_now(profile: Profile, state: State, keywords: tuple[str, ...]) -> None:
    assert ehlo_keywords(profile, state) == keywords


@pytest.mark.parametrize(
    ("profile", "state", "recipient", "reply"),
    [
        (PROFILES[25], EHLO, "ada@anywhere.example", None),
        (MX, EHLO, "ada@example.org", None),
        (MX, EHLO, "ada@EXAMPLE.NET", None),
        (MX, EHLO, "postmaster", None),
        (MX, EHLO, '"a@b"@example.org', None),
        (MX, EHLO, "ada@sub.example.org", _reply.RELAY_REFUSED),
        (MX, EHLO, "ada@elsewhere.example", _reply.RELAY_REFUSED),
        (MX, LOGGED_IN, "ada@elsewhere.example", None),
    ],
)
def test_a_port_with_local_domains_relays_only_for_who_has_logged_in(
    profile: Profile, state: State, recipient: str, reply: Reply | None
) -> None:
    assert recipient_refusal(profile, state, recipient) is reply
