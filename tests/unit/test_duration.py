"""A span of time as a reader is told of it."""

from __future__ import annotations

import pytest

from pytest_smtpports._mail._duration import duration


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.0, "0 s"),
        (0.0042, "0.004 s"),
        (0.25, "0.25 s"),
        (0.2503, "0.25 s"),
        (1, "1 s"),
        (1.256, "1.26 s"),
        (9.999, "10 s"),
        (10, "10 s"),
        (100.0, "100 s"),
        (133.512, "133.5 s"),
        # A clock that was set back.
        (-0.5, "-0.5 s"),
    ],
)
def test_a_span_is_told_as_exactly_as_it_matters(seconds: float, told: str) -> None:
    assert duration(seconds) == told
