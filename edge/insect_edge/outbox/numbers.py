"""The numbers messages get: none is given out twice, whatever becomes of the database or the process.

Numbers are reserved in a second file before they are used. While messages cannot be stored, the file also says that
any number it reserves may have been given out from memory: whoever starts next goes on behind them all.
"""

from __future__ import annotations

import json
import os
import zlib
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from insect_edge.outbox.entry import Kind
from insect_edge.outbox.files import sync_folder, unwritable

if TYPE_CHECKING:
    from pathlib import Path

RESERVED_AHEAD = 256
"""Numbers reserved at once: the second file is written once in so many messages, and a rescue skips no more."""
RESERVED_LOOSE = 2048
"""Numbers reserved at once while messages are kept in memory alone."""
_CHECK = "last_check"
_EARLIEST_MILLISECONDS = 1_577_836_800_000
"""2020: a board without a clock battery may believe itself in 1970."""
_FILE_BYTES = 256
"""However large the numbers: written over itself the file needs no room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The highest numbers given out, or reserved: over all messages, and among each kind."""

    seq: int = 0
    alert: int = 0
    detection: int = 0

    def of(self, kind: Kind) -> int:
        """The number among messages of `kind`."""
        return self.alert if kind is Kind.ALERT else self.detection

    def plus(self, kind: Kind) -> Numbers:
        """After one more message of `kind`."""
        alert = self.alert + (kind is Kind.ALERT)
        return Numbers(seq=self.seq + 1, alert=alert, detection=self.detection + (kind is Kind.DETECTION))

    def ahead(self, count: int) -> Numbers:
        """High enough for `count` more messages, whatever their kinds."""
        return Numbers(seq=self.seq + count, alert=self.alert + count, detection=self.detection + count)

    def highest(self, other: Numbers) -> Numbers:
        """The higher of each."""
        return Numbers(
            seq=max(self.seq, other.seq),
            alert=max(self.alert, other.alert),
            detection=max(self.detection, other.detection),
        )

    def covers(self, other: Numbers) -> bool:
        """Whether none of the other's is higher."""
        return self.highest(other) == self

    def counters(self) -> dict[str, int]:
        """As the database counts them, with a checksum: a bit turned over on the disk would bring a number back."""
        return {**{f"last_{name}": value for name, value in asdict(self).items()}, _CHECK: self._checksum()}

    @classmethod
    def counted(cls, counters: dict[str, int]) -> Numbers | None:
        """What the database counts; None where it does not yet, or the checksum (if there is one) does not hold."""
        if "last_seq" not in counters:
            return None
        found = cls(**{field.name: counters.get(f"last_{field.name}", 0) for field in fields(cls)})
        checksum = found._checksum()
        return found if counters.get(_CHECK, checksum) == checksum else None

    def _checksum(self) -> int:
        return zlib.crc32(" ".join(map(str, asdict(self).values())).encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """What the second file says.

    Attributes:
        numbers: the highest that may be given out.
        loose: whether they may have been given out to messages that are not in the database.
    """

    numbers: Numbers
    loose: bool = False


class NumberFile:
    """The second file, fsynced."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._temporary = path.with_suffix(".new")

    def exists(self) -> bool:
        """Whether it was ever written here."""
        return self._path.exists()

    def read(self) -> Reservation | None:
        """What it says; None where it is absent or says nothing sensible."""
        try:
            content = json.loads(self._path.read_bytes())
            values = {field.name: content[field.name] for field in fields(Numbers)}
            loose = content.get("loose", False)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        if type(loose) is not bool or not all(type(value) is int and value >= 0 for value in values.values()):
            return None
        return Reservation(numbers=Numbers(**values), loose=loose)

    def write(self, reservation: Reservation) -> None:
        """Replace the file in one step and see it onto the disk.

        Without room for a second file, one that marks its numbers as loose is written over itself: should the power
        fail in that very moment it is illegible, which is taken for loose as well.

        Raises:
            OutboxFullError: when the disk is full.
            OutboxError: when the file cannot be written for another reason.
        """
        words = {**asdict(reservation.numbers), "loose": reservation.loose}
        content = json.dumps(words).encode().ljust(_FILE_BYTES - 1) + b"\n"
        try:
            self._replace(content)
        except OSError as error:
            with suppress(OSError):
                self._temporary.unlink(missing_ok=True)
            if not (reservation.loose and self._overwrite(content)):
                raise unwritable(self._path, error) from error

    def _replace(self, content: bytes) -> None:
        with self._temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        self._temporary.replace(self._path)
        sync_folder(self._path.parent)

    def _overwrite(self, content: bytes) -> bool:
        """Write into the blocks the file has; returns whether that could be done."""
        try:
            with self._path.open("r+b", buffering=0) as file:
                written = file.write(content)
                os.fsync(file.fileno())
        except OSError:
            return False
        return written == len(content)


class Numbering:
    """Gives out numbers; `used` is the highest given out, which its owner moves on once that has happened."""

    def __init__(self, path: Path) -> None:
        self._file = NumberFile(path)
        self._reserved = Numbers()
        self.used = Numbers()
        self.started = False
        self.loose = False

    @property
    def highest_reserved(self) -> int:
        """No message has a higher number."""
        return self._reserved.highest(self.used).seq

    def start(self, counted: Numbers | None, *, damaged: bool, milliseconds: int) -> bool:
        """Find the numbers to go on with; returns whether some were skipped that may have been used.

        Args:
            counted: what the database says was used; None where it is a new one.
            damaged: whether an earlier database was damaged.
            milliseconds: since 1970.
        """
        self.started = True
        found = self._file.read()
        self.used = counted or Numbers()
        if found is None:
            illegible = self._file.exists()
            if counted is None and (damaged or illegible):
                # Nobody knows what was used; but no device sends a message every millisecond since 1970.
                self.used = Numbers().ahead(max(milliseconds, _EARLIEST_MILLISECONDS))
            elif illegible:
                self.used = self.used.ahead(RESERVED_AHEAD + RESERVED_LOOSE)
            return self.used != (counted or Numbers())
        self._reserved, self.loose = found.numbers, found.loose
        # Deleted, replaced or put back from an old copy, the database does not know which of them were used.
        if counted is None or found.loose or found.numbers.seq - self.used.seq > RESERVED_AHEAD:
            self.used = self.used.highest(found.numbers)
            return True
        return False

    def secure(self, count: int) -> None:
        """See to it that `count` more numbers are reserved on the disk.

        Raises:
            OutboxError: when the file cannot be written; none of them may be given out then.
        """
        if not self._reserved.covers(self.used.ahead(count)):
            ahead = max(count, RESERVED_LOOSE if self.loose else RESERVED_AHEAD)
            self._write(self._reserved.highest(self.used.ahead(ahead)), loose=self.loose)

    def loosen(self) -> None:
        """Allow for messages that are kept in memory alone, also over the end of the process.

        Raises:
            OutboxError: when the file cannot be written.
        """
        if not self.loose:
            self._write(self._reserved.highest(self.used.ahead(RESERVED_LOOSE)), loose=True)

    def fasten(self) -> None:
        """All that got a number is settled or in the database, which knows the highest.

        Raises:
            OutboxError: when the file cannot be written.
        """
        if self.loose:
            self._write(self.used.ahead(RESERVED_AHEAD), loose=False)

    def _write(self, numbers: Numbers, *, loose: bool) -> None:
        self._file.write(Reservation(numbers=numbers, loose=loose))
        self._reserved, self.loose = numbers, loose
