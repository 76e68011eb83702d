"""What a port says: the form of its replies (RFC 5321 §4.2, RFC 2034 §4)."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError

import pytest

from pytest_smtpports import ConfigurationError, Reply


@pytest.mark.parametrize(
    ("reply", "lines"),
    [
        (Reply(250, "2.0.0", "Ok"), ("250 2.0.0 Ok",)),
        (Reply(354, None, "End data"), ("354 End data",)),
        # RFC 4954 §4: the blank is there though nothing follows.
        (Reply(334, None, ""), ("334 ",)),
        # RFC 5321 §4.2.1; RFC 2034 §4: the enhanced code in every line
        (Reply(250, None, "mail.example.com\nSIZE\nHELP"), ("250-mail.example.com", "250-SIZE", "250 HELP")),
        (Reply(550, "5.7.1", "Go\naway"), ("550-5.7.1 Go", "550 5.7.1 away")),
        (Reply(214, None, "\n"), ("214-", "214 ")),
    ],
)
def test_a_reply_is_written_line_by_line(reply: Reply, lines: tuple[str, ...]) -> None:
    assert reply.lines() == lines
    assert str(reply) == "\n".join(lines)


def test_the_enhanced_code_is_left_out_where_it_is_not_promised() -> None:
    # RFC 2034 §3
    assert Reply(550, "5.7.1", "Go\naway").lines(enhanced=False) == ("550-Go", "550 away")


@pytest.mark.parametrize(
    ("written", "reply"),
    [
        ("450 4.7.1 Greylisted", Reply(450, "4.7.1", "Greylisted")),
        ("250 Ok", Reply(250, None, "Ok")),
        ("250", Reply(250, None, "")),
        ("250 ", Reply(250, None, "")),
        ("421 4.3.2", Reply(421, "4.3.2", "")),
        ("250 2.1.5 ", Reply(250, "2.1.5", "")),
        ("250 one\ntwo", Reply(250, None, "one\ntwo")),
        ("550 5.7.1 one\ntwo", Reply(550, "5.7.1", "one\ntwo")),
        # What has not the form of an enhanced code is text.
        ("554 5.7 No", Reply(554, None, "5.7 No")),
        ("554 5.7.1234 No", Reply(554, None, "5.7.1234 No")),
        ("554 5.7.1No", Reply(554, None, "5.7.1No")),
        ("250  two blanks", Reply(250, None, " two blanks")),
    ],
)
def test_a_reply_is_read_as_it_is_written(written: str, reply: Reply) -> None:
    assert Reply.parse(written) == reply


@pytest.mark.parametrize("text", ["Greylisted", "", "one\ntwo"])
@pytest.mark.parametrize("enhanced", ["4.7.1", None])
def test_what_is_written_on_one_line_is_read_back(text: str, enhanced: str | None) -> None:
    reply = Reply(450, enhanced, text)

    assert Reply.parse(f"450 {enhanced} {text}" if enhanced else f"450 {text}") == reply


@pytest.mark.parametrize("written", ["", "Ok", "25 Ok", "2500 Ok", "250-Ok", "250Ok", " 250 Ok", "٢٥٠ Ok"])
def test_what_has_not_the_form_of_a_reply_is_refused(written: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Reply.parse(written)

    assert str(caught.value) == (
        "A reply is written as a code, perhaps an enhanced code, and a text, such as '450 4.7.1 Greylisted', "
        f"not {written!r}."
    )


@pytest.mark.parametrize("code", [200, 599])
def test_the_first_and_the_last_code_are_taken(code: int) -> None:
    assert Reply(code, None, "").code == code


@pytest.mark.parametrize("code", [0, 199, 600, -250, "250", None])
def test_what_is_no_reply_code_is_refused(code: int) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Reply(code, None, "Ok")

    assert str(caught.value) == f"A reply code is a number from 200 to 599, not {code!r}."


@pytest.mark.parametrize("enhanced", ["", "2.0", "3.0.0", "1.0.0", "2.0.0.0", "2.1234.0", "2.0.0 ", "2-0-0", "٢.0.0"])
def test_what_is_no_enhanced_code_is_refused(enhanced: str) -> None:
    # RFC 3463 §2
    with pytest.raises(ConfigurationError) as caught:
        Reply(250, enhanced, "Ok")

    assert str(caught.value) == f"An enhanced code is class.subject.detail, such as '4.7.1', not {enhanced!r}."


@pytest.mark.parametrize(("code", "enhanced"), [(250, "5.0.0"), (550, "4.7.1"), (451, "5.3.0"), (354, "2.0.0")])
def test_codes_of_two_classes_are_refused(code: int, enhanced: str) -> None:
    # RFC 2034 §4; with 3yz no enhanced code goes together.
    with pytest.raises(ConfigurationError) as caught:
        Reply(code, enhanced, "Ok")

    assert str(caught.value) == (
        f"The enhanced code {enhanced} is not of the class of {code}: it has to begin with {code // 100} (RFC 2034 §4)."
    )


@pytest.mark.parametrize("text", ["two\r\nlines", "bell\a", "\x1b[31mred", "nul\0", "\x7f", "\ud800"])
def test_a_text_that_is_not_printable_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Reply(250, None, text)

    assert str(caught.value) == f"A reply is printable text, with \\n between its lines, not {text!r}."


@pytest.mark.parametrize(
    ("code", "enhanced", "is_registered"),
    [
        # RFC 5248 §2.4, table 1
        (550, "5.1.1", True),
        (451, "4.1.1", True),
        (452, "4.1.1", False),
        (550, "5.7.1", True),
        (533, "5.7.1", True),
        (554, "5.7.1", False),
        (535, "5.7.8", True),
        (530, "5.7.8", False),
        (538, "5.7.11", True),
        (552, "5.3.4", True),
        (452, "4.5.3", False),
        (500, "5.5.6", True),
        # RFC 7504 §4
        (521, "5.3.2", True),
        # "Not given" there, so that every code of the class will do
        (250, "2.1.0", True),
        (550, "5.1.0", True),
        (501, "5.1.7", True),
        # Without an enhanced code there is nothing to register.
        (599, None, True),
        (354, None, True),
    ],
)
def test_the_registry_knows_which_codes_go_together(code: int, enhanced: str | None, *, is_registered: bool) -> None:
    assert Reply(code, enhanced, "Ok").is_registered is is_registered


def test_a_reply_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Reply(250, None, "Ok").text = "No"  # type: ignore[misc] # that it is refused is the point


def test_a_reply_survives_pickling() -> None:
    reply = Reply(450, "4.7.1", "Greylisted")

    assert pickle.loads(pickle.dumps(reply)) == reply  # noqa: S301 # our own bytes
