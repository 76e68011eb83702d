"""The files in which each process of a run writes down what its tests captured, and all of them read as one.

A process that dies leaves what it has written. A line that it did not bring to its end is no record.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple, overload

from ._json import read, written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from typing_extensions import Self

    from ._captured import Captured

_RECORDS = ".records"
_BODIES = ".bodies"


class Recorder:
    """One process's part.

    Args:
        folder: that of the run.
        process: the name of the process, unique in the run.
    """

    def __init__(self, folder: Path, process: str) -> None:
        self._files = ExitStack()
        self._records = self._open(folder / (process + _RECORDS))
        self._bodies = self._open(folder / (process + _BODIES))

    def write(self, order: int, captured: Captured) -> None:
        """Write down what a test captured; of several records of one test in this process the last one counts.

        Args:
            order: where the test stands in the run.
            captured: what it captured.

        Raises:
            OSError: there is no room.
        """
        line = written(captured, self._keep)
        self._bodies.flush()
        self._records.write(b"%d %s\n" % (order, line.encode("ascii")))
        # Whoever is killed has written at least this.
        self._records.flush()

    def close(self) -> None:
        """Write no more."""
        self._files.close()

    def _open(self, path: Path) -> BinaryIO:
        return self._files.enter_context(path.open("ab"))

    def _keep(self, raw: bytes) -> list[int]:
        place = [self._bodies.tell(), len(raw)]
        self._bodies.write(raw)
        return place


class Records(Sequence["Captured"]):
    """What the tests of a run captured, in the order of the run; each is read when it is asked for.

    Args:
        folder: that of the run.
    """

    def __init__(self, folder: Path) -> None:
        found = {(record.order, record.path.stem): record for record in _records_in(folder)}
        # Where each worker runs every test, the workers stand in order of their numbers.
        self._records = [found[key] for key in sorted(found, key=lambda key: (key[0], len(key[1]), key[1]))]

    def __len__(self) -> int:
        return len(self._records)

    @overload
    def __getitem__(self, index: int) -> Captured: ...

    @overload
    def __getitem__(self, index: slice) -> Self: ...

    def __getitem__(self, index: int | slice) -> Captured | Self:
        if isinstance(index, slice):
            part = type(self).__new__(type(self))
            part._records = self._records[index]
            return part
        return self._records[index].read()


class _Record(NamedTuple):
    order: int
    path: Path
    begin: int
    length: int

    def read(self) -> Captured:
        bodies = self.path.with_suffix(_BODIES)
        return read(_bytes_of(self.path, self.begin, self.length), lambda place: _Body(bodies, *place))


class _Body(NamedTuple):
    path: Path
    begin: int
    length: int

    def read(self) -> bytes:
        return _bytes_of(self.path, self.begin, self.length)


def _bytes_of(path: Path, begin: int, length: int) -> bytes:
    with path.open("rb") as file:
        file.seek(begin)
        return file.read(length)


def _records_in(folder: Path) -> Iterator[_Record]:
    for path in folder.glob("*" + _RECORDS):
        with path.open("rb") as file:
            place = 0
            for line in file:
                order, _, rest = line.partition(b" ")
                if line.endswith(b"\n"):
                    yield _Record(int(order), path, place + len(order) + 1, len(rest))
                place += len(line)
