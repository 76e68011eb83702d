"""A Celery worker in a thread of the test's process, which follows the routes of each test."""

import pytest
from celery.contrib.testing.worker import start_worker
from celery_shop import app, send_welcome_mail


@pytest.fixture(scope="module", autouse=True)
def worker():
    with start_worker(app, perform_ping_check=False):
        yield


@pytest.mark.smtpports(route="smtp.example.com")
@pytest.mark.parametrize("user", ["ada@example.org", "grace@example.org"])
def test_a_new_user_is_sent_mail(smtpports, user):
    send_welcome_mail.delay(user)

    smtpports.wait_for(to=user, host="smtp.example.com", port=587, tls=True, timeout=10)


@pytest.mark.smtpports(route="smtp.example.com")
def test_the_task_itself_needs_no_worker(smtpports):
    send_welcome_mail("ada@example.org")

    smtpports.assert_sent(to="ada@example.org")
