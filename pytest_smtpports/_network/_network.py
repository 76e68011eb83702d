"""The network between the code under test and the ports of one `SMTPPorts`: its doors, blocks and routes."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .._errors import ClosedError
from .._ports._blocks import Block, Layer, effective
from .._ports._kinds import DNS, Refuse, error_of
from .._server._black_hole import BlackHole
from ._addresses import is_every, is_this_machine
from ._caller import location
from ._dial import Dial
from ._door import Answer, Door
from ._names import exchanges_of
from ._patch import PATCH
from ._resolver import RESOLVER
from ._site import Site

if TYPE_CHECKING:
    from .._ports._profile import Profile
    from .._server._accounts import Accounts, Convention
    from .._server._journal import Journal
    from ._children import Children

Listen = Callable[[socket.socket, "Profile", "str | None", "Accounts | Convention", "Block | None", object], Answer]


class Network:
    """Doors by site and number, the layers of blocks over them, and the table that the socket patch asks."""

    def __init__(
        self,
        bind_host: str,
        profiles: Mapping[int, Profile],
        accounts: Accounts,
        listen: Listen,
        journal: Journal,
        children: Callable[[], Children],
        local_ports: Mapping[int, int],
    ) -> None:
        self._local_ports = local_ports
        self._bind_host = bind_host
        # A routed name has an IPv4 address, which sockets of both families can dial.
        self._routed_host = "127.0.0.1" if ":" in bind_host else bind_host
        self._listen = listen
        self._journal = journal
        self._children = children
        self._lock = threading.RLock()
        self._direct = Site(None, profiles, accounts, None)
        self._routed: tuple[Site, ...] = ()
        self._layers: tuple[Layer, ...] = ()
        self._closed_door: Door | None = None
        self._pid = os.getpid()
        self._patched = self._answers_mx = self._is_closed = False
        # How many want clients to wait as long as they would in the world.
        self._real_times = 0

    # What the harness asks

    def door(self, number: int, site: Site | None = None) -> Door:
        """The door of a port; opened by the first who asks.

        Raises:
            ClosedError: the route of the site, or all of it, has ended.
        """
        site = site or self._direct
        with self._lock:
            if self._is_closed or site not in self._sites():
                raise ClosedError
            if number not in site.doors and os.getpid() != self._pid:
                # A forked child can open none, but a pattern's leads to every name that it means.
                site = next((each for each in self._routed if each.is_pattern and each.covers(site.host)), site)
            if number not in site.doors:
                profile, block = site.profiles[number], self.block(number, site.scope)
                is_direct = site is self._direct
                site.doors[number] = Door(
                    self._bind_host if is_direct else self._routed_host,
                    lambda bound, block: self._listen(bound, profile, site.host, site.accounts, block, site.scope),
                    block,
                    self._local_ports.get(number, 0) if is_direct else 0,
                )
            return site.doors[number]

    def block(self, number: int, scope: object = None) -> Block | None:
        """The block that holds for a port on one way to it."""
        return effective(self._layers, number, scope)

    @property
    def numbers(self) -> frozenset[int]:
        """Every number that leads here, by whatever name."""
        return frozenset(self.profiles)

    @property
    def profiles(self) -> dict[int, Profile]:
        """What each of them is; where several ports have a number, the one of the bind address, or the latest one."""
        found: dict[int, Profile] = {}
        for site in reversed(self._sites()):
            found.update(site.profiles)
        return found

    @property
    def routes_any(self) -> bool:
        """Whether any name leads here."""
        return bool(self._routed)

    def blocks(self) -> list[tuple[str, Block]]:
        """The ports that are blocked now, by the name under which a client knows them."""
        direct = {number: self.block(number) for number in self._direct.profiles}
        found = [(str(number), block) for number, block in direct.items()]
        for site in self._routed:
            routed = [(number, self.block(number, site.scope)) for number in sorted(site.numbers)]
            found += [(f"{site.host}:{number}", block) for number, block in routed if block != direct.get(number)]
        return [(name, block) for name, block in found if block is not None]

    def lay(self, layer: Layer) -> Callable[[], None]:
        """Put a layer of blocks on top; what is returned takes it away again."""
        with self._lock:
            self._layers = (*self._layers, layer)
            self._settle()
        return lambda: self._lift(layer)

    def route(self, sites: Iterable[Site]) -> Callable[[], None]:
        """Lead host names here, in front of earlier routes of the same names; what is returned ends it."""
        added = tuple(sites)
        with self._lock:
            self._routed = (*reversed(added), *self._routed)
            self._settle()
        return lambda: self._end_route(added)

    def local_port_of(self, port: object) -> int | None:
        """The emulated number behind an ephemeral one, or None."""
        for site in self._sites():
            for number, door in list(site.doors.items()):
                if door.address[1] == port:
                    return number
        return None

    @property
    def is_real_time(self) -> bool:
        """Whether clients wait as long as they would in the world."""
        return self._real_times > 0

    def take_real_time(self) -> Callable[[], None]:
        """Have them do so, until what is returned is called."""
        self._real_times += 1

        def give_back() -> None:
            self._real_times -= 1

        return give_back

    def renew(self) -> None:
        """Begin to count anew: connections that are let through, and waits that are spared."""
        with self._lock:
            for site in self._sites():
                for door in site.doors.values():
                    door.renew()

    def close(self) -> None:
        """End all routes and blocks and give every port back."""
        with self._lock:
            self._is_closed = True
            self._layers = ()
            sites, self._routed = self._sites(), ()
            self._patch_if_needed()
            for site in sites:
                self._close_doors(site)
            if self._closed_door is not None:
                self._closed_door.close()
                self._closed_door = None

    # What the socket patch asks

    def routes(self, name: str) -> bool:
        """Whether a name leads here."""
        return any(site.covers(name) for site in self._routed)

    def look_up(self, name: str, port: int | None) -> bool:
        """Whether a name leads here.

        Raises:
            socket.gaierror: it is hidden, for this port or, where none is told, for every one.
        """
        site = next((site for site in self._routed if site.covers(name)), None)
        if site is None:
            return False
        numbers = site.numbers if port is None else site.numbers.intersection([port])
        blocks = [self.block(number, site.scope) for number in numbers]
        if not blocks or not all(isinstance(block, DNS) for block in blocks):
            return True
        if port is not None:
            entry = self._journal.open(port, name)
            entry.location = location()
            entry.blocked(DNS())
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    def _written(self) -> dict[str, dict[str, Any]]:
        """What a child process meets, by name and number; every port of a name is open for that.

        Of two that mean a name the later one holds.
        """
        written: dict[str, dict[str, Any]] = {}
        for routed in reversed(self._routed):
            # A name that was looked up by a pattern comes after it.
            for site in (routed, *tuple(routed.named.values())):
                written.pop(str(site.host), None)
                written[str(site.host)] = {str(number): self._met(number, site) for number in sorted(site.numbers)}
        return written

    def _met(self, number: int, site: Site) -> dict[str, Any]:
        block = self.block(number, site.scope)
        if (error := error_of(block)) is not None:
            return {"error": error}
        hidden = {"hidden": True} if isinstance(block, DNS) else {}
        return {"to": self.door(number, site).address, **hidden}

    def exchanges(self, domain: str) -> tuple[str, ...]:
        """The routed hosts of a domain: itself, or those below it, in the order in which they were routed."""
        return exchanges_of(domain, [str(site.host) for site in reversed(self._routed)])

    def destination(self, name: str | None, address: str, port: int) -> Dial | None:
        """Where a connect leads, or None for what is not ours."""
        for site in self._routed:
            if name is not None and site.covers(name):
                return Dial(self, self._journal, site.of(name), port)
        for number, door in list(self._direct.doors.items()):
            if door.address[1] == port and _is_at(door.address[0], address):
                return Dial(self, self._journal, self._direct, number)
        return None

    def closed_door(self) -> Door:
        """A door that refuses, for the numbers of a routed host that are not emulated."""
        with self._lock:
            if self._closed_door is None:
                # A black hole would answer if it were ever opened.
                self._closed_door = Door(self._routed_host, lambda bound, _block: BlackHole(bound), Refuse())
            return self._closed_door

    def _lift(self, layer: Layer) -> None:
        with self._lock:
            self._layers = tuple(each for each in self._layers if each is not layer)
            self._settle()

    def _end_route(self, sites: tuple[Site, ...]) -> None:
        with self._lock:
            self._routed = tuple(each for each in self._routed if each not in sites)
            self._settle()
            for site in sites:
                for each in (site, *site.named.values()):
                    self._close_doors(each)

    def _sites(self) -> tuple[Site, ...]:
        """Every site there is."""
        routed = [each for site in self._routed for each in (site, *tuple(site.named.values()))]
        return (self._direct, *routed)

    def _settle(self) -> None:
        # Whoever dials while a door is turned is to be seen.
        self._patch(needed=True)
        for site in self._sites():
            for number, door in site.doors.items():
                door.set(self.block(number, site.scope))
        self._patch_if_needed()

    def _patch(self, *, needed: bool) -> None:
        if needed and self._patched:
            PATCH.rise()
        elif needed:
            PATCH.add(self)
        elif self._patched:
            PATCH.remove(self)
        self._patched = needed

    def _patch_if_needed(self) -> None:
        self._patch(needed=bool(self._layers or self._routed))
        if self._routed:
            self._children().follow(self, self._written())
        elif self._answers_mx:
            self._children().leave(self)
        if bool(self._routed) != self._answers_mx:
            self._answers_mx = bool(self._routed)
            (RESOLVER.add if self._answers_mx else RESOLVER.remove)(self)

    @staticmethod
    def _close_doors(site: Site) -> None:
        while site.doors:
            site.doors.popitem()[1].close()


def _is_at(bound: str, address: str) -> bool:
    """Whether who dials an address comes to what is bound to another, or to every one of this machine's."""
    if address in (bound, "localhost"):
        return True
    return is_every(bound) and (":" in bound or ":" not in address) and is_this_machine(address)
