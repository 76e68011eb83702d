"""A test that takes the fixture and sends nothing, without what an empty test takes."""

from __future__ import annotations

from ._measure import Goal, interleaved, row, tell
from ._suite import ours, smtpdfix

# An empty test of ours, what its like is with smtpdfix, and how many times faster it is to be.
_ROWS = (
    ("an idle test", "ours", "smtpdfix", 10),
    ("an idle test, TLS in use", "ours, TLS", "smtpdfix with TLS", 100),
    ("an idle test, four ports open", "ours, open", "smtpdfix", 10),
    ("an idle test, four ports open, TLS in use", "ours, open, TLS", "smtpdfix with TLS", 100),
)
_RUNS = {
    "ours": ours("test_untouched", 200),
    "ours, TLS": ours("test_untouched_once_tls_is_in_use", 200),
    "ours, open": ours("test_four_open_ports", 200),
    "ours, open, TLS": ours("test_four_open_ports_once_tls_is_in_use", 200),
    "smtpdfix": smtpdfix("test_untouched", 200),
    "smtpdfix with TLS": smtpdfix("test_untouched", 40, SMTPD_USE_SSL="True"),
}

if __name__ == "__main__":
    taken = interleaved(_RUNS, rounds=5)
    tell(
        *(row(what, "ms", taken[mine], peer, taken[peer], goal=Goal(peer, times)) for what, mine, peer, times in _ROWS)
    )
