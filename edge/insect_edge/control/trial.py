"""An alert that nothing was seen for: to find out whether a phone rings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from insect_edge.domain import Category, Event, Label, Phase, Region

if TYPE_CHECKING:
    from insect_edge.domain import Moment

LABEL = "test"


def trial_event(*, at: Moment, event_id: str) -> Event:
    """What a test alert tells: no animal, no role, score 0."""
    label = Label(index=0, name=LABEL, role=None, taxon=None, threshold=0.0)
    return Event(
        event_id=event_id,
        phase=Phase.START,
        label=LABEL,
        role=None,
        score=0.0,
        threshold=0.0,
        categories=(Category(label=label, score=0.0),),
        region=Region.whole(),
        started=at,
        last_seen=at,
        at=at,
        frames=1,
        hits=1,
        alert=True,
    )
