"""What a failing assertion on the mail tells, as whole texts."""

from __future__ import annotations

import datetime
import re
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import TLS, Line, Location, Outcome
from pytest_smtpports._mail._criteria import Criteria
from pytest_smtpports._mail._explain import explain, explain_only, told
from pytest_smtpports._mail._shown import LONGEST_LINE, LONGEST_VALUE, shown, shown_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_smtpports import Connection, Message

TLS13 = TLS("TLSv1.3", "TLS_AES_256_GCM_SHA384", None)

BOTH_BODIES = (
    b"Content-Type: multipart/alternative; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain\r\n\r\nPlain words\r\n"
    b"--b\r\nContent-Type: text/html\r\n\r\n<p>Marked words</p>\r\n--b--\r\n"
)


def text(expected: str) -> str:
    return dedent(expected).strip("\n")


def test_nothing_came_and_nobody_dialled() -> None:
    explanation = explain(Criteria({"to": "ada@example.org", "port": 587}), (), (), expected=1)

    assert explanation == text("""
        no message matches, 1 expected
          to = 'ada@example.org'
          port = 587
        no message came
        no connection came either: does the code under test dial these ports? Give it \
smtpports.ports[587].address, or lead its own host name here with smtpports.route("smtp.example.com").
    """)


def test_nothing_came_because_the_ports_were_blocked(make_connection: Callable[..., Connection]) -> None:
    connections = [
        make_connection(
            587,
            Outcome.BLOCKED,
            "the SYN was not answered, client gave up after 10 s",
            host="smtp.example.com",
            block="drop",
            location=Location("app/mail.py", 12),
        ),
        make_connection(2525, Outcome.TLS_FAILED, "the client does not know our CA"),
    ]

    explanation = explain(Criteria({}), (), connections, expected=1, blocks=[("587", "drop"), ("25", "refuse")])

    assert explanation == text("""
        no message matches, 1 expected
        no message came
        2 connections brought no message:
          smtp.example.com:587: blocked (drop): the SYN was not answered, client gave up after 10 s [app/mail.py:12]
          2525: TLS failed: the client does not know our CA
        blocked: 587 (drop)
        blocked: 25 (refuse)
    """)


def test_nothing_came_because_the_login_was_refused(make_connection: Callable[..., Connection]) -> None:
    said = ["220 ready", "EHLO client", "250 HELP", "AUTH PLAIN ***", "535 5.7.8 No", "AUTH LOGIN", "334 VXNl", "*"]
    dialogue = tuple(
        Line("CS"[place % 2 == 0], place / 10, line) for place, line in enumerate([*said, "501 5.7.0 No", "QUIT"])
    )
    connections = [
        make_connection(465, Outcome.AUTH_FAILED, "the login of 'ada' was refused", dialogue=dialogue),
        make_connection(25, Outcome.DELIVERED, "1 message taken", dialogue=dialogue[:2]),
        make_connection(587, Outcome.REFUSED, "MAIL got 530", block="strip-starttls"),
    ]

    explanation = explain(Criteria({}), (), connections, expected=1)

    assert explanation == text("""
        no message matches, 1 expected
        no message came
        2 connections brought no message:
          465: login failed: the login of 'ada' was refused
          587: refused, port blocked (strip-starttls): MAIL got 530
        the last lines on port 465:
            0.200 S: 250 HELP
            0.300 C: AUTH PLAIN ***
            0.400 S: 535 5.7.8 No
            0.500 C: AUTH LOGIN
            0.600 S: 334 VXNl
            0.700 C: *
            0.800 S: 501 5.7.0 No
            0.900 C: QUIT
    """)


def test_of_several_that_spoke_the_latest_is_quoted(make_connection: Callable[..., Connection]) -> None:
    connections = [
        make_connection(25, Outcome.QUIT, "the client said QUIT", dialogue=(Line("C", 0.0, "QUIT"),)),
        make_connection(2525, Outcome.ABANDONED, "the client went away", dialogue=(Line("C", 0.0, "NOOP\x1b[31m"),)),
    ]

    explanation = explain(Criteria({}), (), connections, expected=1)

    assert explanation == text(r"""
        no message matches, 1 expected
        no message came
        2 connections brought no message:
          25: nothing sent: the client said QUIT
          2525: nothing sent: the client went away
        the last lines on port 2525:
            0.000 C: NOOP\x1b[31m
    """)


def test_more_than_ten_connections_brought_no_message(make_connection: Callable[..., Connection]) -> None:
    connections = [make_connection(number, Outcome.QUIT, "the client said QUIT") for number in range(1, 13)]

    explanation = explain(Criteria({}), (), connections, expected=1)

    assert explanation == text("""
        no message matches, 1 expected
        no message came
        12 connections brought no message:
          3: nothing sent: the client said QUIT
          4: nothing sent: the client said QUIT
          5: nothing sent: the client said QUIT
          6: nothing sent: the client said QUIT
          7: nothing sent: the client said QUIT
          8: nothing sent: the client said QUIT
          9: nothing sent: the client said QUIT
          10: nothing sent: the client said QUIT
          11: nothing sent: the client said QUIT
          12: nothing sent: the client said QUIT
          (the latest 10; 2 came before them)
    """)


def test_the_nearest_miss_is_told_criterion_by_criterion(
    make_message: Callable[..., Message], noon: datetime.datetime
) -> None:
    messages = [
        make_message(b"Subject: Invoice\r\nTo: bob@example.net\r\n\r\n", recipients=("bob@example.net",)),
        make_message(b"Subject: Welcome!\r\nTo: ada@example.org\r\n\r\n", port=587, tls=TLS13, host="smtp.example.com"),
    ]
    criteria = Criteria({"to": "ada@example.org", "subject": "Welcome", "port": 2525, "tls": True})

    explanation = explain(criteria, messages, (), expected=1, now=noon + datetime.timedelta(seconds=1.26))

    assert explanation == text("""
        no message matches, 1 expected
          to = 'ada@example.org'
          subject = 'Welcome'
          port = 2525
          tls = True
        2 messages came:
          1. 25 in clear from 'app@example.com' to 'bob@example.net' 'Invoice', 1.26 s ago
          2. smtp.example.com:587 TLSv1.3 from 'app@example.com' to 'ada@example.org' 'Welcome!', 1.26 s ago
        nearest is message 2:
          ✓ to
          ✗ subject
              wanted 'Welcome'
              came   'Welcome!'
                             ^
              (a string is the whole of it; for a part give re.compile(...))
          ✗ port
              wanted 2525
              came   587
          ✓ tls
    """)


def test_two_match_where_one_was_expected(make_message: Callable[..., Message]) -> None:
    messages = [make_message(), make_message(b"Subject: Other\r\n\r\n"), make_message(port=587, acknowledged=False)]

    explanation = explain(Criteria({"subject": "Welcome"}), messages, (), expected=1)

    assert explanation == text("""
        2 match, 1 expected; for several: assert_sent_times(2, ...)
          subject = 'Welcome'
        3 messages came:
          1. 25 in clear from 'app@example.com' to 'ada@example.org' 'Welcome'
          2. 25 in clear from 'app@example.com' to 'ada@example.org' 'Other'
          3. 587 in clear from 'app@example.com' to 'ada@example.org' 'Welcome' (never acknowledged)
    """)


@pytest.mark.parametrize(
    ("came", "expected", "headline"),
    [
        (1, 0, "1 message matches, none expected"),
        (2, 0, "2 messages match, none expected"),
        (0, 2, "no message matches, 2 expected"),
        (1, 3, "1 message matches, 3 expected"),
        (3, 2, "3 messages match, 2 expected"),
    ],
)
def test_the_headline_counts(make_message: Callable[..., Message], came: int, expected: int, headline: str) -> None:
    messages = [make_message() for _ in range(came)]

    explanation = explain(Criteria({"subject": "Welcome"}), messages, (), expected=expected)

    assert explanation.splitlines()[0] == headline


def test_none_was_expected_and_the_failed_connections_are_not_told(
    make_message: Callable[..., Message], make_connection: Callable[..., Connection]
) -> None:
    connections = [make_connection(587, Outcome.BLOCKED, "the SYN was not answered", block="drop")]

    explanation = explain(Criteria({"port": 25}), [make_message()], connections, expected=0, blocks=[("587", "drop")])

    assert explanation == text("""
        1 message matches, none expected
          port = 25
        1 message came:
          1. 25 in clear from 'app@example.com' to 'ada@example.org' 'Welcome'
        blocked: 587 (drop)
    """)


def test_fewer_match_than_expected_and_none_missed(make_message: Callable[..., Message]) -> None:
    explanation = explain(Criteria({"subject": "Welcome"}), [make_message()], (), expected=2)

    assert explanation == text("""
        1 message matches, 2 expected
          subject = 'Welcome'
        1 message came:
          1. 25 in clear from 'app@example.com' to 'ada@example.org' 'Welcome'
    """)


def test_fewer_came_than_expected_and_nothing_was_asked(make_message: Callable[..., Message]) -> None:
    explanation = explain(Criteria({}), [make_message()], (), expected=2)

    assert explanation == text("""
        1 message matches, 2 expected
        1 message came:
          1. 25 in clear from 'app@example.com' to 'ada@example.org' 'Welcome'
    """)


def test_more_than_ten_messages_came(make_message: Callable[..., Message]) -> None:
    messages = [make_message(b"Subject: %d\r\n\r\n" % number) for number in range(1, 13)]

    explanation = explain(Criteria({"port": 587}), messages, (), expected=1)

    assert explanation == text("""
        no message matches, 1 expected
          port = 587
        12 messages came:
          3. 25 in clear from 'app@example.com' to 'ada@example.org' '3'
          4. 25 in clear from 'app@example.com' to 'ada@example.org' '4'
          5. 25 in clear from 'app@example.com' to 'ada@example.org' '5'
          6. 25 in clear from 'app@example.com' to 'ada@example.org' '6'
          7. 25 in clear from 'app@example.com' to 'ada@example.org' '7'
          8. 25 in clear from 'app@example.com' to 'ada@example.org' '8'
          9. 25 in clear from 'app@example.com' to 'ada@example.org' '9'
          10. 25 in clear from 'app@example.com' to 'ada@example.org' '10'
          11. 25 in clear from 'app@example.com' to 'ada@example.org' '11'
          12. 25 in clear from 'app@example.com' to 'ada@example.org' '12'
          (the latest 10; 2 came before them)
        nearest is message 1:
          ✗ port
              wanted 587
              came   25
    """)


@pytest.mark.parametrize(("came", "cut"), [(10, False), (11, True)])
def test_ten_are_listed_before_anything_is_left_out(
    make_message: Callable[..., Message], make_connection: Callable[..., Connection], came: int, *, cut: bool
) -> None:
    messages = [make_message() for _ in range(came)]
    connections = [make_connection(25, Outcome.QUIT, "the client said QUIT") for _ in range(came)]

    explanation = explain(Criteria({"port": 587}), messages, connections, expected=1)

    assert explanation.count("  (the latest 10; 1 came before them)\n") == cut
    assert explanation.count("(the latest 10;") == 2 * cut


def test_one_connection_is_told_in_the_singular_and_every_recipient_by_name(
    make_message: Callable[..., Message], make_connection: Callable[..., Connection]
) -> None:
    message = make_message(recipients=("ada@example.org", "bob@example.net"))
    connections = [make_connection(587, Outcome.QUIT, "the client said QUIT")]

    explanation = explain(Criteria({}), [message], connections, expected=2)

    assert explanation == text("""
        1 message matches, 2 expected
        1 message came:
          1. 25 in clear from 'app@example.com' to 'ada@example.org, bob@example.net' 'Welcome'
        1 connection brought no message:
          587: nothing sent: the client said QUIT
    """)


def test_the_likely_mistake_is_that_of_the_nearest_message(make_message: Callable[..., Message]) -> None:
    messages = [make_message(), make_message(b"Subject: Welcome\r\n\r\n", port=587), make_message(BOTH_BODIES)]
    criteria = Criteria({"text": "Marked", "html": "words", "port": 25})

    explanation = explain(criteria, messages, (), expected=1)

    assert explanation.partition("nearest is ")[2] == text("""
        message 3:
          ✗ text
              wanted 'Marked'
              came   'Plain words'
              (it is in the HTML part only)
          ✓ html
          ✓ port
    """)


def nearest(criteria: dict[str, object], message: Message) -> str:
    """The verdicts alone."""
    explanation = explain(Criteria(criteria), [message], (), expected=1)
    return dedent(explanation.partition("nearest is message 1:\n")[2])


def test_only_the_letter_case_differs(make_message: Callable[..., Message]) -> None:
    assert nearest({"subject": "WELCOME"}, make_message()) == text("""
        ✗ subject
            wanted 'WELCOME'
            came   'Welcome'
                     ^
            (the letter case differs)
    """)


@pytest.mark.parametrize(
    ("name", "wanted", "came"),
    [
        ("to", "Ada@example.org", ("ada@example.org",)),
        ("cc", "BOB@example.net", ("carol@example.org", "bob@example.net")),
        ("recipients", "ADA@example.org", ("ada@example.org",)),
        ("attachment", "A.PDF", ("a.pdf",)),
    ],
)
def test_only_the_letter_case_of_one_of_several_differs(
    make_message: Callable[..., Message], name: str, wanted: str, came: tuple[str, ...]
) -> None:
    message = make_message(
        b"To: ada@example.org\r\nCc: carol@example.org, bob@example.net\r\n"
        b"Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\n%PDF"
    )

    assert nearest({name: wanted}, message) == text(f"""
        ✗ {name}
            wanted {wanted!r}
            came   {came!r}
            (the letter case differs)
    """)


def test_an_address_in_another_letter_case_is_no_hint_at_bcc(make_message: Callable[..., Message]) -> None:
    message = make_message(b"To: ADA@example.org\r\n\r\n", recipients=("Ada@example.org", "bob@example.net"))

    assert nearest({"to": "Ada@example.org"}, message) == text("""
        ✗ to
            wanted 'Ada@example.org'
            came   ('ADA@example.org',)
            (the letter case differs)
    """)


def test_the_first_differing_character_is_marked_below(make_message: Callable[..., Message]) -> None:
    message = make_message(b"Subject: Welcome, Bob\r\n\r\n", mail_from="apps@example.com")

    assert nearest({"subject": "Welcome, Rob", "mail_from": "app@example.com"}, message) == text("""
        ✗ subject
            wanted 'Welcome, Rob'
            came   'Welcome, Bob'
                             ^
        ✗ mail_from
            wanted 'app@example.com'
            came   'apps@example.com'
                       ^
    """)


@pytest.mark.parametrize(
    ("wanted", "came", "place"),
    [
        ("Invoice", "Welcome", 1),
        ("Welcome", "", 1),
        ("", "Welcome", 1),
        ("Welcome?", "Welcome!", 8),
        ("Welcome!", "Welcome", 8),
        ("Rob and Rob", "Bob and Bob", 1),
        ("Welcome, Rob and more", "Welcome, Bob", 10),
        ("it's", "its", 0),
        ("x" * 250, "x" * 198 + "y", 199),
    ],
)
def test_one_mark_stands_below_the_first_difference_as_it_is_shown(
    make_message: Callable[..., Message], wanted: str, came: str, place: int
) -> None:
    explanation = nearest({"subject": wanted}, make_message(f"Subject: {came}\r\n\r\n".encode()))

    assert explanation.splitlines() == [
        "✗ subject",
        f"    wanted {shown(wanted)}",
        f"    came   {shown(came)}",
        f"           {' ' * place}^",
    ]


def test_what_is_shown_as_an_escape_is_marked_where_the_escape_begins(make_message: Callable[..., Message]) -> None:
    assert nearest({"subject": "a\x1bc"}, make_message(b"Subject: =?utf-8?q?a=1Bb?=\r\n\r\n")) == text(r"""
        ✗ subject
            wanted 'a\x1bc'
            came   'a\x1bb'
                         ^
    """)


def test_what_differs_only_where_it_is_cut_has_no_mark(make_message: Callable[..., Message]) -> None:
    message = make_message(b"Subject: " + b"x" * (LONGEST_VALUE + 1) + b"\r\n\r\n")

    explanation = nearest({"subject": "x" * LONGEST_VALUE, "mail_from": "app\n@example.com"}, message)

    assert explanation == text(rf"""
        ✗ subject
            wanted '{"x" * 199}… (2 characters more)
            came   '{"x" * 199}… (3 characters more)
            (a string is the whole of it; for a part give re.compile(...))
        ✗ mail_from
            wanted 'app\n@example.com'
            came   'app@example.com'
                       ^
    """)


ONE_ALONE = "a list means each of them, and there is one alone; for any of them give a function"
MISTAKES: list[tuple[dict[str, object], str | None]] = [
    ({"subject": ["Welcome", "Bob"]}, ONE_ALONE),
    ({"port": [587, 2525]}, ONE_ALONE),
    ({"to": ["ada@example.org", "bob@example.org"]}, "'bob@example.org' is missing"),
    ({"text": ["Plain", "WORDS"]}, "'WORDS' is missing: it is there in another letter case"),
    ({"to": ("ada@example.org", "x@y")}, "a tuple means these and no others, in order; a list means each of them"),
    ({"header": {"X-Tag": "news", "X-No": "1"}}, "there is no header 'X-No'"),
    ({"header": {"x-tag": ["NEWS"]}}, None),
    ({"header": {"x-tag": "NEWS"}}, "'x-tag': the letter case differs"),
    ({"header": {"X-Tag": "other"}}, None),
    ({"to": "Ada <ada@example.org>"}, "an address is without its name here: 'ada@example.org'"),
    ({"to": "Bob <bob@example.org>"}, None),
    ({"text": b"Plain"}, "what came is text: give a string, not b'Plain'"),
    ({"text": 12345}, "what came is text: give a string, not 12345"),
    ({"to": 12345}, None),
    ({"subject": ("Welcome",)}, None),
    ({"tls": "TLS 1.3"}, "it is written 'TLSv1.3'"),
    ({"tls": "TLSv1.2"}, None),
    ({"subject": "Wel"}, "a string is the whole of it; for a part give re.compile(...)"),
    ({"subject": "Welcome "}, "the blanks differ"),
    ({"text": "Plain  words"}, "it is there with other blanks, or other line ends"),
    ({"html": "Marked words & more"}, "a reader sees it, but the HTML has tags or entities within it"),
    (
        {"text": "Plain words " + "x" * 200},
        f"its first 11 characters are there; then ' {'x' * 39}' is wanted, and '' came",
    ),
    ({"text": "Another " + "x" * 200}, None),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "hint"), MISTAKES)
def test_a_likely_mistake_is_told(
    make_message: Callable[..., Message], wanted: dict[str, object], hint: str | None
) -> None:
    header = b"Subject: Welcome\r\nTo: ada@example.org\r\nX-Tag: news\r\n"
    raw = header + BOTH_BODIES.replace(b"Marked words", b"Marked <b>words</b> &amp; more")

    told_last = nearest(wanted, make_message(raw, tls=TLS13)).splitlines()[-1].strip()

    assert told_last == f"({hint})" if hint else not told_last.startswith("(")


def test_where_two_long_lines_part_is_told(make_message: Callable[..., Message]) -> None:
    message = make_message(b"Subject: " + b"x" * 300 + b" in May\r\n\r\n")

    explanation = nearest({"subject": "x" * 300 + " in June"}, message)

    assert explanation.splitlines()[-1] == (
        "    (its first 304 characters are there; then 'June' is wanted, and 'May' came)"
    )


def test_how_far_a_text_is_there_is_told(make_message: Callable[..., Message]) -> None:
    message = make_message(b"\r\n" + b"a line of filler\r\n" * 50 + b"please confirm your order 17\r\nThanks\r\n")

    explanation = nearest({"text": "please confirm your order 18"}, message)

    assert explanation.splitlines()[-1] == (
        "    (its first 27 characters are there; then '8' is wanted, and '7\\nThanks\\n' came)"
    )


def test_the_address_got_it_as_bcc(make_message: Callable[..., Message]) -> None:
    message = make_message(b"To: bob@example.net\r\n\r\n", recipients=("bob@example.net", "ada@example.org"))

    assert nearest({"to": "ada@EXAMPLE.org", "cc": "eve@example.org"}, message) == text("""
        ✗ to
            wanted 'ada@EXAMPLE.org'
            came   ('bob@example.net',)
            (it got the message as Bcc: the envelope names it, no header does)
        ✗ cc
            wanted 'eve@example.org'
            came   ()
    """)


def test_the_text_is_in_the_html_part_only(make_message: Callable[..., Message]) -> None:
    assert nearest({"text": "Marked"}, make_message(BOTH_BODIES)) == text("""
        ✗ text
            wanted 'Marked'
            came   'Plain words'
            (it is in the HTML part only)
    """)


def test_the_html_is_in_the_text_part_only(make_message: Callable[..., Message]) -> None:
    assert nearest({"html": "Plain"}, make_message(BOTH_BODIES)) == text("""
        ✗ html
            wanted 'Plain'
            came   '<p>Marked words</p>'
            (it is in the text part only)
    """)


def test_what_is_only_in_a_body_is_no_hint_for_another_criterion(make_message: Callable[..., Message]) -> None:
    assert nearest({"subject": "Marked"}, make_message(BOTH_BODIES)) == text("""
        ✗ subject
            wanted 'Marked'
            came   ''
                    ^
    """)


@pytest.mark.parametrize(
    ("name", "wanted", "came"),
    [
        ("text", "Plain word!", "Plain words"),
        ("html", "<p>Marked word!</p>", "<p>Marked words</p>"),
        ("body", "Plain word!", "Plain words"),
    ],
)
def test_a_body_is_not_compared_character_by_character(
    make_message: Callable[..., Message], name: str, wanted: str, came: str
) -> None:
    assert nearest({name: wanted}, make_message(BOTH_BODIES)) == text(f"""
        ✗ {name}
            wanted {wanted!r}
            came   {came!r}
    """)


def test_the_text_is_there_in_another_letter_case(make_message: Callable[..., Message]) -> None:
    assert nearest({"text": "hello ada", "html": "hello"}, make_message()) == text(r"""
        ✗ text
            wanted 'hello ada'
            came   'Hello Ada\n'
            (it is there in another letter case)
        ✗ html
            wanted 'hello'
            came   ''
    """)


def test_a_header_is_shown_with_all_its_values(make_message: Callable[..., Message]) -> None:
    message = make_message(b"X-Tag: one\r\nX-Tag: two\r\n\r\n")

    assert nearest({"header": {"X-Tag": "three"}}, message) == text("""
        ✗ header
            wanted {'X-Tag': 'three'}
            came   {'X-Tag': ('one', 'two')}
    """)


def test_patterns_and_functions_are_shown_as_they_were_written(make_message: Callable[..., Message]) -> None:
    assert nearest({"subject": re.compile("^Wel$"), "mail_from": str.isupper}, make_message()) == text("""
        ✗ subject
            wanted /^Wel$/
            came   'Welcome'
        ✗ mail_from
            wanted str.isupper
            came   'app@example.com'
    """)


def test_control_characters_in_a_subject_are_made_visible(make_message: Callable[..., Message]) -> None:
    message = make_message(b"Subject: =?utf-8?q?a=1B[31mb=E2=80=AEc?=\r\n\r\n")

    explanation = explain(Criteria({}), [message], (), expected=2)

    assert explanation == text(r"""
        1 message matches, 2 expected
        1 message came:
          1. 25 in clear from 'app@example.com' to 'ada@example.org' 'a\x1b[31mb\u202ec'
    """)


def test_a_long_line_of_a_message_is_cut(make_message: Callable[..., Message]) -> None:
    message = make_message(b"Subject: " + b"x" * 1000 + b"\r\n\r\n")
    start = "25 in clear from 'app@example.com' to 'ada@example.org' '"

    explanation = explain(Criteria({}), [message], (), expected=2)

    kept = LONGEST_LINE - len(start)
    assert explanation.splitlines()[-1] == f"  1. {start}{'x' * kept}… ({1001 - kept} characters more)"


@pytest.mark.parametrize(
    ("came", "lines"),
    [
        (0, ["0 messages here, 1 expected"]),
        (
            2,
            [
                "2 messages here, 1 expected",
                "  1. 25 in clear from 'app@example.com' to 'ada@example.org' '1'",
                "  2. 25 in clear from 'app@example.com' to 'ada@example.org' '2'",
            ],
        ),
        (
            12,
            [
                "12 messages here, 1 expected",
                *(f"  {n}. 25 in clear from 'app@example.com' to 'ada@example.org' '{n}'" for n in range(3, 13)),
                "  (the latest 10; 2 came before them)",
            ],
        ),
    ],
)
def test_why_there_is_no_single_message(make_message: Callable[..., Message], came: int, lines: list[str]) -> None:
    messages = [make_message(b"Subject: %d\r\n\r\n" % number) for number in range(1, came + 1)]

    assert explain_only(messages).splitlines() == lines


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Welcome", "'Welcome'"),
        (587, "587"),
        (None, "None"),
        (["a", "b"], "['a', 'b']"),
        ("a\x1b[31m\n", r"'a\x1b[31m\n'"),
        (re.compile("^Wel"), "/^Wel/"),
        (re.compile("a\n\x1b\u202e"), r"/a\n\x1b\u202e/"),
        (re.compile("x" * 198), f"/{'x' * 198}/"),
        (re.compile("x" * 199), f"/{'x' * 199}… (1 character more)"),
        (re.compile("\n" * 200), "/" + r"\n" * 99 + "\\… (202 characters more)"),
        (str.startswith, "str.startswith"),
        ("x" * 198, f"'{'x' * 198}'"),
        ("x" * 199, f"'{'x' * 199}… (1 character more)"),
        ("x" * 200, f"'{'x' * 199}… (2 characters more)"),
        ("x" * 1000, f"'{'x' * 199}… (802 characters more)"),
    ],
)
def test_a_value_is_shown_and_cut_where_it_is_long(value: object, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize(
    ("line", "visible"),
    [
        ("plain", "plain"),
        ("Grüße ✓", "Grüße ✓"),
        ("a\tb\r\n\x00\x1b[0m", r"a\tb\r\n\x00\x1b[0m"),
        ("\u202e\u200b", r"\u202e\u200b"),
        ("x" * 400, "x" * 400),
        ("x" * 401, "x" * 400 + "… (1 character more)"),
        ("x" * 402, "x" * 400 + "… (2 characters more)"),
        ("\t" * 201, r"\t" * 200 + "… (2 characters more)"),
    ],
)
def test_a_line_for_a_terminal_has_no_control_characters_and_an_end(line: str, visible: str) -> None:
    assert shown_line(line) == visible


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        (Outcome.DELIVERED, "25: delivered: because"),
        (Outcome.BLOCKED, "25: blocked: because"),
        (Outcome.TLS_FAILED, "25: TLS failed: because"),
        (Outcome.AUTH_FAILED, "25: login failed: because"),
        (Outcome.REFUSED, "25: refused: because"),
        (Outcome.QUIT, "25: nothing sent: because"),
        (Outcome.ABANDONED, "25: nothing sent: because"),
        (Outcome.OPEN, "25: open: because"),
    ],
)
def test_a_connection_is_told_in_one_line(
    make_connection: Callable[..., Connection], outcome: Outcome, line: str
) -> None:
    assert told(make_connection(25, outcome, "because")) == line


def test_an_explanation_is_bounded(
    make_message: Callable[..., Message], make_connection: Callable[..., Connection]
) -> None:
    long = "x" * 10_000
    message = make_message(f"Subject: {long}\r\n\r\n{long}\r\n".encode(), recipients=(f"{long}@example.org",) * 100)
    connection = make_connection(25, Outcome.QUIT, long, dialogue=tuple(Line("C", 0.0, long) for _ in range(1000)))
    criteria = Criteria(dict.fromkeys(("to", "subject", "text", "html", "body", "host"), long))

    explanation = explain(criteria, [message] * 1000, [connection] * 1000, expected=1)

    assert max(map(len, explanation.splitlines())) < LONGEST_LINE + 50
    assert len(explanation.splitlines()) < 80


@pytest.mark.parametrize(("name", "wanted"), [("port", "25"), ("host", "none")])
def test_a_value_that_is_no_text_has_no_letter_case(
    make_message: Callable[..., Message], name: str, wanted: str
) -> None:
    assert "letter case" not in nearest({name: wanted}, make_message())
