"""An hour of animals that walk, fly, rest, meet and are missed: how many are counted, and who is taken for whom."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from support.box_story import followed, followed_by_peer
from support.box_world import BoxWorld

if TYPE_CHECKING:
    from collections.abc import Callable

MINUTES = float(os.environ.get("INSECT_EDGE_BENCHMARK_MINUTES", "60"))


@pytest.mark.parametrize(("rate", "seeds"), [(1.0, (1, 2, 3)), (5.0, (1, 2))])
def test_hours_are_counted(rate: float, seeds: tuple[int, ...], say: Callable[[str], None]) -> None:
    """Every tenth sighting missing and a false box in every other frame, the count is within a tenth of the truth."""
    events = animals = 0
    for seed in seeds:
        story = followed(BoxWorld(seed=seed, rate=rate), minutes=MINUTES)
        peer = followed_by_peer(BoxWorld(seed=seed, rate=rate), minutes=MINUTES)
        assert story.animals == peer.animals
        say(
            f"{MINUTES:g} min at {rate:g} frames a second, {story.animals} animals: {story.events} events, "
            f"{len(story.tracks)} tracks, {story.switches} identities switched, {story.seconds * 1e3:.2f} ms a frame; "
            f"nearest neighbour: {len(peer.tracks)} tracks, {peer.switches} switched, {peer.seconds * 1e3:.2f} ms"
        )
        assert story.switches < peer.switches
        events, animals = events + story.events, animals + story.animals
    assert abs(events - animals) <= 0.1 * animals
