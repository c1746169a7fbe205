"""The daemon from frames to messages, days of it in moments."""

from __future__ import annotations

import json
import logging
import signal
from typing import TYPE_CHECKING

import pytest

from insect_edge.protocols import Signalled
from support.daemon_world import BEES, EMPTY, ENDED, ROOT, SLUG, phases, visit, world

if TYPE_CHECKING:
    from pathlib import Path


def test_a_visit_becomes_detections_and_one_alert(tmp_path: Path) -> None:
    """A slug that comes and goes is a start, an end, one alert, and a picture; then the daemon says goodbye."""
    with world(tmp_path, visit(SLUG, first=20, last=40)) as here:
        here.stop_after(100)
        here.daemon.run()
    start, end = here.told("detection")
    (alert,) = here.told("alert/slug")
    assert (start["phase"], end["phase"]) == ("start", "end")
    assert start["event_id"] == end["event_id"] == alert["event_id"]
    assert (end["hits"], end["label"], end["role"]) == (20, "slug", "pest")
    assert json.loads(here.broker.retained[f"{ROOT}/last_detection"].payload) == end
    assert here.broker.retained[f"{ROOT}/snapshot"].payload[:2] == b"\xff\xd8"
    assert here.told("availability") == ["online", "offline"]
    assert here.daemon.frames == 101


def test_a_bee_raises_no_alert(tmp_path: Path) -> None:
    """A beneficial is detected and nobody is woken."""
    with world(tmp_path, visit(BEES, first=20, last=40)) as here:
        here.stop_after(60)
        here.daemon.run()
    assert phases(here.told("detection")) == ["start", "end"]
    assert not [message for message in here.broker.published if "/alert/" in message.topic]


def test_a_whole_day(tmp_path: Path) -> None:
    """A day with a slug an hour gives 24 events and 24 alerts, numbered without a gap, and no frame is left out."""
    config = "camera.rate = 0.2\npolicy.end_after = 20"
    with world(tmp_path, lambda seconds: SLUG if seconds % 3600 < 30 else EMPTY, config=config) as here:
        here.stop_after(86_390)
        here.daemon.run()
    assert phases(here.told("detection")) == ["start", "end"] * 24
    assert len(here.told("alert/slug")) == 24
    assert here.daemon.frames == 86_390 / 5 + 1
    seqs = sorted(event["seq"] for topic in ("detection", "alert/slug") for event in here.told(topic))
    assert seqs == list(range(1, 73))


def test_stopping_ends_open_events(tmp_path: Path) -> None:
    """SIGTERM in the middle of a visit ends its event before `offline`, within two seconds."""
    with world(tmp_path, visit(SLUG, first=0, last=1000)) as here:
        here.stop_after(30)
        here.daemon.run()
        assert here.clock.monotonic() - 1000 < 32
    assert phases(here.told("detection")) == ["start", "end"]
    assert here.broker.published[-1].payload == b"offline"
    assert here.camera.closed == 1
    assert here.health()[-1] == ("stopping", [])
    assert here.systemd[-2:] == ["STOPPING=1", "STATUS=stopping"]


def test_ready_comes_with_the_first_frame(tmp_path: Path) -> None:
    """The service manager hears READY once, after a frame was classified, and a sign of life with each one after it."""
    with world(tmp_path, visit(SLUG, first=1000, last=1001)) as here:
        here.stop_after(10)
        here.daemon.run()
    # One for the queue, one for the camera.
    assert all(told.startswith("EXTEND_TIMEOUT_USEC=") for told in here.systemd[:2])
    assert "broker_down" in here.systemd[2]
    assert here.systemd[3] == "READY=1"
    assert here.systemd.count("READY=1") == 1
    assert here.systemd.count("WATCHDOG=1") == here.daemon.frames - 1


def test_the_end_of_files_is_a_clean_end(tmp_path: Path) -> None:
    """After the last picture the open event ends, all is delivered, and the daemon is done without any signal."""
    with world(tmp_path, lambda seconds: SLUG if seconds < 30 else ENDED, live=False) as here:
        here.daemon.run()
        assert here.clock.monotonic() - 1000 < 31
    assert phases(here.told("detection")) == ["start", "end"]
    assert here.told("availability") == ["online", "offline"]


def test_health_is_told_every_minute(tmp_path: Path) -> None:
    """Without any change a report comes each minute, with the rate and the figures of the outbox."""
    with world(tmp_path, lambda _: EMPTY) as here:
        here.stop_after(600)
        here.daemon.run()
    reports = [report for report in here.told("health") if report["state"] == "ready"]
    assert 10 <= len(reports) <= 11
    assert reports[-1]["frames_per_second"] == pytest.approx(1.0)
    assert (reports[-1]["outbox"]["depth"], reports[-1]["model_id"]) == (0, "garden-v1")
    assert reports[-1]["expires_seconds"] == 150


def test_a_garden_without_insects_is_quiet(tmp_path: Path) -> None:
    """A day after the last event, and not before, the daemon says that it is quiet; a slow rate is no stall."""
    slow = "camera.rate = 0.02\npolicy.end_after = 150\nhealth.interval = 3600"
    with world(tmp_path, visit(SLUG, first=50_000, last=60_000), config=slow) as here:
        here.stop_after(200_000)
        here.daemon.run()
    assert here.health() == [("starting", []), ("ready", []), ("ready", ["quiet"]), ("stopping", ["quiet"])]
    quiet = next(report for report in here.told("health") if report["reasons"] == ["quiet"])
    assert quiet["monotonic"] == pytest.approx(1000 + 60_000 + 86_400, abs=250)


def test_classifications_are_published_where_wanted(tmp_path: Path) -> None:
    """With the switch on, the top categories of a frame go out every so many seconds."""
    with world(tmp_path, lambda _: EMPTY, config="publish.classification = true") as here:
        here.stop_after(60)
        here.daemon.run()
    assert len(here.told("classification")) in {6, 7}


def test_snapshots_can_be_kept_apart(tmp_path: Path) -> None:
    """Each event has its own picture where that is wanted, and none at all is sent where it is not."""
    with world(tmp_path, visit(SLUG, first=5, last=15), config="publish.snapshot_per_event = true") as here:
        here.stop_after(30)
        here.daemon.run()
    event_id = here.told("detection")[0]["event_id"]
    assert f"{ROOT}/snapshot/{event_id}" in here.broker.retained
    with world(tmp_path, visit(SLUG, first=5, last=15), config="publish.snapshot = false") as here:
        here.stop_after(30)
        here.daemon.run()
    assert not [topic for topic in here.broker.retained if "snapshot" in topic]


def test_the_log_tells_the_story(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The share looked at, the broker, each start and end and each alert are one line each; SIGHUP has its answer."""
    with caplog.at_level(logging.INFO), world(tmp_path, visit(SLUG, first=20, last=40)) as here:
        here.at(50, lambda: here.inbox.put(Signalled(number=signal.SIGHUP)))
        here.stop_after(60)
        here.daemon.run()
    lines = [record.getMessage() for record in caplog.records]
    starts = (
        "first frame",
        "event start",
        "alert",
        "event end",
        "configuration reloaded",
        "broker: connected",
        "stopped after 61",
    )
    assert [sum(line.startswith(start) for line in lines) for start in starts] == [1] * len(starts)


def test_the_daemon_sleeps_no_longer_than_it_may(tmp_path: Path) -> None:
    """No wait goes past the next frame, and none is so short that the processor spins."""
    with world(tmp_path, lambda _: EMPTY) as here:
        here.stop_after(300)
        here.daemon.run()
    waits = [wait for wait in here.clock.waits if wait > 0]
    assert max(waits) <= 1.0 + 1e-6
    assert len(here.clock.waits) < 700
