"""A span of time as a reader is told of it."""

from __future__ import annotations

# From so many seconds on, so many decimals are worth a reader's while.
_DECIMALS = ((10.0, 1), (1.0, 2))
_FINEST = 3


def duration(seconds: float) -> str:
    """So many seconds, as exactly as it matters: 0.25 s, 10 s, 133.5 s."""
    decimals = next((decimals for least, decimals in _DECIMALS if seconds >= least), _FINEST)
    return f"{seconds:.{decimals}f}".rstrip("0").rstrip(".") + " s"
