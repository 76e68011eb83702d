"""Addresses in whatever form a connect takes them, and which of them are this machine's; without a look-up."""

from __future__ import annotations

import ipaddress
import socket


def numeric(host: str) -> str:
    """An address in its usual form, an IPv4 one in IPv6 as IPv4; a name as it is."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return _as_the_c_library_reads_it(host)
    return str(getattr(address, "ipv4_mapped", None) or address)


def is_this_machine(host: str) -> bool:
    """Whether an address or a name is this machine's."""
    if host in ("", "localhost", socket.gethostname()) or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(numeric(host))
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified or _can_be_bound(str(address))


def is_every(host: str) -> bool:
    """Whether it stands for every address of this machine (RFC 1122 §3.2.1.3, RFC 4291 §2.5.2)."""
    return ipaddress.ip_address(host).is_unspecified


def _as_the_c_library_reads_it(host: str) -> str:
    """Such as 127.1, which nobody else knows as an address."""
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return host


def _can_be_bound(address: str) -> bool:
    """Only what an interface of this machine has can be; no packet leaves for it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as bound:
            bound.bind((address, 0))
    except OSError:
        return False
    return True
