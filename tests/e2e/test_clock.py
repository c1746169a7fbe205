"""A clock that is wrong by decades, and set while the daemon runs: no false time is told, no true one is missing."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from support import story
from support.mosquitto import Subscriber, running
from support.story import TOPIC
from support.trap import HELPER, PEST, Trap
from support.wall_clock import WallClock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.e2e

TRUTH = timedelta(days=200)
"""How far the clock is from the machine's once it is set."""
CARDS = (PEST, PEST, HELPER, HELPER, *["background"] * 25)
"""Gone for `end_after` before they come again, however slow the machine."""
TOLERANCE_SECONDS = 0.5
"""Both clocks are read one after the other, on a busy machine with a pause between."""


def _since(year: int) -> timedelta:
    """How far a clock that starts in that year is from the machine's."""
    return datetime(year, 1, 1, 0, 5, tzinfo=UTC) - datetime.now(tz=UTC)


@pytest.mark.parametrize("year", [1970, 2000])
def test_a_clock_that_is_set_by_decades_corrects_times_and_nothing_else(tmp_path: Path, year: int) -> None:
    """Events told without a time get it as updates without an alert; a cooldown lasts through jumps of decades."""
    wall = WallClock(tmp_path, shift=_since(year))
    with running(tmp_path / "broker") as broker, Subscriber(broker, f"{TOPIC}/#") as subscriber:
        keys = {"end_after": 2, "cooldown": 3600}
        trap = Trap(tmp_path / "trap", port=broker.port, camera={"rate": 12}, policy=keys)
        trap.show(*CARDS)
        with trap.running(environment=wall.environment) as daemon:
            daemon.wait_for_line("event end: ", count=2)
            wall.set(TRUTH)
            daemon.wait_for_line("the clock is set: the times of 2 events are told again")
            _look_on(subscriber)
            assert story.latest(subscriber, "health")["clock_synced"]
            wall.jump(TRUTH - timedelta(days=26 * 365))
            _look_on(subscriber)
            # Whatever the system says of a time before this program existed.
            assert story.latest(subscriber, "health")["reasons"] == ["clock_unsynced"]
            wall.jump(TRUTH)
            assert daemon.stop() == 0
        trap.finish(subscriber, by=(daemon,))
        found = story.messages(subscriber)
    story.assert_numbered(found)
    _assert_true_times(found)
    assert sorted(_life(found, label=PEST)) == ["alert", "correction of the end", "end", "start"]
    assert sorted(_life(found, label=HELPER)) == ["correction of the end", "end", "start"]


def _look_on(subscriber: Subscriber) -> None:
    """Wait until every card has come by once more."""
    before = story.latest(subscriber, "health")["frames"]
    subscriber.wait_until(lambda: story.latest(subscriber, "health")["frames"] > before + len(CARDS))


def _life(found: Iterable[dict[str, Any]], *, label: str) -> Iterator[str]:
    """What was told of the one event of a label, which has one id."""
    told = [message for message in found if message["label"] == label]
    assert len({message["event_id"] for message in told}) == 1
    for message in told:
        timed = {message["started"], message["last_seen"], message["at"]} != {None}
        assert timed is (message["corrects"] is not None) is message["clock_synced"]
        yield (
            f"correction of the {message['corrects']}"
            if timed
            else "alert"
            if "alert_seq" in message
            else message["phase"]
        )


def _assert_true_times(found: Iterable[dict[str, Any]]) -> None:
    """Whatever time is told is that of the clock as it was set."""
    offset = time.time() + TRUTH.total_seconds() - time.monotonic()
    for message in found:
        for name in ("started", "last_seen", "at"):
            if message[name] is not None:
                wall = datetime.fromisoformat(message[name]).timestamp()
                assert abs(wall - (message["monotonic"][name] + offset)) < TOLERANCE_SECONDS
