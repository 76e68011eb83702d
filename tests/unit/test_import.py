"""What loading the plugin costs who does not use it."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = {"aiosmtpd", "trustme", "cryptography", "asyncio", "ssl", "smtplib"}


def loaded_by(statement: str, *, after: str) -> set[str]:
    """The modules that a statement loads in a fresh interpreter that has run another one."""
    script = (
        f"import json, sys; {after}; before = set(sys.modules); {statement}; "
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    ran = subprocess.run(  # noqa: S603 # this very interpreter, with the script above
        [sys.executable, "-c", script], stdout=subprocess.PIPE, check=True, timeout=60
    )
    return set(json.loads(ran.stdout))


def test_the_plugin_loads_nothing_heavy() -> None:
    loaded = loaded_by("import pytest_smtpports.plugin", after="import pytest")

    assert "pytest_smtpports.plugin" in loaded
    assert HEAVY.isdisjoint(name.partition(".")[0] for name in loaded)


def test_a_frozen_clock_loads_nothing_heavy_though_it_looks_at_every_name() -> None:
    loaded = loaded_by(
        "freezegun.freeze_time('2024-05-17').start()", after="import freezegun, pytest, pytest_smtpports.plugin"
    )

    assert "pytest_smtpports._harness._smtpports" in loaded
    assert HEAVY.isdisjoint(name.partition(".")[0] for name in loaded)


def test_ports_that_are_not_used_load_nothing_heavy() -> None:
    loaded = loaded_by("from pytest_smtpports import SMTPPorts; SMTPPorts().close()", after="import typing")

    assert "pytest_smtpports._harness._smtpports" in loaded
    assert HEAVY.isdisjoint(name.partition(".")[0] for name in loaded)


def test_the_command_line_loads_no_ports_before_it_opens_some() -> None:
    loaded = loaded_by("import pytest_smtpports._cli", after="import typing")

    assert not any(name.startswith(("pytest_smtpports._harness", "pytest_smtpports._server")) for name in loaded)
    assert HEAVY.isdisjoint(name.partition(".")[0] for name in loaded)


def test_the_guard_loads_nothing_heavy() -> None:
    loaded = loaded_by(
        "from pytest_smtpports._network._guard import Guard; guard = Guard(); guard.begin(); guard.end()",
        after="import typing",
    )

    assert HEAVY.union({"uvloop", "dns"}).isdisjoint(name.partition(".")[0] for name in loaded)


def test_the_package_loads_none_of_its_rooms() -> None:
    loaded = loaded_by("import pytest_smtpports", after="import typing")

    assert {name for name in loaded if name.startswith("pytest_smtpports")} == {"pytest_smtpports"}


def test_a_public_name_loads_its_own_room_alone() -> None:
    loaded = loaded_by("from pytest_smtpports import Profile", after="import typing")

    assert {".".join(name.split(".")[:2]) for name in loaded if name.startswith("pytest_smtpports")} == {
        "pytest_smtpports",
        "pytest_smtpports._data",
        "pytest_smtpports._errors",
        "pytest_smtpports._ports",
    }
    assert HEAVY.isdisjoint(name.partition(".")[0] for name in loaded)


def test_a_profile_reads_no_data_of_other_personalities() -> None:
    loaded = loaded_by(
        "from pytest_smtpports import PROFILES, _data; files = _data.load.cache_info().currsize; assert files == 0",
        after="import typing",
    )

    assert "pytest_smtpports._ports._personality" in loaded
