"""Every exception and warning of this package.

An error tells what happened, what would have been accepted and what to do next; it keeps its facts as
attributes and survives pickling (pytest-xdist sends it between processes).
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


class SMTPPortsError(Exception):
    """The base of every error that this package raises itself.

    Example:
        >>> from pytest_smtpports import SMTPPorts, SMTPPortsError
        >>> with SMTPPorts() as smtpports:
        ...     try:
        ...         smtpports.block(588)
        ...     except SMTPPortsError as error:
        ...         print(error)
        588 is not an emulated port; did you mean 587? The emulated ports are 25, 465, 587, 2525.
    """

    __module__ = "pytest_smtpports"


class UnknownPort(SMTPPortsError, KeyError):
    """A number that is not among the emulated ports.

    Attributes:
        number: what was given.
        known: the emulated numbers.
        local_port_of: the emulated number whose ephemeral local port was given, or None.

    Example:
        >>> from pytest_smtpports import SMTPPorts, UnknownPort
        >>> with SMTPPorts() as smtpports:
        ...     try:
        ...         smtpports.ports[2526]
        ...     except UnknownPort as error:
        ...         print(error.known)
        (25, 465, 587, 2525)
    """

    __module__ = "pytest_smtpports"

    def __init__(self, number: object, known: tuple[int, ...], local_port_of: int | None = None) -> None:
        super().__init__(number, known, local_port_of)
        self.number = number
        self.known = known
        self.local_port_of = local_port_of

    def __str__(self) -> str:
        if self.local_port_of is not None:
            return (
                f"{self.number!r} is the local port of {self.local_port_of}; "
                f"say {self.local_port_of}, the emulated number."
            )
        listed = ", ".join(map(str, self.known))
        nearest = did_you_mean(self.number, self.known)
        return f"{self.number!r} is not an emulated port{nearest} The emulated ports are {listed}."


class UnknownName(SMTPPortsError, ValueError):
    """A name that is not among the valid ones: a block kind, a TLS mode, a trust, a marker argument.

    Attributes:
        what: what the name was to be, such as "block kind".
        name: what was given.
        known: the valid names.

    Example:
        >>> from pytest_smtpports import SMTPPorts, UnknownName
        >>> with SMTPPorts() as smtpports:
        ...     try:
        ...         smtpports.block(25, how="dorp")
        ...     except UnknownName as error:
        ...         print(str(error)[:48])
        'dorp' is not a block kind; did you mean 'drop'?
    """

    __module__ = "pytest_smtpports"

    def __init__(self, what: str, name: object, known: Iterable[object]) -> None:
        self.what = what
        self.name = name
        self.known = tuple(known)
        super().__init__(what, name, self.known)

    def __str__(self) -> str:
        article = "an" if self.what[0] in "aeiouE" else "a"
        listed = ", ".join(map(repr, self.known))
        nearest = did_you_mean(self.name, self.known)
        return f"{self.name!r} is not {article} {self.what}{nearest} Valid: {listed}."


class UnknownFault(UnknownName, KeyError):
    """A name that no fault has, neither a shipped one nor one of a hook.

    Example:
        >>> from pytest_smtpports import FAULTS, UnknownFault
        >>> try:
        ...     FAULTS["mailbox-ful"]
        ... except UnknownFault as error:
        ...     print(str(error)[:58])
        'mailbox-ful' is not a fault; did you mean 'mailbox-full'?
    """

    __module__ = "pytest_smtpports"

    def __init__(self, name: object, known: Iterable[object]) -> None:
        super().__init__("fault", name, known)
        # What pickling makes it of again.
        self.args = (name, self.known)

    def __str__(self) -> str:
        nearest = did_you_mean(self.name, self.known)
        return (
            f"{self.name!r} is not a fault{nearest} There are {len(self.known)}; `python -m pytest_smtpports describe "
            "faults` lists those that are shipped, and the hook pytest_smtpports_faults adds others."
        )


# Who takes the keywords that tell how long to wait.
_WAITS = {
    "within": "assert_sent() and assert_sent_times() take",
    "settle": "assert_not_sent() takes",
    "timeout": "wait_for() and expect() take",
}


class UnknownCriterion(SMTPPortsError, TypeError):
    """A keyword that is not a criterion.

    Attributes:
        name: what was given.
        known: the valid criteria.

    Example:
        >>> from pytest_smtpports import SMTPPorts, UnknownCriterion
        >>> with SMTPPorts() as smtpports:
        ...     try:
        ...         smtpports.assert_not_sent(subjct="Welcome")
        ...     except UnknownCriterion as error:
        ...         print(str(error)[:48])
        'subjct' is not a criterion; did you mean 'subje
    """

    __module__ = "pytest_smtpports"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        self.known = tuple(known)
        super().__init__(name, self.known)

    def __str__(self) -> str:
        taken = _WAITS.get(self.name)
        nearest = f" here: {taken} it." if taken else did_you_mean(self.name, self.known)
        return f"{self.name!r} is not a criterion{nearest} Valid: {', '.join(map(repr, self.known))}."


class NotAttached(SMTPPortsError, KeyError):
    """A file name that no attachment of a message has.

    Attributes:
        name: what was given.
        attached: the names of the attachments.

    Example:
        >>> from pytest_smtpports import NotAttached, SMTPPorts
        >>> with SMTPPorts() as smtpports:
        ...     with smtpports.ports[25].connect() as client:
        ...         _ = client.sendmail("app@example.com", "ada@example.org", "Subject: Invoice\\r\\n\\r\\n")
        ...     try:
        ...         smtpports.messages.only.attachments["invoice.pdf"]
        ...     except NotAttached as error:
        ...         print(error)
        'invoice.pdf' is not attached; nothing is.
    """

    __module__ = "pytest_smtpports"

    def __init__(self, name: object, attached: Iterable[str]) -> None:
        self.name = name
        self.attached = tuple(attached)
        super().__init__(name, self.attached)

    def __str__(self) -> str:
        if not self.attached:
            return f"{self.name!r} is not attached; nothing is."
        listed = ", ".join(map(repr, self.attached))
        return f"{self.name!r} is not attached{did_you_mean(self.name, self.attached)} Attached: {listed}."


class ConfigurationError(SMTPPortsError, ValueError):
    """A profile, an ini value, a marker argument or a host name that can't be meant.

    Under pytest it arrives as a `pytest.UsageError`.

    Example:
        >>> from pytest_smtpports import ConfigurationError, Profile, Role
        >>> try:
        ...     Profile(0, Role.MTA)
        ... except ConfigurationError as error:
        ...     print(error)
        A port number is an int from 1 to 65535, not 0.
    """

    __module__ = "pytest_smtpports"


class ClosedError(SMTPPortsError, RuntimeError):
    """Something was asked of an `SMTPPorts` (or of one of its ports) after it was closed.

    Example:
        >>> from pytest_smtpports import ClosedError, SMTPPorts
        >>> with SMTPPorts() as smtpports:
        ...     pass
        >>> try:
        ...     smtpports.ports[25].port
        ... except ClosedError as error:
        ...     print(error)
        This SMTPPorts is closed: its ports answer only until its test, or its with block, ends.
    """

    __module__ = "pytest_smtpports"

    def __str__(self) -> str:
        return "This SMTPPorts is closed: its ports answer only until its test, or its with block, ends."


class BlockingWaitError(SMTPPortsError, RuntimeError):
    """A blocking wait was called inside a running event loop, which it would have stopped.

    Attributes:
        called: the blocking method.
        twin: the method to await instead, or to enter by `async with`.

    Example:
        >>> import asyncio
        >>> from pytest_smtpports import BlockingWaitError, SMTPPorts
        >>> async def main(smtpports):
        ...     smtpports.wait_for(to="ada@example.org")
        >>> with SMTPPorts() as smtpports:
        ...     try:
        ...         asyncio.run(main(smtpports))
        ...     except BlockingWaitError as error:
        ...         print(error.twin)
        wait_for_async
    """

    __module__ = "pytest_smtpports"

    def __init__(self, called: str, twin: str) -> None:
        super().__init__(called, twin)
        self.called = called
        self.twin = twin

    def __str__(self) -> str:
        # One that can be entered in both ways is its own twin.
        way = "async with" if self.twin == self.called else "await"
        return (
            f"{self.called}() waits, and would stop the event loop that is running here "
            f"(and with it a client that sends from it); use `{way} smtpports.{self.twin}(...)`."
        )


class ServerError(SMTPPortsError):
    """A hook raised on the server's thread, or the server itself failed, while a test ran.

    It is raised at the end of that test; its cause is the first exception, and its text names them all.

    Example:
        >>> from pytest_smtpports import ServerError
        >>> issubclass(ServerError, Exception)
        True
    """

    __module__ = "pytest_smtpports"


class OutboundConnectionError(SMTPPortsError, ConnectionRefusedError):
    """A connect to an SMTP port of another machine, which the guard has refused before a packet left.

    It is raised where the code under test connects, and fails the test in any case.

    Attributes:
        host: the name or address that was dialled.
        port: the number.
        location: where in the code, as a `Location`, or None where that is not known.
        thread: the name of the thread that dialled, where it ran before the test began; or None.

    Example:
        >>> from pytest_smtpports import OutboundConnectionError
        >>> issubclass(OutboundConnectionError, ConnectionRefusedError)
        True
    """

    __module__ = "pytest_smtpports"

    def __init__(self, host: str, port: int, location: object = None, thread: str | None = None) -> None:
        super().__init__(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        self.host = host
        self.port = port
        self.location = location
        self.thread = thread

    def __reduce__(self) -> tuple[type[OutboundConnectionError], tuple[str, int, object, str | None]]:
        return type(self), (self.host, self.port, self.location, self.thread)

    def __str__(self) -> str:
        place = f" from {self.location}" if self.location is not None else ""
        place += f" by the thread {self.thread!r}, which ran before this test" if self.thread is not None else ""
        is_name = any(letter.isalpha() for letter in self.host) and ":" not in self.host
        instead = (
            f"Lead the host here with smtpports.route({self.host!r})"
            if is_name
            else "Dial smtpports.ports[...].address"
        )
        return (
            f"{self.host}:{self.port} was dialled{place}, an SMTP port of another machine, and refused: the guard lets "
            f"no test send mail to the world. {instead}, or mark the test with @pytest.mark.smtpports(guard=False)."
        )


class NoTimeoutWarning(UserWarning):
    """A client that has set no timeout dialled a port that drops its SYNs, and would have waited for about two minutes.

    It is told at the end of the test, with the line that dialled.

    Example:
        >>> import socket, warnings
        >>> from pytest_smtpports import NoTimeoutWarning, SMTPPorts
        >>> with warnings.catch_warnings(record=True) as told, SMTPPorts() as smtpports:
        ...     warnings.simplefilter("always")
        ...     _ = smtpports.block(25)
        ...     try:
        ...         socket.create_connection(smtpports.ports[25].address)
        ...     except TimeoutError as error:
        ...         print(error)
        ...     smtpports.close()
        [Errno 110] Connection timed out
        >>> told[0].category is NoTimeoutWarning
        True
    """

    __module__ = "pytest_smtpports"


def is_ours(excinfo: Any) -> bool:
    """For `__tracebackhide__`: a user's mistake is shown where the user made it."""
    return bool(excinfo.errisinstance(SMTPPortsError))


def did_you_mean(name: object, known: Iterable[object]) -> str:
    """The end of a sentence: '; did you mean x?' where something near is known, else a full stop."""
    # Imported here because it is needed only on the way to an error.
    from difflib import get_close_matches

    by_text = {str(candidate): candidate for candidate in known}
    near = get_close_matches(str(name), by_text, n=1, cutoff=0.6)
    return f"; did you mean {by_text[near[0]]!r}?" if near else "."
