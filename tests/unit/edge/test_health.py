"""Health says what the facts say, and nothing kinder."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_edge.health.judgement import IMPAIRS, INFORMS, STOPS_DETECTION, Darkness, Facts, Typical, judge
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
        ({"classified": 900.0, "opened": 980.0}, State.STARTING, ()),
        ({"classified": 900.0, "opened": 980.0, "broker_connected": False}, State.STARTING, ("broker_down",)),
        ({"classified": 900.0, "opened": 970.0}, State.FAILED, ("stalled",)),
        ({"classified": 980.0, "opened": 980.0}, State.READY, ()),
        ({"classified": 985.0, "stall_seconds": 15.0}, State.FAILED, ("stalled",)),
        ({"classified": 900.0, "stall_seconds": 101.0}, State.READY, ()),
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
        ({"throttled": True}, State.DEGRADED, ("throttled",)),
        ({"under_voltage": True}, State.DEGRADED, ("under_voltage",)),
        ({"disk_free_bytes": 100 * 1024**2}, State.READY, ()),
        ({"disk_free_bytes": 100 * 1024**2 - 1}, State.DEGRADED, ("disk_low",)),
        ({"disk_free_bytes": 1024**2 - 1}, State.DEGRADED, ("disk_full",)),
        ({"disk_free_bytes": 50 * 1024**2, "disk_full": True}, State.DEGRADED, ("disk_full",)),
        ({"disk_free_bytes": 0, "outbox_failed": True}, State.DEGRADED, ("disk_full", "outbox_failed")),
        ({"memory_available_bytes": 32 * 1024**2}, State.READY, ()),
        ({"memory_available_bytes": 31 * 1024**2}, State.DEGRADED, ("memory_low",)),
        ({"memory_available_bytes": 39 * 1024**2, "told": ("memory_low",)}, State.DEGRADED, ("memory_low",)),
        ({"memory_available_bytes": 40 * 1024**2, "told": ("memory_low",)}, State.READY, ()),
        ({"disk_free_bytes": 124 * 1024**2, "told": ("disk_low",)}, State.DEGRADED, ("disk_low",)),
        ({"disk_free_bytes": 125 * 1024**2, "told": ("disk_low",)}, State.READY, ()),
        ({"disk_free_bytes": 124 * 1024**2, "told": ("disk_full",)}, State.READY, ()),
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
        disk_free_bytes=st.none() | st.integers(0, 2**40),
        memory_available_bytes=st.none() | st.integers(0, 2**40),
        throttled=st.booleans(),
        under_voltage=st.booleans(),
    )
)
def test_health_is_never_better_than_its_reasons(facts: Facts) -> None:
    """`ready` has no reason that impairs and a frame that proved life; a camera that shows nothing new has failed."""
    state, reasons = judge(facts)
    assert set(reasons) <= STOPS_DETECTION | IMPAIRS | INFORMS
    if state is State.READY:
        assert set(reasons) <= INFORMS
        assert facts.classified is not None
        assert facts.classified >= (facts.opened or 0)
    newest = max((at for at in (facts.opened, facts.classified) if at is not None), default=None)
    if facts.live and newest is not None and facts.now - newest >= 30:
        assert state is State.FAILED


def test_a_model_that_was_given_up_is_trouble_until_somebody_chooses() -> None:
    """Everything works, but not with the model that was wanted."""
    facts = replace(WELL, model_rolled_back=True)
    assert judge(facts) == (State.DEGRADED, ("model_rolled_back",))


def test_darkness() -> None:
    """A frame that is all but black is dark, a dim garden is not, and a dusk changes its mind once."""
    darkness = Darkness()
    seen = [darkness.look(np.full((72, 128, 3), level, dtype=np.uint8)) for level in (30, 13, 11, 13, 15, 16, 13, 5)]
    assert seen == [False, False, True, True, True, False, False, True]


def test_a_typical_figure_follows() -> None:
    """The first value counts whole, later ones by a tenth."""
    typical = Typical()
    assert typical.value is None
    typical.add(10.0)
    typical.add(20.0)
    assert typical.value == pytest.approx(11.0)
