"""What a safe client does, found out of clients that others wrote, safe ones and others."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import ssl
import subprocess
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import aiosmtplib
import anyio
import pytest
import trio

from pytest_smtpports import ConfigurationError, NoTimeoutWarning, SMTPPorts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.wire.conftest import Eventually

HOST = "smtp.example.com"
MAIL = "Subject: Welcome\r\n\r\nHello Ada\r\n"
KINDS = [
    "expired",
    "not-yet-valid",
    "wrong-host",
    "self-signed",
    "untrusted-root",
    "incomplete-chain",
    "weak-key",
    "wrong-usage",
]
CLIENTS = ["smtplib", "aiosmtplib", "Django", "Flask-Mail"]


@pytest.fixture(autouse=True)
def _routed(smtpports: SMTPPorts) -> None:
    smtpports.route(HOST)


def send_by_starttls(context: ssl.SSLContext | None = None) -> None:
    with smtplib.SMTP(HOST, 587, timeout=5) as client:
        client.starttls(context=context)
        client.login("user", "password")
        client.sendmail("app@example.com", "ada@example.org", MAIL)


def send_safely() -> None:
    send_by_starttls(ssl.create_default_context())


def send_at_once(context: ssl.SSLContext | None = None) -> None:
    with smtplib.SMTP_SSL(HOST, 465, timeout=5, context=context) as client:
        client.login("user", "password")
        client.sendmail("app@example.com", "ada@example.org", MAIL)


def send_if_it_can() -> None:
    """A client that goes on in clear where TLS fails."""
    try:
        send_safely()
    except ssl.SSLError:
        with smtplib.SMTP(HOST, 2525, timeout=5) as client:
            client.login("user", "password")
            client.sendmail("app@example.com", "ada@example.org", MAIL)


async def send_async(port: int = 587, **options: bool) -> None:
    await aiosmtplib.send(
        MAIL.encode(),
        sender="app@example.com",
        recipients=["ada@example.org"],
        hostname=HOST,
        port=port,
        username="user",
        password="password",
        timeout=5,
        **options,  # type: ignore[arg-type] # use_tls, start_tls, validate_certs
    )


def failure(assertion: Callable[..., object], *args: object) -> str:
    with pytest.raises(AssertionError) as caught:
        assertion(*args)
    return str(caught.value)


# Certificates


@pytest.mark.parametrize("send", [send_safely, lambda: send_at_once(ssl.create_default_context())])
def test_a_client_that_verifies_passes(smtpports: SMTPPorts, send: Callable[[], None]) -> None:
    smtpports.assert_verifies_certificate(send)

    assert [each.outcome for each in smtpports.connections] == ["delivered"] + ["tls-failed"] * len(KINDS)


@pytest.mark.parametrize("send", [send_by_starttls, send_at_once])
def test_smtplib_without_a_context_takes_every_certificate(smtpports: SMTPPorts, send: Callable[[], None]) -> None:
    lines = failure(smtpports.assert_verifies_certificate, send).splitlines()

    assert lines[0] == "Certificates that prove nothing were accepted:"
    assert [line.split(": ")[0].strip() for line in lines[1:9]] == KINDS
    assert "the client accepted a certificate that has expired" in lines[1]
    assert lines[9] == "How to mend it:"
    assert [line.split()[0] for line in lines[10:]] == CLIENTS
    assert "starttls(context=ssl.create_default_context())" in lines[10]


def test_a_client_that_looks_at_the_name_alone_is_found_out(smtpports: SMTPPorts) -> None:
    context = ssl.create_default_context()
    context.check_hostname = False

    told = failure(smtpports.assert_verifies_certificate, partial(send_by_starttls, context))

    assert [kind for kind in KINDS if f"\n  {kind}: " in told] == ["wrong-host"]


def test_a_client_that_goes_on_in_clear_is_found_out(smtpports: SMTPPorts) -> None:
    told = failure(smtpports.assert_verifies_certificate, send_if_it_can)

    lines = told.splitlines()
    assert lines[0] == "It went on in clear where a certificate proved nothing:"
    assert lines[1].startswith(f"  expired: {HOST}:2525: delivered: ")
    assert "EMAIL_USE_TLS = True" in told


def test_a_connection_that_is_kept_proves_nothing(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(HOST, timeout=5) as client:

        def send() -> None:
            if client.sock is None:
                client.connect(HOST, 587)
                client.starttls()
                client.login("user", "password")
            client.sendmail("app@example.com", "ada@example.org", MAIL)

        client.close()
        told = failure(smtpports.assert_verifies_certificate, send)

    assert told.startswith("It began no TLS behind a bad certificate (expired); perhaps it keeps a connection open, ")


def test_a_thread_that_sends_later_is_waited_for(smtpports: SMTPPorts, eventually: Eventually) -> None:
    threads: list[threading.Thread] = []

    def send_in_a_thread() -> None:
        begun = len(smtpports.connections)
        threads.append(threading.Thread(target=send_by_starttls))
        threads[-1].start()
        eventually(lambda: len(smtpports.connections) > begun)
        if len(threads) == 1:
            threads[-1].join(5)

    told = failure(smtpports.assert_verifies_certificate, send_in_a_thread)
    for thread in threads:
        thread.join(5)

    assert [kind for kind in KINDS if f"\n  {kind}: " in told] == KINDS


@pytest.mark.parametrize("options", [["--tlsv1.2", "--tls-max", "1.2"], ["--tlsv1.3"]])
def test_a_client_that_looks_at_the_certificate_behind_the_handshake_has_refused_it(
    smtpports: SMTPPorts, options: list[str], tmp_path: Path
) -> None:
    mail = tmp_path / "mail"
    mail.write_text(MAIL)
    address = "{}:{}".format(*smtpports.ports[465].address)
    command = ["curl", "-sS", f"smtps://{address}", "--cacert", str(smtpports.ca_file), "-m", "5", *options]
    command += ["-u", "user:password", "--mail-from", "a@e.com", "--mail-rcpt", "ada@example.org", "-T", str(mail)]

    smtpports.assert_verifies_certificate(lambda: subprocess.run(command, capture_output=True, timeout=20, check=True))  # noqa: S603 # our own words


def test_one_that_can_not_send_at_all_proves_nothing(smtpports: SMTPPorts) -> None:
    told = failure(
        smtpports.assert_verifies_certificate, partial(send_by_starttls, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    )

    assert told.startswith("It sent nothing by TLS behind a good certificate, so that nothing can be said of it.\n")
    assert "It raised SSLCertVerificationError: " in told
    assert f"{HOST}:587: TLS failed" in told
    assert 'smtpports.route("smtp.example.com")' in told


def test_one_that_sends_in_clear_proves_nothing(smtpports: SMTPPorts) -> None:
    def send() -> None:
        with smtplib.SMTP(HOST, 25, timeout=5) as client:
            client.sendmail("app@example.com", "ada@example.org", MAIL)

    assert "It sent nothing by TLS" in failure(smtpports.assert_verifies_certificate, send)


def test_what_the_code_under_test_asserts_itself_is_no_refusal(smtpports: SMTPPorts) -> None:
    def send() -> None:
        pytest.fail("no mail is configured")

    with pytest.raises(pytest.fail.Exception, match="no mail is configured"):
        smtpports.assert_verifies_certificate(send)
    send_safely()

    assert smtpports.assert_sent().tls


@pytest.mark.parametrize("options", [{"start_tls": True}, {"use_tls": True, "port": 465}])
@pytest.mark.parametrize("run", [asyncio.run, partial(anyio.run, backend="asyncio")])
def test_aiosmtplib_verifies_unless_it_is_told_not_to(
    smtpports: SMTPPorts, options: dict[str, bool], run: Callable[..., object]
) -> None:
    async def verify(send: Callable[[], object]) -> None:
        await smtpports.assert_verifies_certificate(send)  # type: ignore[misc,func-returns-value] # an async one

    async def main() -> None:
        await verify(partial(send_async, **options))
        with pytest.raises(AssertionError, match=r"accepted:\n  expired: "):
            await verify(lambda: send_async(**options, validate_certs=False))

    run(main) if run is not asyncio.run else run(main())


def test_a_client_under_trio_is_audited_as_well(smtpports: SMTPPorts) -> None:
    context = ssl.create_default_context()

    async def send() -> None:
        stream = await trio.open_ssl_over_tcp_stream(HOST, 465, ssl_context=context)
        async with stream:
            await stream.do_handshake()

    async def main() -> None:
        await smtpports.assert_verifies_certificate(send)

    trio.run(main)


def test_an_async_client_is_run_where_nobody_can_await_it(smtpports: SMTPPorts) -> None:
    smtpports.assert_verifies_certificate(lambda: send_async(start_tls=True))  # type: ignore[unused-awaitable,unused-ignore] # it is run
    with pytest.raises(AssertionError, match=r"accepted:\n  expired: "):
        smtpports.assert_verifies_certificate(lambda: send_async(start_tls=True, validate_certs=False))


@pytest.mark.parametrize("send", [None, 5, "send"])
@pytest.mark.parametrize("audit", ["assert_verifies_certificate", "assert_sets_timeout"])
def test_what_can_not_be_called_sends_nothing(smtpports: SMTPPorts, audit: str, send: Any) -> None:  # Any: wrong
    with pytest.raises(ConfigurationError, match="send is a function that sends a mail, such as"):
        getattr(smtpports, audit)(send)


# Timeouts


def test_a_client_with_a_timeout_passes_and_one_without_does_not(smtpports: SMTPPorts) -> None:
    started = time.monotonic()
    smtpports.assert_sets_timeout(send_safely)

    told = failure(smtpports.assert_sets_timeout, lambda: smtplib.SMTP(HOST, 587))

    assert time.monotonic() - started < 5
    lines = told.splitlines()
    assert lines[0] == "No timeout of 120 s or less was set:"
    assert lines[1].startswith(f"  {HOST}:587: blocked (drop): ")
    assert "the client has set no timeout" in lines[1]
    assert [line.split()[0] for line in lines[3:]] == [*CLIENTS, "asyncio"]


def test_a_timeout_that_is_longer_than_it_may_be_is_none(smtpports: SMTPPorts) -> None:
    smtpports.assert_sets_timeout(lambda: smtplib.SMTP(HOST, 587, timeout=10), at_most=10)
    told = failure(partial(smtpports.assert_sets_timeout, at_most=5), lambda: smtplib.SMTP(HOST, 587, timeout=10))

    assert told.startswith("No timeout of 5 s or less was set:\n")


@pytest.mark.filterwarnings("error")
def test_a_wait_that_was_found_out_is_not_warned_of_and_another_is(smtpports: SMTPPorts) -> None:
    smtpports.block(25)
    with pytest.raises(TimeoutError):
        smtplib.SMTP(HOST, 25)
    failure(smtpports.assert_sets_timeout, lambda: smtplib.SMTP(HOST, 587))

    with pytest.warns(NoTimeoutWarning) as told:
        smtpports.raise_failures()
    assert [f"{HOST}:25" in str(each.message) for each in told] == [True]


def test_a_client_that_waits_for_real_is_not_waited_for_longer_than_is_asked(smtpports: SMTPPorts) -> None:
    smtpports.real_time()
    started = time.monotonic()
    told = failure(partial(smtpports.assert_sets_timeout, at_most=0.3), lambda: smtplib.SMTP(HOST, 587))

    assert time.monotonic() - started < 10
    assert f"\n  {HOST}:587: blocked (" in told
    assert "; after 0.3 s it had not given up\n" in told
    smtpports.assert_sets_timeout(lambda: smtplib.SMTP(HOST, 587, timeout=0.2), at_most=5)


def test_an_async_client_is_asked_for_its_timeout_too(smtpports: SMTPPorts) -> None:
    async def dial() -> None:
        await asyncio.open_connection(HOST, 587)

    async def main() -> None:
        await smtpports.assert_sets_timeout(lambda: asyncio.wait_for(dial(), 0.3))
        with pytest.raises(AssertionError, match=r"No timeout of 0\.3 s or less was set"):
            await smtpports.assert_sets_timeout(dial, at_most=0.3)

    asyncio.run(main())


def test_one_that_dials_nothing_proves_nothing(smtpports: SMTPPorts) -> None:
    told = failure(smtpports.assert_sets_timeout, lambda: None)

    assert told.startswith("It dialled no port, so that nothing can be said of it.\n")
    send_safely()


@pytest.mark.parametrize("seconds", [0, -1, 121, "5", None, True])
def test_a_time_that_can_not_be_waited_for_is_told(smtpports: SMTPPorts, seconds: Any) -> None:  # Any: wrong
    with pytest.raises(ConfigurationError, match=f"at_most= takes seconds above 0, and up to 120, not {seconds!r}"):
        smtpports.assert_sets_timeout(send_safely, at_most=seconds)


# Secrets


def say(port: int, *lines: str) -> None:
    with socket.create_connection((HOST, port), 5) as client, client.makefile("rb") as replies:
        replies.readline()
        for line in lines:
            client.sendall(line.encode() + b"\r\n")
            while replies.readline()[3:4] == b"-":
                pass


SECRET = "AHVzZXIAcGFzc3dvcmQ="


def test_secrets_under_tls_are_no_secrets_in_clear(smtpports: SMTPPorts) -> None:
    send_safely()
    send_at_once()

    smtpports.assert_no_cleartext_credentials()


@pytest.mark.parametrize(
    ("lines", "mechanism"),
    [
        (["AUTH PLAIN " + SECRET], "PLAIN"),
        (["AUTH PLAIN", SECRET], "PLAIN"),
        (["auth login dXNlcg==", "cGFzc3dvcmQ="], "LOGIN"),
        (["AUTH LOGIN", "dXNlcg==", "cGFzc3dvcmQ="], "LOGIN"),
        (["AUTH PLAIN d3JvbmcAd3JvbmcAd3Jvbmc="], "PLAIN"),
    ],
)
def test_a_secret_in_clear_is_told_without_saying_it(smtpports: SMTPPorts, lines: list[str], mechanism: str) -> None:
    say(2525, "EHLO app.example.com", *lines)

    told = failure(smtpports.assert_no_cleartext_credentials)

    assert told.startswith(f"Credentials were sent in clear:\n  {HOST}:2525: ")
    assert f"; said by AUTH {mechanism}\n" in told
    assert "EMAIL_USE_TLS = True" in told
    assert SECRET not in told
    assert "password" not in told


def test_a_secret_that_was_refused_was_said_all_the_same(smtpports: SMTPPorts) -> None:
    # Port 587 takes no login before STARTTLS; who sends one has told it.
    say(587, "EHLO app.example.com", "AUTH PLAIN " + SECRET)

    assert "said by AUTH PLAIN" in failure(smtpports.assert_no_cleartext_credentials)


@pytest.mark.parametrize(
    "lines", [["AUTH CRAM-MD5", "dXNlciBmZg=="], ["AUTH LOGIN", "*"], ["AUTH LOGIN dXNlcg==", "*"], ["AUTH"], ["NOOP"]]
)
def test_what_holds_no_secret_is_none(smtpports: SMTPPorts, lines: list[str]) -> None:
    say(2525, "EHLO app.example.com", *lines)

    smtpports.assert_no_cleartext_credentials()


def test_a_secret_before_starttls_was_said_in_clear(smtpports: SMTPPorts) -> None:
    with smtplib.SMTP(HOST, 2525, timeout=5) as client:
        client.login("user", "password")
        client.docmd("RSET")
    with smtplib.SMTP(HOST, 2525, timeout=5) as client:
        client.starttls(context=ssl.create_default_context())
        client.login("user", "password")

    told = failure(smtpports.assert_no_cleartext_credentials)

    assert told.count("said by AUTH") == 1
