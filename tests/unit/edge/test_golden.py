"""The drawn picture behind a golden vector."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from insect_edge.golden import draw


@pytest.mark.parametrize(("width", "height"), [(320, 240), (8, 8), (64, 9), (9, 64)])
def test_a_picture_has_the_size_asked_for(width: int, height: int) -> None:
    """Height comes first, three channels of bytes."""
    picture = draw(seed=1, width=width, height=height)
    assert picture.shape == (height, width, 3)
    assert picture.dtype == np.uint8


def test_the_picture_is_the_same_everywhere_for_ever() -> None:
    """The drawing may never change: golden vectors of bundles already written hang on it."""
    digest = hashlib.sha256(draw(seed=1, width=320, height=240).tobytes()).hexdigest()
    assert digest == "cdbde8f0ce0a25664fe6d4521282a024cae6c054eb6a9726e0920e2ccf79dcd6"


def test_seeds_give_different_pictures() -> None:
    """Each seed has a picture of its own."""
    pictures = {draw(seed=seed, width=40, height=30).tobytes() for seed in range(32)}
    assert len(pictures) == 32


def test_a_picture_has_something_in_it() -> None:
    """Every picture has many colours and strong contrast, so that a broken model has something to get wrong."""
    for seed in range(8):
        picture = draw(seed=seed, width=320, height=240)
        assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 30
        assert np.ptp(picture) > 100
