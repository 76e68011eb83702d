"""What a port lends to the sessions with its clients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from .._mail._message import Message
    from .._ports._blocks import Block
    from .._ports._precedents import Precedents
    from .._ports._reply import Reply
    from ._accounts import Accounts, Convention
    from ._faults import FaultsHere
    from ._journal import Entry, Journal


@dataclass(frozen=True, slots=True)
class Service:
    """What a session must know of the port that it serves.

    Attributes:
        precedents: what the port allows and says.
        host: the routed name by which it was dialled, or None.
        block: what the network has put in its way, or in its place, or None.
        context: gives the TLS context, which is not made before a client asks for TLS; a bad one of some kind, if told.
        describe_failure: tells why a handshake failed, perhaps behind a bad context of some kind.
        identities: tells whom a client's certificate names.
        accounts: who may log in.
        faults: what is to go wrong.
        journal: takes what goes wrong inside.
        greet: is told of the connection before the greeting leaves.
        hears: whether anybody wants to hear of connections, commands or messages.
        intercept: may have a reply to a command, in place of ours.
        deliver: takes a message before its reply leaves; whether it was taken.
    """

    precedents: Precedents
    host: str | None
    block: Block | None
    context: Callable[[str | None], ssl.SSLContext]
    describe_failure: Callable[[BaseException, str | None], str]
    identities: Callable[[ssl.SSLObject], tuple[str, ...]]
    accounts: Accounts | Convention
    faults: FaultsHere
    journal: Journal
    greet: Callable[[Entry], None]
    hears: Callable[[str], bool]
    intercept: Callable[[Entry, str, str], Reply | None]
    deliver: Callable[[Message], bool]
