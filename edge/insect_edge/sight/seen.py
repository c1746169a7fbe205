"""The seam between the two ways of looking at a frame, and what either gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from insect_edge.domain import Classification, Event, Frame, Region
    from insect_edge.policy.state import PolicyState
    from insect_edge.sightings import Sighting


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What one frame showed.

    Attributes:
        classification: of the region that stands for the frame: what is looked at as a whole, or the strongest
            sighting; None where nothing was shown to the model.
        sightings: what was proposed, strongest first; none where the frame is looked at as a whole.
        skipped: proposals the model was not shown because there were too many, or no time was left; not counted the
            parts that are looked at in turns.
    """

    classification: Classification | None
    sightings: tuple[Sighting, ...] = ()
    skipped: int = 0

    @property
    def scope(self) -> str:
        """How much of the frame was looked at, in words."""
        if self.sightings or self.classification is None:
            return "searched for animals"
        region = self.classification.region
        return f"{100 * region.width * region.height:.0f} % of it is looked at"

    @property
    def inference_ms(self) -> float | None:
        """Milliseconds inside the interpreter, for all regions together; None where it was not asked."""
        if not self.sightings:
            return None if self.classification is None else self.classification.inference_ms
        looks = [one.classification.inference_ms for one in self.sightings if one.classification is not None]
        return sum(looks) if looks else None

    def score(self, event: Event) -> float:
        """What the event's label got in this very frame, 0 where it was not among the top categories."""
        seen = self._classification_of(event)
        categories = () if seen is None else seen.categories
        return next((category.score for category in categories if category.label.name == event.label), 0.0)

    def _classification_of(self, event: Event) -> Classification | None:
        if event.path is None:
            return self.classification
        at = event.path.last
        return next((one.classification for one in self.sightings if one.proposal.region == at), None)


class Sight(Protocol):
    """Looks at frames. What has to outlive the process is the policy's state; all else is the sight's own."""

    def look(self, state: PolicyState, frame: Frame) -> tuple[PolicyState, tuple[Event, ...], View]:
        """Take a frame into account: the state after it, what it changed, and what it showed.

        Raises:
            InferenceError: when the model could not be run.
        """
        ...

    def glance(self, frame: Frame) -> View:
        """Look at a frame that counts for nothing.

        Raises:
            InferenceError: when the model could not be run.
        """
        ...

    def resume(self, state: PolicyState) -> None:
        """Go on with what an earlier process left open."""
        ...

    def forget(self) -> None:
        """The source is over: another run of it shows other animals."""
        ...

    def configure(self, *, region: Region | None) -> None:
        """Look at another part of the next frame; None for the centred square."""
        ...
