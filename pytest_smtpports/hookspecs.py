"""The hooks that a conftest.py, another plugin, or a plugin given to `SMTPPorts(plugins=[...])` may implement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._mail._connection import Connection
    from ._mail._message import Message
    from ._ports._known_fault import Fault
    from ._ports._networks import Network
    from ._ports._profile import Profile
    from ._ports._providers import Provider
    from ._ports._reply import Reply

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
def pytest_smtpports_networks(config: object) -> Iterable[Network] | None:
    """Add networks, or replace those of the same name.

    Args:
        config: pytest's config object; None where there is no pytest.

    Returns:
        the networks; those of later plugins replace those of earlier ones.
    """


@hookspec
def pytest_smtpports_providers(config: object) -> Iterable[Provider] | None:
    """Add providers, or replace those of the same name.

    Args:
        config: pytest's config object; None where there is no pytest.

    Returns:
        the providers; those of later plugins replace those of earlier ones.
    """


@hookspec
def pytest_smtpports_faults(config: object) -> Iterable[Fault] | None:
    """Add faults, or replace those of the same name, for who names them: `fail("ours")`, the marker's `fail="ours"`.

    Args:
        config: pytest's config object; None where there is no pytest.

    Returns:
        the faults; those of later plugins replace those of earlier ones.
    """


@hookspec
def pytest_smtpports_message(message: Message) -> None:
    """A message has come; called on the server's thread, before the client gets its reply.

    It has to return at once: every port waits for it. What it raises fails the test, and the client gets 451.

    Args:
        message: what came; it is not in the mailbox yet.
    """


@hookspec
def pytest_smtpports_connection(connection: Connection) -> None:
    """A client has connected, with TLS already on where it is implicit; called before it gets its greeting.

    It is called on the server's thread, and has to return at once. What it raises fails the test.

    Args:
        connection: how it stands now.
    """


@hookspec(firstresult=True)
def pytest_smtpports_command(connection: Connection, verb: str, argument: str) -> Reply | str | None:
    """A client has sent a command; called before anything is made of it.

    It is called on the server's thread, and has to return at once. What it raises fails the test, and the client gets
    451.

    Args:
        connection: how it stands now, with this command as the last line of its dialogue.
        verb: the command in upper case, such as "MAIL".
        argument: what came behind it, such as "FROM:<app@example.com>"; of a login the mechanism, the rest masked.

    Returns:
        a reply, as a `Reply` or written as "450 4.7.1 Greylisted", which the client gets instead of what the port would
        have done; with 421 the connection ends. None leaves the command to the next plugin, and to the port at last.
    """
