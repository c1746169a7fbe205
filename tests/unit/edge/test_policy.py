"""The policy against its own rules."""

from __future__ import annotations

from datetime import timedelta

import pytest

from insect_edge.domain import Phase, Role
from insect_edge.policy.alerting import AlertRule
from support.policy_watch import BEES, NOON, NOTHING, SLUG, THRESHOLD, Watch, moment, phases, seen


def test_three_of_five_frames_start_an_event() -> None:
    """The third agreeing frame of five starts an event that began with the first of them."""
    watch = Watch()
    assert watch.see(SLUG, NOTHING, SLUG, NOTHING) == []
    (start,) = watch.see(SLUG)
    assert (start.phase, start.label, start.role, start.event_id) == (Phase.START, "slug", Role.PEST, "event-1")
    assert (start.started.monotonic, start.at.monotonic, start.last_seen.monotonic) == (100, 104, 104)
    assert (start.frames, start.hits, start.score, start.threshold) == (5, 3, 0.9, THRESHOLD)


def test_two_of_five_frames_start_nothing() -> None:
    """Two agreeing frames in every five never add up to an event."""
    watch = Watch()
    assert watch.see(*[SLUG, SLUG, NOTHING, NOTHING, NOTHING] * 20) == []


def test_unknown_and_background_open_nothing() -> None:
    """Neither a verdict of `unknown` nor a confident background opens an event."""
    watch = Watch()
    assert watch.see(*[seen({"slug": 0.9}, verdict="unknown")] * 10, *[NOTHING] * 10) == []


def test_unknown_ends_no_event_that_its_frame_still_speaks_for() -> None:
    """A frame that gets no name, but whose score for the open event's label is high enough, keeps the event open."""
    watch = Watch()
    watch.see(SLUG, SLUG, SLUG)
    assert watch.see(*[seen({"slug": 0.7}, verdict="unknown")] * 30) == []
    (end,) = watch.see(*[seen({"bees": 0.7}, verdict="unknown")] * 10)
    assert (end.phase, end.label) == (Phase.END, "slug")


def test_an_event_ends_ten_seconds_after_the_last_agreeing_frame() -> None:
    """The end comes with the first frame that lies `end_after` behind the last agreeing one."""
    watch = Watch()
    watch.see(SLUG, SLUG, SLUG)
    assert watch.see(*[NOTHING] * 9) == []
    (end,) = watch.see(NOTHING)
    assert (end.phase, end.at.monotonic, end.last_seen.monotonic, end.hits) == (Phase.END, 112, 102, 3)


def test_an_event_ends_without_any_frame() -> None:
    """A camera that is lost does not keep an event open."""
    watch = Watch()
    watch.see(SLUG, SLUG, SLUG)
    assert watch.policy.deadline(watch.state) == 112
    assert watch.tick(8.9) == []
    assert phases(watch.tick(0.2)) == [Phase.END]
    assert watch.policy.deadline(watch.state) is None


def test_hysteresis_keeps_an_event_alive() -> None:
    """A score under the threshold but over `keep` times it agrees with an open event and starts none."""
    weak = seen({"slug": 0.5, "background": 0.3})
    watch = Watch(keep=0.8)
    assert watch.see(*[weak] * 30) == []
    watch.see(SLUG, SLUG, SLUG)
    assert Phase.END not in phases(watch.see(*[weak] * 100))
    assert watch.state.open_events[0].hits == 103


def test_hysteresis_has_a_floor() -> None:
    """A score under `keep` times the threshold lets the event end."""
    watch = Watch(keep=0.8)
    watch.see(SLUG, SLUG, SLUG)
    assert phases(watch.see(*[seen({"slug": 0.47})] * 10)) == [Phase.END]


def test_an_insect_that_comes_second_still_agrees() -> None:
    """While a bee wins the frame, a slug's event goes on, and both are open."""
    watch = Watch()
    watch.see(SLUG, SLUG, SLUG)
    both = seen({"bees": 0.62, "slug": 0.49})
    assert phases(watch.see(*[both] * 20)) == [Phase.START]
    assert [event.label for event in watch.state.open_events] == ["slug", "bees"]


def test_nothing_starts_during_the_cooldown() -> None:
    """An insect that comes back starts its next event when the cooldown is over, and not before."""
    watch = Watch(cooldown=60)
    watch.see(SLUG, SLUG, SLUG, *[NOTHING] * 10)
    end = watch.events[-1]
    assert end.phase is Phase.END
    watch.see(*[SLUG] * 100)
    again = next(event for event in watch.events if event.event_id == "event-2")
    assert again.phase is Phase.START
    assert again.at.monotonic - end.at.monotonic == 60


def test_a_cooldown_is_the_label_s_own() -> None:
    """A bee may come while the slug's cooldown runs."""
    watch = Watch(cooldown=1e6)
    watch.see(SLUG, SLUG, SLUG, *[NOTHING] * 10)
    assert phases(watch.see(BEES, BEES, BEES)) == [Phase.START]


def test_cooldowns_of_several_labels_run_side_by_side() -> None:
    """The end of a bee's event does not shorten the slug's cooldown."""
    watch = Watch(cooldown=1000)
    watch.see(SLUG, SLUG, SLUG, *[NOTHING] * 10, BEES, BEES, BEES, *[NOTHING] * 10)
    assert watch.see(*[SLUG] * 20) == []


def test_frames_of_an_ended_event_do_not_count_for_the_next() -> None:
    """Without a cooldown and at a slow rate, one look does not restart what ended."""
    watch = Watch(cooldown=0, end_after=10)
    watch.see(SLUG, SLUG, SLUG, NOTHING, NOTHING, every=5)
    assert phases(watch.events) == [Phase.START, Phase.END]
    assert watch.see(SLUG, SLUG, every=5) == []
    assert phases(watch.see(SLUG, every=5)) == [Phase.START]


def test_a_gap_empties_the_window() -> None:
    """Two frames before an hour without a camera and one after it are no event."""
    watch = Watch()
    watch.see(SLUG, SLUG)
    watch.now += 3600
    assert watch.see(SLUG, SLUG) == []
    assert phases(watch.see(SLUG)) == [Phase.START]


def test_a_better_score_is_told_at_once() -> None:
    """A rise of 0.05 since the last change told is an update with the better frame's categories; 0.04 is not."""
    watch = Watch()
    watch.see(*[seen({"slug": 0.8})] * 3)
    assert watch.see(seen({"slug": 0.84})) == []
    better = seen({"slug": 0.85, "bees": 0.1})
    (update,) = watch.see(better)
    assert (update.phase, update.score, update.categories) == (Phase.UPDATE, 0.85, better.categories)


def test_a_long_event_is_told_every_minute() -> None:
    """An insect that stays is one event with an update a minute."""
    watch = Watch()
    watch.see(*[SLUG] * 3603)
    assert phases(watch.events) == [Phase.START] + [Phase.UPDATE] * 60
    assert {event.event_id for event in watch.events} == {"event-1"}


def test_shutdown_ends_everything() -> None:
    """All open events end at the moment of the shutdown."""
    watch = Watch()
    watch.see(SLUG, SLUG, SLUG, BEES, BEES, BEES)
    state, ends = watch.policy.shutdown(watch.state, now=moment(200))
    assert [(event.phase, event.label, event.at.monotonic) for event in ends] == [
        (Phase.END, "slug", 200),
        (Phase.END, "bees", 200),
    ]
    assert state.open_events == ()


def test_a_pest_alerts_at_its_start() -> None:
    """With the plain rule the start carries the alert and nothing after it does."""
    watch = Watch()
    watch.see(*[SLUG] * 200, *[NOTHING] * 20)
    assert [event.phase for event in watch.events if event.alert] == [Phase.START]


def test_only_pests_alert() -> None:
    """A bee raises no alert however long it stays."""
    watch = Watch()
    watch.see(*[BEES] * 200)
    assert not any(event.alert for event in watch.events)


@pytest.mark.parametrize(
    ("rule", "alerts"),
    [
        (AlertRule(never=frozenset({"slug"})), 0),
        (AlertRule(only=frozenset({"wasp"})), 0),
        (AlertRule(only=frozenset({"slug"})), 1),
        (AlertRule(minimum_score=0.95), 0),
        (AlertRule(minimum_frames=101), 0),
        (AlertRule(minimum_frames=100), 1),
    ],
)
def test_the_alert_rule(rule: AlertRule, alerts: int) -> None:
    """Names, score and frames each hold an alert back or let it go."""
    watch = Watch(alerts=rule)
    watch.see(*[SLUG] * 100, *[NOTHING] * 20)
    assert sum(event.alert for event in watch.events) == alerts


def test_a_late_alert_forces_an_update() -> None:
    """The frame with which the rule first holds is told at once, as an update that carries the alert."""
    watch = Watch(alerts=AlertRule(minimum_frames=7))
    watch.see(*[SLUG] * 6)
    assert phases(watch.events) == [Phase.START]
    (update,) = watch.see(SLUG)
    assert (update.phase, update.alert, update.hits) == (Phase.UPDATE, True, 7)


def test_the_alert_cooldown_outlives_events() -> None:
    """A second event within the alert cooldown alerts only if its insect is still seen when that is over."""
    watch = Watch(cooldown=0, alerts=AlertRule(cooldown=60))
    watch.see(SLUG, SLUG, SLUG, *[NOTHING] * 10)
    watch.see(*[SLUG] * 70)
    first, second = [event for event in watch.events if event.alert]
    assert first.event_id != second.event_id
    assert (second.phase, second.at.monotonic - first.at.monotonic) == (Phase.UPDATE, 60)


def test_no_alert_while_nothing_is_seen() -> None:
    """When an alert cooldown ends, the alert waits for the next frame that shows the insect."""
    watch = Watch(cooldown=0, alerts=AlertRule(cooldown=60))
    watch.see(SLUG, SLUG, SLUG, *[NOTHING] * 10, *[SLUG] * 48)
    assert watch.see(*[NOTHING] * 5) == []
    (update,) = watch.see(SLUG)
    assert update.alert


def test_an_alert_in_an_update_counts_for_the_cooldown() -> None:
    """The next event of the label is held back after an alert that came late, too."""
    watch = Watch(cooldown=0, alerts=AlertRule(minimum_frames=5, cooldown=1000))
    watch.see(*[SLUG] * 5, *[NOTHING] * 10, *[SLUG] * 20)
    assert [event.event_id for event in watch.events if event.alert] == ["event-1"]


def test_the_wall_clock_does_not_matter() -> None:
    """A clock that is set years ahead in the middle of an event changes no event but its stamps."""
    watch = Watch()
    watch.see(SLUG, SLUG)
    state, (start,) = watch.policy.step(watch.state, SLUG, at=moment(102, utc=NOON + timedelta(days=9000)))
    state, events = watch.policy.step(state, NOTHING, at=moment(103, utc=NOON - timedelta(days=9000)))
    assert (start.phase, events, len(state.open_events)) == (Phase.START, (), 1)
