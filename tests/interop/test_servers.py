"""Applications that run in processes of their own, started once: they find the session's ports, and follow routes."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from celery import Celery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_smtpports import SMTPPorts

HOST = "smtp.example.com"
# The application sends to a provider's host and knows nothing of tests.
ASGI = f"""
import smtplib, ssl
import aiosmtplib
from fastapi import FastAPI

app = FastAPI()
MAIL = "Subject: Welcome\\r\\n\\r\\nHello"


@app.post("/smtplib/{{address}}")
def by_smtplib(address: str) -> str:
    try:
        with smtplib.SMTP("{HOST}", 587, timeout=10) as client:
            client.starttls(context=ssl.create_default_context())
            client.login("user", "password")
            client.sendmail("app@example.com", address, MAIL)
    except OSError as error:
        return type(error).__name__
    return "sent"


@app.post("/aiosmtplib/{{address}}")
async def by_aiosmtplib(address: str) -> str:
    login = {{"username": "user", "password": "password"}}
    try:
        async with aiosmtplib.SMTP(hostname="{HOST}", port=587, start_tls=True, timeout=10, **login) as client:
            await client.sendmail("app@example.com", [address], MAIL)
    except OSError as error:
        return type(error).__name__
    return "sent"
"""
# Implicit TLS with the certificate checked, as Node does by itself.
NODE = f"""
const tls = require("tls");
const server = require("http").createServer((request, response) => {{
  const client = tls.connect({{ host: "{HOST}", port: 465 }});
  const to = request.url.split("/").pop();
  const lines = ["EHLO shop.example.com", "AUTH PLAIN AHVzZXIAcGFzc3dvcmQ=", "MAIL FROM:<app@example.com>",
    `RCPT TO:<${{to}}>`, "DATA", "Subject: Welcome\\r\\n\\r\\nHello\\r\\n.", "QUIT"];
  let said = "";
  client.on("data", (data) => {{
    said += data;
    const last = said.split("\\r\\n").at(-2) ?? "";
    if (said.endsWith("\\r\\n") && last[3] === " " && lines.length) client.write(lines.shift() + "\\r\\n");
  }});
  client.on("error", (error) => response.end(error.code));
  client.on("close", () => response.end(said.endsWith("Bye\\r\\n") ? "sent" : said));
}});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.on("end", () => process.exit()).resume();
"""
CELERY = """
import os, smtplib, ssl
from celery import Celery

app = Celery("shop", broker="filesystem://")
app.conf.broker_transport_options = {"data_folder_in": "queue", "data_folder_out": "queue", "control_folder": "control"}
app.conf.broker_connection_retry_on_startup = True


@app.task
def welcome(address):
    with smtplib.SMTP(os.environ["SMTP_HOST"], int(os.environ["SMTP_PORT"]), timeout=10) as client:
        client.starttls(context=ssl.create_default_context())
        client.login(os.environ["SMTP_USERNAME"], os.environ["SMTP_PASSWORD"])
        client.sendmail("app@example.com", address, "Subject: Welcome")
"""
# What the clients raise at a port that refuses.
REFUSED = {"smtplib": "ConnectionRefusedError", "aiosmtplib": "SMTPConnectError"}


def post(port: int, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", path)
        return connection.getresponse().read().decode().strip('"')
    finally:
        connection.close()


@contextmanager
def running(command: list[str], folder: Path, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A program in a folder of its own; what it says stands there in a file. The options are those of `Popen`."""
    with (folder / "said").open("w") as said:
        options = {"cwd": folder, "stderr": said, "stdout": said, "text": True, **options}
        with subprocess.Popen(command, **options) as child:  # noqa: S603 # our own words
            yield child
            child.terminate()


@pytest.fixture(scope="module")
def asgi(smtpports_server: SMTPPorts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("asgi")
    (folder / "shop.py").write_text(ASGI)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        number = listening.fileno()
        command = [sys.executable, "-m", "uvicorn", "shop:app", "--fd", str(number)]
        # Whoever starts while a route holds follows the later ones too.
        with smtpports_server.route(HOST), running(command, folder, pass_fds=[number]):
            yield listening.getsockname()[1]


@pytest.fixture(scope="module")
def node(smtpports_server: SMTPPorts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    if (executable := shutil.which("node")) is None:
        pytest.skip("there is no node")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    command, folder = [executable, "-e", NODE], tmp_path_factory.mktemp("node")
    with smtpports_server.route(HOST), running(command, folder, **pipes) as child:
        assert child.stdout is not None
        yield int(child.stdout.readline())


@pytest.fixture(scope="module")
def celery(smtpports_server: SMTPPorts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], None]]:
    folder = tmp_path_factory.mktemp("celery")
    (folder / "shop.py").write_text(CELERY)
    for name in ("queue", "control"):
        (folder / name).mkdir()
    command = [sys.executable, "-m", "celery", "-A", "shop", "worker", "--pool=solo", "--without-mingle"]
    shop = Celery("shop", broker="filesystem://", set_as_current=False)
    shop.conf.broker_transport_options = {
        "data_folder_in": folder / "queue",
        "data_folder_out": folder / "queue",
        "control_folder": folder / "control",
    }

    def call(address: str) -> None:
        shop.send_task("shop.welcome", [address])

    with shop, running(command, folder, env=os.environ | smtpports_server.env()):
        yield call


@pytest.mark.parametrize("user", ["ada@example.org", "grace@example.org"])
@pytest.mark.parametrize("client", ["smtplib", "aiosmtplib"])
def test_uvicorn_follows_the_route_of_each_test(smtpports_server: SMTPPorts, asgi: int, client: str, user: str) -> None:
    smtpports_server.route(HOST)

    assert post(asgi, f"/{client}/{user}") == "sent"
    smtpports_server.assert_sent(recipients=user, host=HOST, port=587, tls=True)


@pytest.mark.parametrize("client", REFUSED)
def test_uvicorn_meets_the_block_of_a_test(smtpports_server: SMTPPorts, asgi: int, client: str) -> None:
    smtpports_server.route(HOST)
    smtpports_server.block(587, how="refuse")

    assert post(asgi, f"/{client}/ada@example.org") == REFUSED[client]
    smtpports_server.assert_not_sent()


@pytest.mark.parametrize("user", ["ada@example.org", "grace@example.org"])
def test_a_server_of_node_follows_the_route_of_each_test(smtpports_server: SMTPPorts, node: int, user: str) -> None:
    smtpports_server.route(HOST)

    assert post(node, f"/{user}") == "sent"
    smtpports_server.assert_sent(recipients=user, host=HOST, port=465, tls=True)


@pytest.mark.parametrize("user", ["ada@example.org", "grace@example.org"])
def test_a_worker_of_celery_finds_the_port_in_its_environment(
    smtpports_server: SMTPPorts, celery: Callable[[str], None], user: str
) -> None:
    celery(user)

    assert smtpports_server.wait_for(recipients=user, port=587, tls=True, timeout=60).user == "user"
