"""The outbox's files beside its database: their names, a lock, and damaged databases set aside."""

from __future__ import annotations

import errno
import fcntl
import os
from typing import IO, TYPE_CHECKING

from insect_edge.errors import OutboxError, OutboxFullError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

DATABASE = "outbox.db"
DAMAGED = "outbox.damaged.db"
"""A damaged database whose rows were not looked for yet."""
_BLOCK = 4096
_KEPT = "outbox.damaged-"
MOST_KEPT = 5
"""Damaged databases kept for people to look at, once their rows were taken over."""
NUMBERS = "outbox-numbers.json"
RESERVE = "outbox-reserve"
LOCK = "outbox.lock"
_LOG = "-wal"
COMPANIONS = ("", _LOG, "-shm")
"""Endings of the files SQLite keeps for one database in WAL mode."""


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


def move(database: Path, target: Path) -> None:
    """Rename a database with its companions.

    Raises:
        OutboxError: when it cannot be renamed.
    """
    try:
        # The shared memory first: a fresh database must not find it. The database last: as long as it is there, whoever
        # starts next finds the damage again, or the log on its own, and goes on from there.
        for ending in reversed(COMPANIONS):
            companion = database.with_name(database.name + ending)
            if companion.exists():
                companion.replace(target.with_name(target.name + ending))
        sync_folder(database.parent)
    except OSError as error:
        raise unwritable(database, error) from error


def log_of(database: Path) -> Path:
    """Where SQLite keeps a database's log."""
    return database.with_name(database.name + _LOG)


def finish_moving(database: Path, target: Path) -> None:
    """Go on with a `move` that was cut short after the log had gone and before the database had, or with a `keep`.

    Opened without its log, the database would pass for an older state of itself; the log, left beside another database,
    would be played into that.

    Raises:
        OutboxError: when it cannot be renamed.
    """
    try:
        if not database.exists():
            _forget_companions(database)
        # A second name of the log tells that it was kept already.
        if log_of(target).exists() and not target.exists() and log_of(target).stat().st_nlink > 1:
            _forget_companions(target)
    except OSError as error:
        raise unwritable(database, error) from error
    if log_of(target).exists() and not target.exists() and database.exists():
        move(database, target)


def keep(database: Path, target: Path) -> None:
    """Rename a database of which nothing more is wanted, with its log, for people to look at.

    Cut short before the database has gone all is there as it was, its log under two names; after that nothing is
    missing under the new one.

    Raises:
        OutboxError: when it cannot be renamed.
    """
    try:
        if log_of(database).exists():
            os.link(log_of(database), log_of(target))
    except OSError:  # a file system without links, or no room for one
        move(database, target)
        return
    try:
        if database.exists():
            database.replace(target)
        sync_folder(database.parent)
        _forget_companions(database)
    except OSError as error:
        raise unwritable(database, error) from error


def _forget_companions(database: Path) -> None:
    """Delete what lies beside a database that is not there."""
    for ending in COMPANIONS[1:]:
        database.with_name(database.name + ending).unlink(missing_ok=True)


def thin_out(folder: Path) -> None:
    """Delete the oldest of too many damaged databases that people never looked at: a dying card makes one a day.

    With them goes what lies there without its database.

    Raises:
        OutboxError: when one cannot be deleted.
    """
    try:
        kept = sorted(folder.glob(f"{_KEPT}*.db"), key=lambda path: (path.stat().st_mtime, path.name))
        for database in kept[:-MOST_KEPT]:
            database.unlink(missing_ok=True)
        for ending in COMPANIONS[1:]:
            for companion in folder.glob(f"{_KEPT}*.db{ending}"):
                if not companion.with_name(companion.name.removesuffix(ending)).exists():
                    companion.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error


def copy_readable(source: Path, target: Path) -> None:
    """Copy a file, with zeros for what the disk does not give back any more: a card fails sector by sector.

    Raises:
        OSError: when it cannot be opened, or the copy not be written.
    """
    with source.open("rb", buffering=0) as reader, target.open("wb") as writer:
        size = os.fstat(reader.fileno()).st_size
        for start in range(0, size, _BLOCK):
            wanted = min(_BLOCK, size - start)
            try:
                block = os.pread(reader.fileno(), wanted, start)
            except OSError as error:
                if error.errno != errno.EIO:
                    raise
                block = b""
            writer.write(block.ljust(wanted, b"\0"))


def keeping_place(folder: Path, *, now: datetime) -> Path:
    """A name that is free, for a damaged database that people may want to look at."""
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    number = 0
    while True:
        suffix = f"-{number}" if number else ""
        target = folder / f"{_KEPT}{stamp}{suffix}.db"
        if not any(target.with_name(target.name + ending).exists() for ending in COMPANIONS):
            return target
        number += 1
