"""The exit codes, as the shell has them."""

from __future__ import annotations

OK = 0
# A port, a folder or a file can't be had; or nobody reads what is written.
NOT_DONE = 1
# What argparse ends with.
MISUSED = 2
NOT_EXECUTABLE, NOT_FOUND = 126, 127
# Plus the number of the signal.
ENDED_BY = 128
INTERRUPT = 2
