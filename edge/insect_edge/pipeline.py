"""One frame's way: camera → classifier → policy → delivery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from insect_edge.policy.state import PolicyState

if TYPE_CHECKING:
    from insect_edge.classifier import Classifier
    from insect_edge.delivery import Delivery
    from insect_edge.domain import Classification, Event, Frame, Moment, Region
    from insect_edge.policy.rules import Policy
    from insect_edge.protocols import Camera


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """What one frame amounted to.

    Attributes:
        frame: as captured.
        classification: of its region.
        events: changes it caused, already handed to the delivery.
    """

    frame: Frame
    classification: Classification
    events: tuple[Event, ...]


class Pipeline:
    """Holds the policy's state; everything else passes through.

    Args:
        camera: opened and closed by whoever steps.
        classifier: with the configuration's thresholds and roles on its card.
        policy: the rules.
        delivery: takes the events.
        region: what is looked at; None for the centred square.
    """

    def __init__(
        self, *, camera: Camera, classifier: Classifier, policy: Policy, delivery: Delivery, region: Region | None
    ) -> None:
        self._camera = camera
        self._classifier = classifier
        self._policy = policy
        self._delivery = delivery
        self._region = region
        self._state = PolicyState()

    @property
    def state(self) -> PolicyState:
        """What the policy remembers."""
        return self._state

    def step(self, *, timeout: float) -> StepResult | None:
        """Capture one frame and follow it through, waiting for it at most `timeout` seconds; None at the source's end.

        Raises:
            CameraError: when no frame came.
            InferenceError: when the model could not be run.
        """
        frame = self._camera.capture(timeout=timeout)
        return None if frame is None else self.look(frame)

    def look(self, frame: Frame) -> StepResult:
        """Follow a frame through that was captured already.

        Raises:
            InferenceError: when the model could not be run.
        """
        classification = self._classifier.classify(frame, region=self._region)
        self._state, events = self._policy.step(self._state, classification, at=frame.captured)
        if events:
            self._delivery.events(events, frame=frame)
        self._delivery.classification(classification, frame=frame)
        return StepResult(frame=frame, classification=classification, events=events)

    def tick(self, now: Moment) -> tuple[Event, ...]:
        """End the events that are due although no frame comes, and store what the outbox would not take before."""
        self._state, events = self._policy.tick(self._state, now=now)
        return self._handed_over(events)

    def deadline(self) -> float | None:
        """Monotonic seconds at which `tick` will next end something; None while no event is open."""
        return self._policy.deadline(self._state)

    def shutdown(self, now: Moment) -> tuple[Event, ...]:
        """End every open event."""
        self._state, events = self._policy.shutdown(self._state, now=now)
        return self._handed_over(events)

    def _handed_over(self, events: tuple[Event, ...]) -> tuple[Event, ...]:
        if events:
            self._delivery.events(events, frame=None)
        else:
            self._delivery.retry()
        return events
