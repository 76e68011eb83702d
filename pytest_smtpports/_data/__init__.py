"""Facts about the world as data, each with its source, and how they are read."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any


@lru_cache
def load(name: str) -> Any:  # whatever shape that file has; who asks for it knows
    """What the file of that name holds."""
    return json.loads(Path(__file__).with_name(f"{name}.json").read_text(encoding="utf-8"))
