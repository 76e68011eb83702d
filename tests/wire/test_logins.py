"""Logins by every mechanism: as bytes, and by the clients of the world (RFC 4954)."""

from __future__ import annotations

import hashlib
import hmac
import logging
import smtplib
import ssl
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import aiosmtplib
import pytest

from pytest_smtpports import PROFILES, ConfigurationError, Outcome, SMTPPorts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.wire.conftest import Connected, Dial, Eventually, RawClient

PASSWORD = "s3cret-p4ssword"
TOKEN = "ya29.s3cret-t0ken-vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg"
OK = "235 2.7.0 Authentication successful\r\n"
REFUSED = "535 5.7.8 Authentication credentials invalid\r\n"
MAIL = "Subject: Welcome\r\n\r\nHello Ada\r\n"
ALL = ("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER", "EXTERNAL")
WITH_INITIAL = ("PLAIN", "LOGIN", "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER")

Responses = Callable[[bytes], bytes]


def encoded(response: bytes) -> str:
    return b64encode(response).decode()


# What a client answers to each challenge


class Scram:
    """RFC 5802, RFC 7677, from the client's side."""

    def __init__(self, name: str, password: str) -> None:
        self._password = password.encode()
        self._bare = f"n={name},r=fyko+d2lbbFgONRv9qkxdawL"
        self._step = 0
        self._server_signature = b""

    def __call__(self, challenge: bytes) -> bytes:
        self._step += 1
        return {1: self._first, 2: self._final, 3: self._verified}[self._step](challenge)

    def _first(self, challenge: bytes) -> bytes:
        assert challenge == b""
        return f"n,,{self._bare}".encode()

    def _final(self, challenge: bytes) -> bytes:
        said = dict(part.split("=", 1) for part in challenge.decode().split(","))
        assert said["r"].startswith("fyko+d2lbbFgONRv9qkxdawL")
        assert int(said["i"]) >= 4096
        unproved = f"c=biws,r={said['r']}"
        signed = f"{self._bare},{challenge.decode()},{unproved}".encode()
        salted = hashlib.pbkdf2_hmac("sha256", self._password, b64decode(said["s"]), int(said["i"]))
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        signature = hmac.digest(hashlib.sha256(client_key).digest(), signed, "sha256")
        self._server_signature = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), signed, "sha256")
        proof = bytes(key ^ mask for key, mask in zip(client_key, signature, strict=True))
        return f"{unproved},p={encoded(proof)}".encode()

    def _verified(self, challenge: bytes) -> bytes:
        assert challenge == b"v=" + b64encode(self._server_signature)
        return b""


def plain(name: str, password: str) -> Responses:
    return lambda _: f"\0{name}\0{password}".encode()


def login(name: str, password: str) -> Responses:
    # The name goes with an initial response too, where there is no challenge to answer.
    return lambda challenge: (password if challenge == b"Password:" else name).encode()


def cram_md5(name: str, password: str) -> Responses:
    return lambda challenge: f"{name} {hmac.new(password.encode(), challenge, 'md5').hexdigest()}".encode()


def xoauth2(name: str, token: str) -> Responses:
    return lambda challenge: b"" if challenge else f"user={name}\1auth=Bearer {token}\1\1".encode()


def oauthbearer(name: str, token: str) -> Responses:
    said = f"n,a={name},\1host=localhost\1port=587\1auth=Bearer {token}\1\1".encode()
    return lambda challenge: b"\1" if challenge else said


def external(name: str, _secret: str) -> Responses:
    return lambda _: name.encode()


CLIENTS: dict[str, Callable[[str, str], Responses]] = {
    "PLAIN": plain,
    "LOGIN": login,
    "CRAM-MD5": cram_md5,
    "SCRAM-SHA-256": Scram,
    "XOAUTH2": xoauth2,
    "OAUTHBEARER": oauthbearer,
    "EXTERNAL": external,
}
SECRETS = {**dict.fromkeys(CLIENTS, PASSWORD), "XOAUTH2": TOKEN, "OAUTHBEARER": TOKEN}


def exchange(client: RawClient, mechanism: str, responses: Responses, *, initial: bool = False) -> str:
    reply = client.ask(f"AUTH {mechanism}" + (f" {encoded(responses(b''))}" if initial else ""))
    while reply.startswith("334 "):
        reply = client.ask(encoded(responses(b64decode(reply[4:]))))
    return reply


# A port with every mechanism


@pytest.fixture
def provider() -> Iterator[SMTPPorts]:
    profiles = [replace(PROFILES[number], mechanisms=ALL) for number in (465, 587, 2525)]
    with SMTPPorts(profiles, password=PASSWORD) as smtpports:
        smtpports.add_token("user", TOKEN)
        yield smtpports


@pytest.fixture
def in_clear(provider: SMTPPorts, dial: Dial) -> RawClient:
    client = dial(provider.ports[2525])
    client.reply()
    client.ask("EHLO client.example")
    return client


def certified(dial: Dial, smtpports: SMTPPorts, context: ssl.SSLContext, number: int = 465) -> RawClient:
    client = dial(smtpports.ports[number])
    if number != 465:
        client.reply()
        client.ask("EHLO client.example")
        client.ask("STARTTLS")
    client.secure(context)
    if number == 465:
        client.reply()
    return client


# As bytes


@pytest.mark.parametrize("mechanism", ALL[:-1])
def test_a_mechanism_lets_in_who_answers_its_challenges(
    provider: SMTPPorts, in_clear: RawClient, mechanism: str
) -> None:
    reply = exchange(in_clear, mechanism, CLIENTS[mechanism]("user", SECRETS[mechanism]))

    assert reply == OK
    (login,) = provider.connections[0].logins
    assert (login.username, login.mechanism, login.succeeded) == ("user", mechanism, True)


@pytest.mark.parametrize("mechanism", WITH_INITIAL)
def test_a_mechanism_takes_an_initial_response(in_clear: RawClient, mechanism: str) -> None:
    responses = CLIENTS[mechanism]("user", SECRETS[mechanism])

    assert exchange(in_clear, mechanism, responses, initial=True) == OK


@pytest.mark.parametrize("mechanism", ALL[:-1])
def test_who_is_logged_in_is_known_of_the_mail(provider: SMTPPorts, in_clear: RawClient, mechanism: str) -> None:
    exchange(in_clear, mechanism, CLIENTS[mechanism]("user", SECRETS[mechanism]))
    for line in ("MAIL FROM:<app@example.com>", "RCPT TO:<ada@example.org>", "DATA", "Subject: x\r\n\r\n."):
        assert in_clear.ask(line)[0] in "23"

    provider.assert_sent(user="user", port=2525, tls=False)


@pytest.mark.parametrize("mechanism", ALL[:-1])
@pytest.mark.parametrize(("name", "secret"), [("user", "wrong"), ("nobody", PASSWORD), ("user", ""), ("nobody", TOKEN)])
def test_a_mechanism_refuses_whoever_else_there_is(
    provider: SMTPPorts, in_clear: RawClient, mechanism: str, name: str, secret: str
) -> None:
    assert exchange(in_clear, mechanism, CLIENTS[mechanism](name, secret)) == REFUSED
    (login,) = provider.connections[0].logins
    assert (login.username, login.mechanism, login.succeeded) == (name, mechanism, False)
    assert provider.connections[0].outcome is Outcome.AUTH_FAILED
    assert in_clear.ask("MAIL FROM:<app@example.com>").startswith("530 ")


@pytest.mark.parametrize("mechanism", ALL[:-1])
def test_a_refused_login_can_be_tried_again(provider: SMTPPorts, in_clear: RawClient, mechanism: str) -> None:
    for secret, answer in (("wrong", REFUSED), ("wrong", REFUSED), (SECRETS[mechanism], OK)):
        assert exchange(in_clear, mechanism, CLIENTS[mechanism]("user", secret)) == answer

    assert [login.succeeded for login in provider.connections[0].logins] == [False, False, True]


@pytest.mark.parametrize("mechanism", ALL[:-1])
def test_a_mechanism_in_small_letters_is_the_same(provider: SMTPPorts, in_clear: RawClient, mechanism: str) -> None:
    assert exchange(in_clear, mechanism.lower(), CLIENTS[mechanism]("user", SECRETS[mechanism])) == OK
    assert provider.connections[0].logins[0].mechanism == mechanism


@pytest.mark.parametrize("mechanism", ALL[:-1])
def test_an_exchange_can_be_cancelled(provider: SMTPPorts, in_clear: RawClient, mechanism: str) -> None:
    # RFC 4954 §4
    assert in_clear.ask(f"AUTH {mechanism}").startswith("334 ")
    assert in_clear.ask("*") == "501 5.7.0 Authentication cancelled\r\n"
    assert provider.connections[0].logins == ()
    assert exchange(in_clear, mechanism, CLIENTS[mechanism]("user", SECRETS[mechanism])) == OK


@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize("response", ["*", "not base64", "x" * 16_384])
def test_an_exchange_of_several_steps_can_end_at_each(in_clear: RawClient, step: int, response: str) -> None:
    scram = Scram("user", PASSWORD)
    challenge = in_clear.ask("AUTH SCRAM-SHA-256")
    for _ in range(step):
        challenge = in_clear.ask(encoded(scram(b64decode(challenge[4:]))))

    assert challenge.startswith("334 ")
    assert in_clear.ask(response)[:2] == "50"
    assert in_clear.ask("MAIL FROM:<app@example.com>").startswith("530 ")


@pytest.mark.parametrize("mechanism", ALL[:-1])
@pytest.mark.parametrize("response", ["not!base64", "====", "AAA", "A=AA", "\N{BULLET}", "ü", "QUJD QUJD"])
def test_what_is_no_base64_ends_the_exchange(in_clear: RawClient, mechanism: str, response: str) -> None:
    # RFC 4954 §4
    in_clear.ask(f"AUTH {mechanism}")

    assert in_clear.ask(response) == "501 5.5.2 That is not base64\r\n"
    assert in_clear.ask("NOOP").startswith("250 ")


@pytest.mark.parametrize("mechanism", ALL[:-1])
@pytest.mark.parametrize(
    "response", [b"", b"\0", b"user", b"\0\0", b"\0" * 40, b"\xff\xfe\0", b"n,,n=user,r=", b"user=user\1", b"n,,\1" * 9]
)
def test_what_is_base64_and_nothing_else_is_a_refused_login(
    provider: SMTPPorts, in_clear: RawClient, mechanism: str, response: bytes
) -> None:
    assert exchange(in_clear, mechanism, lambda _: response) == REFUSED
    assert [login.succeeded for login in provider.connections[0].logins] == [False]


@pytest.mark.parametrize("mechanism", ALL[:-1])
def test_a_response_that_is_too_long_ends_the_exchange(in_clear: RawClient, mechanism: str) -> None:
    # RFC 4954 §4
    in_clear.ask(f"AUTH {mechanism}")

    assert in_clear.ask("A" * 16_384) == "500 5.5.6 Authentication exchange line is too long\r\n"
    assert in_clear.ask(f"auth {mechanism} {'A' * 16_384}").startswith("500 5.5.6 ")
    assert exchange(in_clear, mechanism, CLIENTS[mechanism]("user", SECRETS[mechanism])) == OK


@pytest.mark.parametrize("initial", [True, False])
@pytest.mark.parametrize("mechanism", ["PLAIN", "XOAUTH2", "OAUTHBEARER"])
def test_a_secret_may_fill_the_longest_line(dial: Dial, mechanism: str, initial: bool) -> None:
    # RFC 4954 §4: at least 12,288 octets
    room = (16_384 - len(f"AUTH {mechanism} \r\n")) // 4 * 3
    around = len(CLIENTS[mechanism]("user", "")(b""))
    secret = "t" * (room - around)
    profile = replace(PROFILES[2525], mechanisms=ALL)
    with SMTPPorts([profile], password=secret) as smtpports:
        smtpports.add_token("user", secret)
        client = dial(smtpports.ports[2525])
        client.reply()
        client.ask("EHLO client.example")

        assert exchange(client, mechanism, CLIENTS[mechanism]("user", secret), initial=initial) == OK


@pytest.mark.parametrize("mechanism", ALL[:-1])
def test_a_second_login_is_refused(in_clear: RawClient, mechanism: str) -> None:
    # RFC 4954 §4
    exchange(in_clear, mechanism, CLIENTS[mechanism]("user", SECRETS[mechanism]))

    for another in ALL:
        assert in_clear.ask(f"AUTH {another}") == "503 5.5.1 Already authenticated\r\n"


def test_a_mechanism_in_which_the_port_speaks_first_takes_no_initial_response(in_clear: RawClient) -> None:
    # RFC 4954 §4
    for initial in ("dXNlcg==", "="):
        assert in_clear.ask(f"AUTH CRAM-MD5 {initial}").startswith("501 5.7.0 ")


def test_each_challenge_of_cram_md5_is_another(in_clear: RawClient) -> None:
    # RFC 2195 §2
    challenges = set()
    for _ in range(20):
        challenges.add(b64decode(in_clear.ask("AUTH CRAM-MD5")[4:]))
        in_clear.ask("*")

    assert len(challenges) == 20
    assert all(challenge.startswith(b"<") and challenge.endswith(b"@localhost>") for challenge in challenges)


def test_why_a_token_is_refused_is_told_first(in_clear: RawClient) -> None:
    # RFC 7628 §3.2.2, and the same for XOAUTH2
    for mechanism, status in (("XOAUTH2", b'"status":"400"'), ("OAUTHBEARER", b'"status":"invalid_token"')):
        challenge = in_clear.ask(f"AUTH {mechanism} {encoded(CLIENTS[mechanism]('user', 'expired')(b''))}")

        assert challenge.startswith("334 ")
        assert status in b64decode(challenge[4:])
        assert in_clear.ask("AQ==") == REFUSED


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
@pytest.mark.parametrize("answer", ["AQ==\r\n", "\r\n", "*\r\n", ""], ids=["nod", "nothing", "cancel", "leave"])
def test_a_token_is_refused_however_the_client_takes_it(
    provider: SMTPPorts, in_clear: RawClient, mechanism: str, answer: str
) -> None:
    # RFC 7628 §3.2.3 has the client nod or cancel; curl goes away.
    assert in_clear.ask(f"AUTH {mechanism} {encoded(CLIENTS[mechanism]('user', 'expired')(b''))}").startswith("334 ")
    in_clear.send(answer.encode())
    in_clear.end_of_sending()
    in_clear.rest()

    assert [(login.username, login.succeeded) for login in provider.connections[0].logins] == [("user", False)]
    assert provider.connections[0].outcome is Outcome.AUTH_FAILED


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"])
@pytest.mark.parametrize("name", ["ada", "ada@example.org", "SMTP_Injection", "Ada Lovelace", "ädä", "a=b"])
def test_a_user_that_was_added_may_log_in_until_the_reset(
    provider: SMTPPorts, dial: Dial, mechanism: str, name: str
) -> None:
    provider.add_user(name, "pässword =,")
    spelt = name.replace("=", "=3D").replace(",", "=2C") if mechanism == "SCRAM-SHA-256" else name

    for answer in (OK, REFUSED):
        client = dial(provider.ports[2525])
        client.reply()
        client.ask("EHLO client.example")
        assert exchange(client, mechanism, CLIENTS[mechanism](spelt, "pässword =,")) == answer
        assert provider.connections[0].logins[0].username == name
        provider.reset()


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
def test_a_token_that_was_added_lets_in_until_the_reset(provider: SMTPPorts, dial: Dial, mechanism: str) -> None:
    provider.add_token("ada@example.org", "another-token")

    for answer in (OK, REFUSED):
        client = dial(provider.ports[2525])
        client.reply()
        client.ask("EHLO client.example")
        assert exchange(client, mechanism, CLIENTS[mechanism]("ada@example.org", "another-token")) == answer
        provider.reset()


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER", "PLAIN", "SCRAM-SHA-256"])
def test_a_token_is_no_password_and_a_password_no_token(in_clear: RawClient, mechanism: str) -> None:
    other = {PASSWORD: TOKEN, TOKEN: PASSWORD}[SECRETS[mechanism]]

    assert exchange(in_clear, mechanism, CLIENTS[mechanism]("user", other)) == REFUSED


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        (f"user\0user\0{PASSWORD}", OK),
        (f"\0user\0{PASSWORD}", OK),
        (f"eve\0user\0{PASSWORD}", REFUSED),
        (f"user\0{PASSWORD}", REFUSED),
        (f"\0user\0{PASSWORD}\0", REFUSED),
        (f"\0user\0{PASSWORD} ", REFUSED),
        (f"\0USER\0{PASSWORD}", REFUSED),
    ],
)
def test_plain_lets_nobody_act_for_another(in_clear: RawClient, response: str, answer: str) -> None:
    # RFC 4616 §2
    assert in_clear.ask(f"AUTH PLAIN {encoded(response.encode())}") == answer


def test_scram_proves_the_port_to_the_client_too(in_clear: RawClient) -> None:
    # RFC 5802 §3, RFC 4954 §4: the last challenge is checked by the client, which has nothing to add
    scram = Scram("user", PASSWORD)
    first = in_clear.ask(f"AUTH SCRAM-SHA-256 {encoded(scram(b''))}")
    last = in_clear.ask(encoded(scram(b64decode(first[4:]))))

    assert scram(b64decode(last[4:])) == b""
    assert in_clear.ask("") == OK


# EXTERNAL (RFC 4422 appendix A)


@pytest.mark.parametrize("number", [465, 587, 2525])
@pytest.mark.parametrize("response", ["=", "dXNlcg=="])
def test_a_certificate_lets_its_user_in(provider: SMTPPorts, dial: Dial, number: int, response: str) -> None:
    client = certified(dial, provider, provider.client_context(certificate_for="user"), number)

    assert " EXTERNAL\r\n" in client.ask("EHLO client.example")
    assert client.ask(f"AUTH EXTERNAL {response}") == OK
    assert client.ask("MAIL FROM:<app@example.com>").startswith("250 ")
    (login,) = provider.connections[0].logins
    assert (login.username, login.mechanism, login.succeeded) == ("user", "EXTERNAL", True)


@pytest.mark.parametrize("name", ["", "user"])
def test_external_asks_who_wants_in_where_the_client_did_not_say(provider: SMTPPorts, dial: Dial, name: str) -> None:
    client = certified(dial, provider, provider.client_context(certificate_for="user"))
    client.ask("EHLO client.example")

    assert exchange(client, "EXTERNAL", external(name, "")) == OK


def test_a_certificate_lets_in_nobody_else(provider: SMTPPorts, dial: Dial) -> None:
    provider.add_user("eve", "password")
    client = certified(dial, provider, provider.client_context(certificate_for="user"))
    client.ask("EHLO client.example")

    for name in ("eve", "nobody", "USER"):
        assert client.ask(f"AUTH EXTERNAL {encoded(name.encode())}") == REFUSED
    assert [login.username for login in provider.connections[0].logins] == ["eve", "nobody", "USER"]


def test_a_certificate_of_nobody_that_is_known_lets_nobody_in(provider: SMTPPorts, dial: Dial) -> None:
    client = certified(dial, provider, provider.client_context(certificate_for="nobody"))
    client.ask("EHLO client.example")

    assert client.ask("AUTH EXTERNAL =") == REFUSED
    assert client.ask("AUTH EXTERNAL dXNlcg==") == REFUSED


@pytest.mark.parametrize("name", ["ada@example.org", "apikey", "café", "SMTP_Injection", "Ada Lovelace"])
def test_whoever_may_log_in_may_have_a_certificate(provider: SMTPPorts, dial: Dial, name: str) -> None:
    provider.add_user(name, "password")
    client = certified(dial, provider, provider.client_context(certificate_for=name))
    client.ask("EHLO client.example")

    assert client.ask(f"AUTH EXTERNAL {encoded(name.encode())}") == OK


def test_a_user_with_a_token_alone_may_have_a_certificate(provider: SMTPPorts, dial: Dial) -> None:
    provider.add_token("ada", TOKEN)
    client = certified(dial, provider, provider.client_context(certificate_for="ada"))
    client.ask("EHLO client.example")

    assert client.ask("AUTH EXTERNAL =") == OK


@pytest.mark.parametrize("number", [465, 2525])
def test_without_a_certificate_external_is_not_offered(provider: SMTPPorts, dial: Dial, number: int) -> None:
    client = certified(dial, provider, provider.client_context(), number)

    assert "EXTERNAL" not in client.ask("EHLO client.example")
    assert client.ask("AUTH EXTERNAL =").startswith("504 ")


def test_before_tls_external_is_not_offered(in_clear: RawClient) -> None:
    assert "EXTERNAL" not in in_clear.ask("EHLO client.example")
    assert in_clear.ask("AUTH EXTERNAL =").startswith("504 ")


@pytest.mark.parametrize("number", [465, 587])
def test_a_certificate_of_somebody_elses_ends_the_handshake(
    provider: SMTPPorts, dial: Dial, eventually: Eventually, number: int
) -> None:
    with SMTPPorts() as others:
        context = others.client_context(certificate_for="user")
        provider.configure_trust(context)

        # The client has done its part before the port can tell; TLS 1.3 lets it find out when it reads.
        with pytest.raises((ssl.SSLError, ConnectionError)):
            certified(dial, provider, context, number).ask("EHLO client.example")

    eventually(lambda: provider.connections[0].closed_at)
    assert provider.connections[0].outcome is Outcome.TLS_FAILED


def test_a_port_without_external_makes_nothing_of_a_certificate(dial: Dial) -> None:
    with SMTPPorts() as smtpports:
        client = certified(dial, smtpports, smtpports.client_context(certificate_for="user"))

        assert "EXTERNAL" not in client.ask("EHLO client.example")
        assert client.ask("AUTH EXTERNAL =").startswith("504 ")


# Which mechanisms there are


@pytest.mark.parametrize("mechanisms", [("PLAIN",), ("XOAUTH2", "LOGIN"), ("SCRAM-SHA-256", "CRAM-MD5"), ALL[::-1]])
def test_the_profile_decides_which_mechanisms_there_are(dial: Dial, mechanisms: tuple[str, ...]) -> None:
    with SMTPPorts([replace(PROFILES[2525], mechanisms=mechanisms)]) as smtpports:
        client = dial(smtpports.ports[2525])
        client.reply()
        offered = [name for name in mechanisms if name != "EXTERNAL"]

        assert f"250-AUTH {' '.join(offered)}\r\n" in client.ask("EHLO client.example")
        for name in ALL:
            assert client.ask(f"AUTH {name}")[:4] == ("334 " if name in offered else "504 ")
            assert client.ask("*")[0] == "5"


# By the clients of the world


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_smtplib_logs_in_by_the_mechanism_that_there_is(mechanism: str) -> None:
    with (
        SMTPPorts([replace(PROFILES[2525], mechanisms=(mechanism,))], password=PASSWORD) as smtpports,
        smtplib.SMTP(*smtpports.ports[2525].address, timeout=5) as client,
    ):
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login("user", "wrong")
        client.login("user", PASSWORD)
        client.sendmail("app@example.com", "ada@example.org", MAIL)

        smtpports.assert_sent(user="user")
        assert [login.mechanism for login in smtpports.connections[0].logins] == [mechanism, mechanism]


def test_smtplib_prefers_cram_md5(provider: SMTPPorts) -> None:
    with smtplib.SMTP(*provider.ports[2525].address, timeout=5) as client:
        client.login("user", PASSWORD)

    assert [login.mechanism for login in provider.connections[0].logins] == ["CRAM-MD5"]


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER"])
@pytest.mark.parametrize("initial", [True, False])
def test_smtplib_logs_in_by_a_mechanism_of_the_users_own(provider: SMTPPorts, mechanism: str, initial: bool) -> None:
    responses = CLIENTS[mechanism]("user", SECRETS[mechanism])

    def answer(challenge: bytes | None = None, /) -> str:
        return responses(challenge or b"").decode()

    with smtplib.SMTP(*provider.ports[587].address, timeout=5) as client:
        client.starttls(context=provider.client_context())
        client.ehlo()
        assert client.auth(mechanism, answer, initial_response_ok=initial)[0] == 235
        client.sendmail("app@example.com", "ada@example.org", MAIL)

    provider.assert_sent(user="user", tls=True)


def test_smtplib_is_refused_with_a_token_that_has_expired(provider: SMTPPorts) -> None:
    responses = xoauth2("user", "expired")

    def answer(challenge: bytes | None = None, /) -> str:
        return responses(challenge or b"").decode()

    with smtplib.SMTP(*provider.ports[2525].address, timeout=5) as client:
        client.ehlo()
        with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
            client.auth("XOAUTH2", answer)

    assert caught.value.smtp_code == 535


def test_smtplib_logs_in_by_its_certificate(provider: SMTPPorts) -> None:
    context = provider.client_context(certificate_for="user")
    with smtplib.SMTP_SSL(*provider.ports[465].address, timeout=5, context=context) as client:
        client.ehlo()
        assert "EXTERNAL" in client.esmtp_features["auth"].split()
        client.auth("EXTERNAL", lambda _=b"": "")
        client.sendmail("app@example.com", "ada@example.org", MAIL)

    provider.assert_sent(user="user", port=465)


def test_smtplib_finds_nothing_that_it_knows_where_there_are_tokens_alone() -> None:
    with (
        SMTPPorts([replace(PROFILES[2525], mechanisms=("XOAUTH2",))]) as smtpports,
        smtplib.SMTP(*smtpports.ports[2525].address, timeout=5) as client,
        pytest.raises(smtplib.SMTPException, match="No suitable authentication method found"),
    ):
        client.login("user", "password")


@pytest.mark.asyncio
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
async def test_aiosmtplib_logs_in_by_the_mechanism_that_there_is(connected: Connected, mechanism: str) -> None:
    with SMTPPorts([replace(PROFILES[587], mechanisms=(mechanism,))], password=PASSWORD) as smtpports:
        host, port = smtpports.ports[587].address
        client = aiosmtplib.SMTP(
            hostname=host, port=port, start_tls=True, tls_context=smtpports.client_context(), timeout=5
        )
        async with connected(client):
            with pytest.raises(aiosmtplib.SMTPAuthenticationError):
                await client.login("user", "wrong")
            await client.login("user", PASSWORD)
            await client.sendmail("app@example.com", "ada@example.org", MAIL)

        smtpports.assert_sent(user="user", tls=True)
        assert [login.mechanism for login in smtpports.connections[0].logins] == [mechanism, mechanism]


@pytest.mark.asyncio
async def test_aiosmtplib_logs_in_by_a_token(provider: SMTPPorts) -> None:
    host, port = provider.ports[2525].address
    async with aiosmtplib.SMTP(hostname=host, port=port, start_tls=False, timeout=5) as client:
        with pytest.raises(aiosmtplib.SMTPAuthenticationError):
            await client.auth_xoauth2("user", "expired")
        await client.auth_xoauth2("user", TOKEN)
        await client.sendmail("app@example.com", "ada@example.org", MAIL)

    provider.assert_sent(user="user")


# Secrets


@pytest.mark.parametrize("mechanism", ALL[:-1])
@pytest.mark.parametrize("initial", [True, False])
@pytest.mark.parametrize("name", ["user", "nobody"])
def test_whatever_the_mechanism_a_secret_is_written_nowhere(
    provider: SMTPPorts,
    in_clear: RawClient,
    caplog: pytest.LogCaptureFixture,
    mechanism: str,
    initial: bool,
    name: str,
) -> None:
    sent: list[str] = []

    def responses(challenge: bytes) -> bytes:
        sent.append(encoded(answers(challenge)))
        return b64decode(sent[-1])

    answers = CLIENTS[mechanism](name, SECRETS[mechanism])
    with caplog.at_level(logging.DEBUG):
        exchange(in_clear, mechanism, responses, initial=initial)
        in_clear.ask("QUIT")

    connection = provider.connections[0]
    told = [provider, *provider.ports, connection, *connection.dialogue, *connection.logins]
    written = "".join([*map(repr, told), *map(str, told), caplog.text])
    assert "C: ***" in written or f"{mechanism} ***" in written
    assert [secret for secret in (PASSWORD, TOKEN, *sent) if len(secret) > 4 and secret in written] == []


@pytest.mark.parametrize("number", [25, 587, 2525])
@pytest.mark.parametrize("auth", ["AUTH LOGIN", "AUTH NTLM", "AUTH", "auth login x y", "AUTH CRAM-MD5 x", "AUTHLOGIN"])
def test_a_client_that_goes_on_with_a_login_that_was_refused_gives_nothing_away(
    dial: Dial, number: int, auth: str
) -> None:
    with SMTPPorts([replace(PROFILES[number], mechanisms=("CRAM-MD5",))], password=PASSWORD) as smtpports:
        client = dial(smtpports.ports[number])
        client.reply()
        client.ask("EHLO client.example")
        for line in (auth, encoded(b"user"), encoded(PASSWORD.encode()), PASSWORD, f"{PASSWORD} again"):
            assert client.ask(line)[0] == "5"

        connection = smtpports.connections[0]
        written = repr(connection)
        assert PASSWORD not in written
        assert encoded(PASSWORD.encode()) not in written
        assert connection.logins == ()


def test_the_name_of_a_user_is_told_and_nothing_that_came_with_it(provider: SMTPPorts, in_clear: RawClient) -> None:
    in_clear.ask(f"AUTH PLAIN {encoded(b'user' + PASSWORD.encode())}")
    in_clear.ask(f"AUTH XOAUTH2 {encoded(b'user=user auth=Bearer ' + TOKEN.encode())}")
    in_clear.ask("")
    in_clear.ask(f"AUTH LOGIN {encoded(b'user')}")
    in_clear.ask(encoded(b"wrong"))

    assert [login.username for login in provider.connections[0].logins] == ["", "", "user"]


@pytest.mark.parametrize("name", ["", "x" * 65])
def test_a_name_that_no_certificate_can_hold_is_refused_at_once(smtpports: SMTPPorts, name: str) -> None:
    with pytest.raises(ConfigurationError, match="A certificate names a user with 1 to 64 characters"):
        smtpports.client_context(certificate_for=name)


BLOB = b64encode(f"\0user\0{PASSWORD}".encode()).decode()


@pytest.mark.parametrize(
    "lines", [[f"AUTH LOGIN {BLOB}", "Zm9v"], ["AUTH LOGIN", BLOB, "Zm9v"], ["AUTH CRAM-MD5", BLOB]]
)
def test_what_another_mechanism_would_have_sent_is_no_user_name(dial: Dial, lines: list[str]) -> None:
    with SMTPPorts([replace(PROFILES[2525], mechanisms=("LOGIN", "CRAM-MD5"))], password=PASSWORD) as smtpports:
        client = dial(smtpports.ports[2525])
        client.reply()
        client.ask("EHLO client.example")
        replies = [client.ask(line)[:3] for line in lines]

        assert replies[-1] == "535"
        connection = smtpports.connections[0]
        assert [login.username for login in connection.logins] == [""]
        assert PASSWORD not in repr(connection)


@pytest.mark.parametrize(
    "line", [b" AUTH PLAIN Zm9v", b"\0AUTH PLAIN Zm9v", b"EHLO x\rAUTH PLAIN Zm9v", b"AUTH PLAIN " + b"x" * 13_000]
)
def test_what_comes_behind_a_login_in_the_wrong_form_may_be_a_secret(dial: Dial, line: bytes) -> None:
    with SMTPPorts(password=PASSWORD) as smtpports:
        client = dial(smtpports.ports[2525])
        client.reply()
        client.send(line + b"\r\n")
        assert client.reply().startswith("50")
        client.ask(BLOB)
        client.ask(PASSWORD)

        connection = smtpports.connections[0]
        for secret in (BLOB, PASSWORD, "Zm9v"):
            assert secret not in repr(connection)


def test_no_personality_says_a_secret_back(dial: Dial) -> None:
    with SMTPPorts([replace(PROFILES[2525], personality="exim")]) as smtpports:
        client = dial(smtpports.ports[2525])
        client.reply()
        client.ask("EHLO client.example")

        assert client.ask("AUTH c2VjcmV0") == "504  authentication mechanism not supported\r\n"
        assert client.ask("AUTH CRAM-MD5") == "504 CRAM-MD5 authentication mechanism not supported\r\n"


@pytest.mark.parametrize("header", ["n,,", "y,,", "y,a=ada,"])
def test_oauthbearer_may_leave_the_name_to_the_token(dial: Dial, header: str) -> None:
    # RFC 7628 §3.1
    with SMTPPorts([replace(PROFILES[2525], mechanisms=("OAUTHBEARER",))]) as smtpports:
        smtpports.add_token("bob", "another")
        smtpports.add_token("ada", "token")
        client = dial(smtpports.ports[2525])
        client.reply()
        client.ask("EHLO client.example")
        response = b64encode(f"{header}\1auth=Bearer token\1\1".encode()).decode()

        assert client.ask(f"AUTH OAUTHBEARER {response}").startswith("235 ")
        assert [login.username for login in smtpports.connections[0].logins] == ["ada"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("AUTH XOAUTH2", "AUTH got 504 5.5.4 That mechanism is not offered here"),
        ("AUTH PLAIN !", "AUTH got 501 5.5.2 That is not base64"),
    ],
)
def test_a_login_that_was_not_even_tried_is_the_outcome(
    dial: Dial, smtpports: SMTPPorts, line: str, reason: str
) -> None:
    client = dial(smtpports.ports[2525])
    client.reply()
    client.ask("EHLO client.example")
    client.ask(line)
    client.ask("QUIT")

    connection = smtpports.connections[0]
    assert (connection.outcome, connection.reason) == (Outcome.REFUSED, reason)


@pytest.mark.parametrize(("name", "password"), [("y", "p\0w"), ("x\0", "y"), ("\udc80", "y"), ("y", "\udc80")])
def test_an_account_that_no_client_could_use_is_refused(smtpports: SMTPPorts, name: str, password: str) -> None:
    with pytest.raises(ConfigurationError, match="No client can send such a"):
        smtpports.add_user(name, password)


def test_auth_stays_a_parameter_where_a_personality_names_it_no_more(dial: Dial) -> None:
    # RFC 4954 §5
    with SMTPPorts([replace(PROFILES[2525], personality="exim")]) as smtpports:
        client = dial(smtpports.ports[2525])
        client.reply()
        client.ask("EHLO client.example")
        client.ask("AUTH PLAIN AHVzZXIAcGFzc3dvcmQ=")
        assert "AUTH" not in client.ask("EHLO client.example")

        assert client.ask("MAIL FROM:<a@b.c> AUTH=<>") == "250 OK\r\n"
