"""The daemon while things around it break: camera, broker, disk, clock, model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.errors import CameraError, InferenceError, OutboxFullError
from insect_edge.outbox.store import Store
from support.daemon_world import DARK, EMPTY, ENDED, FROZEN, GONE, HANGS, SLUG, phases, visit, world

if TYPE_CHECKING:
    from pathlib import Path


def test_a_broker_that_comes_late_gets_everything(tmp_path: Path) -> None:
    """What happened before the broker was there arrives afterwards, in order."""
    with world(tmp_path, lambda seconds: SLUG if seconds % 600 < 30 else EMPTY) as here:
        here.broker.reachable = False
        here.at(3000, lambda: setattr(here.broker, "reachable", True))
        here.stop_after(3500)
        here.daemon.run()
    assert phases(here.told("detection")) == ["start", "end"] * 6
    assert [event["detection_seq"] for event in here.told("detection")] == list(range(1, 13))
    assert [alert["alert_seq"] for alert in here.told("alert/slug")] == list(range(1, 7))


def test_what_was_not_delivered_survives_a_restart(tmp_path: Path) -> None:
    """A daemon that never saw the broker leaves its messages to the next one, whose numbers go on."""
    clock = FakeClock()
    with world(tmp_path, visit(SLUG, first=5, last=15), clock=clock) as here:
        here.broker.reachable = False
        here.stop_after(60)
        here.daemon.run()
        assert here.broker.published == []
    # The cooldown of the first visit goes on through the restart.
    with world(tmp_path, visit(SLUG, first=5, last=15), clock=clock, config="policy.cooldown = 30") as here:
        here.stop_after(60)
        here.daemon.run()
    assert phases(here.told("detection")) == ["start", "end", "start", "end"]
    seqs = sorted(event["seq"] for topic in ("detection", "alert/slug") for event in here.told(topic))
    assert seqs == [1, 2, 3, 4, 5, 6]


def test_a_connection_that_breaks_is_made_again(tmp_path: Path) -> None:
    """A lost connection is told in the log, and the daemon goes on looking and delivering."""
    with world(tmp_path, visit(SLUG, first=100, last=120)) as here:
        here.at(50, here.broker.drop)
        here.stop_after(200)
        here.daemon.run()
    assert here.told("availability") == ["online", "offline", "online", "offline"]
    assert phases(here.told("detection")) == ["start", "end"]
    assert here.daemon.frames == 201


def test_a_lost_camera_is_told_and_comes_back(tmp_path: Path) -> None:
    """An unplugged camera ends the event, is `camera_lost` while it is away, and is opened again when it returns."""

    def script(seconds: float) -> str:
        return GONE if 60 <= seconds < 600 else (SLUG if seconds < 60 else EMPTY)

    with world(tmp_path, script) as here:
        here.stop_after(900)
        here.daemon.run()
    assert here.health() == [
        ("starting", []),
        ("ready", []),
        ("failed", ["camera_lost"]),
        ("ready", []),
        ("stopping", []),
    ]
    assert phases(here.told("detection")) == ["start", "end"]
    assert here.told("detection")[1]["monotonic"]["at"] == pytest.approx(1000 + 69, abs=1.5)
    assert here.camera.opened == 2
    assert here.daemon.frames > 250


def test_a_camera_that_hangs_is_opened_again(tmp_path: Path) -> None:
    """A camera that delivers nothing for its timeout is closed and opened; the broker is served meanwhile."""
    with world(tmp_path, lambda seconds: HANGS if 60 <= seconds < 62 or 100 <= seconds < 120 else EMPTY) as here:
        here.stop_after(300)
        here.daemon.run()
    states = [state for state, _ in here.health()]
    assert states == ["starting", "ready", "failed", "ready", "stopping"]
    assert here.camera.closed >= 2


def test_a_frozen_picture_is_stalled(tmp_path: Path) -> None:
    """Frames whose sensor stands still are none: 30 seconds later the daemon says so, and it feeds no watchdog."""
    with world(tmp_path, lambda seconds: FROZEN if seconds >= 60 else EMPTY) as here:
        here.stop_after(120)
        here.daemon.run()
    assert ("failed", ["stalled"]) in here.health()
    stalled = next(report for report in here.told("health") if report["reasons"] == ["stalled"])
    assert stalled["monotonic"] == pytest.approx(1000 + 90, abs=1.5)
    assert here.systemd.count("WATCHDOG=1") == 59


def test_night_is_dark_and_no_failure(tmp_path: Path) -> None:
    """Black frames of a sensor that moves on are dark, and the daemon is ready all the same."""
    with world(tmp_path, lambda seconds: DARK if seconds >= 60 else EMPTY) as here:
        here.stop_after(120)
        here.daemon.run()
    assert ("ready", ["dark"]) in here.health()


@pytest.mark.parametrize("trouble", [GONE, HANGS])
def test_no_first_frame_within_a_minute_is_the_end(tmp_path: Path, trouble: str) -> None:
    """A camera that never delivers is told as `camera_lost` to the broker, and the process gives up."""
    with world(tmp_path, lambda _: trouble) as here:
        with pytest.raises(CameraError, match=r"^no frame within 6\d s: scripted: ") as caught:
            here.daemon.run()
        assert here.clock.monotonic() - 1000 < 63
    assert caught.value.exit_code == 1
    assert here.health()[-1] == ("failed", ["camera_lost"])
    assert here.told("availability") == ["online", "offline"]
    assert "READY=1" not in here.systemd


def test_the_end_of_files_waits_for_a_broker(tmp_path: Path) -> None:
    """Without a broker the end comes ten seconds after the last picture, with the messages kept."""
    with world(tmp_path, lambda seconds: SLUG if seconds < 30 else ENDED, live=False) as here:
        here.broker.reachable = False
        here.daemon.run()
        assert 40 <= here.clock.monotonic() - 1000 < 41
    with world(tmp_path, lambda _: EMPTY) as here:
        here.stop_after(5)
        here.daemon.run()
    assert phases(here.told("detection")) == ["start", "end"]


def test_files_that_are_missing_end_it_at_once(tmp_path: Path) -> None:
    """There is no waiting for a folder that is not there."""
    with world(tmp_path, lambda _: GONE, live=False) as here:
        with pytest.raises(CameraError, match="unplugged"):
            here.daemon.run()
        assert here.clock.monotonic() == 1000


def test_a_failing_model_ends_it_in_order(tmp_path: Path) -> None:
    """An error in the middle of an event ends the event, says `failed` and `offline`, and comes through."""
    with world(tmp_path, visit(SLUG, first=0, last=1000)) as here:
        here.at(30, lambda: setattr(here.classifier, "broken", True))
        with pytest.raises(InferenceError, match="the runtime failed"):
            here.daemon.run()
    assert phases(here.told("detection")) == ["start", "end"]
    assert here.health()[-1][0] == "failed"
    assert here.broker.published[-1].payload == b"offline"


def test_an_unset_clock_degrades(tmp_path: Path) -> None:
    """As long as the wall clock is not known to be set, the daemon is degraded, and says when that is over."""
    with world(tmp_path, lambda _: EMPTY, clock=FakeClock(clock_synced=False)) as here:
        here.at(30, lambda: setattr(here.clock, "clock_synced", True))
        here.stop_after(60)
        here.daemon.run()
    assert [state for state, _ in here.health()] == ["starting", "degraded", "ready", "stopping"]


def test_a_full_disk_holds_up_no_alert_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While nothing can be written an alert goes out from memory; the rest is stored and sent when there is room."""
    transact, full = Store.transact, []

    def limited(store: Store, work: Any) -> Any:
        if full:
            raise OutboxFullError("outbox: the disk is full: make room")
        return transact(store, work)

    monkeypatch.setattr(Store, "transact", limited)
    with world(tmp_path, visit(SLUG, first=20, last=40)) as here:
        here.at(10, lambda: full.append("now"))
        here.at(99, lambda: seen.extend([len(here.told("alert/slug")), len(here.told("detection"))]))
        here.at(100, full.clear)
        seen: list[int] = []
        here.stop_after(150)
        here.daemon.run()
    assert seen == [1, 0]
    assert any("disk_full" in reasons for _, reasons in here.health())
    assert "disk_full" not in here.health()[-1][1]
    assert phases(here.told("detection")) == ["start", "end"]
    assert len({alert["message_id"] for alert in here.told("alert/slug")}) == 1
    assert here.told("health")[-1]["outbox"]["undurable"] == 1


def test_what_could_never_be_stored_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With the disk full to the end, health says why, and the last lines of the log how many messages are gone."""

    def full(*_: Any, **__: Any) -> Any:
        raise OutboxFullError("outbox: the disk is full: make room")

    monkeypatch.setattr(Store, "transact", full)
    with world(tmp_path, visit(SLUG, first=5, last=40)) as here:
        here.stop_after(80)
        here.daemon.run()
    assert "the disk is full" in here.told("health")[-1]["outbox"]["error"]
    assert "2 messages could not be stored and will never be sent" in caplog.messages
    assert len(here.told("alert/slug")) == 1
