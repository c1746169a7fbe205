"""The day's counts: over midnight, over restarts, and while nobody knows the day."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_edge.domain import Event, Phase, Role
from insect_edge.policy.arrivals import HOUR, Arrivals
from insect_edge.tally.day import Day
from insect_edge.tally.keeper import FILE, Tally
from support.payloads import event, origin, validator
from support.relay_world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FRIDAY, SATURDAY = date(2026, 5, 1), date(2026, 5, 2)
START = "2026-05-01T11:59:58.123Z"


def counted(day: Day, *events: Event, today: date | None = FRIDAY) -> Day:
    """The day after these changes."""
    for each in events:
        day = day.plus(each, today=today, started=START)
    return day


def test_starts_and_alerts_are_counted_and_updates_are_not() -> None:
    """An event counts once however long it stays; an alert counts on whatever change raised it."""
    day = counted(
        Day(),
        event(alert=False),
        event(phase=Phase.UPDATE, alert=True),
        event(phase=Phase.END, alert=False),
        event(label="bees", role=Role.BENEFICIAL, alert=False),
    )
    assert day.events == {"slug": 1, "bees": 1}
    assert day.alerts == {"slug": 1}


def test_who_was_there_before_is_no_event_of_the_day() -> None:
    """A full sheet is not counted anew at each restart; its alerts are."""
    day = counted(Day(), replace(event(alert=True), arrival=False), today=None)
    assert (day.events, day.undated_events, day.alerts) == ({}, {}, {"slug": 1})


def test_a_new_day_begins_with_nothing() -> None:
    """Midnight empties the counts, not the newest pest."""
    day = counted(Day(), event()).at(SATURDAY)
    assert (day.date, day.events, day.alerts) == (SATURDAY, {}, {})
    assert day.last_pest is not None


def test_what_was_counted_without_a_clock_belongs_to_the_day_it_turns_out_to_be() -> None:
    """After a restart without a clock yesterday's counts stand until the day is known; then only the new ones do."""
    day = counted(Day(), event(), event())
    day = counted(day, event(), today=None)
    assert day.events == {"slug": 3}
    assert day.at(FRIDAY).events == {"slug": 3}
    assert day.at(SATURDAY).events == {"slug": 1}
    assert day.at(FRIDAY).at(SATURDAY).events == {}


def test_the_newest_pest_follows_its_event() -> None:
    """An update of an older event does not push the newest pest aside; a helper never is one."""
    first, second = event(event_id="1"), event(event_id="2", label="moth")
    day = counted(Day(), first, second, replace(first, phase=Phase.UPDATE))
    assert day.last_pest is not None
    assert day.last_pest.label == "moth"
    day = counted(day, replace(second, phase=Phase.UPDATE, score=0.99), event(label="bees", role=Role.BENEFICIAL))
    assert day.last_pest is not None
    assert (day.last_pest.label, day.last_pest.score) == ("moth", 0.99)


@given(
    st.lists(
        st.tuples(st.sampled_from(["slug", "moth"]), st.booleans(), st.sampled_from([None, FRIDAY, SATURDAY])),
        max_size=20,
    )
)
def test_a_day_comes_back_from_its_json_as_it_was(steps: list[tuple[str, bool, date | None]]) -> None:
    """Storing loses nothing, and no undated count is more than all."""
    day = Day()
    for label, alert, today in steps:
        day = counted(day, event(label=label, alert=alert), today=today)
    assert Day.from_json(json.loads(json.dumps(day.to_json()))) == day
    assert all(day.events[label] >= count for label, count in day.undated_events.items())


@pytest.mark.parametrize(
    "content",
    [None, [], {}, {"date": 7}, {**Day().to_json(), "events": {"slug": -1}}, {**Day().to_json(), "alerts": 1}],
)
def test_what_is_no_day_is_refused(content: Any) -> None:
    """A damaged file is an error, not a wrong count."""
    with pytest.raises(ValueError, match=r"count|date|ISO|argument|isoformat"):
        Day.from_json(content)


@pytest.fixture
def counting(tmp_path: Path) -> Iterator[Counting]:
    """A tally whose outbox is closed in the end."""
    made = Counting(tmp_path)
    yield made
    made.world.outbox.close()


class Counting:
    """A tally on the clock of a relay's world."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder)
        self.folder = folder
        self.arrivals = Arrivals()
        self.tally = self.start()

    def start(self) -> Tally:
        """The tally of a process that has just started."""

        def day_of(utc: datetime) -> date:
            return utc.date()

        made = Tally(self.folder / FILE, clock=self.world.clock, relay=self.world.relay, origin=origin(), day_of=day_of)
        made.take((), open_events=(), arrivals=self.arrivals)
        return made

    def happens(self, **changes: Any) -> None:
        """An event starts now, and is not there any more."""
        now = self.world.clock.moment()
        started = event(at=now, started=now, last_seen=now, **changes)
        self.arrivals = self.arrivals.plus(started.label, at=now.monotonic)
        self.take(started)

    def take(self, *events: Event, there: tuple[str, ...] = ()) -> None:
        """Once round the loop, with animals of these labels there."""
        self.arrivals = self.arrivals.looked(at=self.world.clock.monotonic())
        open_events = [SimpleNamespace(label=label) for label in there]
        self.tally.take(events, open_events=open_events, arrivals=self.arrivals)
        self.world.settle()

    def passes(self, seconds: float, *, every: float = 10.0) -> None:
        """Time in which the trap looks and nothing happens."""
        for _ in range(round(seconds / every)):
            self.world.clock.advance(every)
            self.take()

    def told(self) -> list[dict[str, Any]]:
        """What the broker took."""
        self.world.settle()
        return [json.loads(payload) for payload in self.world.broker.payloads(origin().topics.counts)]


def test_the_counts_are_published_once_for_each_change_and_retained(counting: Counting) -> None:
    """Nothing is said while nothing changes, however often it is asked."""
    for _ in range(5):
        counting.tally.take((), open_events=())
    assert len(counting.told()) == 1
    counting.happens()
    counting.tally.take((), open_events=())
    told = counting.told()
    assert len(told) == 2
    assert told[-1]["events"] == {"slug": 1}
    assert counting.world.broker.retained[origin().topics.counts].payload


def test_what_is_there_and_what_came_lately_is_told(counting: Counting) -> None:
    """Animals by label, those of the last hour, of this night or day, and per trap-day, as the schema has it."""
    counting.happens()
    counting.happens()
    counting.happens(label="bees", role=Role.BENEFICIAL)
    counting.world.clock.advance(2)
    counting.take(there=("slug", "bees", "slug"))
    told = counting.told()[-1]
    validator("counts").validate(told)
    assert told["visible"] == {"slug": 2, "bees": 1}
    assert told["present"] == ["slug", "bees"]
    assert told["last_hour"] == told["this_period"] == {"slug": 2, "bees": 1}
    # Of so short a time half a day is told.
    assert told["per_trap_day"] == {"slug": 4.0, "bees": 2.0}
    assert told["period"]["half"] in {"night", "day"}


def test_the_hour_passes_and_the_trap_day_gets_longer(counting: Counting) -> None:
    """What time alone changes is told too, at most once a minute, and not where it changes nothing."""
    for _ in range(3):
        counting.happens()
    before = len(counting.told())
    counting.passes(HOUR + 60)
    told = counting.told()
    assert len(told) - before <= 2
    assert told[-1]["last_hour"] == {}
    assert told[-1]["per_trap_day"] == {"slug": 6.0}
    counting.passes(17 * HOUR, every=120.0)
    told = counting.told()
    assert told[-1]["per_trap_day"] == {"slug": pytest.approx(3 * 24 / 18, abs=0.1)}
    assert told[-1]["exposure_hours"] == pytest.approx(18, abs=0.2)
    assert len(told) - before < 40
    counting.passes(8 * HOUR, every=120.0)
    told = counting.told()
    assert told[-1]["per_trap_day"] == {}
    counting.passes(3 * HOUR, every=120.0)
    assert len(counting.told()) - len(told) <= 2


def test_a_crowd_is_told_every_few_seconds(counting: Counting) -> None:
    """Animals that come and go ten times a second make no more messages than one every two seconds."""
    before = len(counting.told())
    for number in range(100):
        counting.take(there=("slug",) * (1 + number % 7))
        counting.world.clock.advance(0.1)
    assert 4 <= len(counting.told()) - before <= 6
    counting.take()
    assert counting.told()[-1]["visible"] == {}


def test_a_day_that_is_not_known_has_no_night(counting: Counting) -> None:
    """While the clock is not set counts of the last hour are told, and those of the night are not."""
    counting.world.clock.clock_synced = False
    counting.happens()
    told = counting.told()[-1]
    validator("counts").validate(told)
    assert (told["period"], told["this_period"], told["last_hour"]) == (None, {}, {"slug": 1})


def test_the_counts_survive_a_restart(counting: Counting) -> None:
    """A process that starts on the same day goes on counting."""
    counting.happens()
    again = counting.start()
    assert again.day.events == {"slug": 1}


def test_a_damaged_file_costs_the_counts_and_nothing_else(counting: Counting) -> None:
    """Counting begins anew."""
    (counting.folder / FILE).write_bytes(b"\0\0")
    assert counting.start().day.events == {}


def test_a_file_that_cannot_be_written_is_told_once(counting: Counting, caplog: pytest.LogCaptureFixture) -> None:
    """Counts go on in memory."""
    (counting.folder / FILE).with_suffix(".new").mkdir()
    counting.happens(event_id="1")
    counting.happens(event_id="2")
    assert counting.tally.day.events == {"slug": 2}
    assert caplog.text.count("today's counts") == 1
