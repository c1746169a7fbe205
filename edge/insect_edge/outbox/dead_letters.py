"""What the outbox does with messages nobody will take: set aside with the reason, bounded, and put back on demand."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from insect_edge.domain import Message
from insect_edge.outbox import rows
from insect_edge.outbox.database import DamagedDatabaseError

if TYPE_CHECKING:
    from insect_edge.outbox.making import Failure
    from insect_edge.outbox.rows import Now


def bury(connection: sqlite3.Connection, *, seq: int, reason: str, keep: int) -> None:
    """Move one message to the dead letters, of which the newest `keep` stay, and count it; harmless if it is none.

    Raises:
        DamagedDatabaseError: when it is so damaged that no table takes it.
    """
    try:
        moved = connection.execute(
            # The column list is this package's constant.
            f"INSERT OR REPLACE INTO dead_letter ({rows.COLUMNS}, reason) "  # noqa: S608
            f"SELECT {rows.COLUMNS}, ? FROM message WHERE seq = ? RETURNING kind",
            (reason, seq),
        ).fetchall()
    except sqlite3.IntegrityError as error:
        # The tables have the same rules: what stood in the one fits into the other.
        raise DamagedDatabaseError(f"message {seq}: damaged ({error}): the database is set aside") from error
    rows.delete(connection, seq=seq)
    if moved:
        rows.count(connection, f"dead_letter_{rows.kind_of(moved[0][0])}")
        keep_newest(connection, keep)


def bury_unmade(connection: sqlite3.Connection, failure: Failure, *, now: Now, keep: int) -> None:
    """Set aside and count a number whose message could not even be made; it has no topic and no payload."""
    nothing = Message(topic="", payload=b"", qos=1, retain=False, content_type="")
    values = rows.values_of(nothing, kind=failure.kind, ticket=failure.ticket, now=now)
    rows.insert_again(connection, (*values, failure.reason), table="dead_letter")
    rows.count(connection, f"dead_letter_{failure.kind}")
    keep_newest(connection, keep)


def revive(connection: sqlite3.Connection, *, seq: int) -> None:
    """Put one dead letter back as it was; it counts as one no more."""
    kind = connection.execute("SELECT kind FROM dead_letter WHERE seq = ?", (seq,)).fetchone()[0]
    connection.execute(
        # The column list is this package's constant.
        f"INSERT INTO message ({rows.COLUMNS}) SELECT {rows.COLUMNS} FROM dead_letter WHERE seq = ?",  # noqa: S608
        (seq,),
    )
    connection.execute("DELETE FROM dead_letter WHERE seq = ?", (seq,))
    connection.execute(
        "UPDATE counter SET value = value - 1 WHERE name = ? AND value > 0", (f"dead_letter_{rows.kind_of(kind)}",)
    )


def keep_newest(connection: sqlite3.Connection, keep: int) -> None:
    """Delete all dead letters but the newest `keep`."""
    connection.execute(
        "DELETE FROM dead_letter WHERE seq <= (SELECT seq FROM dead_letter ORDER BY seq DESC LIMIT 1 OFFSET ?)", (keep,)
    )
