"""Health says what the facts say, and nothing kinder."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_edge.health.judgement import IMPAIRS, INFORMS, STOPS_DETECTION, Facts, Typical, is_dark, judge
from insect_edge.health.report import State

WELL = Facts(
    now=1000.0,
    frame_seconds=1.0,
    live=True,
    camera_lost=False,
    opened=10.0,
    classified=999.0,
    dark=False,
    event_seen=900.0,
    broker_connected=True,
    disk_full=False,
    outbox_failed=False,
    clock_synced=True,
)


@pytest.mark.parametrize(
    ("change", "state", "reasons"),
    [
        ({}, State.READY, ()),
        ({"classified": None, "opened": 990.0}, State.STARTING, ()),
        ({"classified": None, "opened": None}, State.STARTING, ()),
        ({"classified": 970.0}, State.FAILED, ("stalled",)),
        ({"classified": 970.1}, State.READY, ()),
        ({"classified": 970.0, "opened": 980.0}, State.READY, ()),
        ({"classified": None, "opened": 960.0}, State.FAILED, ("stalled",)),
        ({"classified": 100.0, "live": False}, State.READY, ()),
        ({"classified": 900.0, "frame_seconds": 50.0}, State.READY, ()),
        ({"classified": 850.0, "frame_seconds": 50.0}, State.FAILED, ("stalled",)),
        ({"camera_lost": True}, State.FAILED, ("camera_lost",)),
        ({"camera_lost": True, "classified": 100.0}, State.FAILED, ("camera_lost",)),
        ({"broker_connected": False}, State.DEGRADED, ("broker_down",)),
        ({"outbox_failed": True}, State.DEGRADED, ("outbox_failed",)),
        ({"outbox_failed": True, "disk_full": True}, State.DEGRADED, ("disk_full",)),
        ({"clock_synced": False, "broker_connected": False}, State.DEGRADED, ("broker_down", "clock_unsynced")),
        ({"dark": True}, State.READY, ("dark",)),
        ({"dark": True, "live": False}, State.READY, ()),
        ({"dark": True, "classified": 900.0}, State.FAILED, ("stalled",)),
        ({"event_seen": 1000.0 - 86_400}, State.READY, ("quiet",)),
    ],
)
def test_judgement(change: dict[str, object], state: State, reasons: tuple[str, ...]) -> None:
    """Each fact leads to its reason, and the worst reason to the state."""
    assert judge(replace(WELL, **change)) == (state, reasons)


@given(
    st.builds(
        Facts,
        now=st.just(1e6),
        frame_seconds=st.floats(0.02, 10.0),
        live=st.booleans(),
        camera_lost=st.booleans(),
        opened=st.none() | st.floats(0, 1e6),
        classified=st.none() | st.floats(0, 1e6),
        dark=st.booleans(),
        event_seen=st.floats(0, 1e6),
        broker_connected=st.booleans(),
        disk_full=st.booleans(),
        outbox_failed=st.booleans(),
        clock_synced=st.booleans(),
    )
)
def test_health_is_never_better_than_its_reasons(facts: Facts) -> None:
    """`ready` has no reason that impairs, and no healthy state a live camera without a new frame for 30 seconds."""
    state, reasons = judge(facts)
    assert set(reasons) <= STOPS_DETECTION | IMPAIRS | INFORMS
    if state is State.READY:
        assert set(reasons) <= INFORMS
        assert facts.classified is not None
    newest = max((at for at in (facts.classified, facts.opened) if at is not None), default=None)
    if facts.live and newest is not None and facts.now - newest >= 30:
        assert state is State.FAILED


def test_darkness() -> None:
    """A frame that is all but black is dark, a dim garden is not."""
    assert is_dark(np.full((720, 1280, 3), 5, dtype=np.uint8))
    assert not is_dark(np.full((720, 1280, 3), 30, dtype=np.uint8))


def test_a_typical_figure_follows() -> None:
    """The first value counts whole, later ones by a tenth."""
    typical = Typical()
    assert typical.value is None
    typical.add(10.0)
    typical.add(20.0)
    assert typical.value == pytest.approx(11.0)
