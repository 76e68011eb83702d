import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from welcome import send_welcome_mail


@pytest.fixture(autouse=True)
def provider(smtpports):
    smtpports.route("smtp.example.com")


@pytest.fixture
def pool():
    with ThreadPoolExecutor(2) as pool:
        yield pool


def test_a_thread_sends_mail(smtpports):
    thread = threading.Thread(target=send_welcome_mail, args=["ada@example.org"])
    thread.start()

    mail = smtpports.wait_for(to="ada@example.org", timeout=5)

    assert mail.subject == "Welcome"
    thread.join(timeout=5)


def test_exactly_one_mail_comes_within_some_seconds(smtpports, pool):
    pool.submit(send_welcome_mail, "ada@example.org")

    smtpports.assert_sent(to="ada@example.org", within=5)


def test_three_mails_come_in_whatever_order(smtpports, pool):
    for name in ("ada", "bob", "grace"):
        pool.submit(send_welcome_mail, f"{name}@example.org")

    smtpports.assert_sent_times(3, subject="Welcome", within=5)


def test_what_came_before_is_not_what_is_expected(smtpports, pool):
    send_welcome_mail("ada@example.org")

    with smtpports.expect(to="ada@example.org", timeout=5) as expected:
        pool.submit(send_welcome_mail, "ada@example.org")

    assert expected.message is smtpports.messages[1]


def test_nothing_comes_after_a_while_either(smtpports):
    smtpports.assert_not_sent(settle=0.2)


def test_a_child_of_python_follows_the_route(smtpports):
    child = multiprocessing.get_context("spawn").Process(target=send_welcome_mail, args=["ada@example.org"])
    child.start()

    smtpports.wait_for(to="ada@example.org", port=587, tls=True, timeout=20)
    child.join(timeout=20)
    assert child.exitcode == 0
