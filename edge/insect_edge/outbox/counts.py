"""How the outbox stands, from what is stored, what is in memory, and what is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from insect_edge.health.report import Losses, OutboxStatus
from insect_edge.outbox import rows
from insect_edge.outbox.entry import Kind

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from insect_edge.outbox.loose import Loose
    from insect_edge.outbox.rows import Now


def outbox_status(
    connection: sqlite3.Connection, *, loose: Loose, counters: Mapping[str, int], now: Now
) -> OutboxStatus:
    """Read the database's part and add the rest.

    Args:
        connection: to the database.
        loose: what is in memory alone.
        counters: what the database counts, by name.
        now: what ages are measured against.
    """
    counters = {**counters, **{name: counters.get(name, 0) + count for name, count in loose.counts.items()}}
    totals = rows.totals(connection)
    oldest = rows.oldest_seconds(connection, now=now)
    first = next(iter(loose), None)
    if oldest is None and first is not None:
        oldest = max(now.monotonic - first.at.monotonic, 0.0)
    return OutboxStatus(
        alerts=totals.alerts + sum(made.kind is Kind.ALERT for made in loose),
        detections=totals.detections + sum(made.kind is Kind.DETECTION for made in loose),
        size_bytes=totals.size_bytes + sum(rows.size(made.message) for made in loose),
        oldest_seconds=oldest,
        losses=_losses(counters, kinds=tuple(Kind)),
        alert_losses=_losses(counters, kinds=(Kind.ALERT,)),
        rescues=counters.get("rescues", 0),
        salvaged=counters.get("salvaged", 0),
        undurable=counters.get("undurable", 0),
    )


def _losses(counters: Mapping[str, int], *, kinds: tuple[Kind, ...]) -> Losses:
    def total(what: str) -> int:
        return sum(counters.get(f"{what}_{kind}", 0) for kind in kinds)

    return Losses(dropped=total("dropped"), expired=total("expired"), dead_letter=total("dead_letter"))
