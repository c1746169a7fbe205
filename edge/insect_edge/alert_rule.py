"""The nouns of alert rules: what they look at, and what the one that fired saw."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from insect_edge.domain import Moment


class RuleKind(enum.StrEnum):
    """What an alert rule looks at."""

    SIGHTING = "sighting"
    """Each single animal."""
    COUNT = "count"
    """How many came in a time."""
    RATE = "rate"
    """How many more came than in the days before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FiredRule:
    """The alert rule that fired for an event, and what it saw. A plain sighting has neither count nor limit.

    Attributes:
        kind: what it looks at.
        label: whose rule it is.
        words: all of it in one line.
        count: animals that came since `since`, that of the event among them.
        value: what was held against the limit: that count, or animals per trap-day.
        limit: what `value` had to pass.
        per: the time it is of: `trap-day`, `hour`, `night`, `day` or `week`.
        factor: how many times the mean had to be reached; None where the limit is a number of its own.
        mean: animals per trap-day in the days before; None likewise.
        since: from when on animals were counted.
    """

    kind: RuleKind
    label: str
    words: str
    count: int | None = None
    value: float | None = None
    limit: float | None = None
    per: str | None = None
    factor: float | None = None
    mean: float | None = None
    since: Moment | None = None
