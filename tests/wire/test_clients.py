"""Other people's command-line clients against each port that they can speak to: curl, msmtp, swaks, openssl."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_smtpports import KINDRED, PROFILES, Outcome, SMTPPorts

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "ya29.t0ken"
SECRETS = {"XOAUTH2": TOKEN, "OAUTHBEARER": TOKEN}
MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER")
SENDER, RECIPIENT = "app@example.com", "ada@example.org"
HEADER = b"From: app@example.com\r\nTo: ada@example.org\r\nSubject: Welcome\r\n\r\n"
# Dots where they are doubled, eight bits, a blank at the end of a line, a line beyond 998 octets.
RAW = HEADER + "Hello Ada\r\n.\r\n..\r\n.dot\r\n\r\nGrüße \r\n".encode() + b"x" * 2000 + b"\r\n"
# Seconds after which a client that hangs is given up.
DEADLINE = 30

Completed = subprocess.CompletedProcess[bytes]
Run = Callable[..., Completed]


@pytest.fixture
def provider() -> Iterator[SMTPPorts]:
    profiles = [replace(profile, mechanisms=MECHANISMS) for profile in PROFILES.values()]
    with SMTPPorts([*profiles, KINDRED[24]]) as smtpports:
        smtpports.add_token("user", TOKEN)
        yield smtpports


@pytest.fixture
def run(tmp_path: Path) -> Run:
    # No settings of whoever runs the tests, and no proxy.
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}

    def complete(*command: str, said: bytes = b"") -> Completed:
        return subprocess.run(  # noqa: S603 # the clients that are tested
            command, input=said, capture_output=True, timeout=DEADLINE, env=environment, cwd=tmp_path, check=False
        )

    return complete


def assert_succeeded(completed: Completed) -> None:
    assert completed.returncode == 0, (completed.stdout, completed.stderr)


def assert_arrived(provider: SMTPPorts, number: int, *, tls: bool, raw: bytes = RAW) -> None:
    user = None if number in (24, 25) else "user"
    message = provider.assert_sent(mail_from=SENDER, recipients=RECIPIENT, port=number, tls=tls, user=user)
    assert message.raw == raw
    assert message.acknowledged


def mechanisms_of(provider: SMTPPorts) -> list[tuple[str, bool]]:
    return [(login.mechanism, login.succeeded) for login in provider.connections[-1].logins]


# curl


def curl(provider: SMTPPorts, number: int, *options: str) -> tuple[str, ...]:
    scheme = "smtps" if number == 465 else "smtp"
    url = f"{scheme}://127.0.0.1:{provider.ports[number].port}/client.example"
    envelope = ("--mail-from", SENDER, "--mail-rcpt", RECIPIENT)
    return ("curl", "--silent", "--show-error", "--cacert", provider.ca_file, "--url", url, *envelope, *options)


CURL_MODES = [
    (25, (), False),
    (465, ("--user", "user:password"), True),
    (587, ("--ssl-reqd", "--user", "user:password"), True),
    (2525, ("--ssl-reqd", "--user", "user:password"), True),
    (2525, ("--user", "user:password"), False),
]


@pytest.mark.parametrize(("number", "options", "tls"), CURL_MODES)
def test_curl_sends(provider: SMTPPorts, run: Run, number: int, options: tuple[str, ...], *, tls: bool) -> None:
    assert_succeeded(run(*curl(provider, number, "--upload-file", "-", *options), said=RAW))

    assert_arrived(provider, number, tls=tls)


def curl_login(mechanism: str, secret: str) -> tuple[str, ...]:
    by_token = ("--user", "user", "--oauth2-bearer", secret)
    login = by_token if mechanism in SECRETS else ("--user", f"user:{secret}")
    return ("--upload-file", "-", "--ssl-reqd", "--login-options", f"AUTH={mechanism}", *login)


@pytest.fixture(params=["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2", "OAUTHBEARER"])
def mechanism(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def choice(mechanism: str) -> Iterator[SMTPPorts]:
    # With a token curl takes OAUTHBEARER where it is offered, whatever it is told.
    offered = [name for name in MECHANISMS if name != "OAUTHBEARER" or name == mechanism]
    with SMTPPorts([replace(PROFILES[587], mechanisms=tuple(offered))]) as smtpports:
        smtpports.add_token("user", TOKEN)
        yield smtpports


@pytest.mark.parametrize("initial", [(), ("--sasl-ir",)], ids=["challenge", "initial"])
def test_curl_logs_in_by(choice: SMTPPorts, run: Run, mechanism: str, initial: tuple[str, ...]) -> None:
    login = curl_login(mechanism, SECRETS.get(mechanism, "password"))

    assert_succeeded(run(*curl(choice, 587, *login, *initial), said=RAW))
    assert_arrived(choice, 587, tls=True)
    assert mechanisms_of(choice) == [(mechanism, True)]


def test_curl_is_refused_by(choice: SMTPPorts, run: Run, mechanism: str) -> None:
    # CURLE_LOGIN_DENIED
    assert run(*curl(choice, 587, *curl_login(mechanism, "wrong")), said=RAW).returncode == 67

    choice.assert_not_sent()
    assert mechanisms_of(choice) == [(mechanism, False)]


@pytest.mark.parametrize("number", [465, 587])
def test_curl_does_not_trust_a_stranger(provider: SMTPPorts, run: Run, number: int) -> None:
    with SMTPPorts() as others:
        completed = run(*curl(provider, number, "--upload-file", "-", "--ssl-reqd", "--cacert", others.ca_file))

    # CURLE_PEER_FAILED_VERIFICATION
    assert completed.returncode == 60
    assert provider.connections[0].outcome is Outcome.TLS_FAILED


def test_curl_that_wants_no_tls_is_refused_on_587(provider: SMTPPorts, run: Run) -> None:
    assert run(*curl(provider, 587, "--upload-file", "-"), said=RAW).returncode != 0

    provider.assert_not_sent()
    assert provider.connections[0].outcome is Outcome.REFUSED


def test_curl_that_insists_on_tls_does_not_find_it_on_25(provider: SMTPPorts, run: Run) -> None:
    # CURLE_USE_SSL_FAILED
    assert run(*curl(provider, 25, "--upload-file", "-", "--ssl-reqd"), said=RAW).returncode == 64


def test_curl_announces_the_size_of_a_file(provider: SMTPPorts, run: Run, tmp_path: Path) -> None:
    (tmp_path / "mail.eml").write_bytes(RAW)

    assert_succeeded(run(*curl(provider, 25, "--upload-file", "mail.eml")))
    assert provider.messages.only.envelope.mail_parameters == (f"SIZE={len(RAW)}",)


def test_curl_asks_for_help_and_for_a_user(provider: SMTPPorts, run: Run) -> None:
    url = f"smtp://127.0.0.1:{provider.ports[25].port}/client.example"

    assert run("curl", "--silent", url, "--request", "HELP").stdout.startswith(b"214 2.0.0 EHLO HELO ")
    assert run("curl", "--silent", url, "--mail-rcpt", "ada", "--request", "VRFY").stdout.startswith(b"252 2.5.0 ")


# msmtp


@pytest.fixture
def msmtp(run: Run, provider: SMTPPorts, tmp_path: Path) -> Run:
    # It converts the line ends that a Unix program has.
    said = RAW.replace(b"\r\n", b"\n")

    def send(number: int, **settings: str) -> Completed:
        everything = {
            "host": "127.0.0.1",
            "port": str(provider.ports[number].port),
            "timeout": "10",
            "domain": "client.example",
            "from": SENDER,
            "user": "user",
            "password": "password",
            "tls_trust_file": provider.ca_file,
            "set_date_header": "off",
            "set_msgid_header": "off",
            **settings,
        }
        file = tmp_path / "msmtprc"
        file.touch(mode=0o600)
        file.write_text("".join(f"{name} {value}\n" for name, value in everything.items()), encoding="utf-8")
        return run("msmtp", f"--file={file}", RECIPIENT, said=said)

    return send


MSMTP_MODES = [
    (25, {}, False),
    (24, {"protocol": "lmtp"}, False),
    (465, {"tls": "on", "tls_starttls": "off", "auth": "plain"}, True),
    (587, {"tls": "on", "tls_starttls": "on", "auth": "plain"}, True),
    (2525, {"tls": "on", "auth": "on"}, True),
    (2525, {"tls": "off", "auth": "plain"}, False),
    (2525, {"tls": "off", "auth": "scram-sha-256"}, False),
]


@pytest.mark.parametrize(("number", "settings", "tls"), MSMTP_MODES)
def test_msmtp_sends(provider: SMTPPorts, msmtp: Run, number: int, settings: dict[str, str], *, tls: bool) -> None:
    assert_succeeded(msmtp(number, **settings))

    assert_arrived(provider, number, tls=tls)


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_msmtp_logs_in_by(provider: SMTPPorts, msmtp: Run, mechanism: str) -> None:
    secret = SECRETS.get(mechanism, "password")

    assert_succeeded(msmtp(587, tls="on", auth=mechanism.lower(), password=secret))
    assert_arrived(provider, 587, tls=True)
    assert mechanisms_of(provider) == [(mechanism, True)]


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_msmtp_is_refused_by(provider: SMTPPorts, msmtp: Run, mechanism: str) -> None:
    # EX_NOPERM
    assert msmtp(587, tls="on", auth=mechanism.lower(), password="wrong").returncode == 77

    provider.assert_not_sent()
    assert mechanisms_of(provider) == [(mechanism, False)]


def test_msmtp_asks_for_notifications(provider: SMTPPorts, msmtp: Run) -> None:
    # RFC 3461
    assert_succeeded(msmtp(25, dsn_notify="failure,delay", dsn_return="headers"))

    envelope = provider.messages.only.envelope
    assert envelope.mail_parameters == ("RET=HDRS",)
    assert envelope.recipient_parameters == (("NOTIFY=FAILURE,DELAY",),)


@pytest.mark.parametrize("number", [465, 587])
def test_msmtp_does_not_trust_a_stranger(provider: SMTPPorts, msmtp: Run, number: int) -> None:
    with SMTPPorts() as others:
        starttls = {465: "off", 587: "on"}[number]
        completed = msmtp(number, tls="on", tls_starttls=starttls, tls_trust_file=others.ca_file)

    assert completed.returncode != 0
    provider.assert_not_sent()


def test_msmtp_finds_no_login_on_25(provider: SMTPPorts, msmtp: Run) -> None:
    # EX_UNAVAILABLE
    assert msmtp(25, auth="plain").returncode == 69

    provider.assert_not_sent()


# swaks


def swaks(provider: SMTPPorts, number: int, *options: str) -> tuple[str, ...]:
    server = ("--server", f"127.0.0.1:{provider.ports[number].port}", "--timeout", "10", "--helo", "client.example")
    verified = ("--tls-verify", "--tls-ca-path", provider.ca_file)
    return ("swaks", *server, *verified, "--from", SENDER, "--to", RECIPIENT, "--data", "-", *options)


LOGIN = ("--auth-user", "user", "--auth-password", "password")
SWAKS_MODES = [
    (25, (), False),
    (25, ("--pipeline",), False),
    (24, ("--protocol", "LMTP"), False),
    (465, ("--tls-on-connect", "--auth", "PLAIN", *LOGIN), True),
    (587, ("--tls", "--auth", "PLAIN", *LOGIN), True),
    (587, ("--tls", "--auth", "LOGIN", *LOGIN), True),
    (587, ("--tls", "--auth", "CRAM-MD5", *LOGIN), True),
    (2525, ("--tls", "--auth", "CRAM-MD5", *LOGIN), True),
    (2525, ("--auth", "CRAM-MD5", *LOGIN), False),
    (2525, ("--auth", "PLAIN", *LOGIN), False),
]


@pytest.mark.parametrize(("number", "options", "tls"), SWAKS_MODES)
def test_swaks_sends(provider: SMTPPorts, run: Run, number: int, options: tuple[str, ...], *, tls: bool) -> None:
    # It ends the last line by itself.
    assert_succeeded(run(*swaks(provider, number, *options), said=RAW.removesuffix(b"\r\n")))

    assert_arrived(provider, number, tls=tls)
    assert provider.connections[0].outcome is Outcome.DELIVERED


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_swaks_is_refused_by(provider: SMTPPorts, run: Run, mechanism: str) -> None:
    login = ("--tls", "--auth", mechanism, "--auth-user", "user", "--auth-password", "wrong")

    # Its code for a login that failed
    assert run(*swaks(provider, 587, *login), said=RAW).returncode == 28
    assert mechanisms_of(provider) == [(mechanism, False)]


@pytest.mark.parametrize(("number", "mode"), [(465, "--tls-on-connect"), (587, "--tls")])
def test_swaks_does_not_trust_a_stranger(provider: SMTPPorts, run: Run, number: int, mode: str) -> None:
    with SMTPPorts() as others:
        completed = run(*swaks(provider, number, mode, "--tls-ca-path", others.ca_file), said=RAW)

    assert completed.returncode != 0
    provider.assert_not_sent()


# openssl


def s_client(provider: SMTPPorts, number: int, *options: str) -> tuple[str, ...]:
    starttls = () if number == 465 else ("-starttls", "smtp")
    address = f"127.0.0.1:{provider.ports[number].port}"
    verified = ("-CAfile", provider.ca_file, "-verify_return_error", "-verify_ip", "127.0.0.1")
    return ("openssl", "s_client", "-quiet", "-connect", address, *starttls, *verified, *options)


SESSION = (
    b"EHLO client.example\r\nAUTH PLAIN AHVzZXIAcGFzc3dvcmQ=\r\nMAIL FROM:<app@example.com>\r\n"
    b"RCPT TO:<ada@example.org>\r\nDATA\r\n" + RAW.replace(b"\r\n.", b"\r\n..") + b".\r\nQUIT\r\n"
)


@pytest.mark.parametrize("number", [465, 587, 2525])
@pytest.mark.parametrize("version", ["1_2", "1_3"])
def test_openssl_speaks_by_hand(provider: SMTPPorts, run: Run, number: int, version: str) -> None:
    completed = run(*s_client(provider, number, f"-tls{version}"), said=SESSION)

    assert_succeeded(completed)
    assert completed.stdout.endswith(b"250 2.0.0 Ok: message taken\r\n221 2.0.0 Bye\r\n")
    assert_arrived(provider, number, tls=True)
    tls = provider.messages.only.tls
    assert tls is not None
    assert tls.version == f"TLSv{version.replace('_', '.')}"


@pytest.mark.parametrize("number", [465, 587])
def test_openssl_finds_no_starttls_behind_tls(provider: SMTPPorts, run: Run, number: int) -> None:
    said = run(*s_client(provider, number), said=b"EHLO client.example\r\nSTARTTLS\r\nQUIT\r\n").stdout

    assert b"250-STARTTLS" not in said
    assert b"503 5.5.1 TLS is already active\r\n" in said


def test_openssl_finds_no_starttls_on_25(provider: SMTPPorts, run: Run) -> None:
    completed = run(*s_client(provider, 25), said=b"QUIT\r\n")

    assert b"Didn't find STARTTLS in server response" in completed.stderr + completed.stdout


@pytest.mark.parametrize("number", [465, 587])
@pytest.mark.parametrize(("mechanisms", "is_asked"), [(("PLAIN",), False), (("PLAIN", "EXTERNAL"), True)])
def test_openssl_is_asked_for_a_certificate_only_where_it_is_of_use(
    run: Run, number: int, mechanisms: tuple[str, ...], *, is_asked: bool
) -> None:
    # RFC 8314 §4.2
    with SMTPPorts([replace(PROFILES[number], mechanisms=mechanisms)]) as smtpports:
        completed = run(*s_client(smtpports, number, "-msg"), said=b"EHLO client.example\r\nQUIT\r\n")

    assert (b"CertificateRequest" in completed.stdout) is is_asked
    assert b"221 2.0.0 Bye\r\n" in completed.stdout
