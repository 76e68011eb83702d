"""The ports as one host name shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._names import is_meant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._ports._profile import Profile
    from .._server._accounts import Accounts, Convention
    from ._door import Door


class Site:
    """The ports as one host name shows them; the name None is the bind address itself.

    A pattern such as "*.example.org" has a site for each name that was looked up by it.

    Attributes:
        host: the name, or the pattern.
        profiles: the ports that lead here.
        accounts: who may log in there.
        scope: what blocks may speak of.
        doors: those that are open.
        named: the sites of a pattern.
    """

    def __init__(
        self, host: str | None, profiles: Mapping[int, Profile], accounts: Accounts | Convention, scope: object
    ) -> None:
        self.host = host
        self.profiles = profiles
        self.accounts = accounts
        self.scope = scope
        self.doors: dict[int, Door] = {}
        self.named: dict[str, Site] = {}

    @property
    def numbers(self) -> frozenset[int]:
        """The numbers of the ports that lead here."""
        return frozenset(self.profiles)

    @property
    def is_pattern(self) -> bool:
        """Whether it stands for names that nobody knows yet."""
        return self.host is not None and "*" in self.host

    def covers(self, name: str | None) -> bool:
        """Whether a name is this one, or is meant by this pattern."""
        return name == self.host or (name is not None and self.host is not None and is_meant(name, self.host))

    def of(self, name: str) -> Site:
        """The site of a name that this one covers."""
        if name == self.host:
            return self
        return self.named.setdefault(name, Site(name, self.profiles, self.accounts, self.scope))
