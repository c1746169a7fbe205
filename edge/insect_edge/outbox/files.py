"""The outbox's files beside its database: numbers that must outlive it, a lock, and damaged databases set aside."""

from __future__ import annotations

import errno
import fcntl
import json
import logging
import os
from dataclasses import asdict, dataclass, fields
from typing import IO, TYPE_CHECKING

from insect_edge.errors import OutboxError, OutboxFullError
from insect_edge.outbox.entry import Kind

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

DATABASE = "outbox.db"
NUMBERS = "outbox-numbers.json"
LOCK = "outbox.lock"
COMPANIONS = ("", "-wal", "-shm")
"""Endings of the files SQLite keeps for one database in WAL mode."""

_log = logging.getLogger(__name__)


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


class NumberFile:
    """Numbers reserved ahead of their use, fsynced outside the database: none is given out twice if that is lost."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def exists(self) -> bool:
        """Whether it was ever written here."""
        return self._path.exists()

    def read(self) -> Numbers | None:
        """What is reserved; None where the file is absent or says nothing sensible."""
        try:
            content = json.loads(self._path.read_bytes())
            values = {field.name: content[field.name] for field in fields(Numbers)}
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if not all(type(value) is int and value >= 0 for value in values.values()):
            return None
        return Numbers(**values)

    def write(self, numbers: Numbers) -> None:
        """Replace the file in one step and see it onto the disk.

        Raises:
            OutboxFullError: when the disk is full.
            OutboxError: when the file cannot be written for another reason.
        """
        temporary = self._path.with_suffix(".new")
        try:
            with temporary.open("wb") as file:
                file.write(json.dumps(asdict(numbers)).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._path)
            sync_folder(self._path.parent)
        except OSError as error:
            raise unwritable(self._path, error) from error


def unwritable(path: Path, error: OSError) -> OutboxError:
    """The outbox's own error for what the operating system said about one of its files."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return OutboxFullError(f"{path}: the disk is full: free some space, queueing then goes on by itself")
    return OutboxError(f"{path}: cannot be written ({error.strerror}): check the folder, its owner and the disk")


def sync_folder(folder: Path) -> None:
    """See renames and new files in `folder` onto the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def lock(folder: Path) -> IO[bytes]:
    """Own the outbox in `folder` until the returned file is closed or the process ends, however it ends.

    Raises:
        OutboxError: when another process owns it, or the folder cannot be used.
    """
    path = folder / LOCK
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
    except OSError as error:
        raise unwritable(path, error) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise OutboxError(
            f"{folder}: another insect-edge uses this outbox: stop it, or give each its own folder"
        ) from error
    return file


def set_aside(database: Path, *, now: datetime) -> Path:
    """Rename a damaged database with its companions, so that people can look at it; returns its new path.

    Raises:
        OutboxError: when it cannot be renamed.
    """
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    number = 0
    while True:
        suffix = f"-{number}" if number else ""
        target = database.with_name(f"{database.stem}.damaged-{stamp}{suffix}{database.suffix}")
        if not any(target.with_name(target.name + ending).exists() for ending in COMPANIONS):
            break
        number += 1
    try:
        for ending in COMPANIONS:
            companion = database.with_name(database.name + ending)
            if companion.exists():
                companion.replace(target.with_name(target.name + ending))
        sync_folder(database.parent)
    except OSError as error:
        raise unwritable(database, error) from error
    _log.error("%s: damaged, set aside as %s: what waited in it will not be sent", database, target)
    return target
