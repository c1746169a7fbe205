"""The small picture and what is done to it: reduction, light, swaying, and the test of what rests."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from insect_edge.domain import Frame
from insect_edge.regions.background import Background, BackgroundSettings
from insect_edge.regions.haunts import Haunts
from insect_edge.regions.light import Lit, lit
from insect_edge.regions.movers import Mover, movers, outside, weightiest
from insect_edge.regions.rain import Rain
from insect_edge.regions.reduce import COLUMNS, reduced
from insect_edge.regions.rest import Resting, alike
from insect_edge.regions.sheet import steps
from insect_edge.regions.steady import Reference, laid_back
from support.crawling import Ground
from support.proposals import box, empty_frame, frame, proposal


def texture(seed: int = 0) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """The brightness of a ground, without much noise."""
    return cv2.blur(Ground(seed=seed).frame(0.0)[..., 0], (3, 3)).astype(np.float32)


def relit(
    one: np.ndarray[tuple[int, int], np.dtype[np.float32]], like: np.ndarray[tuple[int, int], np.dtype[np.float32]]
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """A picture in the light of another."""
    return lit(Lit.measured(one), Lit.measured(like))


def mover(left: int, top: int, *, side: int = 10) -> Mover:
    """A square thing."""
    return Mover(left=left, top=top, right=left + side, bottom=top + side, excess=2.0, peak=4.0, pixels=side * side)


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
    assert np.mean(np.abs(relit(here, here * shade) - here * shade)) < 2


def test_an_animal_does_not_change_the_light() -> None:
    """A dark thing of a twentieth of the width stays as dark as it is."""
    here = texture()
    there = here.copy()
    there[100:116, 200:232] = 20
    assert np.mean(np.abs(relit(here, there)[100:116, 200:232] - here[100:116, 200:232])) < 3


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.6, -0.4), (3.0, 2.0), (-6.0, 5.0)])
def test_a_shift_is_found(shift: tuple[float, float]) -> None:
    """To a seventh of a pixel, also in other light."""
    here = texture()
    moved = cv2.warpAffine(
        here, np.array([[1, 0, shift[0]], [0, 1, shift[1]]]), (640, 360), borderMode=cv2.BORDER_REFLECT
    ).astype(np.float32)
    found = Reference(here).guess(moved * np.float32(0.8))
    assert found == pytest.approx(shift, abs=0.15)
    assert np.mean(np.abs(laid_back(moved, found) - here)[20:-20, 20:-20]) < 2


@pytest.mark.parametrize("smooth", [6, 15])
@pytest.mark.parametrize("across", [4.0, 9.0, 10.0, 11.5])
def test_a_far_shift_of_a_smooth_scene_is_found(across: float, smooth: int) -> None:
    """Up to nearly twelve pixels, although the first steps go further than that."""
    wide = np.random.default_rng(3).normal(0, 1, (600, 900)).astype(np.float32)
    wide = cv2.GaussianBlur(wide, (0, 0), smooth)
    wide = (120 + 40 * wide / wide.std()).astype(np.float32)
    moved = cv2.warpAffine(wide, np.array([[1, 0, across], [0, 1, 0.4 * across]]), (900, 600))
    found = Reference(wide[100:460, 100:740].copy()).guess(moved[100:460, 100:740].astype(np.float32))
    assert found == pytest.approx((across, 0.4 * across), abs=0.3)


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


def test_a_thing_knows_its_most_unusual_pixel_and_how_much_of_its_box_it_fills() -> None:
    """The edge of a shadow is long, faint and fills little of its box; a beetle fills it."""
    excess = np.zeros((100, 200), np.float32)
    excess[20:30, 30:40] = 2
    excess[25, 35] = 6
    for number in range(60):
        excess[20 + number, 100 + number : 104 + number] = 1.5
    excess[50, 132] = 3
    beetle, shadow = movers(excess, gap=3, sure=2)
    assert beetle.peak == pytest.approx(6)
    assert beetle.density == pytest.approx(2.04)
    assert shadow.density < 0.2


def test_what_reaches_beyond_another_thing_is_found_without_it() -> None:
    """Who walks past one at rest and touches it has a box of its own, in places of the whole picture."""
    excess = np.zeros((100, 200), np.float32)
    excess[40:60, 50:70] = excess[45:55, 70:90] = 3
    (both,) = movers(excess, gap=3, sure=2)
    (rest,) = outside([(slice(40, 60), slice(50, 70))], both, excess, gap=3, sure=2)
    assert (rest.left, rest.top, rest.right, rest.bottom) == (70, 45, 90, 55)
    assert not outside([both.window], both, excess, gap=3, sure=2)


def wet(rain: Rain, things: list[Mover], *, at: float) -> list[Mover]:
    """What is left of these while drops fall all over a picture of 640 columns."""
    drops = [mover(40 * (number % 16) + round(7 * at) % 20, 200, side=4) for number in range(16)]
    return rain.leave_out(things, [*things, *drops], columns=640, at=at)


def test_while_it_rains_what_was_not_there_before_is_left_out() -> None:
    """Streaks that touch are as large as an animal, but not there a frame later; a larger thing is no rain."""
    rain, cluster, large = Rain(), mover(100, 100, side=25), mover(300, 60, side=60)
    assert rain.leave_out([cluster], [cluster], columns=640, at=0.0) == [cluster]
    rain = Rain()
    assert wet(rain, [], at=0.0) == []
    assert wet(rain, [cluster, large], at=1.0) == [large]
    assert wet(rain, [mover(105, 100, side=25)], at=2.0) != []


@pytest.mark.parametrize(("moved", "rests"), [(0, True), (1, True), (5, False), (60, True)])
def test_who_has_crept_on_does_not_rest(moved: int, rests: bool) -> None:  # noqa: FBT001 - a row of the table
    """A fifth of its length is too far; another thing a little way off says nothing."""
    picture, place = texture(), box(0.25, 0.25, 20 / 640, 20 / 360)
    resting = Resting()
    resting.remember(picture, [proposal(place)])
    assert resting.unchanged(picture, [place])
    there = [mover(160 + moved, 90, side=20)]
    assert [one.region for one in resting.still(there)] == ([place] if rests else [])
    assert len(resting.windows()) == rests


@pytest.mark.parametrize(("covered", "rests"), [(0, True), (10, True), (20, False)])
def test_half_of_an_animal_is_enough(covered: int, rests: bool) -> None:  # noqa: FBT001 - a row of the table
    """Who rests stays found while another one walks upon it, and not when nothing of it is left to be seen."""
    ground, place = texture(), box(0.25, 0.25, 20 / 640, 20 / 360)
    before, excess = ground.copy(), np.zeros_like(ground)
    before[90:110, 160:180] = np.linspace(20, 60, 20, dtype=np.float32)[:, np.newaxis]
    excess[90:110, 160:180] = 4
    resting = Resting()
    resting.remember(before, [proposal(place)], excess=excess)
    assert resting.unchanged(before, [place], excess=excess)
    now = before.copy()
    now[85:115, 180 - covered : 200] = 200
    excess[85:115, 180 - covered : 200] = 4
    assert bool(resting.unchanged(now, [place], excess=excess)) is rests


def test_a_thing_full_of_closed_holes_has_no_negative_weight() -> None:
    """Pixels that are only between unusual ones pull the mean below what is unusual, and weight is none then."""
    holes = Mover(left=0, top=0, right=9, bottom=9, excess=0.8, peak=3.0, pixels=60)
    assert holes.weight == 0
    assert mover(0, 0).weight == pytest.approx(10)


def test_what_is_made_background_is_no_brighter_than_white() -> None:
    """A thing that shines in the dark would be far brighter in the light that the background has."""
    ground = np.full((120, 160), 200, np.float32)
    background = Background(BackgroundSettings(warm_up=1.0, looks=3))
    for at in range(4):
        background.watch(ground, at=float(at))
        if background.fits(ground):
            break
    dim = ground / 4
    dim[50:60, 50:60] = 250
    background.absorb(background.compare(dim), mover(50, 50))
    expected = background.compare(ground)
    assert float((expected.picture - expected.difference).max()) <= 256


def test_one_column_has_no_slope_but_two_neighbours() -> None:
    """Even in a tiny picture the light is looked at over a pixel and its neighbours."""
    grey = np.full((8, 12), 200, np.uint8)
    grey[:, :6] = 20
    assert steps(grey).max() == pytest.approx(0.9)


def test_of_too_many_things_the_weightiest_stay() -> None:
    """In a hailstorm the animals are the larger things; their order stays."""
    small, large, middle = (
        Mover(left=0, top=0, right=4, bottom=4, excess=2.0, peak=4.0, pixels=pixels) for pixels in (4, 16, 9)
    )
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
