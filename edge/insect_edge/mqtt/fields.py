"""What payloads are made of: times, numbers, JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from insect_edge.domain import Moment
    from insect_edge.mqtt.payload_types import When


def rfc3339(utc: datetime) -> str:
    """`2026-05-01T12:00:00.123Z`.

    Raises:
        ValueError: when `utc` has no time zone.
    """
    if utc.tzinfo is None:
        raise ValueError(f"{utc.isoformat()} has no time zone: pass an aware datetime")
    return utc.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def when(at: Moment, *, boot_id: str) -> When:
    """One instant, as every payload says it."""
    return {
        "at": time_of(at),
        "clock_synced": at.clock_synced,
        "boot_id": boot_id,
        "monotonic": round(at.monotonic, 3),
    }


def time_of(moment: Moment) -> str | None:
    """When `moment` was, where that is known."""
    return rfc3339(moment.utc) if moment.clock_synced else None


def rounded(value: float | None, *, digits: int) -> float | None:
    """`value` with so many decimals; None stays None."""
    return None if value is None else round(value, digits)


def encode(payload: Mapping[str, Any]) -> bytes:
    """Compact UTF-8 JSON in the order written here; NaN and infinity raise ValueError, JSON has none."""
    return json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
