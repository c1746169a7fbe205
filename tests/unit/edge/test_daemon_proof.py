"""What counts before anything is proven, and what a picture without any noise costs."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from insect_edge.health.frames import LONGEST_NIGHT_SECONDS
from insect_edge.protocols import Received
from support.daemon_world import DARK, EMPTY, GONE, ROOT, SLUG, World, phases, visit, world
from support.frames import without_sensor_clock

if TYPE_CHECKING:
    from pathlib import Path

SLOW = "camera.rate = 0.05\nhealth.interval = 600\nhealth.stall_after = 120\npolicy.end_after = 60"


def asked(here: World, name: str) -> None:
    """A command arrives."""
    generation = here.broker._generation
    here.inbox.put(Received(generation=generation, topic=f"{ROOT}/command/{name}", payload=b"", retain=False))


def test_an_insect_on_a_picture_that_was_never_anything_else_is_none(tmp_path: Path) -> None:
    """A camera frozen from the start on a slug tells nothing, start after start, and is ready for nobody."""
    for _ in range(2):
        with world(tmp_path, lambda _: SLUG) as here:
            without_sensor_clock(here)
            here.stop_after(100)
            here.daemon.run()
        assert here.told("detection") == []
        assert here.daemon.frames > 0
        assert here.systemd.count("READY=1") == 1
        assert "ready" not in {state for state, _ in here.health()}


def test_an_insect_that_is_there_from_the_start_is_told_at_once(tmp_path: Path) -> None:
    """The second frame proves life by the sensor's clock: an event takes one frame more than ever, no longer."""
    with world(tmp_path, visit(SLUG, first=0, last=60)) as here:
        here.stop_after(30)
        here.daemon.run()
    start, *_ = here.told("detection")
    assert (start["phase"], start["label"]) == ("start", "slug")
    assert start["monotonic"]["at"] <= 1000 + 3
    assert len(here.told("alert/slug")) == 1


def test_files_need_no_proof(tmp_path: Path) -> None:
    """What is no live camera is taken as it is, from the first frame on."""
    with world(tmp_path, lambda _: SLUG, live=False) as here:
        without_sensor_clock(here)
        here.stop_after(10)
        here.daemon.run()
    assert phases(here.told("detection"))[0] == "start"
    assert here.told("detection")[0]["monotonic"]["at"] <= 1000 + 2


def test_a_camera_that_is_back_has_to_prove_itself_again(tmp_path: Path) -> None:
    """Lost, and back with a picture it had shown once, again and again: nothing counts, though it was well before."""

    def script(seconds: float) -> str:
        return GONE if 40 <= seconds < 60 else SLUG if seconds >= 60 or 5 <= seconds < 6 else EMPTY

    with world(tmp_path, script) as here:
        without_sensor_clock(here, timestamps=lambda sequence: sequence if sequence < 40 else None)
        here.stop_after(85)
        here.daemon.run()
    assert here.told("detection") == []
    assert here.health()[-2:] == [("starting", []), ("stopping", [])]


def test_a_camera_that_is_back_has_time_to_prove_itself(tmp_path: Path) -> None:
    """After a minute without a cable it shows the garden it knew: that is no stall, and no reason to open it again."""
    with world(tmp_path, lambda seconds: GONE if 40 <= seconds < 100 else EMPTY) as here:
        without_sensor_clock(here, timestamps=lambda sequence: sequence if here.camera.opened < 2 else None)
        here.at(140, lambda: setattr(here.camera, "_script", visit(SLUG, first=0, last=1000)))
        here.stop_after(150)
        here.daemon.run()
    told = [state for state, reasons in here.health()]
    assert ("failed", ["stalled"]) not in here.health()
    assert told == ["starting", "ready", "failed", "starting", "ready", "stopping"]
    assert here.camera.opened == 2


def test_a_frozen_camera_that_is_lost_and_back_has_that_time_too(tmp_path: Path) -> None:
    """Opened again and again in vain, then without a cable: what comes after that is a new story."""
    with world(tmp_path, lambda seconds: GONE if 100 <= seconds < 200 else EMPTY) as here:
        without_sensor_clock(here, timestamps=lambda sequence: min(sequence, 40))
        here.stop_after(220)
        here.daemon.run()
    assert [(state, *reasons) for state, reasons in here.health()] == [
        ("starting",),
        ("ready",),
        ("failed", "stalled"),
        ("failed", "camera_lost"),
        ("starting",),
        ("stopping",),
    ]


def test_a_frozen_camera_answers_with_no_old_picture(tmp_path: Path) -> None:
    """Who asks for a picture of this moment is told that there is none, and the camera is not asked without pause."""
    with world(tmp_path, lambda _: EMPTY) as here:
        without_sensor_clock(here, timestamps=lambda sequence: min(sequence, 20))
        here.at(30, lambda: asked(here, "capture"))
        here.stop_after(50)
        here.daemon.run()
    (reply,) = here.told("command/capture/reply")
    assert not reply["ok"]
    assert reply["error"] == "no new frame within 10 s: the camera shows the same picture again and again"
    assert not here.broker.payloads(f"{ROOT}/snapshot")
    assert here.camera._sequence < 80


def test_a_live_camera_answers_with_the_next_new_picture(tmp_path: Path) -> None:
    """One old frame on the way does not spoil it."""
    with world(tmp_path, lambda _: EMPTY) as here:
        without_sensor_clock(here, timestamps=lambda sequence: 30 if 30 <= sequence < 33 else sequence)
        here.at(29.5, lambda: asked(here, "capture"))
        here.stop_after(50)
        here.daemon.run()
    (reply,) = here.told("command/capture/reply")
    assert reply["ok"], reply["error"]


def test_a_night_without_a_byte_of_noise_ends_no_process(tmp_path: Path) -> None:
    """It is stalled, for nobody can know; but no watchdog bites till dawn, and the camera is seldom opened anew."""
    dusk, dawn = 100.0, 4 * 3600.0
    night = visit(DARK, first=dusk, last=dawn)
    with world(tmp_path, night, config=SLOW, watchdog_seconds=90.0) as here:
        fed = feeding_times(here)
        # By day a sensor's clock stands for noise, which this camera's pictures have not.
        without_sensor_clock(here, timestamps=lambda number: None if here.camera.now() == DARK else number)
        here.stop_after(dawn + 100)
        here.daemon.run()
    assert ("failed", ["stalled"]) in here.health()
    assert "ready" not in {state for state, _ in here.health()[4:-3]}
    assert max(after - before for before, after in pairwise(fed)) < 90
    assert here.camera.opened < dawn / 300
    assert here.health()[-2][0] == "ready"


def test_what_outlasts_any_night_is_left_to_the_watchdog(tmp_path: Path) -> None:
    """A dead camera is black too: once in so many hours a new process may try."""
    with world(tmp_path, lambda _: DARK, config=SLOW, watchdog_seconds=90.0) as here:
        fed = feeding_times(here)
        without_sensor_clock(here)
        here.stop_after(LONGEST_NIGHT_SECONDS + 600)
        here.daemon.run()
    assert fed[-1] - 1000 == pytest.approx(LONGEST_NIGHT_SECONDS, abs=60)


def test_a_sensor_that_says_it_stands_still_has_no_excuse(tmp_path: Path) -> None:
    """Where there is a clock of the sensor it is known that nothing comes, by night as by day."""
    with world(tmp_path, lambda seconds: DARK if seconds >= 60 else EMPTY, watchdog_seconds=90.0) as here:
        fed = feeding_times(here)
        without_sensor_clock(here, timestamps=lambda sequence: min(sequence, 62))
        here.stop_after(300)
        here.daemon.run()
    assert fed[-1] < 1000 + 70


def feeding_times(here: World) -> list[float]:
    """When the watchdog was fed, as it happens."""
    times: list[float] = []
    heard = here.systemd.append

    def hear(line: str) -> None:
        if line == "WATCHDOG=1":
            times.append(here.clock.monotonic())
        heard(line)

    systemd: Any = here.daemon._parts.systemd
    systemd._send = hear
    return times
