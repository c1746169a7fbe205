"""The daemon's way of looking at frames with a stop watch at each part, and a finder that gives it all it may do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from insect_edge.classifier import Classifier
from insect_edge.composition.sight import make_sight
from insect_edge.config import settings as config_settings
from insect_edge.domain import Region
from insect_edge.policy.state import PolicyState
from insect_edge.regions.choice import make_finder
from insect_edge.sightings import Found, Origin, Proposal
from insect_edge.stages import LookTimes, StepTimes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from insect_edge.config.sections import Config
    from insect_edge.domain import Classification, Frame
    from insect_edge.regions.finder import Finder

STRANGER = 0.05
"""Length of one, in frame widths: an animal of usual size."""


class TimedClassifier(Classifier):
    """A classifier that remembers what each look took.

    Args:
        classifier: whose model, roles and thresholds this has.

    Attributes:
        looks: since they were last cleared, in their order.
    """

    def __init__(self, classifier: Classifier) -> None:
        self.looks: list[LookTimes] = []
        self._marks: list[float] = []
        super().__init__(classifier.interpreter, classifier.own_card, timer=self._mark)
        self.configure(classifier.card)

    def classify(self, frame: Frame, *, region: Region | None = None) -> Classification:
        """See the class it is made of."""
        self._marks.clear()
        started = time.perf_counter()
        result = super().classify(frame, region=region)
        ended = time.perf_counter()
        before, after = self._marks
        self.looks.append(
            LookTimes(
                preprocess=(before - started) * 1e3,
                inference=(after - before) * 1e3,
                postprocess=(ended - after) * 1e3,
            )
        )
        return result

    def _mark(self) -> float:
        self._marks.append(time.perf_counter())
        return self._marks[-1]


class TimedFinder:
    """Another finder, and what it took for the newest frame.

    Args:
        finder: the one.

    Attributes:
        milliseconds: of the newest frame.
        settled: whether it knew the scene then.
        strangers: things to propose besides what there is, elsewhere in each frame.
    """

    def __init__(self, finder: Finder) -> None:
        self._finder = finder
        self._generator = np.random.default_rng(0)
        self.milliseconds = 0.0
        self.settled = True
        self.strangers = 0

    def find(self, frame: Frame, *, watched: Sequence[Region] = ()) -> Found:
        """What the other finds, and the strangers."""
        started = time.perf_counter()
        found = self._finder.find(frame, watched=watched)
        self.milliseconds = (time.perf_counter() - started) * 1e3
        self.settled = found.settled
        news = self._strangers(frame.width / frame.height)
        return Found(proposals=(*found.proposals, *news), skipped=found.skipped, settled=found.settled)

    def _strangers(self, aspect: float) -> tuple[Proposal, ...]:
        height = min(STRANGER * aspect, 1.0)
        room = (1 - STRANGER, 1 - height)
        places = (self._generator.random((self.strangers, 2)) * room).tolist()
        regions = [Region(x=x, y=y, width=STRANGER, height=height) for x, y in places]
        return tuple(Proposal(region=region, origin=Origin.MOTION, strength=0.5) for region in regions)


class TimedSight:
    """What a frame takes between its capture and its events.

    Args:
        config: how to look and judge.
        classifier: of the configured model.
    """

    def __init__(self, config: Config, *, classifier: Classifier) -> None:
        self._classifier = TimedClassifier(classifier)
        self._finder = TimedFinder(make_finder(config_settings.region_settings(config)))
        self._sight, _ = make_sight(config, classifier=self._classifier, finder=self._finder)
        self._state = PolicyState()

    def crowd(self, strangers: int) -> None:
        """Let so many things appear in each frame, besides what there is."""
        self._finder.strangers = strangers

    def look(self, frame: Frame) -> StepTimes:
        """Follow one frame through.

        Raises:
            InferenceError: when the model could not be run.
        """
        self._classifier.looks.clear()
        started = time.perf_counter()
        self._state, _, view = self._sight.look(self._state, frame)
        total = (time.perf_counter() - started) * 1e3
        looks, finding = tuple(self._classifier.looks), self._finder.milliseconds
        return StepTimes(
            finding=finding,
            looks=looks,
            judging=total - finding - sum(look.total for look in looks),
            skipped=view.skipped,
            settled=self._finder.settled,
        )
