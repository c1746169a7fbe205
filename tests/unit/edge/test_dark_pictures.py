"""By night a frozen picture is told from a sensor that sees nothing."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from insect_edge.domain import Frame
from insect_edge.health.dark_pictures import REMEMBERED, SUSPICION_PROOFS, DarkPictures
from insect_edge.health.liveliness import Liveliness, Pictures
from support.payloads import moment

HEIGHT, WIDTH = 216, 384
Picture = np.ndarray


def nights(count: int, *, spread: float = 0.6, seed: int = 1) -> list[Picture]:
    """Frames of a sensor without light: noise about black, of which what is below black is cut off."""
    generator = np.random.default_rng(seed)
    shape = (HEIGHT, WIDTH, 3)
    return [
        np.clip(np.rint(spread * generator.standard_normal(shape, dtype=np.float32) - 1), 0, 255).astype(np.uint8)
        for _ in range(count)
    ]


def verdicts(pictures: list[Picture]) -> list[bool]:
    """What is said of each."""
    judge = DarkPictures()
    return [judge.differ(picture) for picture in pictures]


def test_what_is_left_of_the_noise_at_night_is_life() -> None:
    """A pixel in two hundred flickers, far less than tells frames by day apart: each frame is new all the same."""
    pictures = nights(20)
    by_day = Pictures()
    assert not any(by_day.differ(picture) for picture in pictures)
    assert verdicts(pictures) == [False] + [True] * 19


def test_sparse_flicker_adds_up() -> None:
    """Where an encoder leaves a few spots a frame, here and there, some frames together are the proof."""
    generator = np.random.default_rng(3)
    pictures = [np.zeros((HEIGHT, WIDTH, 3), np.uint8) for _ in range(60)]
    for picture in pictures:
        for row, column in zip(generator.integers(HEIGHT, size=2), generator.integers(WIDTH, size=2), strict=True):
            picture[row, column] = 3
    said = verdicts(pictures)
    assert 4 <= sum(said) <= 20


def test_plain_black_proves_nothing() -> None:
    """Not one byte differs: a quiet sensor, a covered lens and a dead camera look like this."""
    assert not any(verdicts([np.zeros((HEIGHT, WIDTH, 3), np.uint8)] * 50))


def test_a_quiet_sensor_may_return_to_plain_black() -> None:
    """It does so between any two flickers, and is no copier for that."""
    black = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    said = verdicts([picture for night in nights(10) for picture in (black, night)])
    assert sum(said) >= 9


def test_a_clock_over_a_frozen_night_is_no_life() -> None:
    """It changes bytes with every second, always in the same tiles."""
    (night,) = nights(1)
    written = [
        cv2.putText(night.copy(), f"17:00:{second:02}", (6, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (40, 40, 40), 1)
        for second in range(60)
    ]
    assert not any(verdicts([picture.astype(np.uint8) for picture in written]))


def test_a_ring_of_stale_buffers_is_found_out() -> None:
    """Pictures that come in turn pass for new once each, and prove nothing from then on."""
    ring = nights(7)
    said = verdicts([ring[number % 7] for number in range(70)])
    assert not any(said[7:])


def test_suspicion_passes() -> None:
    """A camera that lives again after old pictures came is believed after so many new ones."""
    first, second = nights(2)
    said = verdicts([first, second, first, *nights(SUSPICION_PROOFS + 3, seed=2)])
    assert said[1]
    assert not any(said[2 : 3 + SUSPICION_PROOFS])
    assert all(said[3 + SUSPICION_PROOFS :])


def test_no_more_is_remembered_than_is_promised() -> None:
    """Memory is bounded, and frames of another size begin anew."""
    judge = DarkPictures()
    for picture in nights(REMEMBERED + 5):
        judge.differ(picture)
    small = [picture[:100, :100] for picture in nights(3)]
    assert [judge.differ(picture) for picture in small] == [False, True, True]


@pytest.mark.parametrize(
    ("level", "timestamp", "blind"), [(0, None, True), (11, None, True), (40, None, False), (0, 1, False)]
)
def test_a_black_picture_without_noise_is_blind(level: int, timestamp: int | None, *, blind: bool) -> None:
    """Only where it is dark, and no clock of a sensor tells more than the picture."""
    judge = Liveliness()
    frame = Frame(
        pixels=np.full((HEIGHT, WIDTH, 3), level, np.uint8),
        captured=moment(),
        sequence=0,
        sensor_timestamp_ns=timestamp,
    )
    assert not any(judge.alive(frame) for _ in range(3))
    assert judge.blind is blind


def test_night_noise_is_life_for_the_daemon_too() -> None:
    """The judge of frames asks both ways, and is not blind where there is life."""
    judge = Liveliness()
    said = [judge.alive(Frame(pixels=picture, captured=moment(), sequence=0)) for picture in nights(5)]
    assert said == [False, True, True, True, True]
    assert not judge.blind
