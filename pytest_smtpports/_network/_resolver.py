"""dnspython's look-ups of mail exchangers (RFC 5321 §5.1), and of routed names, where it is installed."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Any, Protocol

from ._modules import when_loaded
from ._patch import PATCH
from ._replace import below, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Seconds for which an answer holds; a test is over before.
TTL = 300
# RFC 5321 §5.1: the lower one is tried first.
_STEP = 10


class Exchanges(Protocol):
    """Who knows the mail exchangers of a domain."""

    def exchanges(self, domain: str) -> Sequence[str]:
        """Their names, the first to be tried in front; none where the domain is not routed."""
        ...


class ResolverPatch:
    """In the place of `resolve` of both of dnspython's resolvers, while somebody routes; other look-ups go through."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tables: tuple[Exchanges, ...] = ()
        self._put_back: list[Callable[[], None]] = []

    def add(self, table: Exchanges) -> None:
        """Have a table asked; the first one puts the patch in place."""
        with self._lock:
            if not self._tables:
                self._put_back += [
                    when_loaded("dns.resolver", lambda module: self._in_resolver(module.Resolver)),
                    when_loaded("dns.asyncresolver", lambda module: self._in_async_resolver(module.Resolver)),
                ]
            self._tables = (table, *self._tables)

    def remove(self, table: Exchanges) -> None:
        """Ask a table no more; the last one takes the patch away."""
        with self._lock:
            self._tables = tuple(each for each in self._tables if each is not table)
            while not self._tables and self._put_back:
                self._put_back.pop()()

    def _in_resolver(self, resolver: Any) -> list[Callable[[], None]]:
        resolve = below(resolver.resolve)

        def patched(self_: Any, qname: Any, rdtype: Any = "A", *args: Any, **options: Any) -> Any:  # as dnspython's
            answer = self._answer(qname, rdtype)
            return resolve(self_, qname, rdtype, *args, **options) if answer is None else answer

        return [replace(resolver, "resolve", patched)]

    def _in_async_resolver(self, resolver: Any) -> list[Callable[[], None]]:
        resolve = below(resolver.resolve)

        async def patched(self_: Any, qname: Any, rdtype: Any = "A", *args: Any, **options: Any) -> Any:  # as above
            answer = self._answer(qname, rdtype)
            return await resolve(self_, qname, rdtype, *args, **options) if answer is None else answer

        return [replace(resolver, "resolve", patched)]

    def _answer(self, qname: Any, rdtype: Any) -> Any:  # dnspython's types, which need not be installed
        import dns.message
        import dns.name
        import dns.rdata
        import dns.rdataclass
        import dns.rdatatype
        import dns.resolver

        # They have no types.
        errors: Any = dns.resolver
        kind = dns.rdatatype.RdataType.make(rdtype)
        name = dns.name.from_text(qname) if isinstance(qname, str) else qname
        try:
            records = self._records(kind.name, name.to_text(omit_final_dot=True).lower())
        except socket.gaierror:
            raise errors.NXDOMAIN(qnames=[name], responses={}) from None
        if records is None:
            return None
        response: Any = dns.message.make_response(dns.message.make_query(name, kind))
        if not records:
            raise errors.NoAnswer(response=response)
        answers = response.find_rrset(response.answer, name, dns.rdataclass.IN, kind, create=True)
        for record in records:
            answers.add(dns.rdata.from_text("IN", kind.name, record), TTL)
        return dns.resolver.Answer(name, kind, dns.rdataclass.IN, response)

    def _records(self, kind: str, domain: str) -> list[str] | None:
        """What is answered to a question, or None where the question is not ours.

        Raises:
            socket.gaierror: the name is hidden.
        """
        if kind == "MX":
            exchanges = next(filter(None, (table.exchanges(domain) for table in self._tables)), ())
            return [f"{place * _STEP} {exchange}." for place, exchange in enumerate(exchanges, start=1)] or None
        if kind not in ("A", "AAAA") or (routed := PATCH.address_of(domain)) is None:
            return None
        return [routed[1]] if kind == "A" else []


# dnspython is one for the whole process, and so is what stands in it.
RESOLVER = ResolverPatch()
