"""The drawn garden: shapes are closed, animals fit their pictures, motion is smooth, and all of it is repeatable."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_edge.garden import patterns
from insect_edge.garden.animals import ANIMALS
from insect_edge.garden.canvas import Canvas, Skin
from insect_edge.garden.ground import GROUNDS
from insect_edge.garden.motion import Pose, Timetable, Visit, pose_at, visit_at
from insect_edge.garden.noise import clouds, soft
from insect_edge.garden.outline import curve, ellipse, smooth, tube
from insect_edge.garden.scene import SCENES, Garden
from insect_edge.garden.sprite import STRIDES, Layer, Sprite, lay, outline, sprite

SQUARE = ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5))
SIDE = 120
coordinate = st.floats(-1, 1)


def still(*, x: float = 0.0, heading: float = 0.0, mirrored: bool = False) -> Pose:
    """A pose in the middle of the frame's height."""
    return Pose(x=x, y=0.0, size=0.7, heading=heading, mirrored=mirrored, stride=0.0)


def test_an_ellipse_has_its_radii_and_turns_clockwise() -> None:
    """A long ellipse turned by 90 degrees is a high one; by 45 it points down to the right."""
    flat = ellipse(at=(0.1, 0.2), radii=(0.5, 0.25))
    assert np.ptp(flat, axis=0) == pytest.approx([1.0, 0.5], abs=1e-3)
    assert np.ptp(ellipse(at=(0, 0), radii=(0.5, 0.25), turned=90), axis=0) == pytest.approx([0.5, 1.0], abs=1e-3)
    slanted = ellipse(at=(0, 0), radii=(0.5, 0.05), turned=45)
    assert np.corrcoef(slanted.T)[0, 1] > 0.9


def test_smooth_outlines_and_curves_pass_through_their_points() -> None:
    """Every given point lies on the curve."""
    for points in (smooth(SQUARE), curve(SQUARE)):
        for corner in SQUARE:
            assert np.hypot(*(points - corner).T).min() < 1e-9


@given(
    st.lists(st.tuples(coordinate, coordinate), min_size=2, max_size=6),
    st.lists(st.floats(0.001, 0.2), min_size=2, max_size=5),
)
def test_a_tube_stays_within_its_radius(spine: list[tuple[float, float]], radii: list[float]) -> None:
    """No point of the outline is further from the spine's box than the largest radius; none is undefined."""
    points = tube(spine, radii=radii)
    assert np.isfinite(points).all()
    low, high = np.min(spine, axis=0) - max(radii) - 1e-9, np.max(spine, axis=0) + max(radii) + 1e-9
    assert (points >= low).all()
    assert (points <= high).all()


def test_clouds_are_normalised_and_repeatable() -> None:
    """Noise has mean 0 and deviation 1, whatever its cells, and comes again from the same seed."""
    fields = [clouds(width=80, height=50, cells=(20, 7), generator=np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert fields[0].shape == (50, 80)
    assert float(fields[0].mean()) == pytest.approx(0, abs=1e-4)
    assert float(fields[0].std()) == pytest.approx(1, abs=1e-4)
    assert np.array_equal(fields[0], fields[1])
    assert not np.array_equal(fields[0], fields[2])


@pytest.mark.parametrize("spread", [2.0, 12.0])
def test_soft_masks_keep_their_shape_and_amount(spread: float) -> None:
    """Blurring moves nothing and loses nothing, at full and at reduced size."""
    mask = np.zeros((200, 240), np.uint8)
    mask[80:120, 100:140] = 255
    blurred = soft(mask, spread=spread)
    assert blurred.shape == mask.shape
    assert float(blurred.mean()) == pytest.approx(float(mask.mean()), rel=0.1)
    rows, columns = np.nonzero(blurred > 100)
    assert (rows.mean(), columns.mean()) == pytest.approx((99.5, 119.5), abs=2)


def test_paint_covers_what_is_under_it() -> None:
    """A filled outline is opaque inside, clear outside, and of its colour, in B, G, R order."""
    canvas = Canvas(size=64, seed=0)
    canvas.fill(np.array(SQUARE), Skin(colour=0x0000FF, gloss=0))
    canvas.fill(np.array(SQUARE), Skin(colour=0xFF0000, gloss=0, roundness=0, grain=0, ambient=1.3))
    picture = canvas.finished()
    assert picture.shape == (64, 64, 4)
    assert picture[32, 32].tolist() == [0, 0, 255, 255]
    assert picture[2, 2].tolist() == [0, 0, 0, 0]


def test_glass_lets_through_what_is_under_it() -> None:
    """Half-opaque paint on an empty board is premultiplied with its alpha."""
    canvas = Canvas(size=64, seed=0)
    canvas.fill(np.array(SQUARE), Skin(colour=0xFFFFFF, opacity=0.5, gloss=0, roundness=0, grain=0, ambient=1.3))
    assert canvas.finished()[32, 32] == pytest.approx([128] * 4, abs=2)


def test_round_bodies_are_lit_from_the_upper_left() -> None:
    """The upper left of a ball is brighter than its lower right."""
    canvas = Canvas(size=64, seed=0)
    canvas.fill(ellipse(at=(0, 0), radii=(0.9, 0.9)), Skin(colour=0x808080, grain=0))
    picture = canvas.finished().astype(int)
    assert picture[18, 18, 0] > picture[45, 45, 0] + 40


def test_outlines_outside_the_board_do_no_harm() -> None:
    """What lies wholly or partly outside is cut off."""
    canvas = Canvas(size=32, seed=0)
    canvas.fill(np.array(SQUARE) + 5, Skin(colour=0xFFFFFF))
    assert canvas.finished().max() == 0
    canvas.fill(np.array(SQUARE) * 10, Skin(colour=0xFFFFFF))
    assert canvas.finished()[..., 3].min() == 255


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_patterns_stay_between_their_two_colours(x: float, y: float) -> None:
    """Every pattern is finite and from 0 to about 1 everywhere."""
    across, down = np.full((1, 1), x, np.float32), np.full((1, 1), y, np.float32)
    helpers = {"above", "ridge", "largest"}
    drawn = [name for name, value in vars(patterns).items() if callable(value) and name.islower()]
    for name in set(drawn) - helpers:
        value = float(getattr(patterns, name)(across, down)[0, 0])
        assert 0 <= value < 1.3, name


@pytest.mark.parametrize("label", ANIMALS)
def test_every_animal_fits_its_picture(label: str) -> None:
    """An animal is large in its picture, touches no edge with more than a tip, and moves its legs."""
    pictures = [sprite(label, step=step, side=SIDE, seed=0) for step in (0, len(STRIDES) - 1)]
    for drawing in pictures:
        assert drawing.side == SIDE
        extent = np.ptp(drawing.hull, axis=0)
        assert extent.max() > 0.8 * SIDE
        assert extent.min() > 0.2 * SIDE
        picture = np.zeros((SIDE, SIDE, 4), np.uint8)
        left, top = drawing.picture.corner.astype(int)
        height, width = drawing.picture.pixels.shape[:2]
        picture[top : top + height, left : left + width] = drawing.picture.pixels
        alpha = picture[..., 3]
        rim = np.concatenate([alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]])
        assert (rim > 128).mean() < 0.03
        assert (picture[..., :3].max(axis=2) <= alpha.astype(int) + 2).all()
    assert not np.array_equal(pictures[0].picture.pixels, pictures[1].picture.pixels)


def test_an_animal_lies_where_its_outline_says() -> None:
    """The pixels that an animal changes lie within its outline and its shadow."""
    drawing = sprite("ants", step=2, side=SIDE, seed=0)
    pose = still(x=0.3, heading=30)
    frame = np.full((150, 240, 3), 200, np.uint8)
    lay(frame, drawing, pose, centre=(120.0, 75.0))
    corners = outline(drawing, pose, height=150, centre=(120.0, 75.0))
    rows, columns = np.nonzero((frame < 90).all(axis=2))
    assert columns.min() >= corners[:, 0].min() - 2
    assert columns.max() <= corners[:, 0].max() + 2
    assert rows.min() >= corners[:, 1].min() - 2
    assert rows.max() <= corners[:, 1].max() + 2


def test_heading_turns_clockwise_and_mirroring_looks_left() -> None:
    """A head at the right of the drawing comes out at the left when mirrored, and below when heading downwards."""
    picture = np.zeros((SIDE, SIDE, 4), np.uint8)
    picture[50:70, 80:110] = 255
    nothing = Layer(pixels=np.zeros((0, 0), np.uint8), corner=np.zeros(2))
    head_alone = Layer(pixels=picture[50:70, 80:110], corner=np.array((80.0, 50.0)))
    drawing = Sprite(side=SIDE, picture=head_alone, shadow=nothing, hull=np.zeros((4, 2)))

    def head(pose: Pose) -> tuple[float, float]:
        frame = np.zeros((150, 150, 3), np.uint8)
        lay(frame, drawing, pose, centre=(75.0, 75.0))
        rows, columns = np.nonzero(frame.max(axis=2) > 128)
        return float(columns.mean()) - 75, float(rows.mean()) - 75

    assert head(still()) == pytest.approx((30, 0), abs=1)
    assert head(still(mirrored=True)) == pytest.approx((-30, 0), abs=1)
    assert head(still(heading=90)) == pytest.approx((0, 30), abs=1)


@pytest.mark.parametrize("x", [-3.0, -1.1, 1.1, 3.0])
def test_animals_may_be_partly_or_wholly_outside(x: float) -> None:
    """Drawing beyond the edge neither fails nor wraps round."""
    frame = np.full((90, 160, 3), 200, np.uint8)
    lay(frame, sprite("ants", step=2, side=SIDE, seed=0), still(x=x), centre=(80.0, 45.0))
    assert (frame[:, 60:100] == 200).all()
    assert (frame == 200).all() == (abs(x) > 2)


def test_visits_come_in_turn() -> None:
    """First nobody, then each animal for its time, with a gap in between, and round again."""
    timetable = Timetable(animals=("ants", "snail"), first=4.0, visit=10.0, gap=5.0)

    def who(seconds: float) -> str | None:
        visit = visit_at(timetable, seconds=seconds, seed=0)
        return None if visit is None else visit.label

    assert [who(seconds) for seconds in (0, 3.9, 4, 13.9, 14, 18.9, 19, 28.9, 29, 34)] == [
        None, None, "ants", "ants", None, None, "snail", "snail", None, "ants",
    ]  # fmt: skip
    assert visit_at(Timetable(animals=()), seconds=1e6, seed=0) is None


@given(st.sampled_from(sorted(ANIMALS)), st.integers(0, 1000), st.integers(0, 50), st.floats(0, 0.999))
def test_motion_is_smooth(label: str, seed: int, number: int, elapsed: float) -> None:
    """In a thousandth of a visit nobody moves or turns more than a little, and legs stay in their range."""
    visits = [Visit(number=number, label=label, elapsed=moment) for moment in (elapsed, elapsed + 0.001)]
    before, after = (pose_at(visit, seed=seed, aspect=16 / 9) for visit in visits)
    assert np.hypot(after.x - before.x, after.y - before.y) < 0.03
    assert abs(after.heading - before.heading) < 1
    assert after.size == before.size
    assert after.mirrored == before.mirrored
    assert -1 <= before.stride <= 1


@given(st.sampled_from(sorted(ANIMALS)), st.integers(0, 1000), st.integers(0, 50))
def test_visitors_come_from_outside_and_rest_in_the_middle(label: str, seed: int, number: int) -> None:
    """At both ends of a visit the animal is out of the frame, half-way it is near the centre, large in the square."""
    first, middle, last = (
        pose_at(Visit(number=number, label=label, elapsed=moment), seed=seed, aspect=16 / 9)
        for moment in (0.0, 0.5, 1.0)
    )
    for outside in (first, last):
        assert max(abs(outside.x) - 16 / 18, abs(outside.y) - 0.5) > 0.7 * outside.size
    assert np.hypot(middle.x, middle.y) < 0.15
    assert 0.6 < middle.size < 0.8


@pytest.mark.parametrize("label", ANIMALS)
def test_animals_head_where_they_go(label: str) -> None:
    """On its way in, an animal's head points along its path."""
    for seed in range(6):
        poses = [
            pose_at(Visit(number=0, label=label, elapsed=moment), seed=seed, aspect=16 / 9) for moment in (0.02, 0.08)
        ]
        way = np.array([poses[1].x - poses[0].x, poses[1].y - poses[0].y])
        turn = np.deg2rad(poses[1].heading)
        head = np.array([np.cos(turn), np.sin(turn)]) * (-1 if poses[1].mirrored else 1)
        assert head @ way / np.hypot(*way) > 0.95


@pytest.mark.parametrize("ground", GROUNDS)
def test_grounds_fill_the_picture(ground: str) -> None:
    """A ground has the size asked for, texture, no black holes, and comes again from the same seed."""
    pictures = [GROUNDS[ground](width=160, height=90, generator=np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert pictures[0].shape == (90, 160, 3)
    assert pictures[0].dtype == np.uint8
    assert pictures[0].std() > 10
    assert (pictures[0].max(axis=2) > 10).mean() > 0.99
    assert np.array_equal(pictures[0], pictures[1])
    assert not np.array_equal(pictures[0], pictures[2])


def test_scenes_name_what_can_be_drawn() -> None:
    """Every scene stands on a known ground and is visited by known animals; each animal has a scene of its own."""
    for scene in SCENES.values():
        assert scene.ground in GROUNDS
        assert set(scene.timetable.animals) <= set(ANIMALS)
    assert set(ANIMALS) <= set(SCENES)


@pytest.mark.parametrize(("width", "height"), [(64, 48), (90, 160), (333, 77)])
def test_any_size_can_be_drawn(width: int, height: int) -> None:
    """Small, upright and odd frames come out in their size, with a truth that fits."""
    garden = Garden(SCENES["garden"], seed=1, width=width, height=height, frames_per_second=1.0)
    for number in range(0, 60, 7):
        assert garden.frame(number).shape == (height, width, 3)
        box = garden.truth(number).box
        assert (box is None) == (garden.truth(number).label is None)
