"""The small picture and what is done to it: reduction, light, swaying, and the test of what rests."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from insect_edge.domain import Frame
from insect_edge.regions.haunts import Haunts
from insect_edge.regions.light import lit
from insect_edge.regions.movers import Mover, movers, weightiest
from insect_edge.regions.reduce import COLUMNS, reduced
from insect_edge.regions.rest import alike
from insect_edge.regions.steady import Reference, laid_back
from support.crawling import Ground
from support.proposals import empty_frame, frame


def texture(seed: int = 0) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """The brightness of a ground, without much noise."""
    return cv2.blur(Ground(seed=seed).frame(0.0)[..., 0], (3, 3)).astype(np.float32)


def mover(left: int, top: int, *, side: int = 10) -> Mover:
    """A square thing."""
    return Mover(left=left, top=top, right=left + side, bottom=top + side, excess=2.0, pixels=side * side)


@pytest.mark.parametrize(
    ("width", "height", "columns"),
    [(1280, 720, 640), (4056, 3040, 507), (640, 480, 640), (320, 240, 320), (801, 3, 400)],
)
def test_pictures_are_halved_while_enough_is_left(width: int, height: int, columns: int) -> None:
    """Large frames come down to 400 to 799 columns, small ones stay as they are."""
    small = reduced(empty_frame(width, height))
    assert small.shape[1] == columns
    assert small.shape[1] < 2 * COLUMNS


def test_reduction_averages() -> None:
    """Every pixel counts: a chequerboard becomes grey."""
    pixels = np.zeros((720, 1280, 3), np.uint8)
    pixels[::2, ::2] = pixels[1::2, 1::2] = 200
    assert np.all(np.abs(reduced(frame(pixels)).astype(int) - 100) <= 1)


def test_the_small_picture_of_the_camera_comes_first() -> None:
    """Where the camera gives the brightness, pixels are left alone."""
    luma = np.full((240, 320), 7, np.uint8)
    plain = empty_frame(1280, 960)
    assert reduced(Frame(pixels=plain.pixels, captured=plain.captured, sequence=0, luma=luma)) is luma


@pytest.mark.parametrize("gain", [0.3, 1.0, 2.0])
def test_light_is_taken_out(gain: float) -> None:
    """The same scene, darker or brighter, in part of the frame more than elsewhere, is the same once lit alike."""
    here = texture()
    shade = np.linspace(gain, 1, 640, dtype=np.float32)[np.newaxis]
    assert np.mean(np.abs(lit(here, here * shade) - here * shade)) < 2


def test_an_animal_does_not_change_the_light() -> None:
    """A dark thing of a twentieth of the width stays as dark as it is."""
    here = texture()
    there = here.copy()
    there[100:116, 200:232] = 20
    assert np.mean(np.abs(lit(here, there)[100:116, 200:232] - here[100:116, 200:232])) < 3


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.6, -0.4), (3.0, 2.0), (-6.0, 5.0)])
def test_a_shift_is_found(shift: tuple[float, float]) -> None:
    """To a quarter of a pixel, also in other light."""
    here = texture()
    moved = cv2.warpAffine(
        here, np.array([[1, 0, shift[0]], [0, 1, shift[1]]]), (640, 360), borderMode=cv2.BORDER_REFLECT
    ).astype(np.float32)
    found = Reference(here).guess(moved * np.float32(0.8))
    assert found == pytest.approx(shift, abs=0.25)
    assert np.mean(np.abs(laid_back(moved, found) - here)[20:-20, 20:-20]) < 2


def test_a_picture_of_something_else_is_not_moved() -> None:
    """What lies too far away lies nowhere."""
    across, down = Reference(texture(1)).guess(texture(2))
    assert abs(across) <= 12
    assert abs(down) <= 12


def test_a_featureless_picture_lies_where_it_should() -> None:
    """Grey upon grey has no shift, and no warning of a division."""
    grey = np.full((360, 640), 90, np.float32)
    assert Reference(grey).guess(grey) == pytest.approx((0, 0))


def test_patches_are_alike_in_other_light_and_not_when_something_moved() -> None:
    """Gain and offset do not matter, a tenth of the length does."""
    patch = texture()[:40, :40]
    assert alike(patch, 0.7 * patch + 5)
    assert not alike(patch, texture(3)[:40, :40])


def test_parts_of_one_animal_are_one() -> None:
    """Head and tail with a gap of three pixels are one thing with a box around both, and a far one is another."""
    excess = np.zeros((100, 200), np.float32)
    excess[20:28, 30:40] = excess[20:28, 43:50] = excess[60:70, 100:110] = 3
    first, second = movers(excess, gap=3, sure=2)
    assert (first.left, first.top, first.right, first.bottom) == (30, 20, 50, 28)
    assert (second.left, second.right) == (100, 110)


def test_what_is_never_sure_is_nothing() -> None:
    """A thing needs one pixel at least that is clearly unusual."""
    excess = np.zeros((100, 200), np.float32)
    excess[20:28, 30:40] = 1.5
    assert not movers(excess, gap=3, sure=2)


def test_of_too_many_things_the_weightiest_stay() -> None:
    """In a hailstorm the animals are the larger things; their order stays."""
    small, large, middle = (Mover(left=0, top=0, right=4, bottom=4, excess=2.0, pixels=pixels) for pixels in (4, 16, 9))
    assert weightiest([small, large, middle], most=2) == [large, middle]
    assert weightiest([small, large], most=2) == [small, large]


def test_a_place_where_things_appear_again_and_again_is_left_out() -> None:
    """The fourth appearance at one place is not believed; elsewhere it is, and after some minutes there, too."""
    haunts = Haunts()
    kept = [haunts.leave_out([mover(100, 100)], (), shape=(360, 640), at=float(at)) for at in range(4)]
    assert [len(one) for one in kept] == [1, 1, 1, 0]
    assert haunts.leave_out([mover(300, 100)], (), shape=(360, 640), at=5.0)
    assert haunts.leave_out([mover(100, 100)], (), shape=(360, 640), at=500.0)


def test_what_stays_appears_once() -> None:
    """An animal that sits or crawls has been there a frame before."""
    haunts, before = Haunts(), [mover(100, 100)]
    for at in range(20):
        assert haunts.leave_out([mover(100 + at, 100)], before, shape=(360, 640), at=float(at))
        before = [mover(100 + at, 100)]
