"""The arguments of MAIL and RCPT: what is an address, what is a parameter, and what is neither."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_smtpports._ports._path import Path, path
from pytest_smtpports._ports._situations import Refused, Situation

if TYPE_CHECKING:
    from collections.abc import Callable

EVERYTHING = frozenset({"SIZE", "8BITMIME", "BINARYMIME", "SMTPUTF8", "AUTH", "DSN", "PRDR"})
PREFIX = {"MAIL": "FROM:", "RCPT": "TO:"}
NO_ADDRESS = {"MAIL": Situation.SENDER_SYNTAX, "RCPT": Situation.RECIPIENT_SYNTAX}

each_verb = pytest.mark.parametrize("verb", PREFIX)

ADDRESSES = [
    pytest.param("<ada@example.org>", "ada@example.org", id="a mailbox"),
    pytest.param(" <ada@example.org>", "ada@example.org", id="a blank behind the colon"),
    pytest.param("   <ada@example.org>", "ada@example.org", id="blanks behind the colon"),
    pytest.param("<Ada@Example.ORG>", "Ada@Example.ORG", id="letters in any case"),
    pytest.param("<ada@example.org> ", "ada@example.org", id="a blank at the end"),
    pytest.param("<ada.b+tag!#$%&'*/=?^_`{|}~-@x.example>", "ada.b+tag!#$%&'*/=?^_`{|}~-@x.example", id="atoms"),
    # RFC 5321 §4.1.1.3, §4.5.1
    pytest.param("<Postmaster>", "Postmaster", id="the postmaster"),
    pytest.param("<root>", "root", id="no domain"),
    # RFC 5321 §F.2: read and ignored
    pytest.param("<@a.example:ada@example.org>", "ada@example.org", id="a source route"),
    pytest.param("<@a.example,@b.example:ada@example.org>", "ada@example.org", id="a longer source route"),
    pytest.param("<@[192.0.2.1]:ada@example.org>", "ada@example.org", id="a source route by a literal"),
    # RFC 5321 §4.1.2
    pytest.param('<"ada"@example.org>', '"ada"@example.org', id="a quoted local part"),
    pytest.param('<"ada lovelace"@example.org>', '"ada lovelace"@example.org', id="a blank in quotes"),
    pytest.param('<"a@b"@example.org>', '"a@b"@example.org', id="@ in quotes"),
    pytest.param('<"a>b"@example.org>', '"a>b"@example.org', id="> in quotes"),
    pytest.param(r'<"a\"b"@example.org>', r'"a\"b"@example.org', id="a quote in quotes"),
    pytest.param(r'<"a\\"@example.org>', r'"a\\"@example.org', id="a backslash in quotes"),
    pytest.param('<""@example.org>', '""@example.org', id="nothing in quotes"),
    pytest.param('<"ada lovelace">', '"ada lovelace"', id="quotes without a domain"),
    # RFC 5321 §4.1.3
    pytest.param("<ada@[192.0.2.1]>", "ada@[192.0.2.1]", id="an IPv4 literal"),
    pytest.param("<ada@[IPv6:2001:db8::1]>", "ada@[IPv6:2001:db8::1]", id="an IPv6 literal"),
    # RFC 6531 §3.3: whether the port takes it is decided elsewhere.
    pytest.param("<åsa@åre.example>", "åsa@åre.example", id="beyond ASCII"),
    pytest.param("<用户@例子.example>", "用户@例子.example", id="another script"),
    pytest.param('<"å s a"@example.org>', '"å s a"@example.org', id="beyond ASCII in quotes"),
]

NO_ADDRESSES = [
    "",
    " ",
    "ada@example.org",
    "Ada <ada@example.org>",
    "<ada@example.org",
    "ada@example.org>",
    "<<ada@example.org>>",
    "<ada@example.org>>",
    "<ada@example.org>junk",
    "<ada@example.org>SIZE=1",
    "<ada@example.org>(comment)",
    "<ada@example.org>,<bob@example.org>",
    "<ada@example.org,bob@example.org>",
    "< >",
    "< ada@example.org>",
    "<ada@example.org >",
    "<ada lovelace@example.org>",
    "<ada@exam ple.org>",
    "<ada@@example.org>",
    "<ada@b@example.org>",
    "<@example.org>",
    "<ada@>",
    "<@>",
    "<ada;b@example.org>",
    "<ada:b@example.org>",
    r"<a\b@example.org>",
    '<ada"b@example.org>',
    '<"ada@example.org>',
    '<"ada"b"@example.org>',
    '<"ada" @example.org>',
    '<"ada"lovelace@example.org>',
    '<"ada\\"@example.org>',
    "<ada@[192.0.2.1>",
    "<ada@192.0.2.1]>",
    "<ada@[]>",
    "<ada@[192.0 .2.1]>",
    "<ada@[192.0.2.1]b>",
    "<@a.example ada@example.org>",
    "<@a.example:>",
    "<@a.example,@b.example:>",
    "<@a.example,b.example:ada@example.org>",
    "<:ada@example.org>",
    "<a.example:ada@example.org>",
]


@each_verb
@pytest.mark.parametrize(("written", "address"), ADDRESSES)
def test_an_address_is_read(verb: str, written: str, address: str) -> None:
    assert path(verb, PREFIX[verb] + written, EVERYTHING) == Path(address, (), {})


@each_verb
def test_the_null_path_is_the_empty_string(verb: str) -> None:
    # RFC 5321 §4.5.5; that it is no recipient is decided elsewhere.
    assert path(verb, PREFIX[verb] + "<>", EVERYTHING).address == ""


@each_verb
@pytest.mark.parametrize("change", [str.lower, str.title, str.upper])
def test_the_word_before_the_colon_is_read_in_any_letter_case(verb: str, change: Callable[[str], str]) -> None:
    # RFC 5321 §2.4
    assert path(verb, change(PREFIX[verb]) + "<ada@example.org>", EVERYTHING).address == "ada@example.org"


@each_verb
@pytest.mark.parametrize("written", NO_ADDRESSES)
def test_what_is_no_address_is_refused_and_said_back(verb: str, written: str) -> None:
    # RFC 5321 §4.1.2; RFC 3463 §3.2 for X.1.7 and X.1.3
    with pytest.raises(Refused) as caught:
        path(verb, PREFIX[verb] + written, EVERYTHING)

    assert caught.value.situation is NO_ADDRESS[verb]
    assert caught.value.facts == {"argument": written.strip()}


@pytest.mark.parametrize(
    ("verb", "argument", "situation"),
    [
        ("MAIL", "", Situation.MAIL_SYNTAX),
        ("MAIL", "FROM", Situation.MAIL_SYNTAX),
        ("MAIL", "FROM :<ada@example.org>", Situation.MAIL_SYNTAX),
        ("MAIL", " FROM:<ada@example.org>", Situation.MAIL_SYNTAX),
        ("MAIL", "TO:<ada@example.org>", Situation.MAIL_SYNTAX),
        ("MAIL", "<ada@example.org>", Situation.MAIL_SYNTAX),
        ("RCPT", "", Situation.RCPT_SYNTAX),
        ("RCPT", "TO <ada@example.org>", Situation.RCPT_SYNTAX),
        ("RCPT", "TO :<ada@example.org>", Situation.RCPT_SYNTAX),
        ("RCPT", "FROM:<ada@example.org>", Situation.RCPT_SYNTAX),
    ],
)
def test_without_its_first_word_the_syntax_is_told(verb: str, argument: str, situation: Situation) -> None:
    with pytest.raises(Refused) as caught:
        path(verb, argument, EVERYTHING)

    assert (caught.value.situation, caught.value.facts) == (situation, {})


def read(verb: str, parameters: str, offered: frozenset[str] = EVERYTHING) -> Path:
    return path(verb, f"{PREFIX[verb]}<ada@example.org> {parameters}", offered)


def told(parameter: str, *, parameters: str | None = None, **more: str) -> dict[str, str]:
    """What a refusal of one parameter tells."""
    return {"parameter": parameter, "path": "<ada@example.org>", "parameters": parameters or parameter, **more}


TAKEN = [
    # RFC 1870 §6
    ("MAIL", "SIZE=0", {"SIZE": "0"}),
    ("MAIL", "SIZE=99999999999999999999", {"SIZE": "9" * 20}),
    # RFC 6152 §2, RFC 3030 §3
    ("MAIL", "BODY=7BIT", {"BODY": "7BIT"}),
    ("MAIL", "BODY=8BITMIME", {"BODY": "8BITMIME"}),
    ("MAIL", "body=8bitmime", {"BODY": "8bitmime"}),
    ("MAIL", "BODY=BINARYMIME", {"BODY": "BINARYMIME"}),
    # RFC 6531 §3.4
    ("MAIL", "SMTPUTF8", {"SMTPUTF8": None}),
    ("MAIL", "smtputf8", {"SMTPUTF8": None}),
    # RFC 4954 §5, §8
    ("MAIL", "AUTH=<>", {"AUTH": "<>"}),
    ("MAIL", "AUTH=ada@example.org", {"AUTH": "ada@example.org"}),
    ("MAIL", "AUTH=e+3Dmc2@example.com", {"AUTH": "e+3Dmc2@example.com"}),
    # RFC 3461 §4.3, §4.4
    ("MAIL", "RET=FULL", {"RET": "FULL"}),
    ("MAIL", "RET=HDRS", {"RET": "HDRS"}),
    ("MAIL", "RET=hdrs", {"RET": "hdrs"}),
    ("MAIL", "ENVID=QQ314159", {"ENVID": "QQ314159"}),
    ("MAIL", "ENVID=a+2Bb+3Dc", {"ENVID": "a+2Bb+3Dc"}),
    ("MAIL", "ENVID=" + "x" * 100, {"ENVID": "x" * 100}),
    # draft-hall-prdr
    ("MAIL", "PRDR", {"PRDR": None}),
    # RFC 3461 §4.1, §4.2
    ("RCPT", "NOTIFY=NEVER", {"NOTIFY": "NEVER"}),
    ("RCPT", "NOTIFY=SUCCESS", {"NOTIFY": "SUCCESS"}),
    ("RCPT", "NOTIFY=SUCCESS,FAILURE,DELAY", {"NOTIFY": "SUCCESS,FAILURE,DELAY"}),
    ("RCPT", "NOTIFY=failure,Delay", {"NOTIFY": "failure,Delay"}),
    ("RCPT", "ORCPT=rfc822;ada@example.org", {"ORCPT": "rfc822;ada@example.org"}),
    ("RCPT", "ORCPT=rfc822;ada+2Btag@example.org", {"ORCPT": "rfc822;ada+2Btag@example.org"}),
    ("RCPT", "ORCPT=rfc822;" + "x" * 493, {"ORCPT": "rfc822;" + "x" * 493}),
    # RFC 6533 §3
    ("RCPT", "ORCPT=utf-8;åsa@example.org", {"ORCPT": "utf-8;åsa@example.org"}),
    # several, with blanks between them
    ("MAIL", "SIZE=1   BODY=7BIT  RET=FULL", {"SIZE": "1", "BODY": "7BIT", "RET": "FULL"}),
    ("RCPT", "NOTIFY=NEVER ORCPT=x;y", {"NOTIFY": "NEVER", "ORCPT": "x;y"}),
    ("MAIL", "  ", {}),
]

INVALID = [
    *(
        ("MAIL", f"SIZE{rest}")
        for rest in ("", "=", "=1k", "=-1", "=+1", "=1.5", "=0x10", "=" + "9" * 21, "=١٢", "=1=1")
    ),
    *(
        ("MAIL", f"BODY{rest}")
        for rest in ("", "=", "=8BIT", "=7BIT,8BITMIME", "=8BITMIME=", "=8BITM\N{LATIN SMALL LETTER DOTLESS I}ME")
    ),
    *(("MAIL", f"SMTPUTF8{rest}") for rest in ("=", "=1", "=yes")),
    *(("MAIL", f"AUTH{rest}") for rest in ("", "=", "=a=b", "=a+b", "=a+2", "=åsa")),
    *(("MAIL", f"RET{rest}") for rest in ("", "=", "=HEAD", "=FULL,HDRS")),
    *(("MAIL", f"ENVID{rest}") for rest in ("", "=", "=a=b", "=a+b", "=å", "=" + "x" * 101)),
    *(("MAIL", f"PRDR{rest}") for rest in ("=", "=1")),
    *(("RCPT", f"NOTIFY{rest}") for rest in ("", "=", "=NEVER,SUCCESS", "=SUCCESS,", "=,DELAY", "=ALWAYS")),
    *(("RCPT", f"ORCPT{rest}") for rest in ("", "=", "=ada@example.org", "=rfc822;", "=;ada", "=rfc822;a+b", "=x;å")),
]

UNKNOWN = [
    ("MAIL", "FOO"),
    ("MAIL", "FOO=1"),
    ("MAIL", "=1"),
    ("MAIL", "="),
    ("MAIL", "SIZES=1"),
    ("MAIL", "<bob@example.org>"),
    # RFC 3461 §4: each parameter has its command.
    ("MAIL", "NOTIFY=NEVER"),
    ("MAIL", "ORCPT=rfc822;ada@example.org"),
    ("RCPT", "SIZE=1"),
    ("RCPT", "SMTPUTF8"),
    ("RCPT", "RET=FULL"),
    ("RCPT", "AUTH=<>"),
    # RFC 5321 §4.1.2: a keyword is ASCII, though these become it in upper case.
    ("MAIL", "\N{LATIN SMALL LETTER LONG S}ize=1"),
    ("MAIL", "s\N{LATIN SMALL LETTER DOTLESS I}ze=1"),
]


@pytest.mark.parametrize(("verb", "written", "parameters"), TAKEN)
def test_a_parameter_is_read(verb: str, written: str, parameters: dict[str, str | None]) -> None:
    assert read(verb, written).parameters == parameters


@pytest.mark.parametrize(("verb", "written"), INVALID)
def test_a_parameter_without_a_value_that_it_can_have_is_refused(verb: str, written: str) -> None:
    with pytest.raises(Refused) as caught:
        read(verb, written)

    assert caught.value.situation is Situation.PARAMETER_INVALID
    assert caught.value.facts == told(written, keyword=written.partition("=")[0])


@pytest.mark.parametrize(("verb", "written"), UNKNOWN)
def test_a_parameter_that_is_none_is_refused_as_unknown(verb: str, written: str) -> None:
    # RFC 5321 §4.1.1.11
    with pytest.raises(Refused) as caught:
        read(verb, written)

    assert (caught.value.situation, caught.value.facts) == (Situation.PARAMETER_UNKNOWN, told(written))


@pytest.mark.parametrize(
    ("verb", "written", "needed"),
    [
        ("MAIL", "SIZE=1", "SIZE"),
        ("MAIL", "SIZE=many", "SIZE"),
        ("MAIL", "BODY=BINARYMIME", "BINARYMIME"),
        ("MAIL", "SMTPUTF8", "SMTPUTF8"),
        ("MAIL", "AUTH=<>", "AUTH"),
        ("MAIL", "RET=FULL", "DSN"),
        ("MAIL", "ENVID=x", "DSN"),
        ("MAIL", "PRDR", "PRDR"),
        ("RCPT", "NOTIFY=NEVER", "DSN"),
        ("RCPT", "ORCPT=x;y", "DSN"),
    ],
)
def test_a_parameter_is_unknown_where_its_extension_is_not_offered(verb: str, written: str, needed: str) -> None:
    # RFC 5321 §2.2.1, §4.1.1.11
    with pytest.raises(Refused) as caught:
        read(verb, written, EVERYTHING - {needed})

    assert (caught.value.situation, caught.value.facts) == (Situation.PARAMETER_UNKNOWN, told(written))


@pytest.mark.parametrize("written", ["BODY=7BIT", "BODY=8BITMIME", "BODY=BINARYMIME", "BODY=FOO", "BODY"])
def test_no_kind_of_body_is_known_where_none_is_offered(written: str) -> None:
    with pytest.raises(Refused) as caught:
        read("MAIL", written, EVERYTHING - {"8BITMIME", "BINARYMIME"})

    assert caught.value.situation is Situation.PARAMETER_UNKNOWN


def test_a_kind_of_body_that_nobody_has_is_invalid_where_another_is_offered() -> None:
    with pytest.raises(Refused) as caught:
        read("MAIL", "BODY=FOO", frozenset({"8BITMIME"}))

    assert caught.value.situation is Situation.PARAMETER_INVALID


@pytest.mark.parametrize(
    ("verb", "written", "last"),
    [
        ("MAIL", "SIZE=1 SIZE=1", "SIZE=1"),
        ("MAIL", "SIZE=1 BODY=7BIT size=2", "size=2"),
        ("MAIL", "SMTPUTF8 SMTPUTF8", "SMTPUTF8"),
        ("RCPT", "NOTIFY=NEVER NOTIFY=DELAY", "NOTIFY=DELAY"),
    ],
)
def test_a_parameter_that_comes_twice_is_refused(verb: str, written: str, last: str) -> None:
    with pytest.raises(Refused) as caught:
        read(verb, written)

    assert caught.value.situation is Situation.PARAMETER_INVALID
    keyword = last.partition("=")[0].upper()
    assert caught.value.facts == told(last, parameters=written, keyword=keyword)


def test_the_parameters_are_kept_as_they_came() -> None:
    found = read("MAIL", "size=5  Body=8BitMime Envid=AbC auth=Ada@Example.org")

    assert found.written == ("size=5", "Body=8BitMime", "Envid=AbC", "auth=Ada@Example.org")
    assert found.parameters == {"SIZE": "5", "BODY": "8BitMime", "ENVID": "AbC", "AUTH": "Ada@Example.org"}


def test_a_mail_without_parameters_needs_no_extension() -> None:
    assert path("MAIL", "FROM:<ada@example.org>", frozenset()) == Path("ada@example.org", (), {})


# What a command line can hold by the time it is read: no control characters, no broken UTF-8.
PRINTABLE = st.text(st.characters(exclude_categories=("C", "Z")) | st.just(" "), max_size=60)
PIECES = st.lists(
    st.sampled_from([*'<>@:,;"\\[] =+.', "ada", "example.org", "FROM:", "TO:", "SIZE=1", "BODY=7BIT", "SMTPUTF8", "é"])
    | PRINTABLE,
    max_size=12,
).map("".join)


REFUSALS = {
    verb: {NO_ADDRESS[verb], Situation.PARAMETER_UNKNOWN, Situation.PARAMETER_INVALID} for verb in sorted(PREFIX)
}


def outcome(verb: str, argument: str, offered: frozenset[str]) -> Path | Refused:
    try:
        return path(verb, argument, offered)
    except Refused as refused:
        return refused


@settings(deadline=None)
@given(st.sampled_from(sorted(PREFIX)), st.booleans(), PIECES, st.frozensets(st.sampled_from(sorted(EVERYTHING))))
@example("MAIL", True, "<>", frozenset())
@example("RCPT", True, '<@a:"x y"@b> NOTIFY=NEVER', EVERYTHING)
@example("MAIL", True, "<ada", EVERYTHING)
def test_whatever_is_said_it_is_read_or_refused(
    verb: str, has_prefix: bool, rest: str, offered: frozenset[str]
) -> None:
    argument = PREFIX[verb] * has_prefix + rest

    found = outcome(verb, argument, offered)

    if isinstance(found, Refused):
        assert 500 <= found.situation.value.code < 560
    else:
        assert f"{found.address}>" in argument
        assert all(parameter in argument for parameter in found.written)
        assert len(found.parameters) == len(found.written)


@settings(deadline=None)
@given(st.text(max_size=60), st.sampled_from(sorted(PREFIX)))
@example("\x00", "MAIL")
@example("\ud800", "MAIL")
@example("\r\nQUIT", "RCPT")
@example("ada lovelace", "RCPT")
def test_not_even_control_characters_or_surrogates_raise_anything_else(rest: str, verb: str) -> None:
    found = outcome(verb, f"{PREFIX[verb]}<{rest}>", EVERYTHING)

    assert found.address in rest if isinstance(found, Path) else found.situation in REFUSALS[verb]
