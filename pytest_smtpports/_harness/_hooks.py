"""The hooks for an `SMTPPorts` without pytest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pluggy

from .. import hookspecs

if TYPE_CHECKING:
    from collections.abc import Iterable


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
