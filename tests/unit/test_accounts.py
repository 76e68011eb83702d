"""Who may log in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import ConfigurationError
from pytest_smtpports._server._accounts import Accounts, Convention

if TYPE_CHECKING:
    from collections.abc import Callable

PASSWORD = "correct horse"


@pytest.fixture
def accounts() -> Accounts:
    return Accounts("ada", PASSWORD)


def test_the_first_user_has_a_password_and_no_token(accounts: Accounts) -> None:
    assert "ada" in accounts
    assert (accounts.password("ada"), accounts.token("ada")) == (PASSWORD, None)


def test_who_was_never_added_has_neither(accounts: Accounts) -> None:
    assert "bob" not in accounts
    assert (accounts.password("bob"), accounts.token("bob")) == (None, None)


@pytest.mark.parametrize("name", ["Ada", "ada ", "", None, 1])
def test_a_name_is_that_name_alone(accounts: Accounts, name: object) -> None:
    assert name not in accounts


def test_a_user_may_be_added(accounts: Accounts) -> None:
    accounts.add("bob", "staple")

    assert "bob" in accounts
    assert accounts.password("bob") == "staple"
    assert accounts.password("ada") == PASSWORD


def test_a_password_may_be_changed(accounts: Accounts) -> None:
    accounts.add("ada", "battery")

    assert accounts.password("ada") == "battery"


def test_a_user_may_have_a_token_and_no_password(accounts: Accounts) -> None:
    accounts.add_token("bob", "ya29.token")

    assert "bob" in accounts
    assert (accounts.password("bob"), accounts.token("bob")) == (None, "ya29.token")


def test_a_user_may_have_both_and_change_the_token(accounts: Accounts) -> None:
    accounts.add_token("ada", "ya29.old")
    accounts.add_token("ada", "ya29.new")

    assert (accounts.password("ada"), accounts.token("ada")) == (PASSWORD, "ya29.new")


def test_a_reset_leaves_the_first_user_with_the_first_password(accounts: Accounts) -> None:
    accounts.add("ada", "battery")
    accounts.add("bob", "staple")
    accounts.add_token("eve", "ya29.token")

    accounts.reset()

    assert accounts.password("ada") == PASSWORD
    assert "bob" not in accounts
    assert "eve" not in accounts


def test_neither_passwords_nor_tokens_are_shown(accounts: Accounts) -> None:
    accounts.add_token("bob", "ya29.token")

    assert PASSWORD not in repr(accounts)
    assert "ya29.token" not in repr(accounts)


def make(_: Accounts, name: str, password: str) -> None:
    Accounts(name, password)


@pytest.mark.parametrize(
    ("add", "name", "secret", "message"),
    [
        (make, b"ada", "x", "A user name is a string, not of type bytes."),
        (make, "ada", b"hunter2", "A password is a string, not of type bytes."),
        (Accounts.add, None, "x", "A user name is a string, not of type NoneType."),
        (Accounts.add, "ada", 12345, "A password is a string, not of type int."),
        (Accounts.add_token, 7, "x", "A user name is a string, not of type int."),
        (Accounts.add_token, "ada", ["hunter2"], "A token is a string, not of type list."),
    ],
)
def test_what_is_no_string_is_refused_and_not_shown(
    accounts: Accounts, add: Callable[[Accounts, object, object], None], name: object, secret: object, message: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        add(accounts, name, secret)

    assert str(caught.value) == message


def test_by_a_convention_one_user_logs_in_and_tokens_are_as_ever() -> None:
    accounts = Accounts("user", "password")
    accounts.add_token("ada", "t0ken")
    convention = Convention(accounts, "apikey", "secret")

    assert [convention.password(name) for name in ("apikey", "user", "ada")] == ["secret", None, None]
    assert [convention.token(name) for name in ("ada", "apikey")] == ["t0ken", None]
    assert [convention.bearer(token) for token in ("t0ken", "other")] == ["ada", None]
    assert [name in convention for name in ("apikey", "ada", "user", 587)] == [True, True, False, False]
