"""What the terminal tells at the end of a run of what its reports brought, from whatever process.

Every run loads this, also one that has to do with no port, so that nothing else is loaded for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

# How our headings begin: of what was left open at the end of a test, and of what came behind it.
OURS = "smtpports: "
LEFT_OPEN = f"{OURS}connections open at the end of the test"
LATE = f"{OURS}mail that came after the end of the test"
# The attribute by which a test's first report tells what came behind the test before: (node id, lines).
CAME_LATE = "smtpports_late"
# The attribute of a report whose failure is one of our explanations.
EXPLAINS = "smtpports_explains"


def tell_late(reports: Iterable[Any]) -> None:
    """Put what came behind a test into its report, before that is shown.

    Args:
        reports: all that pytest's terminal keeps, of tests and others.
    """
    late = _late_in(reports)
    for report in reports if late else ():
        lines = late.get(getattr(report, "nodeid", ""), [])
        if lines and (getattr(report, "when", "") == "call" or getattr(report, "outcome", "") == "failed"):
            report.sections.append((LATE, "\n".join(lines)))


def summarise(terminalreporter: pytest.TerminalReporter, reports: Iterable[Any]) -> None:
    """Tell in the terminal what was left open, and what came late.

    Args:
        terminalreporter: the terminal.
        reports: all that it keeps, of tests and others.
    """
    left = [
        f"{report.nodeid}: {line}"
        for report in reports
        for heading, text in getattr(report, "sections", ())
        if LEFT_OPEN in heading and report.when == "teardown"
        for line in text.splitlines()
    ]
    late = [f"{test}: {line.strip()}" for test, lines in _late_in(reports).items() for line in lines]
    for heading, lines in ((LEFT_OPEN, left), (LATE, late)):
        if lines:
            terminalreporter.section(heading)
            for line in lines:
                terminalreporter.line(line)


def _late_in(reports: Iterable[Any]) -> dict[str, list[str]]:
    return dict(getattr(report, CAME_LATE) for report in reports if hasattr(report, CAME_LATE))
