"""Processes that a test starts follow its routes: Python's, however they are started."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_smtpports import SMTPPorts
from pytest_smtpports._harness._surroundings import Surroundings
from pytest_smtpports._network._child import WrittenTable
from pytest_smtpports._network._children import Children

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.wire.conftest import Questioned

HOST = "smtp.example.com"
# A Python in which nothing of ours is installed.
BARE = str(Path(sys.base_prefix, "bin", f"python3.{sys.version_info.minor}"))
SEND = f"""
import smtplib, ssl
with smtplib.SMTP("{HOST}", 587, timeout=10) as client:
    client.starttls(context=ssl.create_default_context())
    client.login("user", "password")
    client.sendmail("app@example.com", "ada@example.org", "Subject: Welcome")
"""
DIAL = f"""
import socket, sys
try:
    socket.create_connection(("{HOST}", int(sys.argv[1])), 10).close()
except OSError as error:
    print(type(error).__name__, error.errno)
else:
    print("connected")
"""


@pytest.fixture(autouse=True)
def _put_back() -> Iterator[None]:
    before = os.environ.get("PYTHONPATH")
    yield
    assert os.environ.get("PYTHONPATH") == before


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 # our own words
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


def execute(method: str, code: str, times: int) -> None:
    """Have the processes of a pool execute some code, and end."""
    with multiprocessing.get_context(method).Pool(2) as pool:
        # What a test's module defines can't be imported in another process.
        pool.starmap_async(exec, [(code, {}) for _ in range(times)]).get(60)
        # Rather than be ended in the middle of what they do last.
        pool.close()
        pool.join()


def test_a_child_sends_by_a_routed_name_with_the_certificate_checked(smtpports: SMTPPorts) -> None:
    smtpports.route(HOST)
    run(sys.executable, "-c", SEND)

    assert smtpports.assert_sent(port=587, tls=True).host == HOST


def test_a_python_that_has_nothing_of_ours_installed_follows_too(smtpports: SMTPPorts) -> None:
    smtpports.route(HOST)
    run(BARE, "-c", SEND)

    smtpports.assert_sent(port=587, host=HOST)


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_pools_follow_however_they_are_started(smtpports: SMTPPorts, method: str) -> None:
    smtpports.route(HOST)
    execute(method, SEND, times=4)

    assert [message.host for message in smtpports.messages] == [HOST] * 4


def test_a_loop_in_a_child_follows(smtpports: SMTPPorts) -> None:
    smtpports.route(HOST).block(587, how="dns")
    program = f"""
import asyncio

async def main():
    reader, writer = await asyncio.open_connection("{HOST}", 25)
    print((await reader.readline()).decode().strip())
    writer.close()
    try:
        await asyncio.open_connection("{HOST}", 587)
    except OSError as error:
        print(type(error).__name__)

asyncio.run(main())
"""

    assert run(BARE, "-c", program) == f"220 {HOST} ESMTP ready\ngaierror"


def test_a_child_is_told_the_mail_exchangers_of_a_routed_domain(smtpports: SMTPPorts) -> None:
    smtpports.route("mx1.example.org", "mx2.example.org", "*.example.org")
    program = """
import dns.resolver
found = dns.resolver.Resolver(configure=False).resolve("example.org", "MX")
print(*sorted(f"{each.preference} {each.exchange}" for each in found))
"""

    assert run(sys.executable, "-c", program) == "10 mx1.example.org. 20 mx2.example.org."


@pytest.mark.parametrize("name", ["a.example.org", "a.b.c.example.org", "A.B.Example.ORG"])
def test_a_child_verifies_each_name_that_a_pattern_means(smtpports: SMTPPorts, name: str) -> None:
    smtpports.route("*.example.org")
    run(BARE, "-c", SEND.replace(HOST, name))

    assert smtpports.assert_sent(port=587, tls=True).host == "*.example.org"


def test_a_forked_pool_reaches_what_a_pattern_means(smtpports: SMTPPorts) -> None:
    smtpports.route("*.example.org")
    with warnings.catch_warnings():
        # Python 3.12 and later warn of threads, and we have one.
        warnings.simplefilter("ignore")
        execute("fork", SEND.replace(HOST, "a.b.example.org"), times=4)

    assert [message.port for message in smtpports.messages] == [587] * 4


def test_a_child_of_a_child_follows(smtpports: SMTPPorts) -> None:
    smtpports.route(HOST)
    execute("spawn", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SEND!r}], timeout=20)", times=1)

    smtpports.assert_sent(port=587, host=HOST)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("refuse", "ConnectionRefusedError 111"),
        ("net-unreachable", "OSError 101"),
        ("host-unreachable", "OSError 113"),
        ("prohibited", "PermissionError 13"),
        ("dns", "gaierror -2"),
        ("silent", "connected"),
    ],
)
def test_a_child_meets_the_blocks_of_a_routed_name_those_of_the_patch_among_them(
    smtpports: SMTPPorts, how: str, said: str
) -> None:
    smtpports.route(HOST).block(25, how=how)

    assert run(sys.executable, "-c", DIAL, "25") == said
    assert run(sys.executable, "-c", DIAL, "587") == "connected"


def test_a_number_that_is_not_emulated_is_refused_to_a_child(smtpports: SMTPPorts) -> None:
    smtpports.route(HOST)

    assert run(sys.executable, "-c", DIAL, "2526") == "ConnectionRefusedError 111"


def test_a_child_that_lives_on_follows_every_change(smtpports: SMTPPorts, questioned: Questioned) -> None:
    route = smtpports.route(HOST)
    dial = DIAL.replace("int(sys.argv[1])", "25")
    program = f"import sys\nfor line in sys.stdin:\n    exec({dial!r})\n    sys.stdout.flush()"
    with questioned(sys.executable, "-c", program) as asked:
        assert asked() == "connected"
        with route.block(25, how="refuse"):
            assert asked() == "ConnectionRefusedError 111"
        assert asked() == "connected"


def test_a_sitecustomize_of_the_users_own_is_loaded_as_well(
    smtpports: SMTPPorts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text("import builtins; builtins.customized = True")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with smtpports.route(HOST):
        assert run(sys.executable, "-c", f"print(customized)\n{DIAL}", "25") == "True\nconnected"
    assert os.environ["PYTHONPATH"] == str(tmp_path)


@pytest.mark.parametrize("last", [0, 1])
def test_two_providers_are_followed_until_each_is_gone(last: int) -> None:
    with SMTPPorts() as one, SMTPPorts() as other:
        routes = [one.route("one.example.com", HOST), other.route("other.example.com", HOST)]
        routes.pop(1 - last).remove()
        run(sys.executable, "-c", SEND)

        assert [len(each.messages) for each in (one, other)] == ([1, 0] if last == 0 else [0, 1])


def test_the_later_of_two_that_share_their_surroundings_is_followed() -> None:
    surroundings = Surroundings()
    with SMTPPorts(_surroundings=surroundings) as one, SMTPPorts(_surroundings=surroundings) as other:
        one.route(HOST)
        with other.route(HOST):
            run(sys.executable, "-c", SEND)
        run(sys.executable, "-c", SEND)

        assert [len(each.messages) for each in (one, other)] == [1, 1]
    surroundings.rest()


def test_a_child_that_can_not_follow_says_so(tmp_path: Path) -> None:
    from pytest_smtpports._network._children import _BOOT

    routes = tmp_path / "routes.json"
    routes.write_text("{}")
    nowhere = tmp_path / "nowhere"
    (tmp_path / "sitecustomize.py").write_text(_BOOT.format(routes=str(routes), package=str(nowhere)))
    command = [BARE, "-c", "print('goes on')"]
    environment = {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)  # noqa: S603 # ours

    assert done.stdout == "goes on\n"
    assert done.stderr.startswith("pytest-smtpports: routes do not hold in this process: ModuleNotFoundError")


# The folder


def test_the_folder_is_gone_with_the_surroundings_and_has_the_same_name_again() -> None:
    surroundings = Surroundings()
    folders = []
    for _ in range(2):
        with SMTPPorts(_surroundings=surroundings) as smtpports, smtpports.route(HOST):
            folders.append(Path(os.environ["PYTHONPATH"].split(os.pathsep)[0]))
            assert sorted(path.name for path in folders[-1].iterdir()) == ["routes.json", "sitecustomize.py"]
        assert not (folders[-1] / "routes.json").exists()
        surroundings.rest()
        assert not folders[-1].exists()

    assert folders[0] == folders[1]


def test_a_name_that_somebody_else_has_taken_meanwhile_is_theirs() -> None:
    children = Children()
    first = children._made()
    children.close()
    first.mkdir()
    try:
        second = children._made()
        assert second != first
        assert list(first.iterdir()) == []
    finally:
        first.rmdir()
        children.close()


def test_who_was_not_followed_can_leave() -> None:
    children = Children()
    folder = children._made()
    children.leave(object())

    assert [path.name for path in folder.iterdir()] == ["sitecustomize.py"]
    children.close()


# What a child reads


@pytest.fixture
def table(tmp_path: Path) -> WrittenTable:
    ports: dict[str, Any] = {
        "25": {"to": ["127.0.0.1", 4025]},
        "465": {"to": ["127.0.0.1", 4465], "hidden": True},
        "587": {"error": errno.ENETUNREACH},
    }
    (tmp_path / "routes.json").write_text(json.dumps({HOST: ports, "hidden.example.com": {"25": {"hidden": True}}}))
    return WrittenTable(tmp_path / "routes.json")


def dialled(table: WrittenTable, port: int, family: int = socket.AF_INET) -> object:
    found = table.destination(HOST, "", port)
    assert found is not None
    with socket.socket(family) as client:
        return found.dial(client, lambda address: address)


def test_a_written_route_leads_where_it_says(table: WrittenTable) -> None:
    assert (table.routes(HOST), table.routes("example.com")) == (True, False)
    assert dialled(table, 25) == ("127.0.0.1", 4025)
    assert dialled(table, 25, socket.AF_INET6) == ("::ffff:127.0.0.1", 4025)
    with pytest.raises(OSError, match="unreachable"):
        dialled(table, 587)
    with pytest.raises(ConnectionRefusedError):
        dialled(table, 2525)
    assert table.destination("example.com", "", 25) is None
    assert table.destination(None, "127.0.0.1", 25) is None


def test_a_written_name_is_hidden_as_it_says(table: WrittenTable) -> None:
    assert [table.look_up(HOST, port) for port in (25, 587, 26, None)] == [True] * 4
    assert not table.look_up("example.com", 25)
    for name, port in ((HOST, 465), ("hidden.example.com", 25), ("hidden.example.com", None)):
        with pytest.raises(socket.gaierror):
            table.look_up(name, port)


def test_a_file_that_is_gone_routes_nothing_and_one_that_comes_again_does(table: WrittenTable, tmp_path: Path) -> None:
    assert table.routes(HOST)
    written = (tmp_path / "routes.json").read_text()
    (tmp_path / "routes.json").unlink()
    assert not table.routes(HOST)
    (tmp_path / "routes.json").write_text(written)
    assert table.routes(HOST)


def test_a_child_installs_what_is_written(tmp_path: Path) -> None:
    from pytest_smtpports._network import _child

    with socket.create_server(("127.0.0.1", 0)) as listening:
        ports = {"25": {"to": list(listening.getsockname())}}
        (tmp_path / "routes.json").write_text(json.dumps({HOST: ports}))
        uninstall = _child.install(str(tmp_path / "routes.json"))
        try:
            with socket.create_connection((HOST, 25), 5) as client:
                assert client.getpeername() == listening.getsockname()
        finally:
            uninstall()
