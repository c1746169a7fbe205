"""Each frame as one picture of one place: what an insect that fills the view wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from insect_edge.sight.seen import View

if TYPE_CHECKING:
    from insect_edge.classifier import Classifier
    from insect_edge.domain import Event, Frame, Region
    from insect_edge.policy.rules import Policy
    from insect_edge.policy.state import PolicyState


class FrameSight:
    """`Sight` of the whole view.

    Args:
        classifier: with the configuration's thresholds and roles on its card.
        policy: the rules.
        region: what is looked at; None for the centred square.
    """

    def __init__(self, *, classifier: Classifier, policy: Policy, region: Region | None) -> None:
        self._classifier = classifier
        self._policy = policy
        self._region = region

    def look(self, state: PolicyState, frame: Frame) -> tuple[PolicyState, tuple[Event, ...], View]:
        """See the contract."""
        classification = self._classifier.classify(frame, region=self._region)
        state, events = self._policy.step(state, classification, at=frame.captured)
        return state, events, View(classification=classification)

    def glance(self, frame: Frame) -> View:
        """See the contract."""
        return View(classification=self._classifier.classify(frame, region=self._region))

    def resume(self, state: PolicyState) -> None:
        """Nothing is remembered here."""

    def forget(self) -> None:
        """Nothing is remembered here."""

    def configure(self, *, region: Region | None) -> None:
        """See the contract."""
        self._region = region
