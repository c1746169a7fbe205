"""What the outbox does with rows, one statement each; transactions are the caller's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from insect_edge.domain import Message
from insect_edge.outbox.checksums import CHECKED_COLUMNS, checksum, checksum_of_state
from insect_edge.outbox.database import DamagedDatabaseError
from insect_edge.outbox.entry import Entry, Kind

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from insect_edge.outbox.entry import OutboxLimits, Ticket

COLUMNS = f"checksum, {CHECKED_COLUMNS}"
"""Of a stored message; the names of both tables that hold messages."""
# Seconds a row has waited: exact within one boot, by the wall clock between two boots that both knew the time, and
# otherwise at least as long as this process has had the outbox open.
_AGE = """
    CASE WHEN boot_id = :boot_id THEN max(:monotonic - monotonic, 0.0)
         WHEN utc IS NOT NULL AND :utc IS NOT NULL THEN max(:utc - utc, :open_seconds)
         ELSE :open_seconds END
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """The instant rows are stamped with and measured against.

    Attributes:
        boot_id: which boot `monotonic` belongs to.
        monotonic: seconds.
        utc: seconds since 1970; None where the wall clock is not known to be set.
        open_seconds: how long this process has had the outbox open.
    """

    boot_id: str
    monotonic: float
    utc: float | None
    open_seconds: float

    def parameters(self) -> dict[str, Any]:
        """As the statements here name them."""
        return {
            "boot_id": self.boot_id,
            "monotonic": self.monotonic,
            "utc": self.utc,
            "open_seconds": self.open_seconds,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A stored message and what was found out about it.

    Attributes:
        entry: with what is left of its expiry.
        expired: nothing is left of it.
        intact: the bytes are those that were stored.
    """

    entry: Entry
    expired: bool
    intact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Rows of each kind, and bytes of all."""

    alerts: int
    detections: int
    size_bytes: int


def values_of(message: Message, *, kind: Kind, ticket: Ticket, now: Now) -> tuple[Any, ...]:
    """Values of `COLUMNS` for a new message.

    Raises:
        TypeError: when the message holds what cannot be stored.
        ValueError: when its topic is no text.
    """
    values = (
        ticket.seq,
        kind.value,
        ticket.kind_seq,
        now.boot_id,
        now.monotonic,
        now.utc,
        message.expiry_seconds,
        message.qos,
        int(message.retain),
        message.content_type,
        size(message),
        message.topic,
        message.payload,
    )
    return (checksum(values), *values)


def insert(connection: sqlite3.Connection, values: tuple[Any, ...]) -> None:
    """Store one message by its `values_of`."""
    # Only names and marks written in this module are joined into the statement; values are bound.
    connection.execute(f"INSERT INTO message ({COLUMNS}) VALUES ({_marks(values[:-1])}?)", values)  # noqa: S608


def insert_again(connection: sqlite3.Connection, values: tuple[Any, ...], *, table: str) -> bool:
    """Store values of `COLUMNS`, a dead letter's reason after them; returns False where the number is there already."""
    names = f"{COLUMNS}, reason" if table == "dead_letter" else COLUMNS
    done = connection.execute(
        # Only this package's names are joined into the statement; values are bound.
        f"INSERT INTO {table} ({names}) SELECT {_marks(values[:-1])}? WHERE NOT EXISTS "  # noqa: S608
        "(SELECT 1 FROM message WHERE seq = ? UNION ALL SELECT 1 FROM dead_letter WHERE seq = ?)",
        (*values, values[1], values[1]),
    )
    return done.rowcount > 0


def _marks(values: Sequence[Any]) -> str:
    return "?, " * len(values)


def pending(connection: sqlite3.Connection, *, kind: Kind, after: int, limit: int, now: Now) -> list[Row]:
    """At most `limit` messages of a kind with a number above `after`, by number."""
    cursor = connection.execute(
        # The statement's parts are this module's constants.
        f"SELECT {COLUMNS}, {_AGE} AS age FROM message "  # noqa: S608
        "WHERE kind = :kind AND seq > :after ORDER BY seq LIMIT :limit",
        {"kind": kind.value, "after": after, "limit": limit, **now.parameters()},
    )
    names = [column[0] for column in cursor.description]
    return [_row(dict(zip(names, values, strict=True))) for values in cursor]


def delete(connection: sqlite3.Connection, *, seq: int) -> None:
    """Forget one message; harmless when it is not there."""
    connection.execute("DELETE FROM message WHERE seq = ?", (seq,))


def expire(connection: sqlite3.Connection, *, age_seconds: float | None, now: Now) -> list[Kind]:
    """Delete what is older than its own expiry or than `age_seconds`; returns the kinds of what went."""
    limit = f"min(coalesce(expiry_seconds, {_NEVER}), coalesce(:age_seconds, {_NEVER}))"
    gone = connection.execute(
        # The statement's parts are this module's constants.
        f"DELETE FROM message WHERE {_AGE} >= {limit} RETURNING kind",  # noqa: S608
        {"age_seconds": age_seconds, **now.parameters()},
    )
    return [kind_of(row[0]) for row in gone.fetchall()]


def drop_oldest(connection: sqlite3.Connection) -> tuple[Kind, int] | None:
    """Delete the oldest detection, or the oldest alert where there is no detection; its kind and bytes."""
    for kind in (Kind.DETECTION, Kind.ALERT):
        gone = connection.execute(
            "DELETE FROM message WHERE seq = (SELECT min(seq) FROM message WHERE kind = ?) RETURNING size",
            (kind.value,),
        ).fetchall()
        if gone:
            return kind, int(gone[0][0])
    return None


def drop_surplus(connection: sqlite3.Connection, limits: OutboxLimits) -> None:
    """Delete and count the oldest beyond the bounds, alerts last."""
    found = totals(connection)
    count_left, size_bytes = found.alerts + found.detections, found.size_bytes
    while count_left > limits.rows or size_bytes > limits.size_bytes:
        dropped = drop_oldest(connection)
        if dropped is None:
            break
        count(connection, f"dropped_{dropped[0]}")
        count_left, size_bytes = count_left - 1, size_bytes - dropped[1]


def totals(connection: sqlite3.Connection) -> Totals:
    """How much is stored; read from the index alone."""
    found = {
        kind: (count, size_bytes)
        for kind, count, size_bytes in connection.execute("SELECT kind, count(*), sum(size) FROM message GROUP BY kind")
    }
    alerts, alert_bytes = found.get(Kind.ALERT.value, (0, 0))
    detections, detection_bytes = found.get(Kind.DETECTION.value, (0, 0))
    return Totals(alerts=alerts, detections=detections, size_bytes=alert_bytes + detection_bytes)


def oldest_seconds(connection: sqlite3.Connection, *, now: Now) -> float | None:
    """Age of the message with the lowest number; None where there is none."""
    row = connection.execute(
        # The age expression is this module's constant.
        f"SELECT {_AGE} FROM message ORDER BY seq LIMIT 1",  # noqa: S608
        now.parameters(),
    ).fetchone()
    return None if row is None else float(row[0])


def counters(connection: sqlite3.Connection) -> dict[str, int]:
    """Everything that is counted, by name."""
    return dict(connection.execute("SELECT name, value FROM counter").fetchall())


def set_counters(connection: sqlite3.Connection, values: dict[str, int]) -> None:
    """Write counters to these values."""
    connection.executemany("INSERT OR REPLACE INTO counter (name, value) VALUES (?, ?)", list(values.items()))


def count(connection: sqlite3.Connection, name: str, *, by: int = 1) -> None:
    """Add to a counter."""
    connection.execute(
        "INSERT INTO counter (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = value + ?2",
        (name, by),
    )


def size(message: Message) -> int:
    """Bytes a message counts for."""
    return len(message.topic.encode()) + len(message.payload)


_NEVER = "9e999"
"""SQLite reads it as infinity."""


def set_state(connection: sqlite3.Connection, content: bytes) -> None:
    """Keep the policy's state in place of an older one."""
    connection.execute(
        "INSERT OR REPLACE INTO state (id, checksum, content) VALUES (1, ?, ?)", (checksum_of_state(content), content)
    )


def state(connection: sqlite3.Connection) -> bytes | None:
    """The policy's state; None where there is none, or it was damaged on the disk."""
    row = connection.execute("SELECT checksum, content FROM state").fetchone()
    return bytes(row[1]) if row is not None and row[0] == checksum_of_state(row[1]) else None


def intact(values: Sequence[Any]) -> bool:
    """Whether the values of `COLUMNS` are those that were stored."""
    try:
        return bool(values[0] == checksum(values[1:]))
    except (TypeError, ValueError):  # a type, or a text, that was never stored
        return False


def kind_of(value: Any) -> Kind:
    """The kind that a stored row tells of.

    Raises:
        DamagedDatabaseError: when it is none: the table takes no other, so it was damaged on the disk.
    """
    try:
        return Kind(value)
    except ValueError as error:
        raise DamagedDatabaseError(f"a message of the kind {value!r}: damaged: the database is set aside") from error


def _row(values: dict[str, Any]) -> Row:
    message = Message(
        topic=values["topic"],
        payload=values["payload"],
        qos=values["qos"],
        retain=bool(values["retain"]),
        content_type=values["content_type"],
        expiry_seconds=values["expiry_seconds"],
    )
    sound = intact([values[name] for name in COLUMNS.split(", ")])
    # What is damaged may be of any type, and is not to be computed with.
    expires = sound and message.expiry_seconds is not None
    left = message.expiry_seconds - values["age"] if expires else None
    if left is not None:
        # A message sent with an expiry of 0 would be gone before it is delivered.
        message = replace(message, expiry_seconds=max(int(left), 1))
    return Row(
        entry=Entry(seq=values["seq"], kind=kind_of(values["kind"]), message=message),
        expired=left is not None and left <= 0,
        intact=sound,
    )
