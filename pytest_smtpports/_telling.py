"""What the ports of a test tell in its reports; registered with the first ports that are opened."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import pytest

from . import _clock
from ._closing import CAME_LATE, EXPLAINS, LEFT_OPEN, OURS
from ._harness._evidence import begin_anew, evidence_of, messages_of
from ._mail._account import account, told_cut, told_got, told_late, told_open
from ._mail._message import brought_by
from ._report._captured import Captured

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from ._harness._evidence import Evidence
    from ._harness._smtpports import SMTPPorts
    from ._mail._connection import Connection
    from ._mail._message import Message

# The heading in the report of a failing test.
FAILED = f"{OURS}mail and connections"
# The attribute of a report in which pytest-html looks.
EXTRAS = "extras"


class Collector(Protocol):
    """Who wants to have what each test captured."""

    def test_id(self, item: pytest.Item) -> str:
        """The node id of a test, wherever it runs."""
        ...

    def keep(self, item: pytest.Item, captured: Captured) -> dict[str, object]:
        """Keep it, in the place of what was kept of this test before; what is to be told in the test's report.

        Raises:
            OSError: there is no room.
        """
        ...

    def extras(self, captured: Captured) -> list[dict[str, object]]:
        """What the test's row in the report of pytest-html is to have besides, as that plugin takes it."""
        ...


class Telling:
    """The ports of the running test.

    Args:
        uses_ports: whether a test has to do with ports.
        collector: who wants to have what is captured, or None.
    """

    def __init__(self, uses_ports: Callable[[pytest.Item], bool], collector: Collector | None) -> None:
        self._uses_ports = uses_ports
        self._collector = collector
        self._own: list[SMTPPorts] = []
        self._shared: SMTPPorts | None = None
        self._seen = 0
        self._outcome = "passed"
        self._last: tuple[pytest.Item, str, Captured | None] | None = None
        self._late: tuple[str, list[str]] | None = None
        # At the shared ports: what the latest test that got mail has got, and who had stayed behind the test before.
        self._earlier: list[str] = []
        self._cut: list[str] = []

    def add(self, smtpports: SMTPPorts) -> None:
        """Ports are opened for the running test."""
        self._own.append(smtpports)

    def share(self, smtpports: SMTPPorts) -> None:
        """Ports are opened for this test, and others behind it."""
        self._shared = smtpports

    def renew(self, smtpports: SMTPPorts) -> None:
        """Reset shared ports before a test; what has come meanwhile belongs to the one before.

        Raises:
            OSError: there is no room to keep it.
        """
        self._cut = told_cut(smtpports.left_open())
        late = begin_anew(smtpports, self._seen)
        if late and self._last is not None:
            item, outcome, captured = self._last
            self._late = item.nodeid, told_late(late)
            if self._collector is not None:
                captured = captured or Captured(self._collector.test_id(item), outcome, (), ())
                # Nobody knows any more by which connections they came.
                self._collector.keep(item, replace(captured, late=tuple(brought_by(message, 0) for message in late)))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Have a failing test tell of its mail, and keep what a test captured once it is over."""
        report = yield
        if report.when == "setup":
            self._begin(report)
        self._outcome = _outcome(self._outcome, report)
        if call.excinfo is not None and _explains(call.excinfo):
            setattr(report, EXPLAINS, True)
        if report.outcome == "failed" and (told := self._account(item, report)):
            report.sections.append((FAILED, told))
        if report.when == "teardown":
            self._end(item, report)
        return report

    def _begin(self, report: pytest.TestReport) -> None:
        self._outcome = "passed"
        late, self._late = self._late, None
        if late is not None:
            setattr(report, CAME_LATE, late)

    def _account(self, item: pytest.Item, report: pytest.TestReport) -> str:
        now, said, evidence = _clock.now(), report.longreprtext, self._evidence(item)
        told = (
            account(
                each.messages,
                each.connections,
                blocks=each.blocks,
                faults=each.faults,
                now=now,
                said=said,
                alone=len(evidence) == 1,
            )
            for each in evidence
        )
        return "\n".join(filter(None, (*told, *self._told_earlier(evidence))))

    def _told_earlier(self, evidence: Sequence[Evidence]) -> list[str]:
        """What may be missed by a test that got no mail, because an earlier one has it."""
        if self._shared is None or self._own or not evidence or any(each.messages for each in evidence):
            return []
        return [*self._cut, *self._earlier]

    def _evidence(self, item: pytest.Item) -> list[Evidence]:
        """That of the test's own ports, and that of the shared ones if it has to do with them."""
        found = [*map(evidence_of, self._own)]
        if self._shared is not None:
            shared = evidence_of(self._shared)
            if shared.messages or shared.connections or (self._uses_ports(item) and not found):
                found.append(shared)
        return found

    def _end(self, item: pytest.Item, report: pytest.TestReport) -> None:
        captured = None
        if self._collector is not None and (evidence := self._evidence(item)):
            captured = _captured(self._collector.test_id(item), self._outcome, evidence)
            try:
                told = self._collector.keep(item, captured)
            except OSError as error:
                report.outcome, report.longrepr = "failed", f"What the test captured can't be kept: {error}"
            else:
                report.user_properties.extend(told.items())
                setattr(report, EXTRAS, [*getattr(report, EXTRAS, ()), *self._collector.extras(captured)])
        self._last = item, self._outcome, captured
        if self._shared is not None:
            messages = messages_of(self._shared)
            self._seen = len(messages)
            self._earlier = told_got(item.nodeid, messages) if messages else self._earlier
        self._own.clear()


def note_left_open(item: pytest.Item, smtpports: SMTPPorts) -> None:
    """Have the report of a test tell which connections go on at its end."""
    if left := smtpports.left_open():
        item.add_report_section("teardown", LEFT_OPEN, "\n".join(told_open(left)))


def _explains(excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
    """Whether an assertion of ours has failed."""
    raised = str(excinfo.traceback[-1].frame.f_globals.get("__name__"))
    return raised.startswith(f"{__package__}.") and excinfo.errisinstance(AssertionError)


def _outcome(before: str, report: pytest.TestReport) -> str:
    """How a test has ended, as far as its phases are over."""
    if before != "passed" and not (before == "xpassed" and report.failed):
        return before
    # As pytest calls what was marked xfail: it tells them as skipped, and as passed.
    outcome = _XFAIL.get(report.outcome, report.outcome) if hasattr(report, "wasxfail") else report.outcome
    return "error" if outcome == "failed" and report.when != "call" else outcome


_XFAIL = {"skipped": "xfailed", "passed": "xpassed"}


def _captured(test: str, outcome: str, several: Sequence[Evidence]) -> Captured:
    """All that happened at several ports, the connections numbered from 1, whatever came before in other tests."""
    messages: list[Message] = []
    connections: list[Connection] = []
    for each in several:
        numbers = {connection.id: number for number, connection in enumerate(each.connections, len(connections) + 1)}
        messages += [brought_by(message, numbers[message.connection]) for message in each.messages]
        connections += [replace(connection, id=numbers[connection.id]) for connection in each.connections]
    return Captured(test, outcome, tuple(messages), tuple(connections))
