"""Both models asked about the same photographs, each decoded once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from insect_converter import progress
from insect_converter.errors import DatasetError
from insect_edge.adapters.pictures import read_picture
from insect_edge.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from insect_converter.dataset import Photograph
    from insect_edge.classifier import Classifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What both models say.

    Attributes:
        photographs: those that could be read, in their order.
        floating: (photographs, labels) logits.
        integer: (photographs, labels) logits.
        truth: (photographs,) label indices.
        unreadable: names of the others.
    """

    photographs: tuple[Photograph, ...]
    floating: NDArray[np.float32]
    integer: NDArray[np.float32]
    truth: NDArray[np.int64]
    unreadable: tuple[str, ...]


def ask(photographs: Sequence[Photograph], *, floating: Classifier, integer: Classifier) -> Answers:
    """Read each photograph as `insect-edge classify` does, and ask both.

    Raises:
        DatasetError: when none can be read.
    """
    asked, unreadable, rows = [], [], []
    with progress.bar(total=len(photographs), description="comparing") as bar:
        for photograph in photographs:
            try:
                pixels = read_picture(photograph.path)
            except ImageError as error:
                progress.say(f"left out: {error}")
                unreadable.append(photograph.name)
            else:
                asked.append(photograph)
                rows.append((floating.logits(pixels), integer.logits(pixels)))
            bar.update()
    if not asked:
        raise DatasetError(f"none of the {len(photographs)} photographs can be read: copy them again")
    return Answers(
        photographs=tuple(asked),
        floating=np.stack([before for before, _ in rows]),
        integer=np.stack([after for _, after in rows]),
        truth=np.array([photograph.label for photograph in asked], dtype=np.int64),
        unreadable=tuple(unreadable),
    )
