"""The tutorial, followed word for word from an empty folder."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import pytest_smtpports

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).parents[2] / "docs"
INSTALL = ".venv/bin/python -m pip install pytest-smtpports"

_BLOCK = re.compile(
    r"^```(?:console\n(?P<console>.*?)|\{literalinclude\} (?P<path>\S+)\n(?P<options>.*?))^```$", re.M | re.S
)
_CAPTION = re.compile(r"^:caption: (\S+)$", re.M)

# What differs from machine to machine and from run to run.
_VARYING = (
    (re.compile(r"\bin \d+\.\d\ds"), "in 0.00s"),
    (re.compile(r"\d+\.\d+ s ago"), "0 s ago"),
    (re.compile(r"^ +\d+\.\d{3} ", re.M), "  0.000 "),
    (re.compile(r"^opened at .*$", re.M), "opened at"),
    (re.compile(r"\behlo .*"), "ehlo"),
    # Python 3.13 writes these two in small letters.
    (re.compile(r"\bmail FROM:"), "mail from:"),
    (re.compile(r"\brcpt TO:"), "rcpt to:"),
    (re.compile(r"/\S+/welcome\.py"), "welcome.py"),
    # From Python 3.11 on pytest marks the part of the line that failed.
    (re.compile(r"^ +\^+\n", re.M), ""),
    (re.compile(r" +$", re.M), ""),
)


def steps() -> Iterator[tuple[str, str, str]]:
    """What a reader does, in order: ("save", name, text), ("run", command, "") and ("see", name, text)."""
    page = (DOCS / "tutorial.md").read_text(encoding="utf-8")
    for block in _BLOCK.finditer(page):
        if block["console"] is not None:
            yield from (("run", command, "") for command in block["console"].splitlines())
            continue
        text = (DOCS / block["path"]).read_text(encoding="utf-8")
        caption = _CAPTION.search(block["options"])
        yield ("see", block["path"], text) if caption is None else ("save", caption[1], text)


def run(command: str, folder: Path) -> str:
    """What a command prints in a terminal of 80 columns, where no other plugin than ours is installed."""
    variables = {
        "PATH": "/usr/bin:/bin",
        "COLUMNS": "80",
        "PYTHONUTF8": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_PLUGINS": "pytest_smtpports.plugin",
    }
    shell = ["/bin/sh", "-c", command.replace("python3 ", f"{sys.executable} ")]
    done = subprocess.run(  # noqa: S603
        shell, cwd=folder, env=variables, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False
    )
    assert done.stderr == ""
    return done.stdout


def install(folder: Path) -> None:
    """In the place of pip, which would ask the registry: the environment finds what this one has installed."""
    where = run(".venv/bin/python -c 'import sysconfig; print(sysconfig.get_path(\"purelib\"))'", folder).strip()
    installed = [str(Path(pytest_smtpports.__file__).parents[1]), sysconfig.get_path("purelib")]
    (Path(where) / "installed.pth").write_text("\n".join(installed), encoding="utf-8")


def plain(shown: str) -> str:
    for varying, same in _VARYING:
        shown = varying.sub(same, shown)
    return shown


@pytest.mark.skipif(sys.platform == "win32", reason="the tutorial's commands are those of a Unix shell")
def test_who_follows_the_tutorial_gets_what_it_shows(tmp_path: Path) -> None:
    seen = []
    printed = ""
    for verb, what, text in steps():
        if verb == "save":
            (tmp_path / what).write_text(text, encoding="utf-8")
        elif verb == "see":
            assert plain(printed) == plain(text), what
            seen.append(what)
        elif what == INSTALL:
            install(tmp_path)
        else:
            printed = run(what, tmp_path)

    assert len(seen) == 9


def test_every_file_of_the_tutorial_is_shown_in_it() -> None:
    page = (DOCS / "tutorial.md").read_text(encoding="utf-8")
    files = [path for path in (DOCS / "examples" / "tutorial").rglob("*.*") if "__pycache__" not in path.parts]

    assert [path for path in files if path.relative_to(DOCS).as_posix() not in page] == []
