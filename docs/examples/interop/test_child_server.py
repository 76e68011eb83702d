"""A server in a process of its own, started once for all tests."""

import os
import socket
import subprocess
import sys
from urllib.request import Request, urlopen

import pytest


@pytest.fixture(scope="session")
def shop(smtpports_server):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        number = listening.fileno()
        command = [sys.executable, "-m", "uvicorn", "asgi_shop:app", "--fd", str(number), "--log-level", "warning"]
        environment = os.environ | smtpports_server.env(587)
        with subprocess.Popen(command, pass_fds=[number], env=environment) as child:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
            child.terminate()


@pytest.mark.parametrize("user", ["ada@example.org", "grace@example.org"])
def test_a_new_user_is_sent_mail(shop, smtpports_server, user):
    with urlopen(Request(f"{shop}/sign-up/{user}", method="POST"), timeout=30) as response:
        assert response.status == 200

    smtpports_server.assert_sent(to=user, subject="Welcome", tls=True)
