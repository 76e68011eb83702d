"""What README.md promises."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_example_of_the_readme_is_a_file_that_the_tests_run() -> None:
    example = (ROOT / "docs" / "examples" / "test_fallback.py").read_text(encoding="utf-8")

    assert f"```python\n{example}```" in README


def test_the_readme_has_two_commands_and_the_second_runs_all_tests() -> None:
    first, second = (block.strip() for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL))

    assert "\n" not in first + second
    assert "pytest docs/examples" in first
    assert second.endswith("tox")


def test_every_example_stands_in_the_documentation() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs").rglob("*.md"))
    folder = ROOT / "docs"
    examples = [*folder.glob("examples/*.py"), *folder.glob("examples/interop/*.py")]
    names = [str(path.relative_to(folder).as_posix()) for path in examples if path.name != "conftest.py"]

    assert [name for name in names if name not in pages] == []
