"""The policy against whatever hypothesis throws at it."""

from __future__ import annotations

from itertools import count, pairwise
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from insect_edge.domain import Phase, Role
from insect_edge.policy.alerting import AlertRule
from insect_edge.policy.rules import Policy, PolicySettings
from insect_edge.policy.state import PolicyState
from support.policy_watch import THRESHOLD, moment, phases, seen

if TYPE_CHECKING:
    from insect_edge.domain import Event

FRAMES = st.lists(
    st.tuples(
        st.sampled_from([0.2, 1.0, 1.0, 1.0, 4.0, 11.0, 400.0]),
        st.sampled_from([None, "slug", "slug", "bees", "wasp", "background"]),
        st.floats(min_value=0.3, max_value=1.0),
        st.booleans(),
    ),
    max_size=120,
)
SETTINGS = st.builds(
    lambda window, share, cooldown, keep, rule: PolicySettings(
        window=window, required=max(1, round(window * share)), cooldown=cooldown, keep=keep, alerts=rule
    ),
    st.integers(1, 7),
    st.floats(0.1, 1.0),
    st.sampled_from([0.0, 5.0, 300.0]),
    st.floats(0.5, 1.0),
    st.builds(AlertRule, minimum_frames=st.integers(1, 9), cooldown=st.sampled_from([0.0, 30.0])),
)


def lived(settings: PolicySettings, frames: list[tuple[float, str | None, float, bool]]) -> list[Event]:
    """All events of a sequence of frames, each so many seconds after the one before, some with a tick between."""
    numbers = count(1)
    policy = Policy(settings, new_event_id=lambda: f"event-{next(numbers)}")
    state, now, told = PolicyState(), 50.0, []
    for gap, label, score, ticks in frames:
        now += gap
        if ticks:
            state, events = policy.tick(state, now=moment(now - gap / 2))
            told += events
        state, events = policy.step(state, seen({label: score} if label else {}), at=moment(now))
        told += events
        assert len(state.looks) <= settings.window
    state, events = policy.shutdown(state, now=moment(now + 1))
    assert state.open_events == ()
    return told + list(events)


def by_event(told: list[Event]) -> dict[str, list[Event]]:
    """The changes of each event, in order."""
    events: dict[str, list[Event]] = {}
    for event in told:
        events.setdefault(event.event_id, []).append(event)
    return events


@given(SETTINGS, FRAMES)
def test_every_event_lives_once(settings: PolicySettings, frames: list[tuple[float, str | None, float, bool]]) -> None:
    """Each event starts once, ends once and last, and has only updates between."""
    for changes in by_event(lived(settings, frames)).values():
        assert phases(changes) == [Phase.START, *[Phase.UPDATE] * (len(changes) - 2), Phase.END]


@given(SETTINGS, FRAMES)
def test_every_event_has_its_evidence(
    settings: PolicySettings, frames: list[tuple[float, str | None, float, bool]]
) -> None:
    """No event stands on fewer than the required frames, and its counts, score and times never go back."""
    for changes in by_event(lived(settings, frames)).values():
        assert changes[0].hits >= settings.required
        assert changes[0].score >= THRESHOLD
        for before, after in pairwise(changes):
            assert before.hits <= after.hits <= after.frames
            assert before.frames <= after.frames
            assert before.score <= after.score
            assert before.started == after.started
            assert before.last_seen.monotonic <= after.last_seen.monotonic <= after.at.monotonic


@given(SETTINGS, FRAMES)
def test_no_event_alerts_twice(settings: PolicySettings, frames: list[tuple[float, str | None, float, bool]]) -> None:
    """An event alerts at most once, never at its end, only as a pest, and not within its label's alert cooldown."""
    told = lived(settings, frames)
    for changes in by_event(told).values():
        assert sum(change.alert for change in changes) <= 1
    alerts = [event for event in told if event.alert]
    for alert in alerts:
        assert alert.role is Role.PEST
        assert alert.phase is not Phase.END
        assert alert.hits >= settings.alerts.minimum_frames
    for before, after in pairwise(alerts):
        assert after.at.monotonic - before.at.monotonic >= settings.alerts.cooldown


@given(SETTINGS, FRAMES)
def test_no_start_within_a_cooldown(
    settings: PolicySettings, frames: list[tuple[float, str | None, float, bool]]
) -> None:
    """Between an event's end and the next start of its label lies at least the cooldown; no label is open twice."""
    ended: dict[str, float] = {}
    opened: set[str] = set()
    for event in lived(settings, frames):
        if event.phase is Phase.START:
            assert event.label not in opened
            assert event.at.monotonic - ended.get(event.label, -1e9) >= settings.cooldown
            opened.add(event.label)
        elif event.phase is Phase.END:
            opened.remove(event.label)
            ended[event.label] = event.at.monotonic
