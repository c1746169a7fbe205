"""Everything that was found out about a model, before it is put into words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from insect_edge.domain import Role

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from insect_converter.report.measured import Answers, Speed
    from insect_converter.report.subject import Subject
    from insect_converter.report.uniqueness import Neighbours
    from insect_converter.split_photographs import Found
    from insect_edge.domain import Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Where the model looked on one test photograph.

    Attributes:
        position: among the test photographs.
        view: (height, width, 3) uint8, B, G, R, as the model sees it.
        said: the view with the heat for the answer.
        truth: the view with the heat for the true label; None where that is the answer.
    """

    position: int
    view: NDArray[np.uint8]
    said: NDArray[np.uint8]
    truth: NDArray[np.uint8] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """What only the float weights tell.

    Attributes:
        floating: the float model's answers to the test photographs.
        speed: of the float model.
        looks: Grad-CAM of some; None where the network has no map of features.
        neighbours: of all photographs that were found, part by part; None where the network's features are not to be
            had.
        reasons: why something of this is None.
    """

    floating: Answers
    speed: Speed
    looks: tuple[Look, ...] | None
    neighbours: Neighbours | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What the page tells.

    Attributes:
        subject: the model.
        found: the photographs.
        answers: to the test photographs: of the integer model, or of the float one where that is all there is.
        speeds: of each form of the model.
        learnt: None where the float model is not at hand.
        processor: what this machine calls it.
        limit: photographs of each label and part that were looked at, at most; None for all.
    """

    subject: Subject
    found: Found
    answers: Answers
    speeds: tuple[Speed, ...]
    learnt: Learnt | None
    processor: str
    limit: int | None

    @property
    def labels(self) -> tuple[Label, ...]:
        """Of the model, by index."""
        return self.subject.card.labels

    @property
    def names(self) -> list[str]:
        """Of the labels, by index."""
        return [label.name for label in self.labels]

    @property
    def background(self) -> list[int]:
        """Indices of the labels that are background."""
        return [label.index for label in self.labels if label.role is Role.BACKGROUND]

    @property
    def integer(self) -> bool:
        """Whether the figures are those of an integer model."""
        return self.subject.content is not None
