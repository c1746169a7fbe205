"""Real frames of moth traps, where they are kept beside the repository, against boxes that were drawn by eye."""

from __future__ import annotations

import hashlib
import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from insect_edge.domain import Region
from insect_edge.regions.contrast import ContrastFinder
from insect_edge.regions.merge import intersection, overlap
from support.boxes import Matching, matched
from support.proposals import frame
from support.shared_data import data_folder
from support.trap_views import VIEWS, View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ANNOTATED = json.loads((Path(__file__).parents[2] / "data" / "trap_frames.json").read_text(encoding="utf-8"))["frames"]
MOVED = 0.5
"""Boxes of two frames that overlap less are not of an animal that kept still."""


def boxes_of(annotated: dict[str, Any], *, unsure: bool) -> list[Region]:
    """The boxes of one frame, those noted `unsure` or the others."""
    chosen = [box for box in annotated["boxes"] if (box.get("note") == "unsure") == unsure]
    return [Region(**{key: box[key] for key in ("x", "y", "width", "height")}) for box in chosen]


@pytest.fixture(scope="module")
def frames() -> dict[str, NDArray[np.uint8]]:
    """The pixels of each of the frames."""
    folder = data_folder() / "trap_frames"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there: frames of moth traps are not part of the project")
    pixels = {}
    for annotated in ANNOTATED:
        data = (folder / annotated["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == annotated["sha256"], "the boxes are of another file"
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        pixels[annotated["file"]] = np.asarray(decoded, np.uint8)
    return pixels


def proposals_of(pixels: NDArray[np.uint8]) -> list[Region]:
    """What is proposed in a picture."""
    return [proposal.region for proposal in ContrastFinder().find(frame(pixels)).proposals]


@pytest.fixture(scope="module")
def proposed(frames: dict[str, NDArray[np.uint8]]) -> dict[str, list[Region]]:
    """What is proposed in each of the frames."""
    return {name: proposals_of(pixels) for name, pixels in frames.items()}


def judged(annotated: dict[str, Any], proposals: Sequence[Region]) -> tuple[Matching, int]:
    """What was found, and how many proposals are neither an animal nor what may be one."""
    matching = matched(boxes_of(annotated, unsure=False), proposals)
    left = [proposals[number] for number in matching.false]
    return matching, len(matched(boxes_of(annotated, unsure=True), left).false)


def test_animals_in_real_traps_are_found(proposed: dict[str, list[Region]]) -> None:
    """Over all frames at least 85 of 100 insects are found, and at most 20 of 100 proposals are none."""
    found, missed, false = 0, 0, 0
    for annotated in ANNOTATED:
        matching, nothing = judged(annotated, proposed[annotated["file"]])
        counted = f"{len(matching.hits)} found, {len(matching.missed)} missed, {nothing} false"
        print(f"{annotated['file']}: {counted}")  # noqa: T201 - the table, shown by pytest -s
        found, missed, false = found + len(matching.hits), missed + len(matching.missed), false + nothing
    print(f"recall {found / (found + missed):.3f}, false {false / (found + false):.3f}")  # noqa: T201 - as above
    assert found >= 0.85 * (found + missed)
    assert false <= 0.20 * (found + false)


@pytest.mark.parametrize("name", VIEWS)
def test_they_are_found_however_the_trap_was_photographed(name: str, frames: dict[str, NDArray[np.uint8]]) -> None:
    """Of fewer pixels, out of focus, upright or from half the distance: the same shares, of all that has a right size.

    Dirt is then as large as the smallest insects of the frames as they are, or insects are as faint as dirt.
    """
    found, missed, false = 0, 0, 0
    for annotated in ANNOTATED:
        whole = View(
            pixels=frames[annotated["file"]],
            animals=tuple(boxes_of(annotated, unsure=False)),
            others=tuple(boxes_of(annotated, unsure=True)),
        )
        for view in VIEWS[name](whole):
            proposals = proposals_of(view.pixels)
            matching = matched(view.animals, proposals)
            left = [proposals[number] for number in matching.false]
            nothing = [left[number] for number in matched(view.others, left).false]
            found, missed = found + len(matching.hits), missed + len(matching.missed)
            false += sum(not is_part(region, view.others) for region in nothing)
    print(f"{name}: recall {found / (found + missed):.3f}, false {false / (found + false):.3f}")  # noqa: T201 - as above
    assert found >= 0.85 * (found + missed)
    assert false <= 0.20 * (found + false)


def is_part(region: Region, others: Sequence[Region]) -> bool:
    """Whether at least half of it belongs to one of the others."""
    return any(intersection(region, other) >= 0.5 * region.width * region.height for other in others)


def test_what_rests_in_a_trap_is_found_again(proposed: dict[str, list[Region]]) -> None:
    """Of animals that rest from one frame of a trap to the next, at least 85 of 100 are found in both of them."""
    evening = [annotated for annotated in ANNOTATED if annotated["file"].startswith("sequential")]
    resting, kept = 0, 0
    for earlier, later in itertools.pairwise(evening):
        here, there = (boxes_of(annotated, unsure=False) for annotated in (earlier, later))
        first, second = (
            {number for number, _ in judged(annotated, proposed[annotated["file"]])[0].hits}
            for annotated in (earlier, later)
        )
        pairs = [(a, b) for a in range(len(here)) for b in range(len(there)) if overlap(here[a], there[b]) >= MOVED]
        resting += len(pairs)
        kept += sum(a in first and b in second for a, b in pairs)
    print(f"{resting} rests from frame to frame, {kept} found in both")  # noqa: T201 - as above
    assert kept >= 0.85 * resting


@pytest.mark.parametrize("annotated", ANNOTATED, ids=lambda annotated: annotated["file"])
def test_each_annotation_is_whole(annotated: dict[str, Any]) -> None:
    """Every box lies in its frame, and is there once."""
    boxes = boxes_of(annotated, unsure=False) + boxes_of(annotated, unsure=True)
    assert len({(box.x, box.y, box.width, box.height) for box in boxes}) == len(boxes)
    assert annotated["width"] >= annotated["height"] > 0
