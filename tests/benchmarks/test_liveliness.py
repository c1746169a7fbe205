"""What it costs to find out whether a frame shows the present."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from insect_edge.health.judgement import Darkness
from insect_edge.health.liveliness import REMEMBERED, Pictures

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

ROUNDS = 15


def _milliseconds(look: Callable[[NDArray[np.uint8]], object], frames: list[NDArray[np.uint8]]) -> float:
    """For one frame, in the best round."""
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for frame in frames:
            look(frame)
        best = min(best, time.perf_counter() - started)
    return best / len(frames) * 1e3


def test_a_frame_compared_with_all_before(say: Callable[[str], None]) -> None:
    """Comparing a 1280x720 frame with as many as are remembered, and judging its light: budget 0.3 ms."""
    generator = np.random.default_rng(0)
    frames = [generator.integers(0, 255, (720, 1280, 3), dtype=np.uint8) for _ in range(REMEMBERED + 8)]
    pictures, darkness = Pictures(), Darkness()
    assert sum(pictures.differ(frame) for frame in frames) == len(frames) - 1
    compared, judged = _milliseconds(pictures.differ, frames), _milliseconds(darkness.look, frames)
    say(f"a frame compared with {REMEMBERED} others {compared:.3f} ms, its light {judged:.3f} ms (budget 0.3 together)")
    assert compared > 0
