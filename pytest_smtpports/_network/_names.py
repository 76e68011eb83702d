"""Host names as the resolver compares them, and the port numbers that service names mean."""

from __future__ import annotations

import ipaddress
import operator
import re
from typing import TYPE_CHECKING, SupportsIndex

from .._errors import ConfigurationError, is_ours

if TYPE_CHECKING:
    from collections.abc import Iterable

_HOST_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")

# How a pattern begins.
_ANY = "*."

# The resolver reads what ends in a number as an address: 127.1, 0x7f.1.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

# The services database (RFC 8314 §7.3, RFC 6409); a slim image has none.
SERVICES = {"smtp": 25, "submissions": 465, "smtps": 465, "submission": 587}

__tracebackhide__ = is_ours


def normal(host: object) -> str | None:
    """A host name in lower case, in ASCII (RFC 3490), without its final dot; None for what is no name."""
    if isinstance(host, (bytes, bytearray)):
        host = bytes(host).decode("ascii", "replace")
    if not isinstance(host, str):
        return None
    name = host.rstrip(".").lower()
    try:
        return name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        return None


def routable(host: str) -> str:
    """The normal form of a host name that can be routed.

    Raises:
        ConfigurationError: it is no host name, or an address.
    """
    name = normal(host)
    if not name or len(name) > 253 or not _HOST_NAME.fullmatch(name.removeprefix(_ANY)):
        raise ConfigurationError(
            f"A route takes host names such as 'smtp.example.com', or '*.example.com' for every name below one, "
            f"not {host!r}; the port is not part of it."
        )
    if _is_address(name) or _NUMBER.fullmatch(name.rpartition(".")[2]):
        raise ConfigurationError(f"A route takes host names, not addresses such as {host!r}.")
    return name


def is_meant(name: str, pattern: str) -> bool:
    """Whether a pattern such as "*.example.org" means a name: one below it, however deep, and not itself."""
    return pattern.startswith(_ANY) and name.endswith(pattern[1:]) and len(name) >= len(pattern)


def exchanges_of(domain: str, routed: Iterable[str]) -> tuple[str, ...]:
    """The routed hosts that take a domain's mail: itself, or those below it in their order; a pattern is no host."""
    hosts = dict.fromkeys(host for host in routed if not host.startswith(_ANY))
    return (domain,) if domain in hosts else tuple(host for host in hosts if host.endswith(f".{domain}"))


def port_number(service: object) -> object:
    """The number that a service name of mail means; anything else as it is."""
    name = service.decode("ascii", "replace") if isinstance(service, bytes) else service
    return SERVICES.get(name, service) if isinstance(name, str) else service


def dialled(service: object) -> int | None:
    """The same as a number, or None where nobody can tell: a look-up need not say what is to be dialled."""
    number = port_number(service)
    text = number.decode("ascii", "replace") if isinstance(number, bytes) else number
    if isinstance(text, str) and text.isascii() and text.isdigit():
        return int(text)
    return as_number(number)


def as_number(port: object) -> int | None:
    """A port as connect takes it: a whole number, of whatever type; None for anything else."""
    return operator.index(port) if isinstance(port, SupportsIndex) else None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
