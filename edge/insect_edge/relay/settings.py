"""The relay's numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from insect_edge.mqtt.topics import Topics


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaySettings:
    """Whom the relay speaks for, and its numbers.

    Attributes:
        topics: of this device; `online` and `offline` go to its `availability`.
        window: outbox messages under way at a time.
        connect_seconds: an attempt to connect that took longer is given up.
        acknowledge_seconds: a connection on which nothing was acknowledged for so long, though something is under
            way, is given up.
        backoff_first_seconds: the first delay between attempts, which then doubles.
        backoff_longest_seconds: the longest.
        catch_up_rate: detections a second, on average, of those that were there before the connection; None for as
            many as are acknowledged.
        subscriptions: topic filters to listen to on each connection.
    """

    topics: Topics
    window: int = 16
    connect_seconds: float = 20.0
    acknowledge_seconds: float = 30.0
    backoff_first_seconds: float = 1.0
    backoff_longest_seconds: float = 60.0
    catch_up_rate: float | None = 20.0
    subscriptions: tuple[str, ...] = ()
