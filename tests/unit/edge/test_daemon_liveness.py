"""What the daemon says of itself while its camera lies, the night falls and the board gets hot."""

from __future__ import annotations

import json
import logging
import signal
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from insect_edge.health.report import Board, Throttling
from insect_edge.health.words import sentence
from insect_edge.protocols import Signalled, StatusAsked
from support.daemon_world import BEES, DARK, EMPTY, FROZEN, SLUG, World, visit, world
from support.frames import without_sensor_clock

if TYPE_CHECKING:
    from collections.abc import Callable

NIGHT = "policy.end_after = 10"
SEEN = (EMPTY, SLUG, BEES, DARK)


def spans(here: World, state: str) -> list[tuple[float, float]]:
    """From when to when health said so, in seconds since the start."""
    told = [(report["monotonic"] - 1000, report["state"]) for report in here.told("health")]
    told.append((here.clock.monotonic() - 1000, "over"))
    found: list[tuple[float, float]] = []
    for (at, now), (until, _) in pairwise(told):
        if now == state and found and found[-1][1] == at:
            found[-1] = (found[-1][0], until)
        elif now == state:
            found.append((at, until))
    return found


def test_the_same_picture_again_and_again_is_stalled(tmp_path: Path) -> None:
    """Without a sensor's clock the picture itself is looked at; no watchdog is fed meanwhile."""
    with world(tmp_path, visit(SLUG, first=20, last=40)) as here:
        without_sensor_clock(here)
        here.stop_after(200)
        here.daemon.run()
    assert ("failed", ["stalled"]) in here.health()
    # New were the slug and nothing else: the empty garden before it could not be compared, the one after it was known.
    assert here.systemd.count("WATCHDOG=1") == 1
    assert here.systemd.count("READY=1") == 1
    assert spans(here, "ready") == [(pytest.approx(20, abs=1), pytest.approx(50, abs=1.5))]


def test_a_frozen_insect_is_none(tmp_path: Path) -> None:
    """An event on a picture that stands still ends once that is known, and no frame of it counts from then on."""
    with world(tmp_path, lambda seconds: SLUG if seconds >= 20 else SEEN[int(seconds) % 2 * 2]) as here:
        without_sensor_clock(here, timestamps=lambda sequence: min(sequence, 30))
        here.stop_after(300)
        here.daemon.run()
    end = here.told("detection")[-1]
    assert (end["phase"], end["label"]) == ("end", "slug")
    assert end["monotonic"]["at"] == pytest.approx(1000 + 29 + 30 + 10, abs=2)
    assert here.daemon.frames == pytest.approx(60, abs=2)
    assert len(here.told("alert/slug")) == 1


def test_a_picture_that_was_never_anything_else_is_never_ready(tmp_path: Path) -> None:
    """A camera frozen from the beginning does not pass for well for one second, however often it is opened again."""
    with world(tmp_path, lambda _: EMPTY) as here:
        without_sensor_clock(here)
        here.stop_after(600)
        here.daemon.run()
    assert {state for state, _ in here.health()} == {"starting", "failed", "stopping"}
    assert here.camera.opened > 3
    assert here.systemd.count("WATCHDOG=1") == 0


def test_a_stalled_camera_is_opened_again_and_heals(tmp_path: Path) -> None:
    """What opening it again cures is well within moments."""
    with world(tmp_path, lambda seconds: FROZEN if seconds >= 60 else EMPTY) as here:
        heal = here.camera.open

        def healed() -> None:
            heal()
            if here.camera.opened == 2:
                here.camera._script = lambda _: EMPTY

        here.camera.open = healed  # type: ignore[method-assign]
        here.stop_after(200)
        here.daemon.run()
    ((failed, well),) = spans(here, "failed")
    assert failed == pytest.approx(90, abs=1.5)
    assert well - failed < 3
    assert here.camera.opened == 2


@given(
    st.lists(st.integers(0, len(SEEN) - 1), min_size=1, max_size=40),
    st.sampled_from(["none", "standing", "in turn", "backwards"]),
    st.sampled_from([5.0, 30.0]),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_order_of_old_frames_is_ready_for_long(order: list[int], clock: str, stall_after: float) -> None:
    """From the moment on when only old frames come, `ready` is over within twice the stall deadline, for good."""
    last_new = 20
    timestamps: dict[str, Callable[[int], int | None]] = {
        "none": lambda _: None,
        "standing": lambda sequence: min(sequence, last_new),
        "in turn": lambda sequence: sequence if sequence <= last_new else 1 + sequence % 7,
        "backwards": lambda sequence: sequence if sequence <= last_new else max(2 * last_new - sequence, 0),
    }

    def script(seconds: float) -> str:
        number = int(seconds)
        return SEEN[number % 4] if number <= last_new else SEEN[order[number % len(order)]]

    with tempfile.TemporaryDirectory() as folder:
        config = f"health.stall_after = {stall_after}\nhealth.interval = 5"
        with world(Path(folder), script, config=config) as here:
            without_sensor_clock(here, timestamps=timestamps[clock])
            here.stop_after(300)
            here.daemon.run()
        assert all(until <= last_new + 2 * stall_after for _, until in spans(here, "ready"))
        assert here.health()[-2] == ("failed", ["stalled"])


def test_the_night_is_looked_at_seldom(tmp_path: Path) -> None:
    """From half a minute of darkness on a frame comes every ten seconds; with the light the rate is back at once."""
    with world(tmp_path, lambda seconds: DARK if 100 <= seconds < 1000 else EMPTY, config=NIGHT) as here:
        here.stop_after(1100)
        here.daemon.run()
    assert here.daemon.frames == pytest.approx(131 + 87 + 100, abs=12)
    by_night = [report for report in here.told("health") if report["reasons"] == ["dark"]]
    assert {report["state"] for report in by_night} == {"ready"}
    assert by_night[-1]["interval_seconds"] == 10
    assert here.health() == [("starting", []), ("ready", []), ("ready", ["dark"]), ("ready", []), ("stopping", [])]


def test_a_night_with_a_dead_sensor_is_stalled(tmp_path: Path) -> None:
    """Black frames prove nothing by themselves: without a sign of life it is not dark but stalled."""
    with world(tmp_path, lambda seconds: DARK if seconds >= 100 else EMPTY) as here:
        without_sensor_clock(here, timestamps=lambda sequence: min(sequence, 103))
        here.stop_after(300)
        here.daemon.run()
    assert here.health()[-2:] == [("failed", ["stalled"]), ("stopping", ["stalled"])]


def test_a_hot_board_is_spared(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The rate goes down in steps, health says so with the rate in force, and both recover."""
    with caplog.at_level(logging.INFO), world(tmp_path, lambda _: EMPTY) as here:
        here.at(100, lambda: here.board.append(Board(temperature_celsius=84.0)))
        here.at(400, lambda: here.board.append(Board(temperature_celsius=60.0)))
        here.stop_after(900)
        here.daemon.run()
    assert here.health()[2:4] == [("degraded", ["throttled"]), ("ready", [])]
    ((since, until),) = spans(here, "degraded")
    assert since == pytest.approx(100, abs=12)
    assert until == pytest.approx(400 + 3 * 60, abs=70)
    assert max(report["interval_seconds"] for report in here.told("health")) == 5
    assert "pace: one frame every 2 s, for the board: it has 84 °C" in caplog.messages


def test_the_board_is_told_as_it_is(tmp_path: Path) -> None:
    """Free space, memory and the firmware's words are in the payload, and each has its reason."""
    board = Board(
        throttling=Throttling(under_voltage=True), memory_available_bytes=10_000_000, disk_free_bytes=50_000_000
    )
    with world(tmp_path, lambda _: EMPTY) as here:
        here.board.append(board)
        here.stop_after(30)
        here.daemon.run()
    assert ("degraded", ["disk_low", "memory_low", "under_voltage"]) in here.health()
    report = here.told("health")[-1]
    assert (report["disk_free_bytes"], report["memory_available_bytes"]) == (50_000_000, 10_000_000)
    assert report["throttling"]["under_voltage"]


def test_the_age_of_things_is_told(tmp_path: Path) -> None:
    """How old the newest new frame and the newest acknowledgement are, and which model it is."""
    with world(tmp_path, lambda seconds: FROZEN if seconds >= 60 else EMPTY, config="health.interval = 10") as here:
        here.stop_after(120)
        here.daemon.run()
    report = here.told("health")[-1]
    assert report["newest_frame_seconds"] == pytest.approx(61, abs=2)
    assert 0 <= report["broker"]["acknowledged_seconds"] < 12
    assert report["model_id"] == "garden-v1"


def test_a_watchdog_that_is_too_short_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """One line at the start says what to set, and saving power does not run into it."""
    with world(tmp_path, lambda seconds: DARK if seconds > 5 else EMPTY, watchdog_seconds=15.0) as here:
        here.stop_after(100)
        here.daemon.run()
    (line,) = [message for message in caplog.messages if "WatchdogSec" in message]
    assert line.startswith("WatchdogSec=15 is less than 3 times the slowest interval between frames (10 s): set Watch")
    assert "WatchdogSec=30 or more" in line
    assert here.told("health")[-1]["interval_seconds"] == 5


def test_a_watchdog_that_is_long_enough_needs_no_words(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Three of the slowest intervals fit."""
    with world(tmp_path, lambda _: EMPTY, watchdog_seconds=30.0) as here:
        here.stop_after(5)
        here.daemon.run()
    assert not [message for message in caplog.messages if "WatchdogSec" in message]


def test_a_reload_changes_pace_and_patience(tmp_path: Path) -> None:
    """A new rate and a new stall deadline count from the reload on."""
    with world(tmp_path, lambda seconds: FROZEN if seconds >= 60 else EMPTY) as here:
        here.at(20, lambda: here.write("camera.rate = 0.5\nhealth.stall_after = 8"))
        here.at(30, lambda: here.inbox.put(Signalled(number=signal.SIGHUP)))
        here.stop_after(120)
        here.daemon.run()
    stalled = next(report for report in here.told("health") if report["reasons"] == ["stalled"])
    assert stalled["monotonic"] == pytest.approx(1000 + 67, abs=2)
    assert stalled["interval_seconds"] == 2


def test_systemd_hears_the_sentence(tmp_path: Path) -> None:
    """`systemctl status` says the same in words as `insect-edge status`."""
    with world(tmp_path, lambda seconds: FROZEN if seconds >= 60 else EMPTY) as here:
        here.stop_after(120)
        here.daemon.run()
    told = [line.removeprefix("STATUS=") for line in here.systemd if line.startswith("STATUS=")]
    assert told == [
        sentence("starting", ["broker_down"]),
        *(sentence(state, reasons) for state, reasons in here.health()),
    ]


def test_who_asks_on_this_machine_is_answered_at_once(tmp_path: Path) -> None:
    """The answer is made when it is asked for, by the thread that looks."""
    answers: list[bytes] = []
    with world(tmp_path, lambda _: EMPTY) as here:
        here.at(30.5, lambda: here.inbox.put(StatusAsked(answer=answers.append)))
        here.stop_after(60)
        here.daemon.run()
    (answer,) = answers
    report = json.loads(answer)
    assert (report["schema"], report["state"]) == ("insect-edge/health/1", "ready")
    assert report["monotonic"] == pytest.approx(1030.5, abs=1)
