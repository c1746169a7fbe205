"""Rain, clouds and dusk over a wide scene come when they should, and only then."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_edge.garden.foliage import gust
from insect_edge.garden.nuisances import Nuisance
from insect_edge.garden.rain import Rain
from insect_edge.garden.sky import Sky, night

SIZE = {"width": 320, "height": 180}


def sky(*nuisances: Nuisance, seed: int = 0) -> Sky:
    """The light with those nuisances alone."""
    return Sky(**SIZE, seed=seed, nuisances=frozenset(nuisances))


def test_night_falls_once_an_hour() -> None:
    """Day at first, night after dusk, day again after dawn, the same every hour, without a jump."""
    assert [night(seconds) for seconds in (0, 1500, 2100, 2250, 2400, 3000, 3599)] == [0, 0, 1, 1, 1, 0, 0]
    course = [night(float(seconds)) for seconds in range(7200)]
    assert course[:3600] == course[3600:]
    assert np.abs(np.diff(course)).max() < 0.01


def test_the_camera_makes_up_for_dusk_in_steps() -> None:
    """It gets darker, but far less than outside; gain brings noise; single steps are jumps of about an eighth."""
    light = sky(Nuisance.DUSK)
    assert (light.exposure(0.0).light, light.exposure(0.0).noise) == (1.0, 1.0)
    deep = light.exposure(2250.0)
    assert 0.5 < deep.light < 0.75
    assert deep.noise > 2
    course = np.array([light.exposure(float(seconds)).light for seconds in range(1500, 2100)])
    steps = np.diff(np.log2(course))
    assert steps.max() == pytest.approx(1 / 6, abs=0.02)
    assert (steps > 0.1).sum() > 10


def test_second_thoughts_about_the_exposure_are_steps() -> None:
    """The light stays the same for two minutes, then jumps a little."""
    light = sky(Nuisance.EXPOSURE)
    course = [light.exposure(float(seconds)).light for seconds in range(0, 3600, 10)]
    changes = np.count_nonzero(np.diff(course))
    assert changes == 3600 / 120 - 1
    assert 0.85 < min(course) < max(course) < 1.15


def test_clouds_drift_over_the_picture_and_come_round() -> None:
    """Shadows take up to half of the light in some places at some times, and move to the right."""
    light = sky(Nuisance.CLOUDS)

    def shone(seconds: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        frame = np.full((SIZE["height"], SIZE["width"], 3), 160, np.uint8)
        light.shine(frame, seconds=seconds, light=1.0)
        return frame[..., 0].astype(np.float32)

    pictures = [shone(float(seconds)) for seconds in range(0, 80, 4)]
    assert min(picture.min() for picture in pictures) < 0.7 * 160
    assert max(picture.max() for picture in pictures) > 0.95 * 160
    now, later = shone(10.0), shone(11.0)
    shift = round(0.05 * SIZE["width"])
    assert np.abs(later[:, shift:] - now[:, :-shift]).mean() < np.abs(later - now).mean() / 2


def test_showers_come_and_go() -> None:
    """It rains for a few minutes of an hour, and not in the first minute."""
    rain = Rain(**SIZE, seed=1)
    course = np.array([rain.strength(float(seconds)) for seconds in range(3600)])
    assert course.max() == 1
    assert 0.05 < (course > 0).mean() < 0.3
    assert not course[:60].any()
    assert np.abs(np.diff(course)).max() < 0.2


def test_rain_falls_in_showers_alone_and_drops_stay_a_while() -> None:
    """Nothing changes in the dry; streaks differ from frame to frame; a minute after a shower all is dry again."""
    rain = Rain(**SIZE, seed=1)
    course = [rain.strength(float(seconds)) for seconds in range(900)]
    wet = course.index(1.0) + 20
    dry = next(second for second in range(wet, 900) if course[second] == 0)
    ground = np.random.default_rng(0).integers(60, 120, (SIZE["height"], SIZE["width"], 3), np.uint8)

    def drawn(seconds: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        frame = ground.copy()
        rain.fall(frame, number=seconds, seconds=float(seconds))
        return frame

    assert np.array_equal(drawn(10), ground)
    assert not np.array_equal(drawn(wet), ground)
    assert not np.array_equal(drawn(wet), drawn(wet + 1))
    assert np.array_equal(drawn(wet), drawn(wet))
    assert not np.array_equal(drawn(dry + 3), ground)
    assert np.array_equal(drawn(dry + 60), ground)


@given(st.floats(0, 1e5), st.floats(0.3, 1.5), st.floats(0, 6.3))
def test_gusts_stay_in_their_range(seconds: float, hurry: float, phase: float) -> None:
    """No wind bends a plant further than its swing."""
    assert -1 <= gust(seconds, hurry=hurry, phase=phase) <= 1
