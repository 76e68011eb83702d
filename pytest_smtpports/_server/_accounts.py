"""Who may log in."""

from __future__ import annotations

import hmac

from .._errors import ConfigurationError


class Accounts:
    """User names and passwords; neither is ever shown."""

    def __init__(self, username: str, password: str) -> None:
        self._baseline = {_text("user name", username): _text("password", password)}
        self._passwords = dict(self._baseline)

    def add(self, name: str, password: str) -> None:
        """Let one more user in, or change a password."""
        self._passwords[_text("user name", name)] = _text("password", password)

    def reset(self) -> None:
        """Back to the user of the beginning."""
        self._passwords = dict(self._baseline)

    def admits(self, name: str, password: str) -> bool:
        """Whether this is one of the users, with the right password."""
        known = self._passwords.get(name)
        return known is not None and hmac.compare_digest(known.encode(), password.encode("utf-8", "replace"))


def _text(what: str, value: object) -> str:
    if not isinstance(value, str):
        # Of a password not even a wrong one is shown.
        raise ConfigurationError(f"A {what} is a string, not of type {type(value).__name__}.")
    return value
