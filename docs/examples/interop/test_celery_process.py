"""A Celery worker in a process of its own, started once for all tests."""

import os
import subprocess
import sys

import pytest
from celery import Celery

WORKER = [sys.executable, "-m", "celery", "-A", "celery_shop", "worker", "--pool", "solo", "--loglevel", "ERROR"]


@pytest.fixture(scope="session")
def queue(smtpports_server, tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("queue"))
    environment = os.environ | smtpports_server.env(587) | {"SHOP_QUEUE": folder}
    options = {"data_folder_in": folder, "data_folder_out": folder, "control_folder": f"{folder}/control"}
    with subprocess.Popen(WORKER, env=environment) as child:
        yield Celery("shop", broker="filesystem://", broker_transport_options=options)
        child.kill()


@pytest.mark.parametrize("user", ["ada@example.org", "grace@example.org"])
def test_a_new_user_is_sent_mail(queue, smtpports_server, user):
    with smtpports_server.expect(to=user, subject="Welcome", tls=True, timeout=30) as expected:
        queue.send_task("celery_shop.send_welcome_mail", [user])

    assert expected.message.port == 587
