"""The filter's arithmetic, against what is known of it."""

from __future__ import annotations

import math
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_edge.tracking.motion import Axis, Motion

SPEED, PERSISTENCE = 0.08, 1.0
SECONDS = st.floats(0, 30)


def predicted(axis: Axis, seconds: float) -> Axis:
    """After that time."""
    return axis.predicted(seconds, speed=SPEED, persistence=PERSISTENCE)


@given(SECONDS, SECONDS)
def test_two_steps_are_as_good_as_one(first: float, second: float) -> None:
    """What is known after a time does not depend on how often anybody asked meanwhile."""
    axis = Axis(0.3, 0.05, 1e-4, 1e-5, 1e-3)
    at_once = astuple(predicted(axis, first + second))
    assert astuple(predicted(predicted(axis, first), second)) == pytest.approx(at_once, rel=1e-6, abs=1e-12)


def test_for_a_moment_it_goes_straight_on() -> None:
    """Over times much shorter than the persistence the speed is constant."""
    axis = predicted(Axis(0.3, 0.05, 0.0, 0.0, 0.0), 0.01)
    assert axis.place == pytest.approx(0.3 + 0.05 * 0.01, rel=1e-4)
    assert axis.speed == pytest.approx(0.05, rel=0.02)


def test_in_the_long_run_it_does_not_run_away() -> None:
    """Long unseen, an animal is expected no further on than its speed times the persistence, ever less surely."""
    axis = predicted(Axis(0.3, 0.05, 0.0, 0.0, 0.0), 60.0)
    assert axis.place == pytest.approx(0.3 + 0.05 * PERSISTENCE)
    assert axis.speed == pytest.approx(0.0, abs=1e-12)
    assert axis.speed_variance == pytest.approx(SPEED**2)
    # Diffusion: two times the mean square of the speed, times the persistence, times the time.
    assert axis.place_variance == pytest.approx(2 * SPEED**2 * PERSISTENCE * 60, rel=0.05)


def test_its_variances_are_those_of_such_walks() -> None:
    """Many walks drawn at random scatter as the prediction says."""
    generator, step = np.random.default_rng(1), 0.01
    place, speed = np.zeros(4000), np.zeros(4000)
    kept = math.exp(-step / PERSISTENCE)
    for _ in range(200):
        place += speed * step
        speed = kept * speed + generator.normal(0, SPEED * math.sqrt(1 - kept**2), speed.size)
    axis = predicted(Axis(0.0, 0.0, 0.0, 0.0, 0.0), 2.0)
    assert place.var() == pytest.approx(axis.place_variance, rel=0.1)
    assert speed.var() == pytest.approx(axis.speed_variance, rel=0.1)
    assert np.cov(place, speed)[0, 1] == pytest.approx(axis.covariance, rel=0.1)


@given(SECONDS, st.floats(-1, 1), st.floats(1e-8, 1.0))
def test_a_measurement_makes_surer(seconds: float, place: float, variance: float) -> None:
    """It draws the place towards itself, past no measurement, and no variance becomes larger or negative."""
    before = predicted(Axis(0.3, 0.05, 1e-4, 0.0, 1e-3), seconds)
    after = before.corrected(place, variance=variance)
    assert min(before.place, place) - 1e-12 <= after.place <= max(before.place, place) + 1e-12
    assert 0 <= after.place_variance <= min(before.place_variance, variance)
    assert 0 <= after.speed_variance <= before.speed_variance


@pytest.mark.parametrize("rate", [0.5, 5.0, 30.0])
def test_a_steady_walker_is_kept_up_with(rate: float) -> None:
    """After some seconds its speed is known, however many frames a second there are."""
    motion = Motion.at(0.1, 0.2, variance=1e-5, speed=SPEED)
    for number in range(1, round(20 * rate)):
        motion = motion.predicted(1 / rate, speed=SPEED, persistence=PERSISTENCE)
        motion = motion.corrected(0.1 + 0.03 * number / rate, 0.2, variance=1e-5)
    assert motion.x.place == pytest.approx(0.1 + 0.03 * (20 - 1 / rate), abs=0.01)
    assert motion.x.speed == pytest.approx(0.03, abs=0.015)
    assert motion.y.speed == pytest.approx(0.0, abs=0.001)
