"""Alerts by counts over time: once when a threshold is passed, and once more only after it was low again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from insect_edge.alert_rule import RuleKind
from insect_edge.domain import Event, Phase
from insect_edge.policy.arrivals import DAY, HOUR
from insect_edge.policy.daylight import Daylight
from insect_edge.policy.thresholds import CountThreshold, Per, RateThreshold
from support.device_life import Device, alerts
from support.policy_watch import BEES, NOON, NOTHING
from support.slug_watch import device, looks_on, per, slugs

ALL_NIGHT, ALL_DAY = Daylight(night=(0.0, 23.99)), Daylight(night=(23.99, 0.0))


@pytest.mark.parametrize("unit", [Per.HOUR, Per.TRAP_DAY, Per.WEEK])
def test_the_animal_that_passes_the_threshold_alerts_and_no_other(unit: Per) -> None:
    """Five are borne; the sixth raises the one alert, at its start, and names the rule."""
    trap = device(per(unit, 10 if unit is Per.TRAP_DAY else 5))
    (alert,) = slugs(trap, 12)
    starts = [event for event in trap.events if event.phase is Phase.START]
    assert alert.event_id == starts[5].event_id
    assert alert.rule is not None
    assert (alert.rule.kind, alert.rule.label, alert.rule.per, alert.rule.count) == (RuleKind.COUNT, "slug", unit, 6)


def test_the_rule_says_what_it_saw() -> None:
    """A rate of less than half a day's looking is told of half a day; count and limit are there as figures."""
    (alert,) = slugs(device(per(Per.TRAP_DAY, 10)), 6)
    rule = alert.rule
    assert rule is not None
    assert (rule.value, rule.limit, rule.factor, rule.mean) == (12.0, 10.0, None, None)
    assert rule.words == "slug: 12 per trap-day, more than 10"
    assert rule.since is not None
    assert alert.at.monotonic - rule.since.monotonic == DAY


def test_without_a_threshold_every_sighting_alerts() -> None:
    """As ever; a threshold of one label leaves the others as they are."""
    trap = device(CountThreshold(label="moth", more_than=5, per=Per.HOUR))
    told = slugs(trap, 3)
    assert len(told) == 3
    assert {event.rule and event.rule.kind for event in told} == {RuleKind.SIGHTING}


def test_a_threshold_may_leave_sightings_alone() -> None:
    """`also_sightings` gives both, one alert for each event; the threshold is the one that is named."""
    told = slugs(device(per(Per.HOUR, 2, also_sightings=True)), 4)
    kinds = [event.rule.kind for event in told if event.rule]
    assert kinds == [RuleKind.SIGHTING, RuleKind.SIGHTING, RuleKind.COUNT, RuleKind.SIGHTING]


def test_the_rules_of_sightings_do_not_keep_a_threshold_from_firing() -> None:
    """Minimum frames and cooldown are theirs; `never` is everybody's."""
    assert len(slugs(device(per(Per.HOUR), minimum_frames=50, cooldown=1e6), 8)) == 1
    assert slugs(device(per(Per.HOUR), never=frozenset({"slug"})), 8) == []
    assert slugs(device(CountThreshold(label="bees", more_than=0, per=Per.HOUR)), 1) != []
    trap = device(CountThreshold(label="bees", more_than=0, per=Per.HOUR))
    trap.see(BEES, NOTHING, NOTHING)
    assert alerts(trap.events) == []


def test_it_fires_again_only_once_the_count_was_low() -> None:
    """Around the limit nothing is told; after it fell to 80 % of it, the next time it is passed is."""
    trap = device(per(Per.HOUR, 5))
    assert len(slugs(trap, 6, every=10)) == 1
    trap.wait(HOUR - 20)
    # Of those six two are left, which is low; with six more the limit is passed again.
    assert len(slugs(trap, 6, every=10)) == 1
    assert slugs(trap, 6, every=10) == []
    strict = device(per(Per.HOUR, 5, rearm_below=0))
    slugs(strict, 6, every=10)
    strict.wait(HOUR - 20)
    assert slugs(strict, 6, every=10) == []
    strict.wait(2 * HOUR)
    assert len(slugs(strict, 6, every=10)) == 1


def test_a_cooldown_is_waited_for_and_the_alert_is_late_not_lost() -> None:
    """Passed again within the cooldown, the threshold is told with the first animal after it."""
    trap = device(per(Per.HOUR, 5, cooldown=3 * HOUR))
    assert len(slugs(trap, 6)) == 1
    trap.wait(2 * HOUR)
    assert slugs(trap, 6) == []
    trap.wait(0.75 * HOUR)
    (late,) = slugs(trap, 12, every=120)
    assert late.at.monotonic >= trap.events[0].at.monotonic + 3 * HOUR


def test_a_trap_that_was_off_has_less_than_a_trap_day() -> None:
    """Eight slugs a day are borne by a trap that looks all day, and seven are not by one that was off for a third."""
    rule = per(Per.TRAP_DAY, 10)
    whole, part = device(rule), device(rule)
    looks_on(whole, DAY)
    looks_on(part, 15 * HOUR)
    part.wait(8 * HOUR)
    assert slugs(whole, 8) == []
    (alert,) = slugs(part, 8)
    assert alert.rule is not None
    assert alert.rule.value == pytest.approx(7 * 24 / 15, abs=0.1)


def week(trap: Device, *, a_day: int, days: int = 7) -> list[Event]:
    """Days with so many slugs each, spread over the day."""
    told = []
    for _ in range(days):
        for _ in range(a_day):
            told += slugs(trap, 1, every=30)
            looks_on(trap, DAY / a_day - 31)
        if not a_day:
            looks_on(trap, DAY)
    return told


def test_a_rate_that_doubles_against_the_week_before_alerts() -> None:
    """Three a day are the mean; the sixth within a day is twice that, and one alert."""
    trap = device(RateThreshold(label="slug", factor=2.0))
    assert week(trap, a_day=3, days=8) == []
    (alert,) = slugs(trap, 8, every=HOUR / 4)
    rule = alert.rule
    assert rule is not None
    assert (rule.kind, rule.factor, rule.per) == (RuleKind.RATE, 2.0, "trap-day")
    assert rule.mean == pytest.approx(3.0, rel=0.05)
    assert rule.limit == pytest.approx(6.0, rel=0.05)
    assert rule.value is not None
    assert rule.value >= rule.limit
    assert "times the mean of the last 7 days (3)" in rule.words


def test_one_animal_is_no_doubling_of_none() -> None:
    """After a week without any, as many are wanted as `minimum_count` says."""
    trap = device(RateThreshold(label="slug", factor=2.0, minimum_count=4))
    week(trap, a_day=0, days=8)
    assert slugs(trap, 3) == []
    (alert,) = slugs(trap, 1)
    assert alert.rule is not None
    assert (alert.rule.count, alert.rule.mean) == (4, 0.0)
    assert alert.rule.words == "slug: 4 per trap-day, against the mean of the last 7 days (0)"


def test_a_trap_that_is_new_has_no_mean_yet() -> None:
    """As long as less than `minimum_days` of the days before are known nothing has doubled."""
    trap = device(RateThreshold(label="slug", factor=2.0, minimum_days=3.0))
    week(trap, a_day=0, days=3)
    assert slugs(trap, 20, every=30) == []
    looks_on(trap, 2 * DAY)
    assert len(slugs(trap, 20, every=30)) == 1


def test_nights_and_days_are_counted_apart() -> None:
    """A rule of nights says nothing by day and the other way round, and neither does while nobody knows the time."""
    night, day = per(Per.NIGHT, 2), per(Per.DAY, 2)
    assert len(slugs(device(night, daylight=ALL_NIGHT), 5)) == 1
    assert slugs(device(night, daylight=ALL_DAY), 5) == []
    assert len(slugs(device(day, daylight=ALL_DAY), 5)) == 1
    assert slugs(device(day, daylight=ALL_NIGHT), 5) == []
    trap = device(day, daylight=ALL_DAY, synced=False)
    assert slugs(trap, 5) == []
    trap.set_clock()
    assert len(slugs(trap, 1)) == 1


def test_every_night_begins_with_none() -> None:
    """Three in one night alert, two are borne in the next, three in the one after alert again."""
    trap = device(per(Per.NIGHT, 2), daylight=Daylight(position=(47.0, 8.0)))
    trap.wait(10 * HOUR)
    told = []
    for count in (4, 2, 3):
        told.append(len(slugs(trap, count)))
        trap.wait(DAY - count * 60)
    assert told == [1, 0, 1]


def test_two_thresholds_passed_at_once_are_one_alert() -> None:
    """The first that stands in the configuration is named, and the other one is spent as well."""
    trap = device(per(Per.HOUR, 3), per(Per.WEEK, 3))
    (alert,) = slugs(trap, 10)
    assert alert.rule is not None
    assert alert.rule.per == "hour"


def test_a_threshold_that_is_taken_out_is_forgotten() -> None:
    """What was spent of rules that are no more does not pile up."""
    trap = device(per(Per.HOUR, 1))
    slugs(trap, 3)
    trap.policy.settings = device(per(Per.HOUR, 2)).policy.settings
    slugs(trap, 1)
    assert set(trap.state.arrivals.spent) == {"slug: more than 2 in an hour"}


def test_after_a_reboot_without_a_clock_nothing_is_repeated_or_forgotten() -> None:
    """What was counted goes on as if no time had passed; set, the clock puts it where it belongs."""
    trap = device(per(Per.TRAP_DAY, 10))
    assert len(slugs(trap, 6)) == 1
    trap.boot(synced=False, away=60.0)
    assert slugs(trap, 3) == []
    patient = device(per(Per.TRAP_DAY, 10))
    slugs(patient, 5)
    patient.boot(synced=False, away=60.0)
    assert len(slugs(patient, 1)) == 1
    late = device(per(Per.TRAP_DAY, 10))
    slugs(late, 5)
    late.boot(synced=False, away=2 * DAY)
    late.set_clock()
    assert slugs(late, 1) == []


def test_a_wall_clock_that_jumps_moves_no_count() -> None:
    """An hour is an hour of the boot, whatever the wall clock says in between."""
    trap = device(per(Per.HOUR, 5))
    slugs(trap, 3)
    trap.clock.jump_utc(NOON + timedelta(days=400))
    slugs(trap, 2)
    trap.clock.jump_utc(NOON - timedelta(days=4000))
    assert len(slugs(trap, 1)) == 1
    trap.wait(HOUR)
    trap.clock.jump_utc(NOON)
    assert slugs(trap, 5) == []
