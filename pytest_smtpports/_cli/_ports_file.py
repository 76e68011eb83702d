"""The file that tells programs of the ports, with all that a client needs, its password included."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .._harness._smtpports import SMTPPorts


class PortsFile:
    """There for as long as the ports are, for its owner alone.

    Raises:
        OSError: it can't be written.
    """

    def __init__(self, path: Path, smtpports: SMTPPorts) -> None:
        self._path = path
        # Nobody else may read it, from the beginning; and whoever sees it sees all of it.
        descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                json.dump(_told(smtpports), file, indent=2)
                self._identity = _identity(os.fstat(descriptor))
            Path(draft).replace(path)
        except BaseException:
            Path(draft).unlink()
            raise

    def remove(self) -> None:
        """Take it away, unless another one stands in its place by now."""
        with suppress(FileNotFoundError):
            if _identity(self._path.lstat()) == self._identity:
                self._path.unlink()


def _identity(state: os.stat_result) -> tuple[int, int]:
    return state.st_dev, state.st_ino


def _told(smtpports: SMTPPorts) -> dict[str, Any]:  # what JSON holds
    return {
        "host": smtpports.host,
        "username": smtpports.username,
        "password": smtpports.password,
        "ca_file": smtpports.ca_file,
        "ports": {
            str(port.number): {
                "address": port.address,
                "url": port.url,
                "tls": port.profile.tls.value,
                "env": smtpports.env(port.number),
            }
            for port in smtpports.ports
        },
    }
