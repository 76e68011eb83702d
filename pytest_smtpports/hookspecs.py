"""The hooks that a conftest.py, another plugin, or a plugin given to `SMTPPorts(plugins=[...])` may implement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._mail._message import Message
    from ._ports._profile import Profile

# The specifications are registered with pytest's own plugin manager, whose project name is "pytest".
hookspec = pluggy.HookspecMarker("pytest")


@hookspec
def pytest_smtpports_profiles(config: object) -> Iterable[Profile] | None:
    """Add profiles to the emulated ports, or replace those of the same number.

    Args:
        config: pytest's config object; None where there is no pytest.

    Returns:
        the profiles; those of later plugins replace those of earlier ones.
    """


@hookspec
def pytest_smtpports_message(message: Message) -> None:
    """A message has come; called on the server's thread, before the client gets its reply.

    It has to return at once: every port waits for it. What it raises fails the test, and the client gets 451.

    Args:
        message: what came; it is not in the mailbox yet.
    """
