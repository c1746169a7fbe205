"""`insect-edge classify` as people feel it: start-up, one picture, end."""

from __future__ import annotations

import statistics
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from insect_edge import model_bundle
from insect_edge.adapters.picture_writer import write_picture
from support.processes import timed

if TYPE_CHECKING:
    from collections.abc import Callable

    from insect_edge.domain import Frame

ROUNDS = 9


def test_classify_against_a_minimal_script(frame: Frame, tmp_path: Path, say: Callable[[str], None]) -> None:
    """The whole command against the least a script can do with the same runtime: budget 1.25 times, 1.3 in memory."""
    picture, model = tmp_path / "frame.jpg", model_bundle.default_path()
    write_picture(picture, frame.pixels)
    ours = [sys.executable, "-m", "insect_edge", "classify", str(picture)]
    script = str(Path(__file__).with_name("minimal_classify.py"))
    theirs = [sys.executable, script, str(model / "model.tflite"), str(model / "labels.txt"), str(picture)]
    timed(ours), timed(theirs)
    pairs = [(timed(ours), timed(theirs)) for _ in range(ROUNDS)]
    wall = statistics.median(one.wall / other.wall for one, other in pairs)
    memory = statistics.median(one.memory / other.memory for one, other in pairs)
    mine, other = (statistics.median(usage.wall for usage in column) for column in zip(*pairs, strict=True))
    say(
        f"classify {mine:.2f} s, minimal script {other:.2f} s: {wall:.2f} times (budget 1.25); "
        f"memory {pairs[0][0].memory:.0f} MiB against {pairs[0][1].memory:.0f}: {memory:.2f} times (budget 1.3)"
    )
    assert wall > 0.5, "the command does all the script does: the measurement is broken"
