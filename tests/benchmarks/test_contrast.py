"""What it costs to look over a sheet for what stands out."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from insect_edge.garden.wide import WideGarden
from insect_edge.garden.wide_scenes import WIDE_SCENES
from insect_edge.regions.contrast import ContrastFinder
from support.proposals import frame
from support.shared_data import data_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

RUNS = 25
SIZES = [(1280, 720, 4), (4056, 3040, 15)]
DIRTIEST = "sequential_20220728232239-00-69.jpg"
"""The real frame on which most stands out."""


def time_of(pixels: NDArray[np.uint8]) -> str:
    """Milliseconds of CPU that this picture takes."""
    shown, spent = frame(pixels), []
    for _ in range(RUNS):
        began = time.process_time()
        ContrastFinder().find(shown)
        spent.append(1000 * (time.process_time() - began))
    return f"{min(spent):.1f} ms least, {statistics.median(spent):.1f} ms median"


@pytest.mark.parametrize(("width", "height", "budget"), SIZES)
def test_time_on_a_drawn_sheet(width: int, height: int, budget: int, say: Callable[[str], None]) -> None:
    """One frame of the drawn sheet with moths through `contrast`, reduction included, on one core."""
    garden = WideGarden(WIDE_SCENES["sheet"], seed=3, width=width, height=height, frames_per_second=1.0)
    spent = time_of(garden.frame(60))
    say(f"contrast, drawn sheet, {width}x{height}: {spent} (budget {budget})")
    assert spent


@pytest.mark.parametrize(("width", "height", "budget"), SIZES)
def test_time_on_a_dirty_trap(width: int, height: int, budget: int, say: Callable[[str], None]) -> None:
    """The same of a real trap's dirtiest frame."""
    path = data_folder() / "trap_frames" / DIRTIEST
    if not path.is_file():
        pytest.skip(f"{path} is not there: frames of moth traps are not part of the project")
    pixels = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    spent = time_of(np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8))
    say(f"contrast, dirty trap, {width}x{height}: {spent} (budget {budget})")
    assert spent
