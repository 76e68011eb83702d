"""The verbs that say what goes wrong in a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from .._errors import is_ours
from .._ports._faults import BadTLS
from .._ports._numbers import check_count, check_seconds
from .._ports._rules import ConnectionLimit, Greylist, RateLimit, RecipientLimit
from ._laying import Terms, lay_fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .._ports._faults import Action, Condition
    from .._ports._known_fault import Fault
    from .._ports._profile import Profile
    from .._ports._reply import Reply
    from .._ports._rules import Limit
    from .._server._faults import Clock
    from ._handle import Handle
    from ._world import World

__tracebackhide__ = is_ours


class Fallible:
    """Ports on which sessions go wrong: alike for all of them and for those of one route."""

    _world: World
    _scope: object = None

    @overload
    def fail(
        self,
        fault: str | Fault,
        /,
        *,
        times: int | None = None,
        after: int = 0,
        mail_from: Condition | None = None,
        recipient: Condition | None = None,
        port: int | Iterable[int] | None = None,
        connection: int | None = None,
    ) -> Handle: ...

    @overload
    def fail(
        self,
        stage: str,
        action: str | Reply | Action,
        *,
        times: int | None = None,
        after: int = 0,
        mail_from: Condition | None = None,
        recipient: Condition | None = None,
        port: int | Iterable[int] | None = None,
        connection: int | None = None,
    ) -> Handle: ...

    def fail(
        self,
        stage: str | Fault,
        action: str | Reply | Action | None = None,
        *,
        times: int | None = None,
        after: int = 0,
        mail_from: Condition | None = None,
        recipient: Condition | None = None,
        port: int | Iterable[int] | None = None,
        connection: int | None = None,
    ) -> Handle:
        """Have something go wrong in sessions, until it is taken back.

        Of several faults that are met at one stage the latest one fires, and the others neither fire nor count.

        Args:
            stage: "connect", "banner", "ehlo", "starttls", "handshake", "auth", "mail", "rcpt", "data", "message" (the
                final dot) or "quit". Or a `Fault`, such as `FAULTS["mailbox-full"]`, or the name of one, which says all
                by itself; one that the network does is laid as a block.
            action: a reply such as "450 4.7.1 Greylisted", `Disconnect`, `Delay`, `Drip`, `Garbage`, `Hang`, `BadTLS`,
                or `accept_then()`.
            times: how often; always unless told.
            after: how many occasions are let pass before.
            mail_from: only for this sender: an address, a compiled pattern, or a function of the address.
            recipient: only for this recipient, or for a message to it, among others.
            port: the number, or several; every one that has the stage unless told.
            connection: only on the how manieth connection to these ports, counted from 1 since this call.

        Raises:
            UnknownName: a stage that does not exist.
            UnknownFault: a fault that does not exist.
            UnknownPort: a number that is not emulated.
            ConfigurationError: an action that has no place there, or something that can never happen.
        """
        return lay_fault(
            self._world,
            self._chosen(port),
            self._scope,
            stage,
            action,
            Terms(times, after, mail_from, recipient, connection),
        )

    def fail_tls(
        self,
        kind: str,
        *,
        times: int | None = None,
        after: int = 0,
        port: int | Iterable[int] | None = None,
        connection: int | None = None,
    ) -> Handle:
        """Show a bad certificate, or speak TLS that a good client refuses, until it is taken back.

        It is `fail("handshake", BadTLS(kind))`. A client that refuses has a connection with the outcome `TLS_FAILED`;
        behind one that goes along, `TLS.fault` of the connection and of its messages is the kind.

        Args:
            kind: "expired", "not-yet-valid", "wrong-host", "self-signed", "untrusted-root", "incomplete-chain",
                "weak-key" (RSA of 1024 bits), "wrong-usage" (a certificate for clients), "tls1.0" and "tls1.1" (nothing
                newer), "no-shared-cipher", or "client-certificate-required", where a client gets in that has
                `client_context(certificate_for=...)`.
            times: at how many handshakes; always unless told.
            after: how many handshakes are let pass before.
            port: the number, or several; every one that has TLS unless told.
            connection: only on the how manieth connection to these ports, counted from 1 since this call.

        Raises:
            UnknownName: a kind that does not exist.
            UnknownPort: a number that is not emulated.
            ConfigurationError: no port that has TLS, or a number that can't be meant.
        """
        return self.fail("handshake", BadTLS(kind), times=times, after=after, port=port, connection=connection)

    def _chosen(self, port: int | Iterable[int] | None) -> Mapping[int, Profile]:
        profiles = self._profiles()
        if port is None:
            return profiles
        numbers = (port,) if isinstance(port, (int, str)) else tuple(port)
        return {number: profiles[self._world.checked(number, profiles)] for number in numbers}

    def _profiles(self) -> Mapping[int, Profile]:
        """Every port on which something can go wrong here, those of routed providers among them."""
        return self._world.network.profiles


class Faulty(Fallible):
    """All ports, their limits among what goes wrong."""

    @property
    def clock(self) -> Clock:
        """The time by which greylists and limits go; a test can advance it."""
        return self._world.faults.clock

    def greylist(self, *, retry_after: float = 300.0) -> Handle:
        """Put off each (client, sender, recipient) with 450 until it comes again, late enough (RFC 6647).

        Args:
            retry_after: how many seconds after the first try, by `clock`.

        Raises:
            ConfigurationError: no such time.
        """
        check_seconds("retry_after", retry_after)
        return self._rule(Greylist(retry_after))

    def limit_rate(self, messages: int, *, per: float = 60.0) -> Handle:
        """Take so many messages in a time, and refuse others with 450 at MAIL.

        Args:
            messages: how many, on all ports together.
            per: in how many seconds, by `clock`.

        Raises:
            ConfigurationError: no such number, or time.
        """
        check_count("messages", messages)
        check_seconds("per", per)
        return self._rule(RateLimit(messages, per))

    def limit_recipients(self, recipients: int) -> Handle:
        """Take so many recipients of a message, and refuse others with 452 (RFC 5321 §4.5.3.1.10).

        Raises:
            ConfigurationError: no such number.
        """
        check_count("recipients", recipients)
        return self._rule(RecipientLimit(recipients))

    def limit_connections(self, connections: int) -> Handle:
        """Serve so many connections at a time, on all ports together, and greet others with 421.

        Raises:
            ConfigurationError: no such number.
        """
        check_count("connections", connections)
        return self._rule(ConnectionLimit(connections))

    def _rule(self, rule: Limit) -> Handle:
        return self._world.lay_rule(rule, self._world.network.numbers, None)
