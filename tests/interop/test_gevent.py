"""gevent, which has a socket module of its own, before a route and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SEND = """
import smtplib, socket
from pytest_smtpports import SMTPPorts

def send(number):
    with smtplib.SMTP("smtp.example.com", 25, timeout=10) as client:
        client.sendmail("app@example.com", "ada@example.org", f"Subject: {number}\\r\\n\\r\\n")
"""


def test_greenlets_of_a_process_that_was_patched_before_send_by_a_routed_name(run: Callable[[str], str]) -> None:
    said = run(f"""
from gevent import monkey
monkey.patch_all()
import gevent
{SEND}
found = dict(vars(socket.socket)), socket.getaddrinfo
with SMTPPorts() as smtpports:
    smtpports.route("smtp.example.com")
    sending = [gevent.spawn(send, number) for number in range(20)]
    gevent.joinall(sending, raise_error=True, timeout=30)
    subjects = sorted(int(message.subject) for message in smtpports.messages)
    assert subjects == list(range(20)), subjects
assert (dict(vars(socket.socket)), socket.getaddrinfo) == found
print("put back")
""")

    assert said == "put back"


def test_a_block_is_met_by_greenlets_too(run: Callable[[str], str]) -> None:
    said = run(f"""
from gevent import monkey
monkey.patch_all()
import gevent
{SEND}
with SMTPPorts() as smtpports:
    smtpports.route("smtp.example.com")
    smtpports.block(25, how="drop")

    def meet():
        try:
            send(1)
        except OSError as error:
            print(type(error).__name__, [each.outcome.value for each in smtpports.connections])

    gevent.spawn(meet).join(20)
""")

    assert said == "TimeoutError ['blocked']"


def test_mail_can_be_awaited_while_greenlets_send_it(run: Callable[[str], str]) -> None:
    said = run(f"""
from gevent import monkey
monkey.patch_all()
import gevent
{SEND}
with SMTPPorts() as smtpports:
    smtpports.route("smtp.example.com")
    gevent.spawn_later(0.1, send, 1)
    print(smtpports.wait_for(subject="1", timeout=10).host)
""")

    assert said == "smtp.example.com"


def test_a_process_that_is_patched_after_the_route_sends_by_it_all_the_same_or_is_refused_here(
    run: Callable[[str], str],
) -> None:
    said = run(f"""
{SEND}
with SMTPPorts() as smtpports:
    smtpports.route("smtp.example.com")
    from gevent import monkey
    monkey.patch_socket()
    try:
        send(1)
    except OSError as error:
        print(type(error).__name__, len(smtpports.messages))
""")

    assert said == "ConnectionRefusedError 0"


def test_greenlets_send_by_tls_with_the_certificate_checked(run: Callable[[str], str]) -> None:
    said = run(f"""
from gevent import monkey
monkey.patch_all()
import gevent, ssl
{SEND}
def send_safely(number):
    context = ssl.create_default_context()
    kind = smtplib.SMTP_SSL if number == 465 else smtplib.SMTP
    with kind("smtp.example.com", number, timeout=10, **({{"context": context}} if number == 465 else {{}})) as client:
        if number != 465:
            client.starttls(context=context)
        client.login("user", "password")
        client.sendmail("app@example.com", "ada@example.org", "Subject: Hello\\r\\n\\r\\n")

with SMTPPorts() as smtpports:
    smtpports.route("smtp.example.com")
    gevent.joinall([gevent.spawn(send_safely, number) for number in (465, 587, 2525)], raise_error=True, timeout=30)
    print(sorted(message.port for message in smtpports.messages if message.tls.sni))
""")

    assert said == "[465, 587, 2525]"


def test_a_block_is_laid_and_lifted_where_greenlets_send(run: Callable[[str], str]) -> None:
    said = run(f"""
from gevent import monkey
monkey.patch_all()
{SEND}
with SMTPPorts() as smtpports:
    smtpports.route("smtp.example.com")
    for how in ("refuse", "silent", "drop", "close", "reset", "throttle"):
        send(1)
        smtpports.block(25, how=how).remove()
    send(2)
    print(len(smtpports.messages))
""")

    assert said == "7"
