"""Mail providers: hosts, ports and conventions of those that are data, each with its sources, and those of hooks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .._data import load
from .._errors import ConfigurationError, is_ours
from ._named import check_name
from ._personality import DEFAULT
from ._profile import AuthPolicy, Profile, Role, TLSMode, by_number

if TYPE_CHECKING:
    from collections.abc import Mapping

__tracebackhide__ = is_ours


@dataclass(frozen=True, slots=True)
class Provider:
    """A mail provider.

    Attributes:
        name: what `provider()` takes.
        hosts: its host names, such as "smtp.sendgrid.net", or patterns.
        profiles: its ports.
        username: the user name that every customer has, such as "apikey", or None where each has its own.
        password_is_username: whether one secret is both.

    Raises:
        ConfigurationError: no name, no host, or no port.

    Example:
        >>> from pytest_smtpports import PROFILES, Provider
        >>> Provider("ours", ("smtp.example.com",), (PROFILES[587],)).name
        'ours'
    """

    __module__ = "pytest_smtpports"

    name: str
    hosts: tuple[str, ...]
    profiles: tuple[Profile, ...]
    username: str | None = None
    password_is_username: bool = False

    def __post_init__(self) -> None:
        check_name(Provider, self.name)
        _check_hosts(self.hosts)
        if not by_number(self.profiles):
            raise ConfigurationError(
                f"The provider {self.name!r} has no port; give it profiles, such as (PROFILES[587],)."
            )


@lru_cache
def shipped() -> Mapping[str, Provider]:
    """Those that are data, by name."""
    return MappingProxyType({name: _of(name, facts) for name, facts in load("providers").items()})


def _check_hosts(hosts: object) -> None:
    if not isinstance(hosts, tuple) or not hosts or not all(isinstance(host, str) for host in hosts):
        raise ConfigurationError(f"A provider has a tuple of host names, such as ('smtp.example.com',), not {hosts!r}.")


# TLS as a provider documents it: when it begins, whether it must, and whether a login may come before it.
_TLS: Mapping[str, Mapping[str, Any]] = {
    "implicit": {"role": Role.SUBMISSIONS, "tls": TLSMode.IMPLICIT},
    "starttls": {"role": Role.SUBMISSION, "tls": TLSMode.STARTTLS, "starttls_required": True},
    "starttls-optional": {"role": Role.ALTERNATE, "tls": TLSMode.STARTTLS, "auth_in_clear": True},
}


def _of(name: str, facts: Mapping[str, Any]) -> Provider:  # the values of a JSON file, which a test checks
    """A provider from data, in which each fact is a pair of value and source."""
    common: dict[str, Any] = {"auth": AuthPolicy.REQUIRED, "personality": facts.get("personality", [DEFAULT])[0]}
    if "mechanisms" in facts:
        common["mechanisms"] = tuple(facts["mechanisms"][0])
    if "size_limit" in facts:
        common["size_limit"] = facts["size_limit"][0]
    profiles = tuple(Profile(int(number), **_TLS[mode[0]], **common) for number, mode in facts["ports"].items())
    return Provider(
        name,
        tuple(facts["hosts"][0]),
        profiles,
        facts.get("username", [None])[0],
        facts.get("password_is_username", [False])[0],
    )
