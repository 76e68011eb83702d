"""How a client proves who it is: the SASL mechanisms (RFC 4422) of the server's side, as exchanges without a wire.

An exchange is a generator: it yields a challenge, is sent the client's response, and returns its verdict. Where the
client speaks first, the first challenge is empty; an initial response answers it at once (RFC 4954 §4).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import stringprep
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Protocol

# The frames of these functions hold what clients log in with, which a traceback with local variables would show.
__tracebackhide__ = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who said they were whom, and whether that is so."""

    username: str
    succeeded: bool


class Explanation(bytes):
    """A challenge that tells why a login has failed; the client has only to acknowledge it (RFC 7628 §3.2.3).

    Attributes:
        verdict: what there is to say already, whether the client answers or not.
    """

    verdict: Verdict

    @classmethod
    def of(cls, verdict: Verdict, error: Mapping[str, str]) -> Explanation:
        """The explanation that a token was not taken."""
        explanation = cls(json.dumps(error, separators=(",", ":")).encode())
        explanation.verdict = verdict
        return explanation


class Accounts(Protocol):
    """Who may log in."""

    def password(self, name: str) -> str | None:
        """The password of a user, or None."""
        ...

    def token(self, name: str) -> str | None:
        """The OAuth token of a user, or None."""
        ...

    def bearer(self, token: str) -> str | None:
        """Whose OAuth token it is, or None."""
        ...

    def __contains__(self, name: object) -> bool:
        """Whether there is a user of that name."""
        ...


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a mechanism must know.

    Attributes:
        accounts: who may log in.
        host: what the port calls itself.
        identities: whom the client's certificate names.
    """

    accounts: Accounts
    host: str
    identities: tuple[str, ...] = ()


Exchange = Generator[bytes, bytes, Verdict]


def _plain(circumstances: Circumstances) -> Exchange:
    """RFC 4616: authorization identity, user name and password, with NUL between them."""
    parts = _text((yield b"")).split("\0")
    if len(parts) != 3:
        return Verdict("", succeeded=False)
    acting_as, name, password = parts
    return Verdict(name, acting_as in ("", name) and _equal(circumstances.accounts.password(name), password))


def _login(circumstances: Circumstances) -> Exchange:
    """draft-murchison-sasl-login, as the world speaks it."""
    name = _text((yield b"Username:"))
    password = _text((yield b"Password:"))
    if not name.isprintable():
        # What another mechanism would have sent; it holds more than a name.
        return Verdict("", succeeded=False)
    return Verdict(name, _equal(circumstances.accounts.password(name), password))


_CRAM = re.compile(r"(?P<name>.+) (?P<digest>[0-9a-f]{32})", re.IGNORECASE | re.ASCII)


def _cram_md5(circumstances: Circumstances) -> Exchange:
    """RFC 2195: the user name, and a keyed digest of the challenge."""
    challenge = f"<{secrets.token_hex(16)}@{circumstances.host}>".encode()
    given = _CRAM.fullmatch(_text((yield challenge)))
    if given is None:
        return Verdict("", succeeded=False)
    password = circumstances.accounts.password(given["name"])
    expected = hmac.new((password or "").encode(), challenge, "md5").hexdigest()
    return Verdict(given["name"], password is not None and _equal(expected, given["digest"].lower()))


# RFC 7677 §4: at least 4096.
_ITERATIONS = 4096
# RFC 5802 §5.1: in a name, "=" and "," are written "=3D" and "=2C".
_SASLNAME = r"(?:[^,=]|=2C|=3D)+"
# RFC 5802 §7; channel binding ("p=") is what SCRAM-SHA-256-PLUS is for.
_CLIENT_FIRST = re.compile(
    rf"(?P<header>[ny],(?:a=(?P<acting_as>{_SASLNAME}))?,)(?P<bare>n=(?P<name>{_SASLNAME}),r=(?P<nonce>[!-+\--~]+)(?:,.*)?)"
)
_CLIENT_FINAL = re.compile(
    r"(?P<unproved>c=(?P<binding>[^,]*),r=(?P<nonce>[^,]*)(?:,.*)?),p=(?P<proof>[A-Za-z0-9+/=]+)"
)


def _scram_sha_256(circumstances: Circumstances) -> Exchange:
    """RFC 7677, RFC 5802: both sides prove that they know the password, and neither sends it."""
    first = _CLIENT_FIRST.fullmatch(_text((yield b"")))
    if first is None:
        return Verdict("", succeeded=False)
    name = _named(first["name"])
    salt, nonce = secrets.token_bytes(16), first["nonce"] + secrets.token_urlsafe(18)
    challenge = f"r={nonce},s={b64encode(salt).decode()},i={_ITERATIONS}"
    final = _CLIENT_FINAL.fullmatch(_text((yield challenge.encode())))
    password = circumstances.accounts.password(name)
    if (
        final is None
        or password is None
        or first["acting_as"] not in (None, first["name"])
        or (final["nonce"], final["binding"]) != (nonce, b64encode(first["header"].encode()).decode())
    ):
        return Verdict(name, succeeded=False)
    signed = ",".join((first["bare"], challenge, final["unproved"])).encode()
    salted = hashlib.pbkdf2_hmac("sha256", _prepared(password).encode(), salt, _ITERATIONS)
    client_key = _hmac(salted, b"Client Key")
    signature = _hmac(hashlib.sha256(client_key).digest(), signed)
    proof = bytes(key ^ mask for key, mask in zip(client_key, signature, strict=True))
    if not hmac.compare_digest(proof, _decoded(final["proof"])):
        return Verdict(name, succeeded=False)
    # RFC 4954 §4: what a success brings along is said as a last challenge.
    yield b"v=" + b64encode(_hmac(_hmac(salted, b"Server Key"), signed))
    return Verdict(name, succeeded=True)


# Google's "XOAUTH2 protocol"
_XOAUTH2 = re.compile(r"user=(?P<name>[^\1]*)\1auth=Bearer (?P<token>[^\1]*)\1\1".replace(r"\1", "\x01"), re.IGNORECASE)
# RFC 7628 §3.1
_OAUTHBEARER = re.compile(
    rf"[ny],(?:a=(?P<name>{_SASLNAME}))?,"
    r"\1(?:[a-z]+=[^\1]*\1)*?auth=Bearer (?P<token>[^\1]*)\1(?:[a-z]+=[^\1]*\1)*\1".replace(r"\1", "\x01"),
    re.IGNORECASE,
)


def _bearer(form: re.Pattern[str], error: Mapping[str, str]) -> Callable[[Circumstances], Exchange]:
    def exchange(circumstances: Circumstances) -> Exchange:
        """A token in place of a password; why it is refused is told in a challenge that the client only nods at."""
        given = form.fullmatch(_text((yield b"")))
        accounts = circumstances.accounts
        name = _named((given and given["name"]) or "")
        if given is not None and not name:
            # RFC 7628 §3.1: who is meant may be left to the token.
            name = accounts.bearer(given["token"]) or ""
        if given is not None and _equal(accounts.token(name), given["token"]):
            return Verdict(name, succeeded=True)
        verdict = Verdict(name, succeeded=False)
        yield Explanation.of(verdict, error)
        return verdict

    return exchange


def _external(circumstances: Circumstances) -> Exchange:
    """RFC 4422 appendix A: the client's certificate has said it already (RFC 4954 §4 has "=" for nothing to add)."""
    acting_as = _text((yield b""))
    if not acting_as.isprintable():
        # As above.
        return Verdict("", succeeded=False)
    known = [name for name in circumstances.identities if name in circumstances.accounts]
    claimed = acting_as or next(iter(known or circumstances.identities), "")
    return Verdict(claimed, claimed in known)


EXCHANGES: Mapping[str, Callable[[Circumstances], Exchange]] = {
    "PLAIN": _plain,
    "LOGIN": _login,
    "CRAM-MD5": _cram_md5,
    "SCRAM-SHA-256": _scram_sha_256,
    "XOAUTH2": _bearer(_XOAUTH2, {"status": "400", "schemes": "Bearer", "scope": "https://mail.google.com/"}),
    "OAUTHBEARER": _bearer(_OAUTHBEARER, {"status": "invalid_token", "scope": "mail"}),
    "EXTERNAL": _external,
}
# RFC 4954 §4: a mechanism in which the server speaks first takes none. LOGIN does, and every client knows it.
NO_INITIAL_RESPONSE = frozenset({"CRAM-MD5"})


def _named(saslname: str) -> str:
    return saslname.replace("=2C", ",").replace("=3D", "=")


def _text(response: bytes) -> str:
    return response.decode("utf-8", "replace")


def _equal(known: str | None, given: str) -> bool:
    return known is not None and hmac.compare_digest(known.encode(), given.encode())


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def _decoded(proof: str) -> bytes:
    try:
        return b64decode(proof, validate=True)
    except ValueError:
        return b""


def _prepared(password: str) -> str:
    """RFC 4013 §2: the mapping and the normal form of SASLprep, which RFC 5802 wants of a password."""
    mapped = (
        "" if stringprep.in_table_b1(char) else " " if stringprep.in_table_c12(char) else char for char in password
    )
    return unicodedata.normalize("NFKC", "".join(mapped))
