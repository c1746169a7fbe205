"""A stored picture, and the file name that says all that is known of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from insect_edge.mqtt.topics import slug
from insect_edge.timekeeping import dated

if TYPE_CHECKING:
    from insect_edge.domain import Event

UNSET = "unset"
"""In place of the time where the clock was not set."""
LONGEST_LABEL = 100
"""Letters of a label in a name: file systems take 255 for all of it."""
_NAME = re.compile(
    r"(?P<number>\d{8})_(?P<started>\d{8}T\d{6}Z|unset)_(?P<label>[a-z0-9-]+)_(?P<score>0\.\d\d|1\.00)"
    r"_(?P<event>[A-Za-z0-9-]+)\.jpg"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture of one event.

    Attributes:
        number: grows from event to event, whatever the clock says; from 1.
        started: when the event started, `20260601T120000Z`, or `unset`.
        label: as it stands in topics, `[a-z0-9-]`.
        score: of the label on this very frame, in [0, 1], two decimals.
        event: id of the event.
        size: bytes.
    """

    number: int
    started: str
    label: str
    score: float
    event: str
    size: int

    @property
    def name(self) -> str:
        """Of its file."""
        return f"{self.number:08}_{self.started}_{self.label}_{self.score:.2f}_{self.event}.jpg"


def named(name: str, *, size: int) -> Picture | None:
    """The picture whose file has this name; None for a file that is none of ours."""
    if (found := _NAME.fullmatch(name)) is None:
        return None
    return Picture(
        number=int(found["number"]),
        started=found["started"],
        label=found["label"],
        score=float(found["score"]),
        event=found["event"],
        size=size,
    )


def picture_of(event: Event, *, number: int, score: float, size: int) -> Picture:
    """The picture of an event as it stands."""
    return Picture(
        number=number,
        started=start_of(event),
        label=slug(event.label)[:LONGEST_LABEL] or "label",
        score=round(score, 2),
        event=event.event_id,
        size=size,
    )


def start_of(event: Event) -> str:
    """When the event started, as names say it."""
    started = dated(event.started, by=event.at)
    return f"{started.utc:%Y%m%dT%H%M%SZ}" if started.clock_synced else UNSET
