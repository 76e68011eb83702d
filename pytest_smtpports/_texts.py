"""What rooms that don't know each other have to write, or compare, alike."""

from __future__ import annotations

# In the place of a secret.
MASK = "***"


def visible(text: str) -> str:
    """A text on one line, control characters made visible."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def folded(address: str) -> str:
    """An address with its domain in lower case: that is the same in any (RFC 5321 §2.4)."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{domain.lower()}"
