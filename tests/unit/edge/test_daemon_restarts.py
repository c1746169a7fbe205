"""The daemon over kills and restarts, and when its clock is set late: the real outbox, days of it in moments."""

from __future__ import annotations

import logging
import shutil
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.outbox.queue import Outbox, OutboxLimits
from insect_edge.policy.arrivals import Arrivals
from insect_edge.policy.memory import decode
from insect_edge.policy.state import PolicyState
from support.daemon_world import EMPTY, ENDED, ROOT, SLUG, phases, visit, world
from support.policy_watch import NOON

if TYPE_CHECKING:
    from pathlib import Path

BOOT = "00000000-0000-4000-8000-000000000001"


def clock_at(seconds: float, *, synced: bool = True, boot_id: str = BOOT) -> FakeClock:
    """A clock so many seconds after its boot."""
    utc = NOON if synced else datetime(1970, 1, 1, tzinfo=UTC)
    return FakeClock(monotonic=seconds, utc=utc, clock_synced=synced, boot_id=boot_id)


def killed(folder: Path, *, after: float, synced: bool = True) -> list[dict[str, Any]]:
    """What a daemon told that saw a slug from its 10th second on and was killed; its disk is left in `folder`."""
    with world(folder / "before", visit(SLUG, first=10, last=1e9), clock=clock_at(100, synced=synced)) as here:
        # What is on the disk at that moment is all that a kill leaves.
        here.at(after, lambda: shutil.copytree(folder / "before" / "outbox", folder / "outbox"))
        here.at(after, lambda: told.extend(here.told("detection") + here.told("alert/slug")))
        told: list[dict[str, Any]] = []
        here.stop_after(after + 5)
        here.daemon.run()
    return told


def test_a_kill_in_an_event_is_not_seen_outside(tmp_path: Path) -> None:
    """The next process goes on with the event that was open: no second start, no second alert, one end."""
    before = killed(tmp_path, after=30)
    assert phases(before) == ["start", "start"]
    with world(tmp_path, visit(SLUG, first=0, last=20), clock=clock_at(140)) as here:
        here.stop_after(60)
        here.daemon.run()
    (end,) = here.told("detection")
    assert (end["phase"], end["event_id"], end["seq"]) == ("end", before[0]["event_id"], 3)
    assert end["started"] == before[0]["started"]
    assert here.told("alert/slug") == []


def test_a_kill_is_not_swallowed_either(tmp_path: Path) -> None:
    """Back after an hour, the daemon ends the old event and alerts of the slug that is there now."""
    (start, _) = killed(tmp_path, after=30)
    with world(tmp_path, visit(SLUG, first=0, last=1e9), clock=clock_at(3700)) as here:
        here.stop_after(30)
        here.daemon.run()
    end, new, _ = here.told("detection")
    assert (end["phase"], end["event_id"]) == ("end", start["event_id"])
    assert (new["phase"], here.told("alert/slug")[0]["event_id"]) == ("start", new["event_id"])


def test_a_reboot_without_a_clock_ends_the_event_in_its_own_terms(tmp_path: Path) -> None:
    """Nobody knows how long it was off: the end names the earlier boot and its monotonic seconds, and no time."""
    (start, _) = killed(tmp_path, after=30, synced=False)
    with world(tmp_path, visit(SLUG, first=0, last=1e9), clock=clock_at(15, synced=False, boot_id="later")) as here:
        here.at(100, lambda: here.clock.jump_utc(NOON))
        here.stop_after(200)
        here.daemon.run()
    (end,) = here.told("detection")
    assert (end["event_id"], end["phase"], end["boot_id"]) == (start["event_id"], "end", BOOT)
    assert (end["at"], end["started"], end["clock_synced"]) == (None, None, False)
    assert end["monotonic"] == start["monotonic"]
    assert here.told("alert/slug") == []
    assert {report["events_never_dated"] for report in here.told("health")} == {1}


def test_times_are_told_once_the_clock_is_set(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What was told without times stays so, to the byte, and follows once more with them; no alert is raised again."""
    with (
        caplog.at_level(logging.INFO),
        world(tmp_path, visit(SLUG, first=5, last=15), clock=clock_at(10, synced=False)) as here,
    ):
        # Nothing was sent before the clock is set, so the outbox holds all of it.
        here.broker.reachable = False
        here.at(60, lambda: here.clock.jump_utc(NOON))
        here.at(90, lambda: setattr(here.broker, "reachable", True))
        here.stop_after(200)
        here.daemon.run()
    start, end, correction = here.told("detection")
    assert [start["at"], end["at"], *(alert["at"] for alert in here.told("alert/slug"))] == [None] * 3
    assert (correction["phase"], correction["corrects"]) == ("update", "end")
    assert correction["event_id"] == start["event_id"]
    assert correction["monotonic"] == end["monotonic"]
    # The clock was set to noon 70 s after the boot.
    assert correction["started"] == "2026-06-01T11:59:05.000Z"
    assert [line for line in caplog.messages if line.startswith("the clock is set")] == [
        "the clock is set: the times of 1 events are told again"
    ]
    assert b'"corrects":"end"' in here.broker.retained[f"{ROOT}/last_detection"].payload


@pytest.mark.parametrize("content", [b"\x00junk", b'{"format":"insect-edge/policy-state","version":9}'])
def test_a_state_that_cannot_be_read_is_told_and_forgotten(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    """The daemon says why and looks all the same."""
    clock = clock_at(100)
    with closing(Outbox.open(tmp_path / "outbox", clock=clock, limits=OutboxLimits())) as outbox:
        outbox.put([], state=content)
    with caplog.at_level(logging.WARNING), world(tmp_path, visit(SLUG, first=5, last=15), clock=clock) as here:
        here.stop_after(30)
        here.daemon.run()
    assert phases(here.told("detection")) == ["start", "end"]
    assert len([line for line in caplog.messages if line.startswith("the stored policy state is")]) == 1


def test_nothing_is_stored_for_a_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The state goes to the disk with changes that are told, and at the end, with how long the trap looked."""
    put, stored = Outbox.put, []

    def counted(outbox: Outbox, drafts: Any, *, state: bytes | None = None) -> Any:
        stored.append((len(drafts), state is not None))
        return put(outbox, drafts, state=state)

    monkeypatch.setattr(Outbox, "put", counted)
    with world(tmp_path, visit(SLUG, first=300, last=340)) as here:
        here.stop_after(600)
        here.daemon.run()
    assert here.daemon.frames == 601
    assert stored == [(2, True), (1, True), (0, True)]


def test_another_run_over_the_same_files_is_another_story(tmp_path: Path) -> None:
    """A source that has come to its end leaves no cooldown behind; one that was stopped before does."""
    told = []
    for seconds in (None, 30, None):
        with world(tmp_path, lambda s: ENDED if s > 40 else visit(SLUG, first=5, last=15)(s), live=False) as here:
            if seconds is not None:
                here.stop_after(seconds)
            here.daemon.run()
        told.append(phases(here.told("detection")))
    assert told == [["start", "end"], ["start", "end"], []]


def test_a_quiet_trap_remembers_nothing_but_how_long_it_looked(tmp_path: Path) -> None:
    """Without any event that is all there is to store."""
    with world(tmp_path, lambda _: EMPTY) as here:
        here.stop_after(30)
        here.daemon.run()
    with closing(Outbox.open(tmp_path / "outbox", clock=FakeClock(), limits=OutboxLimits())) as outbox:
        stored = outbox.state()
    assert stored is not None
    state = decode(stored).state
    assert replace(state, arrivals=Arrivals()) == PolicyState()
    assert [span.looked for span in state.arrivals.spans] == [29.0]
