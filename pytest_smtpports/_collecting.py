"""pytest's hooks for what the tests captured: kept by each process, put together by the one that began the others.

Registered where an option or the ini file asks for files, so that a run without them has none of this.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from ._errors import ConfigurationError
from ._report._names import folder_name
from ._report._page_file import check_page, write_page
from ._report._records import Recorder, Records
from ._report._saved import begin, save
from ._report._summary import line, markdown, rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ._report._captured import Captured
    from ._settings import Settings

# What a worker of pytest-xdist is told: the folder of the run, and the folder to tell of in reports, or None.
_TOLD = "smtpports"
# The variable by which a CI provider asks for a summary in Markdown: GitHub, and those that do as it does
# (https://docs.github.com/actions/reference/workflow-commands-for-github-actions#adding-a-job-summary).
_SUMMARY = "GITHUB_STEP_SUMMARY"


def collect(config: pytest.Config, settings: Settings) -> None:
    """Have the tests of this process, and of its workers, be collected from.

    Raises:
        pytest.UsageError: what is asked for can't be written, or needs what is not installed.
    """
    worker: dict[str, Any] | None = getattr(config, "workerinput", None)  # xdist's
    if worker is None:
        _check(config, settings)
        putting = Putting(settings, config.invocation_params.dir, config.getoption("htmlpath", None))
        config.pluginmanager.register(putting, "smtpports-putting")
        process, told = "main", putting.told
    else:
        process, told = worker["workerid"], worker[_TOLD]
    config.pluginmanager.register(Collecting(config, process, *told), "smtpports-collecting")


class Collecting:
    """Keeps what the tests of this process captured.

    Args:
        config: of the run.
        process: the name of the process, unique in the run.
        folder: that of the run.
        saved: the folder in which it is going to be saved, as it is told of, or None.
        linked: the URLs of that folder and of the page in pytest-html's report, None for what there is not.
    """

    def __init__(
        self, config: pytest.Config, process: str, folder: str, saved: str | None, linked: tuple[str | None, str | None]
    ) -> None:
        self._config = config
        self._recorder = Recorder(Path(folder), process)
        self._saved = saved
        self._linked = linked
        self._ids: pytest.StashKey[str] = pytest.StashKey()
        self._order: pytest.StashKey[int] = pytest.StashKey()

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Know the test by its id before xdist puts the name of a group behind that."""
        item.stash[self._ids] = item.nodeid

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Know where each test stands in the run."""
        for order, item in enumerate(session.items):
            item.stash[self._order] = order

    def pytest_unconfigure(self) -> None:
        """Write no more."""
        self._recorder.close()

    def test_id(self, item: pytest.Item) -> str:
        """The node id of a test, wherever it runs."""
        return item.stash.get(self._ids, item.nodeid)

    def keep(self, item: pytest.Item, captured: Captured) -> dict[str, object]:
        """Keep what a test captured, in the place of what was kept of it before; what is to be told in its report.

        Raises:
            OSError: there is no room.
        """
        self._recorder.write(item.stash[self._order], captured)
        told: dict[str, object] = {
            "smtpports_messages": len(captured.messages),
            "smtpports_connections": len(captured.connections),
        }
        if self._saved is not None and (captured.messages or captured.connections):
            told["smtpports_saved"] = str(Path(self._saved, folder_name(captured.test)))
        return told

    def extras(self, captured: Captured) -> list[dict[str, object]]:
        """What the test's row in the report of pytest-html is to have besides: links to its mail."""
        folder, page = self._linked
        urls = {}
        if captured.messages or captured.connections:
            if page is not None:
                urls["mail"] = f"{page}#test={quote(captured.test, safe='', errors='replace')}"
            if folder is not None:
                urls["saved mail"] = f"{folder}/{folder_name(captured.test)}/"
        plugin: Any = self._config.pluginmanager.get_plugin("html")
        return [plugin.extras.url(url, name) for name, url in urls.items()]


class Putting:
    """Puts together what all processes have kept, when the run is over.

    Args:
        settings: what is asked for.
        start: where pytest was called, from which paths are told.
        html: the file that pytest-html writes, as it was given, or None.
    """

    def __init__(self, settings: Settings, start: Path, html: str | None) -> None:
        self._settings = settings
        self._start = start
        self._html = None if html is None else start / Path(os.path.expandvars(html)).expanduser()
        self._folder = Path(tempfile.mkdtemp(prefix="pytest-smtpports-"))
        self._told: list[str] = []
        self._failures: list[str] = []

    @property
    def told(self) -> tuple[str, str | None, tuple[str | None, str | None]]:
        """What a process has to know: the folder of the run, and what its reports say of where things are."""
        save, page = self._settings.save, self._settings.report
        return str(self._folder), None if save is None else self._shown(save), (self._url(save), self._url(page))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:  # xdist's
        """Tell a worker where to keep what it captures."""
        node.workerinput[_TOLD] = self.told

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write what is asked for, once every worker has ended."""
        records = Records(self._folder)
        counted, places = rows(records), []
        for path, write in self._wanted(records):
            if self._has_written(path, write):
                places.append(self._shown(path))
        self._told.append(f"smtpports: {line(counted)}{', saved in ' if places else ''}{' and '.join(places)}")
        if (summary := os.environ.get(_SUMMARY)) and counted:
            self._has_written(Path(summary), lambda path: _append(path, markdown(counted, places)))
        if self._failures and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say where everything is, and what could not be written."""
        for told in self._told:
            terminalreporter.write_sep("-", told)
        for failure in self._failures:
            terminalreporter.write_line(failure, red=True)

    def pytest_unconfigure(self) -> None:
        """Leave nothing of the run behind."""
        shutil.rmtree(self._folder)

    def _wanted(self, records: Sequence[Captured]) -> Iterator[tuple[Path, Callable[[Path], object]]]:
        settings = self._settings
        if settings.save is not None:
            yield settings.save, lambda path: save(records, path, attachments=settings.save_attachments)
        if settings.report is not None:
            yield settings.report, lambda path: write_page(path, records)

    def _has_written(self, path: Path, write: Callable[[Path], object]) -> bool:
        try:
            write(path)
        except OSError as error:
            self._failures.append(f"smtpports: {self._shown(path)} could not be written: {error}")
            return False
        return True

    def _url(self, path: Path | None) -> str | None:
        """The path as pytest-html's report, if there is one, leads there, wherever both are moved to."""
        return None if path is None or self._html is None else quote(os.path.relpath(path, self._html.parent))

    def _shown(self, path: Path) -> str:
        return str(path.relative_to(self._start) if path.is_relative_to(self._start) else path)


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def _check(config: pytest.Config, settings: Settings) -> None:
    name = ""
    try:
        if settings.report is not None:
            name = "--smtpports-report"
            check_page(settings.report)
        if settings.save is not None:
            name = "ini smtpports_save" if config.getoption("smtpports_save") is None else "--smtpports-save"
            begin(settings.save)
    except ConfigurationError as error:
        raise pytest.UsageError(f"{name}: {error}") from None
