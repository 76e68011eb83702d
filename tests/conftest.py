"""What the tests of every folder share."""

from __future__ import annotations

# A nested pytest run forgets the modules that it was the first to import; cryptography can't be imported twice.
import trustme as trustme

pytest_plugins = ["pytester"]
