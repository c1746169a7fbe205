"""An outbox as people look into it, also while the daemon runs: what waits, what was set aside, and putting it back.

Reading needs no rights but to read, and holds nobody up. Changes are short transactions of their own, which the daemon
notices within seconds.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from insect_edge.errors import OutboxError
from insect_edge.outbox import dead_letters, rows
from insect_edge.outbox.database import FORMAT, translated, whole
from insect_edge.outbox.entry import Kind
from insect_edge.outbox.files import DATABASE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

_BUSY_SECONDS = 5.0
_Result = TypeVar("_Result")
_NOT_ALLOWED = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message in the outbox.

    Attributes:
        seq: its number.
        kind: what it is; None where that is damaged.
        kind_seq: its number among its kind.
        queued: when it was stored; None where the clock was not known to be set.
        boot_id: of the boot it was stored in.
        monotonic: seconds of that boot.
        topic: where it goes; empty where it could not be made.
        size_bytes: of topic and payload.
        qos: 0 or 1.
        retain: whether the broker keeps it.
        content_type: of the payload.
        expiry_seconds: how long after it was stored it is worth delivering; None for ever.
        payload: as sent.
        reason: why it was set aside; None while it waits.
        intact: whether these are the bytes that were stored.
    """

    seq: int
    kind: Kind | None
    kind_seq: int
    queued: datetime | None
    boot_id: str
    monotonic: float
    topic: str
    size_bytes: int
    qos: int
    retain: bool
    content_type: str
    expiry_seconds: int | None
    payload: bytes
    reason: str | None
    intact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What an outbox holds.

    Attributes:
        alerts: alerts that wait.
        detections: detections that wait.
        size_bytes: of all that waits.
        dead: messages set aside.
        letters: in the order they will be sent, then those set aside; perhaps not all.
    """

    alerts: int
    detections: int
    size_bytes: int
    dead: int
    letters: tuple[Letter, ...]


def contents(folder: Path, *, limit: int) -> Contents:
    """What the outbox in `folder` holds; at most `limit` letters of it.

    Raises:
        OutboxError: when there is none, or it cannot be read.
    """

    def read(connection: sqlite3.Connection) -> Contents:
        totals = rows.totals(connection)
        # In one transaction both tables are seen at the same instant.
        waiting = _letters(connection, "message", "ORDER BY kind, seq LIMIT ?", limit)
        dead = _letters(connection, "dead_letter", "ORDER BY seq LIMIT ?", limit - len(waiting))
        return Contents(
            alerts=totals.alerts,
            detections=totals.detections,
            size_bytes=totals.size_bytes,
            dead=connection.execute("SELECT count(*) FROM dead_letter").fetchone()[0],
            letters=(*waiting, *dead),
        )

    return _read(folder, read)


def letter(folder: Path, seq: int) -> Letter:
    """One message of the outbox in `folder`.

    Raises:
        OutboxError: when it is not there.
    """

    def read(connection: sqlite3.Connection) -> list[Letter]:
        return [found for table in ("message", "dead_letter") for found in _letters(connection, table, "", seq=seq)]

    found = _read(folder, read)
    if not found:
        raise OutboxError(f"{seq}: not in the outbox: delivered, dropped or never there; see `insect-edge outbox list`")
    return found[0]


def retry(folder: Path, seqs: Sequence[int]) -> None:
    """Put dead letters back into the queue, unchanged; all of them or, when it raises, none.

    Raises:
        OutboxError: when one is no dead letter or cannot be sent as it is, or the outbox cannot be written.
    """

    def work(connection: sqlite3.Connection) -> None:
        for seq in dict.fromkeys(seqs):
            found = _letters(connection, "dead_letter", "", seq=seq)
            if not found:
                raise OutboxError(f"{seq}: not among the dead letters: see `insect-edge outbox list`")
            if not found[0].topic:
                raise OutboxError(f"{seq}: {found[0].reason}: there is nothing to send")
            if not found[0].intact:
                raise OutboxError(f"{seq}: damaged on the disk: it must not be sent")
            dead_letters.revive(connection, seq=seq)

    _write(folder, work)


def purge(folder: Path, *, waiting: bool) -> tuple[int, int]:
    """Delete the dead letters and, with `waiting`, also what waits; returns how many of each.

    What waited counts as dropped, dead letters still as such: the gaps they leave stay explained.

    Raises:
        OutboxError: when the outbox cannot be written.
    """

    def work(connection: sqlite3.Connection) -> tuple[int, int]:
        dead = connection.execute("DELETE FROM dead_letter").rowcount
        dropped = connection.execute("DELETE FROM message RETURNING kind").fetchall() if waiting else []
        for (kind,) in dropped:
            rows.count(connection, f"dropped_{rows.kind_of(kind)}")
        return dead, len(dropped)

    return _write(folder, work)


def _letters(
    connection: sqlite3.Connection, table: str, order: str, *values: int, seq: int | None = None
) -> list[Letter]:
    columns = f"{rows.COLUMNS}, {'reason' if table == 'dead_letter' else 'NULL'}"
    chosen = "" if seq is None else "WHERE seq = ?"
    # Only names of this package's own are joined into the statement; values are bound.
    statement = f"SELECT {columns} FROM {table} {chosen} {order}"  # noqa: S608
    return [_letter(found) for found in connection.execute(statement, values if seq is None else (seq,))]


def _letter(found: tuple[Any, ...]) -> Letter:
    values = dict(zip((*rows.COLUMNS.split(", "), "reason"), found, strict=True))
    intact = rows.intact(found[:-1])
    utc = values["utc"] if intact else None
    return Letter(
        seq=values["seq"],
        kind=Kind(values["kind"]) if values["kind"] in set(Kind) else None,
        kind_seq=values["kind_seq"],
        queued=None if utc is None else datetime.fromtimestamp(utc, tz=UTC),
        boot_id=values["boot_id"],
        monotonic=values["monotonic"],
        topic=values["topic"],
        size_bytes=values["size"],
        qos=values["qos"],
        retain=bool(values["retain"]),
        content_type=values["content_type"],
        expiry_seconds=values["expiry_seconds"],
        payload=values["payload"],
        reason=values["reason"],
        intact=intact,
    )


def _read(folder: Path, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
    path = _path(folder)
    address = f"{path.resolve().as_uri()}?mode=ro"
    try:
        with _opened(address, path) as connection:
            return whole(work, begin="BEGIN")(connection)
    except sqlite3.Error as error:
        nobody_writes = not path.with_name(path.name + "-wal").exists()
        if not (nobody_writes and getattr(error, "sqlite_errorcode", 0) & 0xFF in _NOT_ALLOWED):
            raise _translated(error, path) from error
    # Whoever may not write here cannot make the files that readers share; without a log there is nothing in them.
    try:
        with _opened(f"{address}&immutable=1", path) as connection:
            return work(connection)
    except sqlite3.Error as error:
        raise _translated(error, path) from error


def _write(folder: Path, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
    path = _path(folder)
    try:
        with _opened(f"{path.resolve().as_uri()}?mode=rw", path) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            return whole(work)(connection)
    except sqlite3.Error as error:
        raise _translated(error, path) from error


def _path(folder: Path) -> Path:
    path = folder / DATABASE
    try:
        if path.is_file():
            return path
    except OSError as error:
        raise OutboxError(
            f"{folder}: cannot be read ({error.strerror}): run this as the user of the service"
        ) from error
    raise OutboxError(
        f"{folder}: no outbox there: run the daemon first, or name its folder with --directory "
        "(under systemd /var/lib/insect-edge/outbox)"
    )


@contextmanager
def _opened(address: str, path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=_BUSY_SECONDS)) as connection:
        connection.text_factory = partial(str, encoding="utf-8", errors="replace")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version != FORMAT:
            raise OutboxError(
                f"{path}: its format is {version}, this program knows {FORMAT}: use the program that the daemon runs"
            )
        yield connection


def _translated(error: sqlite3.Error, path: Path) -> OutboxError:
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in _NOT_ALLOWED:
        return OutboxError(f"{path}: {error}: run this as the user of the service")
    return translated(error, path=path)
