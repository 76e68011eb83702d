"""`python -m pytest_smtpports` is the command `smtpports`."""

from __future__ import annotations

import sys

from ._cli import main

if __name__ == "__main__":
    sys.exit(main())
