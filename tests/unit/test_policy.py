"""What a port allows, command by command."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import KINDRED, PROFILES, AuthPolicy, Profile, Role, TLSMode
from pytest_smtpports._ports._path import Path
from pytest_smtpports._ports._policy import COMMAND_LINE_LIMIT, Policy, State, longest_line, offered
from pytest_smtpports._ports._profile import EXTENSIONS
from pytest_smtpports._ports._situations import Situation

if TYPE_CHECKING:
    from collections.abc import Mapping

VERBS = {
    *("EHLO", "HELO", "LHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "NOOP", "VRFY", "HELP"),
    *("QUIT", "ETRN", "ATRN", "EXPN", "TURN", "SEND", "SOML", "SAML", "BURL", "FOO", "GET"),
}

CONNECTED = State()
HELO = State(greeted=True)
EHLO = State(greeted=True, extended=True)
SENDER = EHLO._replace(sender_given=True)
READY = SENDER._replace(recipient_given=True)
LOGGED_IN = EHLO._replace(authenticated=True)
LOGGED_IN_READY = READY._replace(authenticated=True)
TLS = State(encrypted=True)
EHLO_TLS = EHLO._replace(encrypted=True)
LOGGED_IN_TLS = LOGGED_IN._replace(encrypted=True)
SENDER_TLS = LOGGED_IN_TLS._replace(sender_given=True)
READY_TLS = SENDER_TLS._replace(recipient_given=True)

MX = replace(PROFILES[25], local_domains=("Example.org", "example.net"))
OPPORTUNISTIC = replace(PROFILES[25], tls=TLSMode.STARTTLS)
OPTIONAL = replace(PROFILES[2525], auth=AuthPolicy.OPTIONAL)
STRICT = replace(PROFILES[2525], starttls_required=True, auth_in_clear=False)
WITHOUT_CHUNKING = replace(PROFILES[25], extensions=tuple(name for name in EXTENSIONS if name != "CHUNKING"))
TURNING_AWAY = replace(PROFILES[25], greeting="554 No mail here")
LMTP = KINDRED[24]

# RFC 5321 §4.2.4: a server has 500 for what it has never heard of, and 502 for what others do.
SMTP_LACKS = {
    Situation.UNKNOWN_COMMAND: "LHLO FOO GET",
    Situation.NOT_IMPLEMENTED: "ETRN ATRN EXPN TURN SEND SOML SAML BURL",
}
# RFC 2033 §4.1: HELO and EHLO must not succeed.
LMTP_LACKS = {**SMTP_LACKS, Situation.UNKNOWN_COMMAND: "EHLO HELO FOO GET"}
# RFC 3207 §4: all but EHLO, STARTTLS, NOOP and QUIT wait.
WAITING_FOR_TLS = {Situation.STARTTLS_FIRST: "HELO AUTH MAIL RCPT DATA BDAT RSET VRFY HELP"}
# RFC 5321 §4.1.4: NOOP, HELP, EXPN, VRFY and RSET at any time.
WAITING_FOR_HELLO = {Situation.HELLO_FIRST: "AUTH MAIL RCPT DATA BDAT"}
# RFC 4954 §6, RFC 6409 §4.3
WAITING_FOR_LOGIN = {Situation.LOGIN_FIRST: "MAIL RCPT DATA BDAT VRFY"}
WITHOUT_MAIL = {Situation.MAIL_FIRST: "RCPT", Situation.NO_TRANSACTION: "DATA BDAT"}
WITHOUT_RCPT = {Situation.NESTED_MAIL: "MAIL", Situation.NO_RECIPIENTS: "DATA BDAT"}
WITH_BOTH = {Situation.NESTED_MAIL: "MAIL"}
NO_TLS = {Situation.TLS_NOT_OFFERED: "STARTTLS"}
TLS_IS_ON = {Situation.TLS_ACTIVE: "STARTTLS"}
NO_AUTH = {Situation.AUTH_NOT_OFFERED: "AUTH"}
LOGIN_IS_DONE = {Situation.AUTH_TWICE: "AUTH"}

# For each port and state: the verbs that are refused, and why. Every other one is allowed.
TABLE = [
    # RFC 5321 §4.5.4.2, RFC 6409 §3.2: no login on 25
    (PROFILES[25], CONNECTED, SMTP_LACKS | WAITING_FOR_HELLO | NO_TLS),
    (PROFILES[25], HELO, SMTP_LACKS | WITHOUT_MAIL | NO_AUTH | NO_TLS),
    (PROFILES[25], EHLO, SMTP_LACKS | WITHOUT_MAIL | NO_AUTH | NO_TLS),
    (PROFILES[25], SENDER, SMTP_LACKS | WITHOUT_RCPT | NO_AUTH | NO_TLS),
    (PROFILES[25], READY, SMTP_LACKS | WITH_BOTH | NO_AUTH | NO_TLS),
    # RFC 3030 §2, §3
    (
        PROFILES[25],
        READY._replace(chunked=True),
        SMTP_LACKS | WITH_BOTH | NO_AUTH | NO_TLS | {Situation.CHUNKS_BEGUN: "RCPT DATA"},
    ),
    (
        PROFILES[25],
        READY._replace(binary=True),
        SMTP_LACKS | WITH_BOTH | NO_AUTH | NO_TLS | {Situation.CHUNKS_ONLY: "DATA"},
    ),
    (
        WITHOUT_CHUNKING,
        READY,
        SMTP_LACKS
        | WITH_BOTH
        | NO_AUTH
        | NO_TLS
        | {Situation.NOT_IMPLEMENTED: SMTP_LACKS[Situation.NOT_IMPLEMENTED] + " BDAT"},
    ),
    # RFC 3207 §4: a public exchanger offers STARTTLS and never demands it
    (OPPORTUNISTIC, CONNECTED, SMTP_LACKS | WAITING_FOR_HELLO),
    (OPPORTUNISTIC, EHLO, SMTP_LACKS | WITHOUT_MAIL | NO_AUTH),
    (OPPORTUNISTIC, EHLO_TLS, SMTP_LACKS | WITHOUT_MAIL | NO_AUTH | TLS_IS_ON),
    # RFC 8314 §3.3: TLS from the first byte, and a login
    (
        PROFILES[465],
        TLS,
        SMTP_LACKS | WAITING_FOR_HELLO | TLS_IS_ON | {Situation.LOGIN_FIRST: "VRFY"},
    ),
    (
        PROFILES[465],
        HELO._replace(encrypted=True),
        SMTP_LACKS | WAITING_FOR_LOGIN | NO_AUTH | TLS_IS_ON,
    ),
    (PROFILES[465], EHLO_TLS, SMTP_LACKS | WAITING_FOR_LOGIN | TLS_IS_ON),
    (PROFILES[465], LOGGED_IN_TLS, SMTP_LACKS | WITHOUT_MAIL | LOGIN_IS_DONE | TLS_IS_ON),
    (PROFILES[465], SENDER_TLS, SMTP_LACKS | WITHOUT_RCPT | LOGIN_IS_DONE | TLS_IS_ON),
    (PROFILES[465], READY_TLS, SMTP_LACKS | WITH_BOTH | LOGIN_IS_DONE | TLS_IS_ON),
    # RFC 6409 §4.3: STARTTLS by policy, EHLO again, and a login
    (PROFILES[587], CONNECTED, SMTP_LACKS | WAITING_FOR_TLS),
    (PROFILES[587], EHLO, SMTP_LACKS | WAITING_FOR_TLS),
    (
        PROFILES[587],
        TLS,
        SMTP_LACKS | WAITING_FOR_HELLO | TLS_IS_ON | {Situation.LOGIN_FIRST: "VRFY"},
    ),
    (PROFILES[587], EHLO_TLS, SMTP_LACKS | WAITING_FOR_LOGIN | TLS_IS_ON),
    (PROFILES[587], LOGGED_IN_TLS, SMTP_LACKS | WITHOUT_MAIL | LOGIN_IS_DONE | TLS_IS_ON),
    (PROFILES[587], SENDER_TLS, SMTP_LACKS | WITHOUT_RCPT | LOGIN_IS_DONE | TLS_IS_ON),
    (PROFILES[587], READY_TLS, SMTP_LACKS | WITH_BOTH | LOGIN_IS_DONE | TLS_IS_ON),
    # 2525 as providers run it: a login, also in clear
    (PROFILES[2525], CONNECTED, SMTP_LACKS | WAITING_FOR_HELLO | {Situation.LOGIN_FIRST: "VRFY"}),
    (PROFILES[2525], HELO, SMTP_LACKS | WAITING_FOR_LOGIN | NO_AUTH),
    (PROFILES[2525], EHLO, SMTP_LACKS | WAITING_FOR_LOGIN),
    (PROFILES[2525], LOGGED_IN, SMTP_LACKS | WITHOUT_MAIL | LOGIN_IS_DONE),
    (PROFILES[2525], LOGGED_IN_READY, SMTP_LACKS | WITH_BOTH | LOGIN_IS_DONE),
    (PROFILES[2525], EHLO_TLS, SMTP_LACKS | WAITING_FOR_LOGIN | TLS_IS_ON),
    (STRICT, EHLO, SMTP_LACKS | WAITING_FOR_TLS),
    # RFC 4954 §4: no AUTH in a transaction
    (OPTIONAL, EHLO, SMTP_LACKS | WITHOUT_MAIL),
    (OPTIONAL, SENDER, SMTP_LACKS | WITHOUT_RCPT | {Situation.AUTH_IN_TRANSACTION: "AUTH"}),
    # RFC 5321 §3.1: whoever was greeted by 554 can only leave
    *(
        (
            TURNING_AWAY,
            state,
            {Situation.TURNED_AWAY: " ".join(verb for verb in VERBS if verb != "QUIT")},
        )
        for state in (CONNECTED, EHLO)
    ),
    # RFC 2033 §4
    (LMTP, CONNECTED, LMTP_LACKS | WAITING_FOR_HELLO | NO_TLS),
    (LMTP, EHLO, LMTP_LACKS | WITHOUT_MAIL | NO_AUTH | NO_TLS),
    (LMTP, SENDER, LMTP_LACKS | WITHOUT_RCPT | NO_AUTH | NO_TLS),
    (LMTP, READY, LMTP_LACKS | WITH_BOTH | NO_AUTH | NO_TLS),
]


@pytest.mark.parametrize(
    ("profile", "state", "refused"), TABLE, ids=[f"{row}-{profile.number}" for row, (profile, *_) in enumerate(TABLE)]
)
def test_a_port_refuses_these_commands_and_no_other(
    profile: Profile, state: State, refused: Mapping[Situation, str]
) -> None:
    policy = Policy(profile)
    said = {verb: policy.refusal(state, verb) for verb in VERBS}

    assert {verb: why for verb, why in said.items() if why is not None} == {
        verb: situation for situation, verbs in refused.items() for verb in verbs.split()
    }


def test_lmtp_greets_before_a_required_starttls_too() -> None:
    # RFC 2033 §4.1: LHLO has the semantics of EHLO.
    secured = replace(LMTP, tls=TLSMode.STARTTLS, starttls_required=True)

    assert Policy(secured).refusal(CONNECTED, "LHLO") is None


@pytest.mark.parametrize("verb", ["", "MAILS", "AUTH=PLAIN", "EHLO\t", "ehlo", "É"])
def test_what_is_no_verb_is_unknown(verb: str) -> None:
    assert Policy(PROFILES[25]).refusal(EHLO, verb) is Situation.UNKNOWN_COMMAND


def as_(personality: str, number: int) -> Profile:
    return replace(PROFILES[number], personality=personality)


@pytest.mark.parametrize(
    ("profile", "state", "verb", "why"),
    [
        # Postfix: smtpd_helo_required=no, and whoever may not send is told at RCPT
        (as_("postfix", 25), CONNECTED, "MAIL", None),
        (as_("postfix", 25), CONNECTED, "RCPT", Situation.MAIL_FIRST),
        (as_("postfix", 25), EHLO, "ETRN", None),
        (as_("postfix", 25), EHLO, "HELP", Situation.UNKNOWN_COMMAND),
        (as_("postfix", 25), EHLO, "GET", Situation.FORBIDDEN_COMMAND),
        (as_("postfix", 25), EHLO, "HOST:", Situation.FORBIDDEN_COMMAND),
        (as_("postfix", 587), EHLO, "MAIL", Situation.STARTTLS_FIRST),
        (as_("postfix", 587), TLS, "AUTH", None),
        (as_("postfix", 587), EHLO_TLS, "MAIL", None),
        (as_("postfix", 587), EHLO_TLS._replace(sender_given=True), "RCPT", None),
        (as_("postfix", 587), EHLO_TLS, "VRFY", None),
        # Exim: the same of logins, but EHLO first
        (as_("exim", 25), CONNECTED, "MAIL", Situation.HELLO_FIRST),
        (as_("exim", 25), EHLO, "GET", Situation.UNKNOWN_COMMAND),
        (as_("exim", 587), EHLO_TLS, "MAIL", None),
        (as_("exim", 587), LOGGED_IN_TLS, "AUTH", Situation.AUTH_TWICE),
        # SendGrid and Mailgun take logins in clear, whatever the port
        (as_("sendgrid", 587), EHLO, "AUTH", None),
        (as_("sendgrid", 587), EHLO, "STARTTLS", None),
        (as_("sendgrid", 587), EHLO, "MAIL", Situation.LOGIN_FIRST),
        (as_("mailgun", 587), EHLO, "AUTH", None),
        (as_("mailgun", 587), EHLO, "MAIL", None),
        # Gmail and Microsoft 365 do not
        (as_("gmail", 587), EHLO, "AUTH", Situation.STARTTLS_FIRST),
        (as_("microsoft365", 587), EHLO, "AUTH", Situation.STARTTLS_FIRST),
        (as_("gmail", 25), EHLO, "AUTH", Situation.AUTH_NOT_OFFERED),
    ],
)
def test_a_personality_has_rules_of_its_own(profile: Profile, state: State, verb: str, why: Situation | None) -> None:
    assert Policy(profile).refusal(state, verb) is why


@pytest.mark.parametrize("personality", ["postfix", "exim"])
def test_a_personality_may_tell_at_rcpt_that_a_login_is_due(personality: str) -> None:
    policy = Policy(as_(personality, 587))
    recipient = Path("ada@example.org", (), {})

    assert policy.recipient_refusal(EHLO_TLS._replace(sender_given=True), recipient) is Situation.LOGIN_FIRST
    assert policy.recipient_refusal(SENDER_TLS, recipient) is None


@pytest.mark.parametrize(
    ("profile", "state", "is_offered"),
    [
        (PROFILES[25], EHLO, False),
        (PROFILES[25], EHLO_TLS, False),
        (PROFILES[465], EHLO_TLS, True),
        (PROFILES[587], EHLO, False),
        (PROFILES[587], EHLO_TLS, True),
        (PROFILES[2525], EHLO, True),
        (PROFILES[2525], EHLO_TLS, True),
        (STRICT, EHLO, False),
        (as_("sendgrid", 587), EHLO, True),
        (as_("sendgrid", 25), EHLO, False),
    ],
)
def test_auth_is_offered_in_clear_only_where_the_profile_or_its_personality_says_so(
    profile: Profile, state: State, *, is_offered: bool
) -> None:
    assert Policy(profile).offers_auth(state) is is_offered


@pytest.mark.parametrize(
    ("profile", "state", "is_offered"),
    [
        (PROFILES[25], EHLO, False),
        (OPPORTUNISTIC, EHLO, True),
        (OPPORTUNISTIC, EHLO_TLS, False),
        (PROFILES[465], EHLO_TLS, False),
        (PROFILES[587], EHLO, True),
        (PROFILES[587], EHLO_TLS, False),
        (PROFILES[2525], EHLO, True),
        (PROFILES[2525], EHLO_TLS, False),
    ],
)
def test_starttls_is_offered_until_tls_is_active(profile: Profile, state: State, *, is_offered: bool) -> None:
    # RFC 3207 §4.2
    assert Policy(profile).offers_starttls(state) is is_offered


@pytest.mark.parametrize(
    ("profile", "state", "is_due"),
    [
        (PROFILES[587], EHLO, True),
        (PROFILES[587], EHLO_TLS, False),
        (PROFILES[2525], EHLO, False),
        (as_("mailgun", 587), EHLO, False),
    ],
)
def test_starttls_is_due_where_it_is_required_of_everybody(profile: Profile, state: State, *, is_due: bool) -> None:
    assert Policy(profile).tls_is_due(state) is is_due


SUBMISSION_KEYWORDS = (
    *("PIPELINING", "SIZE 35882577", "8BITMIME", "SMTPUTF8", "DSN", "CHUNKING", "BINARYMIME", "ENHANCEDSTATUSCODES"),
)


@pytest.mark.parametrize(
    ("profile", "state", "keywords"),
    [
        (PROFILES[25], EHLO, (*SUBMISSION_KEYWORDS, "VRFY", "HELP")),
        (OPPORTUNISTIC, EHLO, (*SUBMISSION_KEYWORDS, "STARTTLS", "VRFY", "HELP")),
        (OPPORTUNISTIC, EHLO_TLS, (*SUBMISSION_KEYWORDS, "VRFY", "HELP")),
        (LMTP, EHLO, (*SUBMISSION_KEYWORDS, "VRFY", "HELP")),
        (PROFILES[465], EHLO_TLS, (*SUBMISSION_KEYWORDS, "AUTH PLAIN LOGIN", "HELP")),
        (PROFILES[465], LOGGED_IN_TLS, (*SUBMISSION_KEYWORDS, "AUTH PLAIN LOGIN", "HELP")),
        (PROFILES[587], EHLO, (*SUBMISSION_KEYWORDS, "STARTTLS", "HELP")),
        (PROFILES[587], EHLO_TLS, (*SUBMISSION_KEYWORDS, "AUTH PLAIN LOGIN", "HELP")),
        (PROFILES[2525], EHLO, (*SUBMISSION_KEYWORDS, "STARTTLS", "AUTH PLAIN LOGIN", "HELP")),
        (PROFILES[2525], EHLO_TLS, (*SUBMISSION_KEYWORDS, "AUTH PLAIN LOGIN", "HELP")),
        # RFC 1870 §4: SIZE without a number is no limit.
        (replace(PROFILES[25], size_limit=None, extensions=()), EHLO, ("SIZE",)),
        (replace(PROFILES[25], size_limit=1000, extensions=()), EHLO, ("SIZE 1000",)),
        (replace(PROFILES[25], extensions=("HELP", "8BITMIME")), EHLO, ("SIZE 35882577", "8BITMIME", "HELP")),
        (
            Profile(26, Role.ALTERNATE, auth=AuthPolicy.OPTIONAL, auth_in_clear=True, mechanisms=("LOGIN",)),
            EHLO,
            (*SUBMISSION_KEYWORDS, "AUTH LOGIN", "HELP"),
        ),
        (
            Profile(26, Role.MTA, tls=TLSMode.STARTTLS, extensions=("HELP",)),
            EHLO,
            ("SIZE 35882577", "STARTTLS", "HELP"),
        ),
    ],
)
def test_ehlo_names_what_is_on_offer_now(profile: Profile, state: State, keywords: tuple[str, ...]) -> None:
    assert Policy(profile).ehlo_keywords(state) == keywords


@pytest.mark.parametrize(
    ("extensions", "named"),
    [
        # RFC 3030 §3, RFC 6531 §3.1
        (("BINARYMIME",), set()),
        (("BINARYMIME", "CHUNKING"), {"BINARYMIME", "CHUNKING"}),
        (("CHUNKING",), {"CHUNKING"}),
        (("SMTPUTF8",), set()),
        (("SMTPUTF8", "8BITMIME"), {"SMTPUTF8", "8BITMIME"}),
        (("8BITMIME",), {"8BITMIME"}),
    ],
)
def test_an_extension_is_not_named_without_the_one_that_it_needs(extensions: tuple[str, ...], named: set[str]) -> None:
    keywords = Policy(replace(PROFILES[25], extensions=extensions)).ehlo_keywords(EHLO)

    assert set(keywords) == {"SIZE 35882577", *named}


@pytest.mark.parametrize("number", [465, 587, 2525])
def test_no_submission_port_speaks_of_turning_or_of_verifying(number: int) -> None:
    # RFC 6409 §7 on ETRN and ATRN; RFC 5321 §7.3 on VRFY
    assert offered(Policy(PROFILES[number]).ehlo_keywords(EHLO_TLS)).isdisjoint({"ETRN", "ATRN", "VRFY"})


@pytest.mark.parametrize("personality", ["rfc", "postfix", "gmail", "microsoft365", "sendgrid", "mailgun"])
def test_ehlo_goes_on_naming_auth_after_a_login(personality: str) -> None:
    policy = Policy(as_(personality, 587))

    assert policy.ehlo_keywords(LOGGED_IN_TLS) == policy.ehlo_keywords(EHLO_TLS)


def test_exim_names_auth_until_a_login() -> None:
    policy = Policy(as_("exim", 587))

    assert "AUTH PLAIN LOGIN" in policy.ehlo_keywords(EHLO_TLS)
    assert "AUTH" not in offered(policy.ehlo_keywords(LOGGED_IN_TLS))


def test_a_personality_may_name_auth_twice_for_clients_of_old() -> None:
    keywords = Policy(as_("sendgrid", 587)).ehlo_keywords(EHLO)

    assert [line for line in keywords if line.startswith("AUTH")] == ["AUTH PLAIN LOGIN", "AUTH=PLAIN LOGIN"]


@pytest.mark.parametrize(
    ("number", "state", "named"),
    [
        (587, EHLO, {"STARTTLS", "AUTH"}),
        (587, EHLO_TLS, {"STARTTLS", "AUTH"}),
        (465, EHLO_TLS, {"AUTH"}),
        (25, EHLO, set()),
    ],
)
def test_a_personality_may_name_what_is_not_open_at_the_moment(number: int, state: State, named: set[str]) -> None:
    keywords = offered(Policy(as_("ses", number)).ehlo_keywords(state))

    assert keywords & {"STARTTLS", "AUTH"} == named


@pytest.mark.parametrize(
    ("profile", "says_enhanced"),
    [
        (PROFILES[25], True),
        (replace(PROFILES[25], extensions=("PIPELINING",)), False),
        (as_("postfix", 25), True),
        (as_("exim", 25), False),
    ],
)
def test_enhanced_codes_are_said_where_they_are_promised(profile: Profile, *, says_enhanced: bool) -> None:
    # RFC 2034 §3
    assert Policy(profile).says_enhanced is says_enhanced


EVERY_MECHANISM = ("PLAIN", "EXTERNAL", "CRAM-MD5", "LOGIN", "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER")


@pytest.mark.parametrize(
    ("personality", "mechanisms", "named"),
    [
        ("rfc", ("LOGIN", "PLAIN"), ("LOGIN", "PLAIN")),
        ("rfc", EVERY_MECHANISM, tuple(name for name in EVERY_MECHANISM if name != "EXTERNAL")),
        # A personality has an order, and puts what it does not know behind.
        ("microsoft365", ("PLAIN", "XOAUTH2", "LOGIN"), ("LOGIN", "XOAUTH2", "PLAIN")),
        ("gmail", ("CRAM-MD5", "PLAIN", "LOGIN"), ("LOGIN", "PLAIN", "CRAM-MD5")),
    ],
)
def test_the_mechanisms_are_the_profiles_in_the_personalitys_order(
    personality: str, mechanisms: tuple[str, ...], named: tuple[str, ...]
) -> None:
    profile = replace(PROFILES[587], mechanisms=mechanisms, personality=personality)

    assert Policy(profile).mechanisms(EHLO_TLS) == named


def test_external_is_offered_to_whom_a_certificate_names() -> None:
    # RFC 4422 appendix A
    policy = Policy(replace(PROFILES[587], mechanisms=EVERY_MECHANISM))

    assert policy.mechanisms(EHLO_TLS._replace(certified=True)) == EVERY_MECHANISM


def test_auth_is_not_named_without_a_mechanism() -> None:
    # RFC 4954 §3: the keyword has a list of mechanisms, which is not empty.
    policy = Policy(replace(PROFILES[587], mechanisms=("EXTERNAL",)))

    assert "AUTH EXTERNAL" in policy.ehlo_keywords(EHLO_TLS._replace(certified=True))
    assert "AUTH" not in offered(policy.ehlo_keywords(EHLO_TLS))


@pytest.mark.parametrize(
    ("profile", "state", "recipient", "why"),
    [
        (PROFILES[25], EHLO, "ada@anywhere.example", None),
        (MX, EHLO, "ada@example.org", None),
        (MX, EHLO, "ada@EXAMPLE.NET", None),
        (MX, EHLO, '"a@b"@example.org', None),
        (MX, EHLO, '"a@example.org"@elsewhere.example', Situation.RELAY_REFUSED),
        (MX, EHLO, "ada@sub.example.org", Situation.RELAY_REFUSED),
        (MX, EHLO, "ada@elsewhere.example", Situation.RELAY_REFUSED),
        (MX, EHLO, "ada@[192.0.2.1]", Situation.RELAY_REFUSED),
        (MX, LOGGED_IN, "ada@elsewhere.example", None),
        # RFC 5321 §4.1.1.3, §4.5.1: without a domain it is this host's own
        (MX, EHLO, "postmaster", None),
        (MX, EHLO, '"ada lovelace"', None),
        (MX, EHLO, '"a@b"', None),
        # RFC 5321 §4.1.1.3: the null path is a sender's alone
        (PROFILES[25], EHLO, "", Situation.NULL_RECIPIENT),
        (PROFILES[587], SENDER_TLS, "", Situation.NULL_RECIPIENT),
        # RFC 6531 §3.5
        (PROFILES[25], EHLO, "åsa@example.org", Situation.RECIPIENT_NOT_ASCII),
        (PROFILES[25], EHLO, "asa@åre.example", Situation.RECIPIENT_NOT_ASCII),
        (PROFILES[25], EHLO._replace(utf8=True), "åsa@example.org", None),
        # RFC 6409 §4.3
        (PROFILES[587], EHLO_TLS, "ada@example.org", Situation.LOGIN_FIRST),
        (OPTIONAL, EHLO, "ada@example.org", None),
    ],
)
def test_a_recipient_is_taken_or_refused(profile: Profile, state: State, recipient: str, why: Situation | None) -> None:
    assert Policy(profile).recipient_refusal(state, Path(recipient, (), {})) is why


SMALL = replace(PROFILES[25], size_limit=1000)


@pytest.mark.parametrize(
    ("profile", "address", "parameters", "why"),
    [
        # RFC 5321 §6.1, RFC 6409 §3.2: the null path is never refused
        (PROFILES[25], "", {}, None),
        (SMALL, "app@example.com", {}, None),
        # RFC 1870 §6.1
        (SMALL, "app@example.com", {"SIZE": "1000"}, None),
        (SMALL, "app@example.com", {"SIZE": "1001"}, Situation.TOO_BIG),
        (SMALL, "app@example.com", {"SIZE": "0"}, None),
        (SMALL, "", {"SIZE": "9" * 20}, Situation.TOO_BIG),
        (replace(SMALL, size_limit=None), "app@example.com", {"SIZE": "9" * 20}, None),
        # RFC 6531 §3.5
        (PROFILES[25], "åpp@example.com", {}, Situation.SENDER_NOT_ASCII),
        (PROFILES[25], "app@exåmple.com", {}, Situation.SENDER_NOT_ASCII),
        (PROFILES[25], "åpp@example.com", {"SMTPUTF8": None}, None),
        (SMALL, "åpp@example.com", {"SMTPUTF8": None, "SIZE": "1001"}, Situation.TOO_BIG),
    ],
)
def test_a_sender_is_taken_or_refused(
    profile: Profile, address: str, parameters: Mapping[str, str | None], why: Situation | None
) -> None:
    assert Policy(profile).sender_refusal(Path(address, (), parameters)) is why


LINE = b"x" * 998 + b"\r\n"
LONG_LINE = b"x" * 999 + b"\r\n"
LINE_LIMIT = replace(PROFILES[25], text_line_limit=1000)


@pytest.mark.parametrize(
    ("profile", "raw", "is_binary", "why"),
    [
        (SMALL, b"", False, None),
        # RFC 1870 §6.3: counted with every CRLF, and without the dot
        (SMALL, b"x" * 998 + b"\r\n", False, None),
        (SMALL, b"x" * 999 + b"\r\n", False, Situation.TOO_BIG),
        (SMALL, b"x" * 1001, True, Situation.TOO_BIG),
        (replace(SMALL, size_limit=None), b"x" * 100_000, False, None),
        # RFC 5321 §4.5.3.1.6: 1,000 octets with CRLF have to be taken; real clients send more
        (PROFILES[25], LONG_LINE, False, None),
        (LINE_LIMIT, b"", False, None),
        (LINE_LIMIT, b"\r\n" + LINE * 3, False, None),
        (LINE_LIMIT, LINE + LONG_LINE + LINE, False, Situation.TEXT_LINE_TOO_LONG),
        # RFC 3030 §3: a binary message has no lines
        (LINE_LIMIT, LONG_LINE, True, None),
        # Exim has the limit of its own, which a profile may raise.
        (as_("exim", 25), LINE, False, None),
        (as_("exim", 25), LONG_LINE, False, Situation.TEXT_LINE_TOO_LONG),
        (replace(as_("exim", 25), text_line_limit=2000), LONG_LINE, False, None),
    ],
)
def test_a_message_is_taken_or_refused(profile: Profile, raw: bytes, why: Situation | None, *, is_binary: bool) -> None:
    assert Policy(profile).content_refusal(raw, is_binary=is_binary) is why


@pytest.mark.parametrize(
    ("raw", "length"),
    [(b"\r\n", 2), (b"Hello\r\n", 7), (b"a\r\nlong\r\nb\r\n", 6), (b"a\nb\rc\r\n", 7)],
)
def test_the_longest_line_is_counted_with_its_crlf(raw: bytes, length: int) -> None:
    assert longest_line(raw) == length


def test_an_offer_is_the_first_word_of_an_ehlo_line() -> None:
    assert offered(("SIZE 1000", "AUTH PLAIN LOGIN", "HELP")) == {"SIZE", "AUTH", "HELP"}
    assert offered(()) == frozenset()


def test_a_command_line_may_be_as_long_as_any_rfc_asks_for() -> None:
    # RFC 5321 §4.5.3.1.4; RFC 4954 §4
    assert COMMAND_LINE_LIMIT >= 12_288 > 512


@pytest.mark.parametrize(
    ("profile", "lacking"),
    [(PROFILES[25], {"ETRN", "LHLO"}), (LMTP, {"ETRN", "EHLO", "HELO"}), (WITHOUT_CHUNKING, {"ETRN", "LHLO", "BDAT"})],
)
def test_the_commands_are_those_that_are_carried_out(profile: Profile, lacking: set[str]) -> None:
    commands = {"EHLO", "HELO", "LHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "BDAT", "RSET"}
    commands |= {"NOOP", "VRFY", "ETRN", "HELP", "QUIT"}

    assert set(Policy(profile).commands) == commands - lacking


@pytest.mark.parametrize(
    ("number", "lacks"), [(25, {"STARTTLS", "AUTH"}), (465, {"STARTTLS"}), (587, set()), (2525, set())]
)
def test_help_names_what_a_port_ever_does(number: int, lacks: set[str]) -> None:
    policy = Policy(PROFILES[number])

    assert set(policy.commands) - set(policy.help) == lacks
