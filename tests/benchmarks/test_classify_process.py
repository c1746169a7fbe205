"""`insect-edge classify` as people feel it: start-up, one picture, end."""

from __future__ import annotations

import statistics
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from insect_edge import model_bundle
from insect_edge.adapters.picture_writer import write_picture
from support.processes import peak_mebibytes, seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from insect_edge.domain import Frame

ROUNDS = 9


def test_classify_against_a_minimal_script(frame: Frame, tmp_path: Path, say: Callable[[str], None]) -> None:
    """The whole command against the least a script can do with the same runtime: budget 1.25 times, 1.3 in memory."""
    picture, model = tmp_path / "frame.jpg", model_bundle.default_path()
    write_picture(picture, frame.pixels)
    ours = ("insect_edge", "classify", str(picture))
    script = str(Path(__file__).with_name("minimal_classify.py"))
    theirs = (script, str(model / "model.tflite"), str(model / "labels.txt"), str(picture))
    pairs = [(seconds([sys.executable, "-m", *ours]), seconds([sys.executable, *theirs])) for _ in range(ROUNDS + 1)]
    wall = statistics.median(one / other for one, other in pairs[1:])
    mine, other = (statistics.median(column) for column in zip(*pairs[1:], strict=True))
    memory, least = peak_mebibytes(*ours), peak_mebibytes(*theirs)
    say(
        f"classify {mine:.2f} s, minimal script {other:.2f} s: {wall:.2f} times (budget 1.25); "
        f"memory {memory:.0f} MiB against {least:.0f}: {memory / least:.2f} times (budget 1.3)"
    )
    assert wall > 0.5, "the command does all the script does: the measurement is broken"
