"""Every mechanism of logging in, its exchange spoken by a client that this file has of its own."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_smtpports._ports._sasl import EXCHANGES, NO_INITIAL_RESPONSE, Circumstances, Verdict
from pytest_smtpports._server._accounts import Accounts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pytest_smtpports._ports._sasl import Exchange

    Client = Callable[[bytes], bytes]

HOST = "mail.example.com"
# Nothing that stands in a source file, where Hypothesis looks for examples.
PASSWORD = hashlib.sha256(b"ada").hexdigest()
TOKEN = hashlib.sha256(b"bob").hexdigest()

ADA = Verdict("ada", succeeded=True)


@pytest.fixture
def accounts() -> Accounts:
    """Ada, who has a password and a token, and others with names and passwords out of the ordinary."""
    known = Accounts("ada", PASSWORD)
    known.add_token("ada", TOKEN)
    known.add("grace hopper", PASSWORD)
    known.add("åsa@example.org", "lösenord")
    known.add("a,b=c", PASSWORD)
    known.add("=2C", PASSWORD)
    known.add_token("a,b=c", TOKEN)
    known.add_token("bob", TOKEN)
    return known


class Spoken(NamedTuple):
    """What an exchange said, and how it ended."""

    challenges: tuple[bytes, ...]
    verdict: Verdict


def spoken(mechanism: str, accounts: Accounts, clients: Iterable[Client], identities: tuple[str, ...] = ()) -> Spoken:
    """An exchange in which each client answers one challenge."""
    exchange = EXCHANGES[mechanism](Circumstances(accounts, HOST, identities))
    challenges = [next(exchange)]
    for answer in clients:
        said = sent(exchange, answer(challenges[-1]))
        if isinstance(said, Verdict):
            return Spoken(tuple(challenges), said)
        challenges.append(said)
    raise AssertionError(f"{mechanism} goes on after {challenges}")


def sent(exchange: Exchange, response: bytes) -> bytes | Verdict:
    """The next challenge, or the verdict."""
    try:
        return exchange.send(response)
    except StopIteration as end:
        verdict: Verdict = end.value
        return verdict


def saying(*responses: bytes) -> list[Client]:
    return [lambda _, response=response: response for response in responses]  # type: ignore[misc] # bound early


def test_an_exchange_that_goes_on_is_told() -> None:
    with pytest.raises(AssertionError, match="LOGIN goes on after"):
        spoken("LOGIN", Accounts("ada", PASSWORD), saying(b"ada"))


# PLAIN (RFC 4616)


@pytest.mark.parametrize(
    ("response", "name"),
    [
        (f"\0ada\0{PASSWORD}", "ada"),
        (f"ada\0ada\0{PASSWORD}", "ada"),
        (f"\0grace hopper\0{PASSWORD}", "grace hopper"),
        ("\0åsa@example.org\0lösenord", "åsa@example.org"),
        (f"\0a,b=c\0{PASSWORD}", "a,b=c"),
    ],
)
def test_plain_lets_in_who_knows_the_password(accounts: Accounts, response: str, name: str) -> None:
    assert spoken("PLAIN", accounts, saying(response.encode())) == ((b"",), Verdict(name, succeeded=True))


@pytest.mark.parametrize(
    ("response", "name"),
    [
        (b"\0ada\0wrong", "ada"),
        (b"\0ada\0", "ada"),
        (f"\0ada\0{PASSWORD} ".encode(), "ada"),
        (f"\0ada\0{PASSWORD.upper()}".encode(), "ada"),
        (f"\0Ada\0{PASSWORD}".encode(), "Ada"),
        (f"\0nobody\0{PASSWORD}".encode(), "nobody"),
        (b"\0nobody\0", "nobody"),
        # who has a token alone, or would act as somebody else
        (f"\0bob\0{TOKEN}".encode(), "bob"),
        (f"bob\0ada\0{PASSWORD}".encode(), "ada"),
        # not three parts
        (b"", ""),
        (b"ada", ""),
        (f"ada\0{PASSWORD}".encode(), ""),
        (f"\0ada\0{PASSWORD}\0".encode(), ""),
        (f"ada {PASSWORD}".encode(), ""),
        # no UTF-8
        (b"\0\xff\0\xff", "\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_plain_lets_nobody_else_in(accounts: Accounts, response: bytes, name: str) -> None:
    assert spoken("PLAIN", accounts, saying(response)).verdict == Verdict(name, succeeded=False)


# LOGIN (draft-murchison-sasl-login)


def test_login_asks_for_the_name_and_then_for_the_password(accounts: Accounts) -> None:
    said = spoken("LOGIN", accounts, saying(b"ada", PASSWORD.encode()))

    assert said == ((b"Username:", b"Password:"), ADA)


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ada", b"wrong"),
        ("ada", b""),
        ("nobody", PASSWORD.encode()),
        ("", b""),
        ("bob", TOKEN.encode()),
        ("ada", b"\xff"),
    ],
)
def test_login_lets_nobody_else_in_and_asks_for_every_password(accounts: Accounts, name: str, password: bytes) -> None:
    said = spoken("LOGIN", accounts, saying(name.encode(), password))

    assert said == ((b"Username:", b"Password:"), Verdict(name, succeeded=False))


# CRAM-MD5 (RFC 2195)


def digest(challenge: bytes, password: str) -> str:
    """RFC 2195 §2, and RFC 2104 written out."""
    key = password.encode()
    key = (hashlib.md5(key, usedforsecurity=False).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner, outer = (bytes(octet ^ pad for octet in key) for pad in (0x36, 0x5C))
    inside = hashlib.md5(inner + challenge, usedforsecurity=False).digest()
    return hashlib.md5(outer + inside, usedforsecurity=False).hexdigest()


def cram(name: str, password: str) -> list[Client]:
    return [lambda challenge: f"{name} {digest(challenge, password)}".encode()]


def test_cram_md5_is_what_rfc_2195_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    # RFC 2195 §2, the example
    monkeypatch.setattr(secrets, "token_hex", lambda _: "1896.697170952")
    accounts = Accounts("tim", "tanstaaftanstaaf")
    exchange = EXCHANGES["CRAM-MD5"](Circumstances(accounts, "postoffice.reston.mci.net"))

    assert next(exchange) == b"<1896.697170952@postoffice.reston.mci.net>"
    with pytest.raises(StopIteration) as ended:
        exchange.send(b"tim b913a602c7eda7a495b4e6e7334d3890")
    assert ended.value.value == Verdict("tim", succeeded=True)


def test_the_client_of_these_tests_computes_what_rfc_2195_shows() -> None:
    challenge = b"<1896.697170952@postoffice.reston.mci.net>"

    assert digest(challenge, "tanstaaftanstaaf") == "b913a602c7eda7a495b4e6e7334d3890"


@pytest.mark.parametrize(
    ("name", "password"),
    [("ada", PASSWORD), ("grace hopper", PASSWORD), ("åsa@example.org", "lösenord"), ("longest", "x" * 100)],
)
def test_cram_md5_lets_in_who_knows_the_password(accounts: Accounts, name: str, password: str) -> None:
    accounts.add("longest", "x" * 100)

    assert spoken("CRAM-MD5", accounts, cram(name, password)).verdict == Verdict(name, succeeded=True)


def test_cram_md5_takes_a_digest_in_upper_case(accounts: Accounts) -> None:
    shouting = [lambda challenge: f"ada {digest(challenge, PASSWORD).upper()}".encode()]

    assert spoken("CRAM-MD5", accounts, shouting).verdict == ADA


def test_a_challenge_of_cram_md5_names_the_host_and_comes_once(accounts: Accounts) -> None:
    # RFC 2195 §2: a message-id
    challenges = {spoken("CRAM-MD5", accounts, saying(b"")).challenges for _ in range(10)}

    assert len(challenges) == 10
    assert all(re.fullmatch(rb"<[^@<> ]+@mail\.example\.com>", challenge) for (challenge,) in challenges)


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (lambda challenge: f"ada {digest(challenge, 'wrong')}", "ada"),
        (lambda challenge: f"ada {digest(challenge + b' ', PASSWORD)}", "ada"),
        (lambda challenge: f"ada {digest(challenge, PASSWORD)[:-1]}", ""),
        (lambda challenge: f"nobody {digest(challenge, PASSWORD)}", "nobody"),
        (lambda challenge: f"nobody {digest(challenge, '')}", "nobody"),
        (lambda challenge: f"bob {digest(challenge, TOKEN)}", "bob"),
        (lambda challenge: digest(challenge, PASSWORD), ""),
        (lambda _: "ada", ""),
        (lambda _: "ada ", ""),
        # what PLAIN, or a person, would have said
        (lambda _: f"\0ada\0{PASSWORD}", ""),
        (lambda _: f"ada {PASSWORD}", ""),
        (lambda _: "", ""),
    ],
)
def test_cram_md5_lets_nobody_else_in(accounts: Accounts, answer: Callable[[bytes], str], name: str) -> None:
    said = spoken("CRAM-MD5", accounts, [lambda challenge: answer(challenge).encode()])

    assert said.verdict == Verdict(name, succeeded=False)


def test_a_response_is_good_for_its_own_challenge_alone(accounts: Accounts) -> None:
    old = f"ada {digest(*spoken('CRAM-MD5', accounts, saying(b'')).challenges, PASSWORD)}".encode()

    assert not spoken("CRAM-MD5", accounts, saying(old)).verdict.succeeded


def test_only_the_mechanism_in_which_the_server_speaks_first_takes_no_initial_response(accounts: Accounts) -> None:
    # RFC 4954 §4; LOGIN is an exception that every client knows.
    first = {name: next(exchange(Circumstances(accounts, HOST))) for name, exchange in EXCHANGES.items()}

    assert {name for name, challenge in first.items() if challenge} - {"LOGIN"} == NO_INITIAL_RESPONSE


# SCRAM-SHA-256 (RFC 7677, RFC 5802)


class Scram:
    """A client of RFC 5802 §3, with everything in it that could be wrong as a parameter."""

    def __init__(
        self,
        name: str,
        password: str,
        *,
        nonce: str = "rOprNGfwEbeRWgbNEkqO",
        header: str = "n,,",
        bound: str | None = None,
        more: str = "",
        more_at_end: str = "",
    ) -> None:
        self.password = password
        self.nonce = nonce
        self.header = header
        self.bound = header if bound is None else bound
        self.more_at_end = more_at_end
        self.bare = f"n={name},r={nonce}{more}"
        self.expected_signature = b""

    def first(self, challenge: bytes) -> bytes:
        assert challenge == b""
        return (self.header + self.bare).encode()

    def final(self, challenge: bytes) -> bytes:
        said = dict(part.split("=", 1) for part in challenge.decode().split(","))
        assert said["r"].startswith(self.nonce)
        unproved = f"c={b64encode(self.bound.encode()).decode()},r={said['r']}{self.more_at_end}"
        salted = self._salted(b64decode(said["s"]), int(said["i"]))
        signed = f"{self.bare},{challenge.decode()},{unproved}".encode()
        client_key = hmac.new(salted, b"Client Key", "sha256").digest()
        signature = hmac.new(hashlib.sha256(client_key).digest(), signed, "sha256").digest()
        proof = (int.from_bytes(client_key, "big") ^ int.from_bytes(signature, "big")).to_bytes(32, "big")
        server_key = hmac.new(salted, b"Server Key", "sha256").digest()
        self.expected_signature = b"v=" + b64encode(hmac.new(server_key, signed, "sha256").digest())
        return f"{unproved},p={b64encode(proof).decode()}".encode()

    def last(self, challenge: bytes) -> bytes:
        assert challenge == self.expected_signature
        return b""

    def _salted(self, salt: bytes, iterations: int) -> bytes:
        """Hi() of RFC 5802 §2.2, written out."""
        one = hmac.new(self.password.encode(), salt + b"\0\0\0\1", "sha256").digest()
        total = int.from_bytes(one, "big")
        for _ in range(iterations - 1):
            one = hmac.new(self.password.encode(), one, "sha256").digest()
            total ^= int.from_bytes(one, "big")
        return total.to_bytes(32, "big")

    @property
    def steps(self) -> list[Client]:
        return [self.first, self.final, self.last]


RFC_7677 = (
    b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
)


def test_scram_sha_256_is_what_rfc_7677_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    # RFC 7677 §3
    server_first, client_final, server_final = RFC_7677
    monkeypatch.setattr(secrets, "token_bytes", lambda _: b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="))
    monkeypatch.setattr(secrets, "token_urlsafe", lambda _: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0")

    said = spoken(
        "SCRAM-SHA-256",
        Accounts("user", "pencil"),
        saying(b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO", client_final, b""),
    )

    assert said == ((b"", server_first, server_final), Verdict("user", succeeded=True))


def test_the_client_of_these_tests_says_what_rfc_7677_shows() -> None:
    server_first, client_final, server_final = RFC_7677
    client = Scram("user", "pencil")

    assert client.first(b"") == b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
    assert client.final(server_first) == client_final
    assert client.last(server_final) == b""


@pytest.mark.parametrize(
    ("client", "name"),
    [
        (Scram("ada", PASSWORD), "ada"),
        (Scram("grace hopper", PASSWORD), "grace hopper"),
        (Scram("åsa@example.org", "lösenord"), "åsa@example.org"),
        # RFC 5802 §5.1: "," and "=" in a name
        (Scram("a=2Cb=3Dc", PASSWORD), "a,b=c"),
        (Scram("=3D2C", PASSWORD), "=2C"),
        # §6: a client that could bind channels, and thinks that we can't
        (Scram("ada", PASSWORD, header="y,,"), "ada"),
        # §5: acting as oneself
        (Scram("ada", PASSWORD, header="n,a=ada,"), "ada"),
        (Scram("a=2Cb=3Dc", PASSWORD, header="n,a=a=2Cb=3Dc,"), "a,b=c"),
        # §7: optional extensions
        (Scram("ada", PASSWORD, more=",x=y"), "ada"),
        (Scram("ada", PASSWORD, more_at_end=",x=y"), "ada"),
    ],
)
def test_scram_lets_in_who_proves_the_password_and_proves_it_too(accounts: Accounts, client: Scram, name: str) -> None:
    said = spoken("SCRAM-SHA-256", accounts, client.steps)

    assert said.verdict == Verdict(name, succeeded=True)
    assert (len(said.challenges), said.challenges[-1]) == (3, client.expected_signature)


@pytest.mark.parametrize(
    ("password", "typed"),
    [
        # RFC 4013 §3
        ("I\N{SOFT HYPHEN}X", "IX"),
        ("\N{FEMININE ORDINAL INDICATOR}", "a"),
        ("\N{ROMAN NUMERAL NINE}", "IX"),
        ("correct\N{NO-BREAK SPACE}horse", "correct horse"),
        ("USER", "USER"),
    ],
)
def test_scram_prepares_a_password(password: str, typed: str) -> None:
    said = spoken("SCRAM-SHA-256", Accounts("ada", password), Scram("ada", typed).steps)

    assert said.verdict == ADA


def test_a_challenge_of_scram_is_of_this_exchange_alone(accounts: Accounts) -> None:
    # RFC 5802 §5.1; RFC 7677 §4
    first = saying(b"n,,n=ada,r=abc", b"")
    challenges = [spoken("SCRAM-SHA-256", accounts, first).challenges[1].decode() for _ in range(10)]
    fields = [dict(part.split("=", 1) for part in challenge.split(",")) for challenge in challenges]

    assert len({each["r"] for each in fields}) == len({each["s"] for each in fields}) == 10
    assert all(each["r"].startswith("abc") and len(each["r"]) >= 3 + 16 for each in fields)
    assert all(int(each["i"]) >= 4096 for each in fields)


@pytest.mark.parametrize(
    "first",
    [
        "",
        "n,,",
        "n=ada,r=abc",
        "n,,n=ada",
        "n,,n=ada,r=",
        "n,,n=,r=abc",
        "n,,r=abc,n=ada",
        "n,n=ada,r=abc",
        "x,,n=ada,r=abc",
        "n,,n=ada,r=a c",
        "n,,n=ada,r=åbc",
        # RFC 5802 §5.1: an extension that has to be understood
        "n,,m=1,n=ada,r=abc",
        # §6: channel binding is for SCRAM-SHA-256-PLUS.
        "p=tls-unique,,n=ada,r=abc",
        "p=tls-exporter,,n=ada,r=abc",
    ],
)
def test_scram_ends_where_the_first_message_is_none(accounts: Accounts, first: str) -> None:
    said = spoken("SCRAM-SHA-256", accounts, saying(first.encode()))

    assert said == ((b"",), Verdict("", succeeded=False))


@pytest.mark.parametrize(
    ("client", "name"),
    [
        (Scram("ada", "wrong"), "ada"),
        (Scram("ada", ""), "ada"),
        (Scram("nobody", PASSWORD), "nobody"),
        (Scram("nobody", ""), "nobody"),
        (Scram("bob", TOKEN), "bob"),
        (Scram("Ada", PASSWORD), "Ada"),
        (Scram("ada", PASSWORD, header="n,a=bob,"), "ada"),
        # RFC 5802 §5.1: the binding repeats the header.
        (Scram("ada", PASSWORD, bound="y,,"), "ada"),
        (Scram("ada", PASSWORD, bound=""), "ada"),
    ],
)
def test_scram_lets_nobody_else_in_and_tells_it_at_the_end(accounts: Accounts, client: Scram, name: str) -> None:
    said = spoken("SCRAM-SHA-256", accounts, client.steps)

    assert said.verdict == Verdict(name, succeeded=False)
    assert len(said.challenges) == 2


@pytest.mark.parametrize("name", ["a=b", "=", "=2c", "=3d", "a=2Cb=", "a=2"])
def test_scram_refuses_a_name_with_an_equals_sign_that_begins_no_escape(name: str) -> None:
    # RFC 5802 §5.1: the server MUST fail the authentication.
    accounts = Accounts(name.replace("=2C", ","), PASSWORD)

    said = spoken("SCRAM-SHA-256", accounts, Scram(name, PASSWORD).steps)

    assert not said.verdict.succeeded


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (r"^c=biws", "c=biwt"),
        (r"^c=biws,", ""),
        (r"r=[^,]*", "r=rOprNGfwEbeRWgbNEkqO"),
        (r"r=[^,]*", "r=other"),
        (r",p=.*", ""),
        (r",p=.*", ",p="),
        (r",p=.*", ",p=AAAA"),
        (r",p=.*", ",p=A"),
        (r",p=.*", ",p=====" + "A" * 8),
        (r",p=.*", ",p=not base64"),
        (r"=$", ""),
        (r"$", ",x=y"),
        (r"^.*$", ""),
        (r"^.*$", "\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_scram_lets_nobody_in_by_a_final_message_with_a_fault(accounts: Accounts, old: str, new: str) -> None:
    client = Scram("ada", PASSWORD)
    faulty = [client.first, lambda challenge: re.sub(old, new, client.final(challenge).decode(), count=1).encode()]

    assert spoken("SCRAM-SHA-256", accounts, faulty).verdict == Verdict("ada", succeeded=False)


# XOAUTH2 (as Google documents it) and OAUTHBEARER (RFC 7628)


@pytest.mark.parametrize(
    ("mechanism", "response", "name"),
    [
        ("XOAUTH2", f"user=ada\1auth=Bearer {TOKEN}\1\1", "ada"),
        ("XOAUTH2", f"user=bob\1auth=bearer {TOKEN}\1\1", "bob"),
        ("OAUTHBEARER", f"n,a=ada,\1auth=Bearer {TOKEN}\1\1", "ada"),
        ("OAUTHBEARER", f"n,a=bob,\1auth=BEARER {TOKEN}\1\1", "bob"),
        # RFC 7628 §3.1, §4.1
        ("OAUTHBEARER", f"n,a=ada,\1host=mail.example.com\1port=587\1auth=Bearer {TOKEN}\1\1", "ada"),
        ("OAUTHBEARER", f"n,a=ada,\1auth=Bearer {TOKEN}\1port=587\1\1", "ada"),
        # RFC 5801 §4
        ("OAUTHBEARER", f"n,a=a=2Cb=3Dc,\1auth=Bearer {TOKEN}\1\1", "a,b=c"),
    ],
)
def test_a_bearer_of_the_token_is_let_in(accounts: Accounts, mechanism: str, response: str, name: str) -> None:
    assert spoken(mechanism, accounts, saying(response.encode())) == ((b"",), Verdict(name, succeeded=True))


@pytest.mark.parametrize(
    ("mechanism", "response", "name"),
    [
        ("XOAUTH2", "user=ada\1auth=Bearer wrong\1\1", "ada"),
        ("XOAUTH2", "user=ada\1auth=Bearer \1\1", "ada"),
        ("XOAUTH2", f"user=nobody\1auth=Bearer {TOKEN}\1\1", "nobody"),
        ("XOAUTH2", f"user=ada\1auth=Bearer {PASSWORD}\1\1", "ada"),
        ("XOAUTH2", "user=grace hopper\1auth=Bearer \1\1", "grace hopper"),
        ("XOAUTH2", f"user=ada\1auth=Basic {TOKEN}\1\1", ""),
        ("XOAUTH2", f"user=ada\1auth=Bearer {TOKEN}\1", ""),
        ("XOAUTH2", f"user=ada\1auth=Bearer {TOKEN}\1\1\1", ""),
        ("XOAUTH2", f"n,a=ada,\1auth=Bearer {TOKEN}\1\1", ""),
        ("XOAUTH2", "", ""),
        ("OAUTHBEARER", "n,a=ada,\1auth=Bearer wrong\1\1", "ada"),
        ("OAUTHBEARER", f"n,a=nobody,\1auth=Bearer {TOKEN}\1\1", "nobody"),
        ("OAUTHBEARER", "n,,\1auth=Bearer wrong\1\1", ""),
        ("OAUTHBEARER", f"n,a=ada,\1auth=Basic {TOKEN}\1\1", ""),
        ("OAUTHBEARER", f"n,a=ada,\1auth=Bearer {TOKEN}\1", ""),
        ("OAUTHBEARER", "n,a=ada,\1host=mail.example.com\1\1", ""),
        ("OAUTHBEARER", f"p=tls-exporter,a=ada,\1auth=Bearer {TOKEN}\1\1", ""),
        ("OAUTHBEARER", f"user=ada\1auth=Bearer {TOKEN}\1\1", ""),
        ("OAUTHBEARER", "\1", ""),
        ("OAUTHBEARER", "", ""),
    ],
)
@pytest.mark.parametrize("nod", [b"", b"\1"])
def test_who_bears_no_token_is_told_why_and_then_refused(
    accounts: Accounts, mechanism: str, response: str, name: str, nod: bytes
) -> None:
    # RFC 7628 §3.2.2, §3.2.3: an error in JSON, at which the client nods
    said = spoken(mechanism, accounts, saying(response.encode(), nod))

    assert said.verdict == Verdict(name, succeeded=False)
    assert json.loads(said.challenges[1])["status"] == {"XOAUTH2": "400", "OAUTHBEARER": "invalid_token"}[mechanism]


# EXTERNAL (RFC 4422 appendix A)


@pytest.mark.parametrize(
    ("identities", "response", "verdict"),
    [
        (("ada",), b"", ADA),
        (("ada",), b"ada", ADA),
        # The first of those that the certificate names and that may log in
        (("www.example.com", "grace hopper", "ada"), b"", Verdict("grace hopper", succeeded=True)),
        (("www.example.com", "grace hopper", "ada"), b"ada", ADA),
        (("bob",), b"", Verdict("bob", succeeded=True)),
        (("åsa@example.org",), "åsa@example.org".encode(), Verdict("åsa@example.org", succeeded=True)),
        # What another mechanism would have sent; it holds more than a name.
        (("ada",), b"\0ada\0" + PASSWORD.encode(), Verdict("", succeeded=False)),
        # A certificate of somebody who has no account, or of nobody
        (("www.example.com",), b"", Verdict("www.example.com", succeeded=False)),
        (("www.example.com",), b"www.example.com", Verdict("www.example.com", succeeded=False)),
        ((), b"", Verdict("", succeeded=False)),
        ((), b"ada", Verdict("ada", succeeded=False)),
        # Acting as somebody else
        (("ada",), b"grace hopper", Verdict("grace hopper", succeeded=False)),
        (("ada",), b"Ada", Verdict("Ada", succeeded=False)),
        (("ada",), b"\xff", Verdict("\N{REPLACEMENT CHARACTER}", succeeded=False)),
    ],
)
def test_external_lets_in_whom_the_certificate_names(
    accounts: Accounts, identities: tuple[str, ...], response: bytes, verdict: Verdict
) -> None:
    assert spoken("EXTERNAL", accounts, saying(response), identities) == ((b"",), verdict)


# Whatever comes

RESPONSES = st.lists(
    st.binary(max_size=80)
    | st.sampled_from([b"", b"\0ada\0", b"ada", b"ada 0", b"user=ada\1auth=Bearer \1\1", b"n,a=ada,\1\1"])
    | st.sampled_from([b"n,,n=ada,r=abc", b"c=biws,r=abc,p=AAAA", b"y,a=ada,n=ada,r=abc", b"\xff\0\xff\0\xff"]),
    min_size=4,
    max_size=4,
)


@pytest.mark.parametrize("mechanism", EXCHANGES)
@settings(deadline=None)
@given(RESPONSES)
def test_whatever_comes_an_exchange_ends_and_lets_nobody_in(mechanism: str, responses: list[bytes]) -> None:
    accounts = Accounts("ada", PASSWORD)
    accounts.add_token("ada", TOKEN)

    said = spoken(mechanism, accounts, saying(*responses))

    assert not said.verdict.succeeded
    assert not any(secret.encode() in b"".join(said.challenges) for secret in (PASSWORD, TOKEN))
