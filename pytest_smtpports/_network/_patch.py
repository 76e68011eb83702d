"""The one patch of look-up and connect, in place while somebody routes or blocks and at no other time.

Names are led to addresses of the loopback network that nothing listens on, one for each name, so that the name is
known again when the address is dialled. What it finds in place it calls, and puts back.
"""

from __future__ import annotations

import _socket
import errno
import socket
import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Protocol

from ._addresses import numeric
from ._loops import replace_connect, replace_look_up
from ._modules import when_loaded
from ._names import as_number, dialled, normal, port_number
from ._replace import below, replace

# RFC 6890 §2.2.2: the whole of 127.0.0.0/8 is this machine; this part of it is rarely used.
_NETWORK = "127.83"
_V4_IN_V6 = "::ffff:"
# How many addresses are known by their names.
_MOST_LOOKED_UP = 1000

Connect = Callable[[tuple[Any, ...]], Any]

# The socket that one of ours is connecting: another one that lies below somebody else's patch leaves it alone.
_LED: ContextVar[socket.socket | None] = ContextVar("_LED", default=None)


class Destination(Protocol):
    """Where a connect leads."""

    def dial(self, client: socket.socket, connect: Connect) -> Any:  # what the socket's method returns
        """Connect the client's socket, and write it down."""
        ...


class Table(Protocol):
    """What somebody has routed and opened."""

    def routes(self, name: str) -> bool:
        """Whether a name, in its normal form, leads here."""
        ...

    def look_up(self, name: str, port: int | None) -> bool:
        """The same, when a name is looked up for this port, or for none that is told.

        Raises:
            socket.gaierror: it is not to be found.
        """
        ...

    def destination(self, name: str | None, address: str, port: int) -> Destination | None:
        """Where a connect leads, by routed name or else by address; None for what is not ours."""
        ...


class SocketPatch:
    """Asks the tables, the latest first, and leaves alone what none of them knows."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tables: tuple[Table, ...] = ()
        self._addresses: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._looked_up: dict[str, str] = {}
        self._put_back: list[Callable[[], None]] = []
        # The connect that was put in place last.
        self._connect: object = None

    def add(self, table: Table) -> None:
        """Have a table asked before all others; the first one puts the patch in place."""
        with self._lock:
            self._rise()
            self._tables = (table, *self._tables)

    def add_behind(self, table: Table) -> None:
        """Have a table asked where no other knows."""
        with self._lock:
            self._rise()
            self._tables = (*self._tables, table)

    def rise(self) -> None:
        """Put the patch on top once more, where somebody else has put theirs there.

        Who forbids some addresses is to be asked for those that are really dialled.
        """
        with self._lock:
            self._rise()

    def stay(self) -> None:
        """The same, where a table is asked."""
        with self._lock:
            if self._tables:
                self._rise()

    def remove(self, table: Table) -> None:
        """Ask a table no more; the last one takes the patch away."""
        with self._lock:
            self._tables = tuple(each for each in self._tables if each is not table)
            if not self._tables:
                self._connect = None
                self._looked_up.clear()
                while self._put_back:
                    self._put_back.pop()()

    def address_of(self, host: object, port: int | None = None) -> tuple[str, str] | None:
        """The normal form of a routed name and the address that stands for it, or None.

        Raises:
            socket.gaierror: the name is not to be found.
        """
        name = normal(host)
        if name is None or not any(table.look_up(name, port) for table in self._tables):
            return None
        with self._lock:
            if name not in self._addresses:
                number = len(self._addresses) + 1
                address = f"{_NETWORK}.{number >> 8}.{number & 255}"
                self._addresses[name] = address
                self._names[address] = name
        return name, self._addresses[name]

    def name_of(self, address: str) -> str:
        """The name by which an address was looked up last, or the address itself."""
        return self._looked_up.get(address, address)

    def destination(self, client: socket.socket, address: object) -> Destination | None:
        """Where a connect of this socket leads, or None for where it says."""
        if client.family not in (socket.AF_INET, socket.AF_INET6) or client.type != socket.SOCK_STREAM:
            return None
        if not isinstance(address, tuple) or len(address) < 2 or (port := as_number(address[1])) is None:
            return None
        routed = self.address_of(address[0], port)
        host = numeric(str(address[0]))
        name = routed[0] if routed else self._names.get(host)
        for table in self._tables:
            if (found := table.destination(name, host, port)) is not None:
                return found
        return None

    def _destination_unless_led(self, client: socket.socket, address: object) -> Destination | None:
        return None if _LED.get() is client else self.destination(client, address)

    def _is_ours(self, host: object, port: object) -> bool:
        """Whether a name or an address leads here; as yet nobody asks whether it may."""
        name = normal(host)
        if name is not None and any(table.routes(name) for table in self._tables):
            return True
        number, address = dialled(port), numeric(str(host))
        known = self._names.get(address)
        return number is not None and any(
            table.destination(known, address, number) is not None for table in self._tables
        )

    def _rise(self) -> None:
        if self._connect is None or vars(socket.socket).get("connect") is not self._connect:
            self._install()

    def _install(self) -> None:
        connect: Callable[[socket.socket, Any], None] = below(socket.socket.connect)
        connect_ex: Callable[[socket.socket, Any], int] = below(socket.socket.connect_ex)
        getaddrinfo: Callable[..., list[Any]] = below(_socket.getaddrinfo)

        def patched_connect(client: socket.socket, address: Any) -> None:  # as the socket module's
            found = self._destination_unless_led(client, address)
            if found is None:
                return connect(client, address)
            found.dial(client, lambda target: _led(client, connect, target))
            return None

        def patched_connect_ex(client: socket.socket, address: Any) -> int:
            found = self._destination_unless_led(client, address)
            if found is None:
                return connect_ex(client, address)
            try:
                return int(found.dial(client, lambda target: _led(client, connect_ex, target)))
            except OSError as error:
                # What is told of a timeout has no number, but here.
                return error.errno or errno.EAGAIN

        def patched_getaddrinfo(
            host: object,
            port: object,
            family: int = 0,
            type: int = 0,  # noqa: A002 # the socket module's word
            proto: int = 0,
            flags: int = 0,
        ) -> list[Any]:
            routed = None if flags & socket.AI_NUMERICHOST else self.address_of(host, dialled(port))
            if routed is None:
                elsewhere = getaddrinfo(host, port, family, type, proto, flags)
                self._remember(host, elsewhere)
                return elsewhere
            name, address = routed
            if family == socket.AF_INET6:
                address = _V4_IN_V6 + address
            found = getaddrinfo(address, port_number(port), family, type, proto, flags)
            return [(*each[:3], name if each[3] else "", each[4]) for each in found]

        self._connect = patched_connect
        self._replace(socket.socket, "connect", patched_connect)
        self._replace(socket.socket, "connect_ex", patched_connect_ex)
        self._replace(_socket, "getaddrinfo", patched_getaddrinfo)
        self._put_back += [
            when_loaded("asyncio.base_events", lambda module: replace_look_up(module.BaseEventLoop, self._is_ours)),
            when_loaded("uvloop", lambda module: self._in_uvloop(module.Loop)),
        ]
        for module in (_socket, socket):
            self._replace_look_up(module, "gethostbyname", lambda name, address: address)
            self._replace_look_up(module, "gethostbyname_ex", lambda name, address: (name, [], [address]))

    def _in_uvloop(self, loops: Any) -> list[Callable[[], None]]:
        return [*replace_look_up(loops, self._is_ours), *replace_connect(loops, self._is_ours)]

    def _remember(self, host: object, found: list[Any]) -> None:
        name = normal(host)
        if name is not None:
            if len(self._looked_up) >= _MOST_LOOKED_UP:
                self._looked_up.clear()
            self._looked_up.update((str(each[4][0]), name) for each in found)

    def _replace_look_up(self, module: Any, name: str, answer: Callable[[str, str], object]) -> None:
        look_up = below(getattr(module, name))

        def patched_look_up(host: object) -> object:
            routed = self.address_of(host)
            return look_up(host) if routed is None else answer(*routed)

        self._replace(module, name, patched_look_up)

    def _replace(self, owner: Any, name: str, replacement: Callable[..., object]) -> None:
        self._put_back.append(replace(owner, name, replacement))


def _led(client: socket.socket, connect: Callable[[socket.socket, Any], Any], target: object) -> Any:
    outer = _LED.set(client)
    try:
        return connect(client, target)
    finally:
        _LED.reset(outer)


def as_family(client: socket.socket, address: tuple[str, int]) -> tuple[str, int]:
    """An address as a socket of the client's family dials it."""
    host, port = address
    if client.family == socket.AF_INET6 and ":" not in host:
        return _V4_IN_V6 + host, port
    if client.family == socket.AF_INET and ":" in host:
        # What is bound to every address is bound to this one.
        return "127.0.0.1", port
    return host, port


# The socket module is one for the whole process, and so is what stands in it.
PATCH = SocketPatch()
