"""At which proposals to look with the model, when there are more than there is time for.

An animal just found is looked at again and again, as soon as it may look different, until it is known; one that is
known, less and less often. In turn come

* animals looked at less than `young` times, and those that may be others (`joints`), those first that are not yet sure
  to be any, then those looked at least;
* proposals of nobody known, the strongest first;
* known animals that are due again, the longest overdue first;

so that neither a flood of flickering leaves nor one animal takes all the looks. What is a piece of an animal, or a box
around several, is not looked at, nor what comes in over the border until it is whole or has been there for a while.
Parts of the frame that are proposed whether or not anything is there come first, and take turns: those that were never
looked at, then those that were not for the longest time.
"""

from __future__ import annotations

import math
from itertools import chain, zip_longest
from types import MappingProxyType
from typing import TYPE_CHECKING

from insect_edge.sightings import Origin, Sighting
from insect_edge.tracking.association import associated, expected_at
from insect_edge.tracking.box import is_at_border
from insect_edge.tracking.joints import is_doubtful
from insect_edge.tracking.presence import FIXED

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from insect_edge.domain import Moment, Region
    from insect_edge.sightings import Proposal
    from insect_edge.tracking.association import Expected
    from insect_edge.tracking.settings import TrackerSettings
    from insect_edge.tracking.state import Track, TrackerState

APART = 0.3
APART_AT_REST = 1.0
"""Seconds between two looks at one animal, at least, and at one that does not move: in frames closer to each other all
looks the same, and what is called an animal by mistake is called so again."""
AGAIN = 1.0
"""Seconds until a known animal is looked at again at first; each time it takes twice as long."""
MOVING = 8.0
"""Seconds until one that moves is looked at again at the latest: it may show a better side."""
CUT = 10.0
"""Seconds for which what the border cuts off is not looked at: grass leans in; half an animal looks like another."""
OUTLINED = frozenset({Origin.MOTION, Origin.REST})
"""What is proposed so is an animal's outline, where it is cut off as well."""
RESTING = 60.0
"""Seconds until one that rests, or that was never given a name, is looked at again at the latest."""
EAGER = 2.0
PENDING = 4
"""Seconds until one that has a name and no event yet is looked at again at the latest, and for how many times `young`
looks: it may need only some more."""
AWAY = 1.5
"""Body lengths from where it was looked at last, from which on what has no name is looked at again soon."""


def wanted_looks(
    state: TrackerState,
    proposals: Sequence[Proposal],
    *,
    at: Moment,
    most: int,
    young: int,
    settings: TrackerSettings,
    looked: Mapping[Region, float] = MappingProxyType({}),
    told: Container[str] = (),
) -> tuple[int, ...]:
    """Numbers of the proposals to look at, the most wanted first, at most `most`.

    Args:
        state: of the tracker after the frame before.
        proposals: of this frame.
        at: when it was captured.
        most: looks there is time for.
        young: looks until an animal is known; the policy's `window`.
        settings: of the tracker.
        looked: monotonic seconds of the newest look at each part that is proposed always; none where there was none.
        told: identifiers of the tracks whose event is open.
    """
    now = at.monotonic
    fixed = [number for number, proposal in enumerate(proposals) if proposal.origin in FIXED]
    fixed.sort(key=lambda number: looked.get(proposals[number].region, -math.inf))
    loose = [number for number, proposal in enumerate(proposals) if proposal.origin not in FIXED]
    expected = expected_at(state, now=now, settings=settings)
    unseen = [Sighting(proposal=proposals[number], classification=None) for number in loose]
    found = associated(expected, unseen, settings=settings, aspect=state.aspect)
    whole = {number for number in loose if not is_cut(proposals[number])}
    owned = ((expected[row], loose[column]) for row, column in found.pairs.items())
    pairs = [(one, number) for one, number in owned if number in whole or now - one.track.started.monotonic >= CUT]
    new = [loose[column] for column in found.news if loose[column] in whole]
    ripe = [(one, number) for one, number in pairs if _is_ripe(one.track, proposals[number], now=now)]
    doubtful = {number for one, number in ripe if is_doubtful(one, proposals[number], settings, aspect=state.aspect)}
    fresh = [(one.track, number) for one, number in ripe if one.track.looks < young or number in doubtful]
    rows = (_youngest(fresh), _strongest(new, proposals), _due(pairs, proposals, now=now, young=young, told=told))
    turns = chain.from_iterable(zip_longest(*rows))
    return tuple(dict.fromkeys((*fixed, *(number for number in turns if number is not None))))[:most]


def _strongest(numbers: Iterable[int], proposals: Sequence[Proposal]) -> list[int]:
    return sorted(numbers, key=lambda number: (-proposals[number].strength, number))


def is_cut(proposal: Proposal) -> bool:
    """Whether the border of the frame cuts an animal off."""
    return proposal.origin in OUTLINED and is_at_border(proposal.region)


def _is_ripe(track: Track, proposal: Proposal, *, now: float) -> bool:
    """Whether the newest look at something is long enough ago."""
    apart = APART_AT_REST if proposal.origin is Origin.REST else APART
    return track.last_look is None or now - track.last_look >= apart


def _youngest(fresh: Iterable[tuple[Track, int]]) -> Iterator[int]:
    """Numbers of the proposals of what is not known yet: first what is not sure to be any, then what was seen least."""
    ordered = sorted(fresh, key=lambda pair: (pair[0].confirmed, pair[0].looks, pair[0].last_look or 0.0, pair[1]))
    return (number for _, number in ordered)


def _due(
    pairs: Iterable[tuple[Expected, int]],
    proposals: Sequence[Proposal],
    *,
    now: float,
    young: int,
    told: Container[str],
) -> Iterator[int]:
    """Numbers of the proposals of known animals that should be looked at again, the longest overdue first."""
    overdue = [
        (_overdue(one.track, proposals[number], now=now, young=young, is_told=one.track.track_id in told), number)
        for one, number in pairs
    ]
    return (number for wait, number in sorted(overdue, key=lambda pair: (-pair[0], pair[1])) if wait >= 0)


def _overdue(track: Track, proposal: Proposal, *, now: float, young: int, is_told: bool) -> float:
    """Seconds since a known animal should have been looked at again; less than 0 while it need not be."""
    if track.looks < young:
        return -1.0
    if track.last_look is None:
        return 0.0
    pause = AGAIN * 2.0 ** min(track.looks - young, 30)
    if track.label is None:
        # A leaf sways about its place, an animal goes on; one may have come where a leaf was before.
        has_left = math.dist((track.box.x, track.box.y), track.looked_at) > AWAY * track.box.size
        longest = AGAIN if has_left else RESTING
    elif is_told or track.looks > PENDING * young:
        longest = RESTING if proposal.origin is Origin.REST else MOVING
    else:
        longest = EAGER
    return now - track.last_look - min(pause, longest)
