"""What numbers a user may give."""

from __future__ import annotations

import math

from .._errors import ConfigurationError, is_ours

__tracebackhide__ = is_ours


def check_count(name: str, number: object, least: int = 1) -> None:
    """Whether something is a number of things.

    Raises:
        ConfigurationError: it is not.
    """
    if not isinstance(number, int) or isinstance(number, bool) or number < least:
        raise ConfigurationError(f"{name} is a number from {least}, not {number!r}.")


def check_positive(name: str, number: object) -> None:
    """Whether something is a rate, or a time, above 0.

    Raises:
        ConfigurationError: it is not.
    """
    if not isinstance(number, (int, float)) or isinstance(number, bool) or not 0 < number < math.inf:
        raise ConfigurationError(f"{name} is a number above 0, not {number!r}.")


def check_seconds(name: str, seconds: object) -> None:
    """Whether something is a time above 0, or for ever.

    Raises:
        ConfigurationError: it is not.
    """
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or not seconds > 0:
        raise ConfigurationError(f"{name} is a number of seconds above 0, not {seconds!r}.")
