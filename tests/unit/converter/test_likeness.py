"""Near-duplicates are found among many, by their hashes and by a look at them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from insect_converter import likeness
from insect_converter.dataset import Photograph
from insect_converter.likeness import CANDIDATE_BITS, NEAR_DUPLICATE_BITS, groups, joined, near_duplicates
from insect_converter.pictures import difference_hash, thumbnail
from support.photographs import draw

if TYPE_CHECKING:
    import pytest
    from numpy.typing import NDArray

HASHES = st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 255).map(lambda bits: bits << 28), min_size=1, max_size=30)


def found(*drawn: NDArray[Any]) -> list[int]:
    """The groups of drawn pictures."""
    pictures = [picture.astype(np.uint8, copy=False) for picture in drawn]
    hashes = [difference_hash(picture) for picture in pictures]
    return near_duplicates(hashes, thumbnails=[thumbnail(picture) for picture in pictures])


def by_all_pairs(hashes: list[int]) -> list[int]:
    """The same by comparing each with each."""
    owner = list(range(len(hashes)))
    for position, value in enumerate(hashes):
        for other in range(position):
            if (value ^ hashes[other]).bit_count() <= NEAR_DUPLICATE_BITS:
                old, new = sorted((owner[position], owner[other]), reverse=True)
                owner = [new if root == old else root for root in owner]
    return owner


def test_near_duplicates_chain() -> None:
    """Alike is alike through a third; more than four bits apart is not; everything else is alone."""
    near, chained, far = (1 << NEAR_DUPLICATE_BITS) - 1, (1 << 2 * NEAR_DUPLICATE_BITS) - 1, (1 << 40) - 1
    assert near_duplicates([far, 0, chained, near]) == [0, 1, 1, 1]
    assert near_duplicates([0, (1 << NEAR_DUPLICATE_BITS + 1) - 1]) == [0, 1]
    assert near_duplicates([2**64 - 1, 2**64 - 1]) == [0, 0]
    assert near_duplicates([]) == []


@settings(max_examples=150, deadline=None)
@given(hashes=HASHES)
def test_none_is_overlooked(hashes: list[int]) -> None:
    """The short cut through bands of bits finds what comparing each with each finds."""
    assert near_duplicates(hashes) == by_all_pairs(hashes)


def test_large_buckets_are_compared_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """How many pairs are compared at once changes nothing."""
    generator = np.random.default_rng(3)
    hashes = [int(value) for value in generator.integers(0, 2**12, size=60)]
    whole = near_duplicates(hashes)
    monkeypatch.setattr(likeness, "_PAIRS_AT_ONCE", 7)
    assert near_duplicates(hashes) == whole == by_all_pairs(hashes)


def test_bits_are_counted_alike_without_numpy_2() -> None:
    """The table for older versions of numpy gives the true numbers of bits."""
    values = np.array([[0, 1, 2**64 - 1], [2**63, 0xF0F0, 255]], dtype=np.uint64)
    assert likeness._table_counts(values).tolist() == [[0, 1, 64], [1, 8, 8]]


def test_a_picture_scaled_pressed_or_brightened_is_the_same_motif() -> None:
    """What other programs do to a photograph does not hide it."""
    drawn = draw("ladybird", seed=1, width=400, height=350)
    small = cv2.resize(drawn, (200, 175), interpolation=cv2.INTER_AREA)
    pressed = cv2.imdecode(cv2.imencode(".jpg", drawn, [cv2.IMWRITE_JPEG_QUALITY, 25])[1], cv2.IMREAD_COLOR)
    assert pressed is not None
    brighter = cv2.convertScaleAbs(drawn, alpha=0.9, beta=25)
    others = [draw("ladybird", seed=seed, width=400, height=350) for seed in range(2, 8)]
    assert found(drawn, *others, small, pressed, brighter) == [0, 1, 2, 3, 4, 5, 6, 0, 0, 0]


def test_alike_hashes_of_unlike_pictures_do_not_suffice() -> None:
    """Two pictures whose cells brighten alike, but by different amounts, are told apart by a look."""
    ramp = np.linspace(0, 60, 160)
    generator = np.random.default_rng(5)
    one, other = (
        np.repeat(np.tile(ramp, (160, 1))[..., None] + rows[:, None, None], 3, axis=2).astype(np.uint8)
        for rows in generator.integers(0, 190, size=(2, 16)).repeat(10, axis=1)
    )
    assert difference_hash(one) == difference_hash(other)
    assert near_duplicates([0, 0]) == [0, 0]
    assert found(one, other) == [0, 1]


def test_pictures_without_structure_are_compared_by_brightness() -> None:
    """A grey and a white page have equal hashes and no correlation, and are two motifs all the same."""
    grey, nearly, white = (np.full((60, 60, 3), value, np.uint8) for value in (100, 101, 255))
    assert found(grey, nearly, white) == [0, 0, 2]


def test_only_hashes_within_reach_are_looked_at() -> None:
    """A look cannot join what differs in more than ten bits: the very same thumbnail."""
    look = thumbnail(draw("ladybird", seed=1))
    far = (1 << CANDIDATE_BITS + 1) - 1
    assert near_duplicates([0, far], thumbnails=[look, look]) == [0, 1]
    assert near_duplicates([0, far >> 1], thumbnails=[look, look]) == [0, 0]


def test_names_join_groups() -> None:
    """Photographs of one name are one group, and so are all that are like one of them."""
    assert joined(near=[0, 1, 1, 3, 4], names=["a", None, "a", "b", None]) == [0, 0, 0, 3, 4]
    assert joined(near=[0, 1], names=[None, None]) == [0, 1]


def test_those_left_out_join_nobody() -> None:
    """A photograph that is left out is in no group, and its name joins no others."""
    items = [Photograph(path=Path(name), name=name, label=0, group=group) for name, group in (("a", "t"), ("c", "t"))]
    assert groups([items[0], None, items[1]], near=[0, 1, 2]) == [items]
