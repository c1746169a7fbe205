"""The whole way from a frame to events on drawn beds: how many animals there were, and how many were told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from insect_edge.composition.sight import make_pipeline
from insect_edge.config.parse import parse_config
from insect_edge.domain import Event, Frame, Moment, Phase
from insect_edge.garden.planting import Planting

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from insect_edge.classifier import Classifier
    from insect_edge.garden.sight import Sight

pytestmark = pytest.mark.benchmark

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SECONDS, RATE = 600, 5
LEAST_SECONDS = 5
"""An animal that could be seen for less is not missed."""
CONFIGURATION = f'[camera]\nsource = "simulated"\nrate = {RATE}\n[regions]\nmode = "auto"\n'


@dataclass
class Account:
    """What there was, and what was told of it."""

    seen: Counter[int] = field(default_factory=Counter)
    labels: dict[int, str] = field(default_factory=dict)
    told: list[tuple[str, int | None]] = field(default_factory=list)

    def take(self, there: Sequence[Sight], events: Sequence[Event]) -> None:
        """One frame."""
        for sight in there:
            self.labels[sight.identity] = sight.label
            self.seen[sight.identity] += sight.visible >= 0.5
        self.told += [(event.label, _whose(event, there)) for event in events if event.phase is Phase.START]

    def words(self) -> str:
        """It all in a line."""
        due = {identity for identity, frames in self.seen.items() if frames >= LEAST_SECONDS * RATE}
        whose = Counter(identity for _, identity in self.told if identity is not None)
        right = sum(identity is not None and self.labels[identity] == label for label, identity in self.told)
        return (
            f"{len(due)} animals, {len(self.told)} events; found {len(due & whose.keys())}, told twice "
            f"{sum(count - 1 for count in whose.values())}, nobody there {len(self.told) - whose.total()}, "
            f"right name {right} of {len(self.told)}"
        )


def _whose(event: Event, there: Sequence[Sight]) -> int | None:
    """The animal in whose box, with half its size around, the event's lies."""
    assert event.path is not None
    last = event.path.last
    x, y = last.x + last.width / 2, last.y + last.height / 2
    for sight in there:
        box = sight.box
        across, down = abs(x - box.x - box.width / 2) / box.width, abs(y - box.y - box.height / 2) / box.height
        if max(across, down) <= 1:
            return sight.identity
    return None


@pytest.mark.parametrize(("scene", "seed"), [("bed", 21), ("bed", 23), ("bed-4", 24), ("windy", 22)])
def test_animals_and_events(classifier: Classifier, say: Callable[[str], None], scene: str, seed: int) -> None:
    """Ten minutes at five frames a second with all nuisances; of a windy bed without animals nothing is told."""
    delivery = SimpleNamespace(events=lambda *_, **__: None, retry=lambda: None, classification=lambda *_, **__: None)
    config = parse_config(CONFIGURATION.encode(), name="bench", folder=Path())
    pipeline = make_pipeline(config, classifier=classifier, delivery=delivery, boot_id="boot")
    garden = Planting.of(scene).garden(seed=seed, width=1280, height=720, frames_per_second=RATE)
    account = Account()
    for number in range(SECONDS * RATE):
        seconds = number / RATE
        at = Moment(monotonic=100 + seconds, utc=NOON + timedelta(seconds=seconds), clock_synced=True)
        result = pipeline.look(Frame(pixels=garden.frame(number), captured=at, sequence=number))
        account.take(garden.truths(number, least=0.0), [*result.events, *pipeline.tick(at)])
    say(f"{scene}, seed {seed}: {account.words()}")
    if scene == "windy":
        assert len(account.told) <= 1
    else:
        assert 0.85 <= len(account.told) / len(account.seen) <= 1.15
