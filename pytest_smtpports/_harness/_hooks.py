"""The hooks: how they are called, and how an `SMTPPorts` without pytest comes by them."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import pluggy

from .. import hookspecs
from .._errors import ConfigurationError
from .._ports import _networks, _providers
from .._ports._known_fault import Fault
from .._ports._named import by_name
from .._ports._networks import Network
from .._ports._profile import by_number
from .._ports._providers import Provider
from .._ports._reply import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .._mail._connection import Connection
    from .._mail._message import Message
    from .._ports._catalogue import Catalogue
    from .._ports._profile import Profile


class Hooks:
    """What the plugins have to say to what clients do, whoever they are at the moment."""

    def __init__(self, relay: Callable[[], pluggy.HookRelay]) -> None:
        self._relay = relay

    def connection(self, connection: Connection) -> None:
        """A client has connected."""
        self._relay().pytest_smtpports_connection(connection=connection)

    def listen_to(self, what: str) -> bool:
        """Whether anybody wants to hear of it at all: "connection", "command", "message"."""
        caller: pluggy.HookCaller = getattr(self._relay(), f"pytest_smtpports_{what}")
        return bool(caller.get_hookimpls())

    def command(self, connection: Connection, verb: str, argument: str) -> Reply | None:
        """A client has sent a command; the reply to it, if a plugin has one."""
        reply = self._relay().pytest_smtpports_command(connection=connection, verb=verb, argument=argument)
        if isinstance(reply, str):
            return Reply.parse(reply)
        if reply is None or isinstance(reply, Reply):
            return reply
        raise ConfigurationError(
            "pytest_smtpports_command returns a Reply, a string such as '450 4.7.1 Greylisted', or None, "
            f"not {reply!r}."
        )

    def message(self, message: Message) -> None:
        """A message has come."""
        self._relay().pytest_smtpports_message(message=message)


class _PluginManager(pluggy.PluginManager):
    """Takes a function for a hook by its name, as pytest does."""

    def parse_hookimpl_opts(self, plugin: object, name: str) -> Any:  # a dict type that pluggy names
        """The options that a marker attached, or none where the name alone says that this is a hook."""
        options = super().parse_hookimpl_opts(plugin, name)
        if options is None and name.startswith("pytest_smtpports_") and callable(getattr(plugin, name)):
            return {}
        return options


def relay_to(plugins: Iterable[object]) -> pluggy.HookRelay:
    """What calls the hooks that these objects implement.

    Raises:
        pluggy.PluginValidationError: a hook that does not exist, or with arguments that it has not.
    """
    manager = _PluginManager("pytest")
    manager.add_hookspecs(hookspecs)
    for plugin in plugins:
        manager.register(plugin)
    manager.check_pending()
    return manager.hook


def known_networks(hook: pluggy.HookRelay, config: object) -> dict[str, Network]:
    """The networks that are shipped and those that the hooks return, by name; the latter in place of the former.

    Raises:
        ConfigurationError: something that is no network.
    """
    returned = hook.pytest_smtpports_networks(config=config)
    return {**_networks.shipped(), **by_name(Network, _in_order(returned))}


def known_providers(hook: pluggy.HookRelay, config: object) -> dict[str, Provider]:
    """The same for providers.

    Raises:
        ConfigurationError: something that is no provider.
    """
    returned = hook.pytest_smtpports_providers(config=config)
    return {**_providers.shipped(), **by_name(Provider, _in_order(returned))}


def known_faults(hook: pluggy.HookRelay, config: object) -> Catalogue:
    """The same for faults.

    Raises:
        ConfigurationError: something that is no fault.
    """
    # Only who names a fault needs what there is.
    from .._ports._catalogue import FAULTS, Catalogue

    hooked = by_name(Fault, _in_order(hook.pytest_smtpports_faults(config=config)))
    return Catalogue({**FAULTS, **hooked}.values())


def _in_order(returned: Sequence[Iterable[object]]) -> Iterable[object]:
    """What hooks have returned, those of the latest plugin, which pluggy calls first, at the end."""
    return chain.from_iterable(reversed(returned))


def hooked_profiles(hook: pluggy.HookRelay, config: object) -> dict[int, Profile]:
    """The profiles that the hooks return, by number; those of later plugins in place of those of earlier ones.

    Raises:
        ConfigurationError: something that is no profile, or two of one number from one plugin.
    """
    found: dict[int, Profile] = {}
    # pluggy calls the latest plugin first.
    for profiles in reversed(hook.pytest_smtpports_profiles(config=config)):
        found.update(by_number(profiles))
    return found
