"""Photographs are decoded once, whatever their files are like, and kept small."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pytest

from insect_converter.dataset import Photograph
from insect_converter.pictures import compact, difference_hash, load, thumbnail
from insect_edge import preprocess
from insect_edge.card import WHOLE_FRAME, InputContract
from support.photographs import AS_THEY_COME, draw, encoded, truncated

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def stored(folder: Path, name: str, data: bytes) -> Photograph:
    """A photograph on disk."""
    (folder / name).write_bytes(data)
    return Photograph(path=folder / name, name=f"ladybird/{name}", label=0)


def luminance(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """What a grey picture keeps (ITU-R BT.601)."""
    return pixels @ np.array([0.114, 0.587, 0.299])


@pytest.mark.parametrize("name", AS_THEY_COME)
def test_files_of_every_kind_are_decoded(tmp_path: Path, name: str) -> None:
    """RGBA, grey, palette, wrong suffix and Exif rotation all give the upright picture in three channels."""
    drawn = draw("ladybird", seed=3)
    drawn[:40, :50] = 0
    photograph = stored(tmp_path, name, AS_THEY_COME[name](drawn))
    pictures, unreadable = load([photograph], shorter_side=256)
    pixels = pictures[photograph.path].pixels
    assert not unreadable
    assert (pixels.shape, pixels.dtype) == (drawn.shape, np.uint8)
    assert np.abs(luminance(pixels) - luminance(drawn)).mean() < 17
    assert all(np.abs(luminance(turned) - luminance(drawn)).mean() > 25 for turned in (drawn[::-1], drawn[:, ::-1]))


def test_unreadable_files_are_named_and_the_others_read(tmp_path: Path) -> None:
    """A truncated, an empty and a text file are left out with their reasons; each photograph counts once."""
    whole = stored(tmp_path, "whole.jpg", encoded(draw("ladybird", seed=1)))
    bad = [
        stored(tmp_path, "half.jpg", truncated(draw("ladybird", seed=2))),
        stored(tmp_path, "empty.jpg", b""),
        stored(tmp_path, "text.png", b"no picture"),
        Photograph(path=tmp_path / "gone.jpg", name="ladybird/gone.jpg", label=0),
    ]
    calls: list[int] = []
    pictures, unreadable = load([bad[0], whole, *bad[1:]], shorter_side=64, on_each=lambda: calls.append(1))
    assert list(pictures) == [whole.path]
    assert list(unreadable) == [photograph.path for photograph in bad]
    assert all(str(path) in reason and "\n" not in reason for path, reason in unreadable.items())
    assert "truncated" in unreadable[bad[0].path]
    assert len(calls) == 5


@pytest.mark.parametrize(
    ("width", "height", "kept"),
    [(400, 300, (60, 80)), (300, 400, (80, 60)), (900, 300, (60, 90)), (300, 900, (90, 60)), (40, 30, (30, 40))],
)
def test_pictures_are_reduced_and_panoramas_trimmed(
    tmp_path: Path, width: int, height: int, kept: tuple[int, int]
) -> None:
    """The shorter side becomes what is asked, the longer one at most half more, and nothing is enlarged."""
    data = encoded(draw("ladybird", seed=1, width=width, height=height))
    photograph = stored(tmp_path, "a.jpg", data)
    picture = load([photograph], shorter_side=60)[0][photograph.path]
    assert picture.pixels.shape == (*kept, 3)
    assert picture.pixels.flags.c_contiguous
    assert picture.sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(("width", "height"), [(400, 300), (90, 900), (40, 30), (60, 60)])
def test_whole_frames_are_squeezed_as_the_pi_does_it(width: int, height: int) -> None:
    """Nothing is trimmed, and what training keeps are the pixels that the model will see."""
    drawn = draw("ladybird", seed=1, width=width, height=height)
    kept = compact(drawn, shorter_side=60, crop=WHOLE_FRAME)
    contract = InputContract(width=60, height=60, color_order="bgr", crop=WHOLE_FRAME)
    np.testing.assert_array_equal(kept, preprocess.to_model_pixels(drawn, region=None, contract=contract))
    np.testing.assert_array_equal(kept, preprocess.to_model_pixels(kept, region=None, contract=contract))


def test_one_pixel_is_a_picture(tmp_path: Path) -> None:
    """The smallest picture there is neither fails nor grows."""
    photograph = stored(tmp_path, "a.png", encoded(np.zeros((1, 1, 3), np.uint8), ".png"))
    assert load([photograph], shorter_side=60)[0][photograph.path].pixels.shape == (1, 1, 3)


def test_alike_pictures_have_alike_hashes() -> None:
    """Another size and compression move few of the 64 bits, another picture moves many."""
    first, second = draw("ladybird", seed=1, width=400, height=350), draw("ladybird", seed=2, width=400, height=350)
    again = draw("ladybird", seed=1, width=200, height=175)

    def distance(one: int, other: int) -> int:
        return (one ^ other).bit_count()

    hashes = [difference_hash(picture) for picture in (first, again, second)]
    assert all(0 <= value < 2**64 for value in hashes)
    assert distance(hashes[0], hashes[0]) == 0
    assert distance(hashes[0], hashes[2]) > 10
    grey = np.repeat(first.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    assert distance(hashes[0], difference_hash(grey)) <= 6


def test_a_thumbnail_is_grey_and_small(tmp_path: Path) -> None:
    """It is what the whole picture looks like from far away, whatever size the picture is kept at."""
    drawn = draw("ladybird", seed=1, width=900, height=300)
    photograph = stored(tmp_path, "a.png", encoded(drawn, ".png"))
    kept = load([photograph], shorter_side=60)[0][photograph.path].thumbnail
    assert kept is not None
    assert (kept.shape, kept.dtype) == ((16, 16), np.uint8)
    assert np.array_equal(kept, thumbnail(drawn))
    assert abs(float(kept.mean()) - float(luminance(drawn).mean())) < 1
