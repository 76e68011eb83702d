"""The ports as they were asked for, open; and all that is closed with them."""

from __future__ import annotations

import ipaddress
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._errors import ConfigurationError, SMTPPortsError
from ._asked import asked_by
from ._output import complain
from ._ports_file import PortsFile

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from .._harness._port import Port
    from .._harness._smtpports import SMTPPorts
    from ._asked import Asked
    from ._keeping import Keeping


@dataclass(frozen=True, slots=True)
class Opened:
    """What a user is told of at the beginning.

    Attributes:
        smtpports: the ports.
        files: what is written, as (option, path).
    """

    smtpports: SMTPPorts
    files: tuple[tuple[str, str], ...]


def understood(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> tuple[Asked, SMTPPorts]:
    """What is asked for, and the ports for it, which nobody has opened yet.

    Raises:
        SystemExit: code 2, it can't be meant.
    """
    try:
        asked = asked_by(chosen)
        smtpports = _arranged(asked)
    except SMTPPortsError as error:
        parser.error(str(error))
    if not ipaddress.ip_address(asked.host).is_loopback:
        complain(parser, "warning", f"--host {asked.host} is not of this machine alone: others can connect as well.")
    return asked, smtpports


def _arranged(asked: Asked) -> SMTPPorts:
    """The ports with all that goes wrong there; none of them is open yet.

    Raises:
        ConfigurationError: something that can never happen.
    """
    # Who merely has something described, or asks for help, has no ports.
    from .._harness._smtpports import SMTPPorts

    smtpports = SMTPPorts(
        asked.profiles,
        host=asked.host,
        username=asked.username,
        password=asked.password,
        network=asked.network,
        _local_ports=asked.local_ports,
    )
    try:
        if asked.routes:
            smtpports.route(*asked.routes)
        for number, kind in asked.blocks.items():
            smtpports.block(number, how=kind)
        for fault, times in asked.faults:
            smtpports.fail(fault, times=times)
    except BaseException:
        smtpports.close()
        raise
    return smtpports


def _open(port: Port, local_port: int | None) -> None:
    try:
        port.address  # noqa: B018 # who asks opens it
    except ConfigurationError as error:
        option = "--host" if local_port is None else f"--bind {port.number}={local_port}"
        raise ConfigurationError(f"{option}: {error}") from None


@contextmanager
def opened(smtpports: SMTPPorts, asked: Asked, keeping: Keeping) -> Iterator[Opened]:
    """Open every port, and tell programs of them once all are.

    Raises:
        ConfigurationError: a port, or a file, can't be had; nothing is left open.
    """
    for port in smtpports.ports:
        _open(port, asked.local_ports.get(port.number))
    keeping.begin()
    files = keeping.files
    if asked.ports_file is None:
        yield Opened(smtpports, files)
        return
    try:
        file = PortsFile(asked.ports_file, smtpports)
    except OSError as error:
        raise ConfigurationError(
            f"--ports-file: {str(asked.ports_file)!r} can't be written ({error.strerror}); give a file that can be "
            "written, in a folder that is there."
        ) from None
    try:
        yield Opened(smtpports, (*files, ("ports_file", str(asked.ports_file))))
    finally:
        file.remove()
