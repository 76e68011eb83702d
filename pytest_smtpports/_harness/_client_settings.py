"""How clients are told of a port: the settings of each, and the environment variables of a child process.

What is given is what the client's own documentation names. How the port is reached is worked out elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._errors import ConfigurationError, UnknownName, is_ours
from .._ports._profile import TLSMode
from .._texts import MASK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# What a client is told to wait for at each step, in seconds.
TIMEOUT = 10
# They trust whom the process trusts, and can be told of nobody else.
TRUSTING_BY_ENVIRONMENT = frozenset({"django"})
# Those that know LHLO (RFC 2033).
_SPEAKING_LMTP = frozenset({"smtplib", "nodemailer"})
# What nobody needs to read who looks at settings.
_SECRET = frozenset({"password", "pass", "EMAIL_HOST_PASSWORD", "MAIL_PASSWORD", "SMTP_PASSWORD"})

__tracebackhide__ = is_ours


@dataclass(frozen=True, slots=True)
class Access:
    """All that a client needs to know of a port.

    Attributes:
        host: what it dials, an address or a routed name.
        port: the number that it dials there.
        tls: when TLS begins.
        login: user and password, or None where there is no login.
        ca_file: the path of a PEM file with the authority that signs the port's certificate.
        lmtp: whether the port speaks LMTP.
    """

    host: str
    port: int
    tls: TLSMode
    login: tuple[str, str] | None = field(repr=False)
    ca_file: str
    lmtp: bool = False


class ClientSettings(dict[str, Any]):  # values as the client takes them
    """A dict that doesn't show its password."""

    def __repr__(self) -> str:
        return repr({name: MASK if name in _SECRET and value else value for name, value in self.items()})


def settings_for(style: str, access: Access) -> ClientSettings:
    """What a client is configured with.

    Raises:
        UnknownName: a client that is not known here.
        ConfigurationError: it does not speak the port's protocol.
    """
    if style not in STYLES:
        raise UnknownName("style of settings", style, STYLES)
    if access.lmtp and style not in _SPEAKING_LMTP:
        raise ConfigurationError(
            f"The port speaks LMTP, and {style} does not. Of the clients there are settings for, "
            f"{' and '.join(sorted(_SPEAKING_LMTP))} do."
        )
    return ClientSettings(STYLES[style](access))


def variables_for(access: Access, trust: Mapping[str, str]) -> ClientSettings:
    """What a process finds in its environment; what does not apply is empty, so that nothing else stands there."""
    user, password = access.login or ("", "")
    return ClientSettings(
        SMTP_HOST=access.host,
        SMTP_PORT=str(access.port),
        SMTP_USERNAME=user,
        SMTP_PASSWORD=password,
        SMTP_TLS=access.tls.value,
        SMTP_CA_FILE=access.ca_file,
        **trust,
    )


def _django(access: Access) -> dict[str, Any]:
    user, password = access.login or ("", "")
    return {
        # Under a test runner another one stands there.
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": access.host,
        "EMAIL_PORT": access.port,
        "EMAIL_HOST_USER": user,
        "EMAIL_HOST_PASSWORD": password,
        "EMAIL_USE_TLS": access.tls is TLSMode.STARTTLS,
        "EMAIL_USE_SSL": access.tls is TLSMode.IMPLICIT,
        "EMAIL_TIMEOUT": TIMEOUT,
    }


def _flask_mail(access: Access) -> dict[str, Any]:
    user, password = access.login or (None, None)
    return {
        "MAIL_SERVER": access.host,
        "MAIL_PORT": access.port,
        "MAIL_USERNAME": user,
        "MAIL_PASSWORD": password,
        "MAIL_USE_TLS": access.tls is TLSMode.STARTTLS,
        "MAIL_USE_SSL": access.tls is TLSMode.IMPLICIT,
        # With TESTING nothing would be sent.
        "MAIL_SUPPRESS_SEND": False,
    }


def _fastapi_mail(access: Access) -> dict[str, Any]:
    user, password = access.login or ("", "")
    return {
        "MAIL_SERVER": access.host,
        "MAIL_PORT": access.port,
        "MAIL_USERNAME": user,
        "MAIL_PASSWORD": password,
        "USE_CREDENTIALS": access.login is not None,
        "MAIL_STARTTLS": access.tls is TLSMode.STARTTLS,
        "MAIL_SSL_TLS": access.tls is TLSMode.IMPLICIT,
        "CERT_BUNDLE": access.ca_file,
        "TIMEOUT": TIMEOUT,
    }


def _aiosmtplib(access: Access) -> dict[str, Any]:
    user, password = access.login or (None, None)
    return {
        "hostname": access.host,
        "port": access.port,
        "username": user,
        "password": password,
        "start_tls": access.tls is TLSMode.STARTTLS,
        "use_tls": access.tls is TLSMode.IMPLICIT,
        "cert_bundle": access.ca_file,
        "timeout": TIMEOUT,
    }


def _smtplib(access: Access) -> dict[str, Any]:
    import ssl

    place = {"host": access.host, "port": access.port, "timeout": TIMEOUT}
    trusting = {} if access.tls is TLSMode.NONE else {"context": ssl.create_default_context(cafile=access.ca_file)}
    calls: dict[str, Any] = {}
    if access.tls is TLSMode.IMPLICIT:
        calls["SMTP_SSL"] = place | trusting
    else:
        calls["LMTP" if access.lmtp else "SMTP"] = place
    if access.tls is TLSMode.STARTTLS:
        calls["starttls"] = trusting
    if access.login is not None:
        calls["login"] = ClientSettings(zip(("user", "password"), access.login, strict=True))
    return calls


def _nodemailer(access: Access) -> dict[str, Any]:
    milliseconds = TIMEOUT * 1000
    options: dict[str, Any] = {
        "host": access.host,
        "port": access.port,
        "secure": access.tls is TLSMode.IMPLICIT,
        "requireTLS": access.tls is TLSMode.STARTTLS,
        "ignoreTLS": access.tls is TLSMode.NONE,
        "tls": {"ca": Path(access.ca_file).read_text(encoding="ascii")},
        "connectionTimeout": milliseconds,
        "greetingTimeout": milliseconds,
        "socketTimeout": milliseconds,
    }
    if access.lmtp:
        options["lmtp"] = True
    if access.login is not None:
        options["auth"] = ClientSettings(zip(("user", "pass"), access.login, strict=True))
    return options


# By the names that the packages have.
STYLES: Mapping[str, Callable[[Access], dict[str, Any]]] = {
    "django": _django,
    "flask-mail": _flask_mail,
    "fastapi-mail": _fastapi_mail,
    "aiosmtplib": _aiosmtplib,
    "smtplib": _smtplib,
    "nodemailer": _nodemailer,
}
