"""Frames of a frozen camera are told from frames of a still garden."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insect_edge.domain import Frame, Moment
from insect_edge.garden.scene import SCENES, Garden
from insect_edge.health.liveliness import REMEMBERED, SUSPICION_FRAMES, Liveliness, Pictures
from support.payloads import moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

HEIGHT, WIDTH = 216, 384
NOON: Moment = moment()


def random(seed: int = 1) -> np.random.Generator:
    """A generator of its own for each test."""
    return np.random.default_rng(seed)


def still_life() -> Picture:
    """A garden as a lens shows it, without any noise."""
    drawn = Garden(SCENES["empty"], seed=1, width=WIDTH, height=HEIGHT, frames_per_second=30).frame(0)
    return cv2.GaussianBlur(drawn, (0, 0), 1.2).astype(np.uint8)


def sheet() -> Picture:
    """A white sheet with a dark speck: what a light trap looks at."""
    shade = np.linspace(188, 212, WIDTH)[np.newaxis, :, np.newaxis]
    drawn = np.broadcast_to(shade, (HEIGHT, WIDTH, 3)).astype(np.uint8).copy()
    return cv2.circle(drawn, (180, 90), 12, (30, 30, 30), -1).astype(np.uint8)


def noisy(picture: Picture, generator: np.random.Generator, *, spread: float = 1.5) -> Picture:
    """As a sensor delivers it: noise that differs from pixel to pixel and from frame to frame."""
    noise = spread * generator.standard_normal(picture.shape, dtype=np.float32)
    return np.clip(np.rint(picture + noise), 0, 255).astype(np.uint8)


def encoded(picture: Picture, quality: int) -> Picture:
    """Through JPEG and back."""
    _, content = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(content, cv2.IMREAD_COLOR).astype(np.uint8)


def with_clock(picture: Picture, seconds: int) -> Picture:
    """With the time written over it, as cameras and recorders do."""
    text = f"22-11-2026 17:{seconds // 60:02}:{seconds % 60:02} CAM1"
    return cv2.putText(picture.copy(), text, (6, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.36, (255, 255, 255), 1).astype(
        np.uint8
    )


def verdicts(pictures: Iterable[Picture]) -> list[bool]:
    """What is said of each."""
    judge = Pictures()
    return [judge.differ(picture) for picture in pictures]


def longest_gap(said: Sequence[bool]) -> int:
    """Frames between two that count as new."""
    alive = [-1, *(number for number, differs in enumerate(said) if differs), len(said)]
    return max(after - before for before, after in pairwise(alive)) - 1


@pytest.mark.parametrize("spread", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("scene", [still_life, sheet])
def test_a_still_scene_is_alive(scene: type, spread: float) -> None:
    """A sensor's noise alone, however little, makes every frame after the first a new one."""
    generator, picture = random(), scene()
    assert verdicts(noisy(picture, generator, spread=spread) for _ in range(20)) == [False] + [True] * 19


@pytest.mark.parametrize("quality", [50, 75, 90])
def test_a_still_scene_of_a_usb_camera_is_alive(quality: int) -> None:
    """What Motion JPEG leaves of the noise is enough."""
    generator, picture = random(), still_life()
    assert longest_gap(verdicts(encoded(noisy(picture, generator), quality) for _ in range(25))) <= 1


def test_a_plain_sheet_behind_motion_jpeg_is_alive() -> None:
    """Where the encoder flattens all but a few spots, the spots add up."""
    generator, picture = random(), sheet()
    said = verdicts(encoded(noisy(picture, generator, spread=1.0), 85) for _ in range(40))
    assert longest_gap(said) < 15


def test_a_moving_garden_is_alive() -> None:
    """Leaves in the wind are new without any thought of noise."""
    garden = Garden(SCENES["garden"], seed=2, width=WIDTH, height=HEIGHT, frames_per_second=30)
    assert all(verdicts(garden.frame(30 * number) for number in range(12))[1:])


def test_a_beetle_on_a_sheet_without_noise_is_alive() -> None:
    """Small changes that wander add up, where those of a clock stay in their place."""
    clean = sheet()
    walk = [(12 + 9 * step, 20 + int(80 * (1 + np.sin(step / 4)))) for step in range(40)]
    said = verdicts(cv2.circle(clean.copy(), place, 5, (20, 20, 20), -1).astype(np.uint8) for place in walk)
    assert any(said)
    assert longest_gap(said) <= 20


def test_the_same_picture_again_is_frozen() -> None:
    """However often it comes."""
    picture = noisy(still_life(), random())
    assert not any(verdicts(picture for _ in range(50)))


@pytest.mark.parametrize("quality", [60, 95])
def test_a_copy_encoded_again_is_frozen(quality: int) -> None:
    """A bridge that encodes the last good picture again and again, always in the same way."""
    picture = noisy(still_life(), random())
    assert verdicts(encoded(picture, quality) for _ in range(20)) == [False] * 20


def test_copies_encoded_differently_are_frozen_before_long() -> None:
    """An encoder that changes its quality from frame to frame comes back to one it had, and is seen through."""
    generator, picture = random(), noisy(still_life(), random())
    said = verdicts(encoded(picture, int(generator.integers(60, 96))) for _ in range(90))
    assert not any(said[25:])


def test_copies_of_copies_are_frozen() -> None:
    """Each copy made of the one before: encoding settles, and so does the verdict."""
    picture, copies = noisy(still_life(), random()), []
    for _ in range(30):
        picture = encoded(picture, 80)
        copies.append(picture)
    assert not any(verdicts(copies)[5:])


@pytest.mark.parametrize("quality", [None, 80])
def test_a_clock_over_a_frozen_picture_is_frozen(quality: int | None) -> None:
    """The only thing that changes changes always in the same place."""
    picture = noisy(still_life(), random())
    stamped = (with_clock(picture, number) for number in range(60))
    assert not any(verdicts(shown if quality is None else encoded(shown, quality) for shown in stamped))


def test_a_clock_and_a_restless_encoder_are_frozen() -> None:
    """Both tricks at once."""
    generator, picture = random(), noisy(still_life(), random())
    said = verdicts(encoded(with_clock(picture, n), int(generator.integers(75, 96))) for n in range(80))
    assert not any(said[25:])


@pytest.mark.parametrize("length", [2, 5, REMEMBERED])
def test_a_ring_of_old_frames_is_frozen(length: int) -> None:
    """A driver that hands out the same buffers in turn is found out in the second round."""
    generator, picture = random(), still_life()
    ring = [noisy(picture, generator) for _ in range(length)]
    assert not any(verdicts(ring * 3)[length:])


def test_a_little_noise_on_a_copy_is_allowed_for() -> None:
    """Copies that differ by less than a quarter of a grey level are copies."""
    generator, picture = random(), noisy(still_life(), random())
    assert not any(verdicts(noisy(picture, generator, spread=0.15) for _ in range(40)))


def test_duplicates_in_between_do_no_harm() -> None:
    """A source that repeats every frame of a live camera once is alive all the same."""
    generator, picture = random(), still_life()
    frames = [noisy(picture, generator) for _ in range(20)]
    assert verdicts(frame for frame in frames for _ in range(2))[2:] == [True, False] * 19


def test_a_thawed_camera_is_alive_again() -> None:
    """After a ring of old frames a still scene proves itself within `SUSPICION_FRAMES`, a changed one at once."""
    generator, picture = random(), still_life()
    ring = [noisy(picture, generator) for _ in range(4)] * 5
    still = verdicts([*ring, *(noisy(picture, generator) for _ in range(30))])
    assert longest_gap(still[len(ring) :]) <= SUSPICION_FRAMES
    brighter = np.clip(picture.astype(np.int16) + 20, 0, 255).astype(np.uint8)
    assert verdicts([*ring, noisy(brighter, generator)])[-1]


def test_a_black_or_white_picture_without_noise_is_frozen() -> None:
    """Nobody can tell a covered lens without noise from a dead sensor."""
    for level in (0, 255):
        assert not any(verdicts(np.full((HEIGHT, WIDTH, 3), level, np.uint8) for _ in range(5)))


def test_another_size_begins_afresh() -> None:
    """The first frame of another size proves nothing, whatever was before."""
    generator, picture = random(), still_life()
    judge = Pictures()
    for _ in range(3):
        judge.differ(noisy(picture, generator))
    small = cv2.resize(picture, (64, 48))
    assert not judge.differ(small.astype(np.uint8))
    assert judge.differ(noisy(small.astype(np.uint8), generator))


@given(st.integers(1, 60), st.integers(1, 90))
@settings(max_examples=30, deadline=None)
def test_any_size_is_judged(height: int, width: int) -> None:
    """Frames smaller than the grid of points are as good as any."""
    judge = Pictures()
    first = np.zeros((height, width, 3), np.uint8)
    assert [judge.differ(first), judge.differ(first), judge.differ(first + 50)] == [False, False, True]


def frame(*, timestamp: int | None, level: int = 100) -> Frame:
    """A plain frame."""
    return Frame(pixels=np.full((48, 64, 3), level, np.uint8), captured=NOON, sequence=0, sensor_timestamp_ns=timestamp)


def alive(*timestamps: int | None, level: int = 100, pictures: bool = True) -> list[bool]:
    """What is said of plain frames with these timestamps."""
    judge = Liveliness(pictures=pictures)
    return [judge.alive(frame(timestamp=timestamp, level=level)) for timestamp in timestamps]


def test_a_sensor_clock_that_advances_proves_life() -> None:
    """Even where nothing else changes; the first frame proves nothing yet."""
    assert alive(10, 20, 30) == [False, True, True]


def test_a_sensor_clock_that_stands_still_proves_the_contrary() -> None:
    """Even where the pictures differ."""
    judge = Liveliness()
    said = [judge.alive(frame(timestamp=10 + min(n, 1), level=100 + 20 * n)) for n in (0, 1, 1, 1, 2, 3)]
    assert said == [False, True, False, False, False, False]


def test_old_timestamps_prove_nothing() -> None:
    """Buffers handed out in turn bring their old timestamps along."""
    assert alive(10, 20, *(10, 20) * 10) == [False, True] + [False] * 20


def test_a_sensor_clock_that_starts_afresh_is_believed_once_the_picture_is_new() -> None:
    """A sensor that was reset shows something new, and its clock counts from there."""
    judge = Liveliness()
    levels = [(900, 100), (1000, 100), (10, 150), (20, 150), (20, 150)]
    said = [judge.alive(frame(timestamp=timestamp, level=level)) for timestamp, level in levels]
    assert said == [False, True, True, True, False]


def test_comparing_can_be_switched_off() -> None:
    """Then every frame without a timestamp is taken for new, and timestamps count as before."""
    assert alive(None, None, pictures=False) == [True, True]
    assert alive(10, 20, 20, pictures=False) == [False, True, False]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=80), st.data())
@settings(max_examples=60, deadline=None)
def test_no_order_of_old_frames_is_ever_new(order: list[int], data: st.DataObject) -> None:
    """Once a handful of frames have all been shown, showing them again in any order proves nothing."""
    timestamps = data.draw(st.lists(st.none() | st.integers(0, 1000), min_size=6, max_size=6))
    judge = Liveliness()
    old = [frame(timestamp=timestamp, level=30 * number) for number, timestamp in enumerate(timestamps)]
    newest = max((timestamp for timestamp in timestamps if timestamp is not None), default=None)
    for shown in sorted(old, key=lambda shown: shown.sensor_timestamp_ns or 0):
        judge.alive(shown)
    assert newest is None or judge._highest == newest
    assert not any(judge.alive(old[number]) for number in order)


def test_suspicion_of_a_still_garden_passes() -> None:
    """After a lamp has brought an earlier picture back, small changes here and there prove life again in the end."""
    draw = np.random.default_rng(4)
    pictures, base = Pictures(), np.full((96, 144, 3), 100, np.uint8)
    lamp = np.full_like(base, 160)
    for shown in (base, lamp, base):
        pictures.differ(shown)
    assert pictures._suspicion

    def stirred() -> np.ndarray:
        here = base.copy()
        top, left = draw.integers(0, 96 - 32), draw.integers(0, 144 - 36)
        here[top : top + 32, left : left + 36] = draw.integers(60, 140)
        return here

    assert any(pictures.differ(stirred()) for _ in range(200))
