"""Processes come and go, the story goes on: what a killed one had begun the next neither repeats nor forgets."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from support import story
from support.mosquitto import Subscriber, running
from support.story import TOPIC
from support.trap import HELPER, PEST, Trap

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e


def test_a_killed_daemons_story_goes_on(tmp_path: Path) -> None:
    """Killed in an event and in a cooldown: one event with one end and one alert, and the next one has its own."""
    with running(tmp_path / "broker") as broker, Subscriber(broker, f"{TOPIC}/#") as subscriber:
        trap = Trap(tmp_path / "trap", port=broker.port, camera={"rate": 10}, policy={"end_after": 3, "cooldown": 3600})
        trap.show(PEST)
        with trap.running() as first:
            subscriber.wait_for(1, topic=f"{TOPIC}/alert/{PEST}")
            assert first.stop(signal.SIGKILL) == -signal.SIGKILL
        trap.show(*[PEST] * 5, *["background"] * 600)
        with trap.running() as second:
            second.wait_for_line("event end: ")
            assert second.stop(signal.SIGKILL) == -signal.SIGKILL
        # The pest comes first and is passed over, for its cooldown goes on.
        trap.show(*[PEST] * 5, *[HELPER] * 600)
        with trap.running() as third:
            third.wait_for_line("event start: ")
            assert third.stop() == 0
        trap.configure(policy={"cooldown": 0})
        trap.show(PEST)
        with trap.running() as fourth:
            fourth.wait_for_line("alert: ")
            assert fourth.stop() == 0
        trap.finish(subscriber, by=(first, second, third, fourth))
        found = story.messages(subscriber)
    story.assert_numbered(found)
    events = list(dict.fromkeys(message["event_id"] for message in found if message["phase"] == "start"))
    told = [(message["label"], "alert" if "alert_seq" in message else message["phase"]) for message in found]
    lives = {
        event_id: sorted(fact for message, fact in zip(found, told, strict=True) if message["event_id"] == event_id)
        for event_id in events
    }
    assert list(lives.values()) == [
        [(PEST, "alert"), (PEST, "end"), (PEST, "start")],
        [(HELPER, "end"), (HELPER, "start")],
        [(PEST, "alert"), (PEST, "end"), (PEST, "start")],
    ]
