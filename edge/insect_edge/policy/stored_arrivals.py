"""Counts over time as JSON can hold them, and back."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from insect_edge.policy import stored_values as typed
from insect_edge.policy.arrivals import Arrivals, Group, Misplaced, Span, Spent

if TYPE_CHECKING:
    from collections.abc import Iterable


def written(arrivals: Arrivals) -> dict[str, Any]:
    """All of it; a busy week of one label is some 4 KB."""
    misplaced = arrivals.misplaced
    return {
        "groups": arrivals.groups,
        "spans": arrivals.spans,
        "spent": {rule: [spent.at, spent.armed] for rule, spent in arrivals.spent.items()},
        "misplaced": None if misplaced is None else [misplaced.until, misplaced.utc.isoformat()],
    }


def read(content: Any) -> Arrivals:
    """What `written` gave.

    Raises:
        TypeError, ValueError, LookupError, AttributeError: when it is anything else.
    """
    return Arrivals(
        groups=typed.mapping(content["groups"], _groups),
        spans=tuple(_span(values) for values in typed.listed(content["spans"])),
        spent=typed.mapping(content["spent"], _spent),
        misplaced=None if content["misplaced"] is None else _misplaced(content["misplaced"]),
    )


def _groups(values: object) -> tuple[Group, ...]:
    groups = tuple(Group(typed.seconds(at), typed.count(count)) for at, count in typed.listed(values))
    if any(later.at < earlier.at for earlier, later in pairwise(groups)):
        raise ValueError("arrivals are not in order")
    return groups


def _span(values: Iterable[object]) -> Span:
    start, end, looked = values
    span = Span(typed.seconds(start), typed.seconds(end), typed.not_negative(looked))
    if span.end < span.start:
        raise ValueError(f"{span.end!r} is before {span.start!r}")
    return span


def _spent(values: object) -> Spent:
    at, armed = typed.listed(values)
    return Spent(at=typed.seconds(at), armed=typed.truth(armed))


def _misplaced(values: Iterable[object]) -> Misplaced:
    until, utc = values
    return Misplaced(until=typed.seconds(until), utc=typed.utc_of(utc))
