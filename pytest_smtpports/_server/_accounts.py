"""Who may log in."""

from __future__ import annotations

import hmac

from .._errors import ConfigurationError


class Accounts:
    """User names, with a password, a token or both; neither is ever shown."""

    def __init__(self, username: str, password: str) -> None:
        self._baseline = {_text("user name", username): _text("password", password)}
        self.reset()

    def add(self, name: str, password: str) -> None:
        """Let one more user in, or change a password."""
        self._passwords[_text("user name", name)] = _text("password", password)

    def add_token(self, name: str, token: str) -> None:
        """Let a user in by an OAuth token, or change it."""
        self._tokens[_text("user name", name)] = _text("token", token)

    def reset(self) -> None:
        """Back to the user of the beginning."""
        self._passwords = dict(self._baseline)
        self._tokens: dict[str, str] = {}

    def password(self, name: str) -> str | None:
        """The password of a user, or None."""
        return self._passwords.get(name)

    def token(self, name: str) -> str | None:
        """The OAuth token of a user, or None."""
        return self._tokens.get(name)

    def bearer(self, token: str) -> str | None:
        """Whose OAuth token it is, or None."""
        return next(
            (name for name, known in self._tokens.items() if hmac.compare_digest(known.encode(), token.encode())), None
        )

    def __contains__(self, name: object) -> bool:
        return name in self._passwords or name in self._tokens


class Convention:
    """The accounts of a provider where every customer has one user name, or one secret for both; tokens are as ever.

    Args:
        accounts: those of the whole world.
        username: the only user name.
        password: its password.
    """

    def __init__(self, accounts: Accounts, username: str, password: str) -> None:
        self._accounts = accounts
        self._username = username
        self._password = password

    def password(self, name: str) -> str | None:
        """The password of a user, or None."""
        return self._password if name == self._username else None

    def token(self, name: str) -> str | None:
        """The OAuth token of a user, or None."""
        return self._accounts.token(name)

    def bearer(self, token: str) -> str | None:
        """Whose OAuth token it is, or None."""
        return self._accounts.bearer(token)

    def __contains__(self, name: object) -> bool:
        return name == self._username or (isinstance(name, str) and self._accounts.token(name) is not None)


def _text(what: str, value: object) -> str:
    if not isinstance(value, str):
        # Of a password not even a wrong one is shown.
        raise ConfigurationError(f"A {what} is a string, not of type {type(value).__name__}.")
    if "\0" in value or not _is_utf8(value):
        raise ConfigurationError(f"No client can send such a {what}: it holds NUL (RFC 4616 §2), or is no UTF-8.")
    return value


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
