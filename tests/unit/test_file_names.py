"""File names made of strangers' words."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_smtpports._report._names import LONGEST, distinct, file_name, folder_name, is_folder_name, slug

HOSTILE = [
    "../../etc/passwd",
    "..",
    "",
    "C:\\x",
    "a\nb\0c",
    "con",
    "NUL.txt",
    "com1.tar.gz",
    "x" * 5_000,
    "\udce4\u202e.exe",
    ".bashrc",
    "tests/test_mail.py::test_welcome[../../x]",
    "trailing. ",
]
# A name that every file system takes as it stands.
SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?<!\.)", re.ASCII)
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
words = st.one_of(st.text(), st.sampled_from(HOSTILE), st.text(alphabet="./\\:conCON-_ 1"))


def is_safe(name: str) -> bool:
    return SAFE.fullmatch(name) is not None and len(name) <= 2 * LONGEST and not RESERVED.fullmatch(name)


@pytest.mark.parametrize(
    ("test", "name"),
    [
        ("tests/test_mail.py::test_welcome[ada]", "tests-test_mail.py-test_welcome-ada-a9bd0b3d6b"),
        ("", "e3b0c44298"),
        ("con.py::test_x", "_con.py-test_x-a9b915d694"),
    ],
)
def test_the_folder_of_a_test_tells_which_it_is(test: str, name: str) -> None:
    assert folder_name(test) == name


@given(words)
def test_a_folder_is_safe_and_known_again(test: str) -> None:
    name = folder_name(test)

    assert is_safe(name)
    assert is_folder_name(name)
    assert is_folder_name(f"{name}-2")
    assert folder_name(test) == name


@given(words, words)
def test_two_tests_have_two_folders_in_any_letter_case(one: str, other: str) -> None:
    assert (folder_name(one).lower() == folder_name(other).lower()) == (one == other)


def test_what_differs_in_letter_case_alone_has_two_folders() -> None:
    assert folder_name("test_A").lower() != folder_name("test_a").lower()


@pytest.mark.parametrize("name", ["mail", "src", "node_modules", "build-12345678", "x/y-0123456789", "v1.0"])
def test_a_folder_of_somebody_else_is_not_taken_for_one_of_ours(name: str) -> None:
    assert not is_folder_name(name)


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("Welcome, Ada!", "welcome-ada"),
        ("Grüße über Ålesund", "gru-e-uber-alesund"),
        ("../../x", "x"),
        ("ようこそ", "mail"),
        ("", "mail"),
        ("a" * 200, "a" * LONGEST),
    ],
)
def test_a_subject_becomes_a_part_of_a_name(subject: str, expected: str) -> None:
    assert slug(subject, "mail") == expected


@pytest.mark.parametrize(
    ("given_name", "expected"),
    [
        ("invoice.pdf", "invoice.pdf"),
        ("../../x", "x"),
        ("C:\\x", "x"),
        ("con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ("", "unnamed"),
        ("..", "unnamed"),
        ("/", "unnamed"),
        (".bashrc", "bashrc"),
        ("a" * 300 + ".pdf", "a" * (LONGEST - 4) + ".pdf"),
        ("a" * 300, "a" * LONGEST),
        ("Re: a|b?.txt", "Re-a-b-.txt"),
    ],
)
def test_an_attachment_keeps_its_name_as_far_as_it_is_safe(given_name: str, expected: str) -> None:
    assert file_name(given_name) == expected


@given(words)
def test_every_attachment_has_a_safe_name(name: str) -> None:
    assert is_safe(file_name(name))


def test_a_name_that_is_taken_gets_a_number_before_its_suffix() -> None:
    assert distinct("a.pdf", set()) == "a.pdf"
    assert distinct("A.pdf", {"a.pdf"}) == "A-2.pdf"
    assert distinct("a.pdf", {"a.pdf", "a-2.pdf"}) == "a-3.pdf"
    assert distinct("a", {"a"}) == "a-2"
