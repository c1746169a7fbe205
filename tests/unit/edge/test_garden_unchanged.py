"""The scenes with one animal at a time look as they always did: what was measured with them stays comparable."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from insect_edge.garden.scene import SCENES, Garden

BRIGHTNESS = {
    ("garden", 77): (118.05, 96.12, 98.45, 87.40, 94.47, 109.11),
    ("garden", 110): (117.28, 95.09, 102.20, 83.70, 97.30, 109.64),
    ("earthworms", 77): (100.92, 118.58, 97.63, 97.99, 100.32, 105.36),
    ("earthworms", 110): (106.40, 115.64, 97.60, 103.99, 97.52, 109.22),
    ("empty", 1234): (118.41, 110.71, 99.50, 75.07, 83.69, 105.11),
}
"""Means of the sixths of a frame, row by row."""


@pytest.mark.parametrize(("scene", "number"), BRIGHTNESS)
def test_a_frame_of_a_seed_stays_what_it_was(scene: str, number: int) -> None:
    """The brightness of each sixth of the picture is the recorded one, to a twentieth of a grey level."""
    garden = Garden(SCENES[scene], seed=3, width=160, height=90, frames_per_second=10.0)
    grey = garden.frame(number).astype(np.float32).mean(axis=2)
    assert cv2.resize(grey, (3, 2), interpolation=cv2.INTER_AREA).ravel() == pytest.approx(
        BRIGHTNESS[scene, number], abs=0.05
    )


def test_where_the_animal_is_stays_what_it_was() -> None:
    """Label, box and number of the visit are the recorded ones."""
    truth = Garden(SCENES["garden"], seed=3, width=160, height=90, frames_per_second=10.0).truth(77)
    assert (truth.label, truth.visit) == ("grasshopper", 0)
    assert truth.box is not None
    assert (truth.box.x, truth.box.y, truth.box.width, truth.box.height) == pytest.approx(
        (0.3087, 0.3735, 0.3484, 0.3369), abs=1e-4
    )
