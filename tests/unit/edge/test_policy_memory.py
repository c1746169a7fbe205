"""What the policy remembers comes back from bytes as it was, or is refused with a sentence."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_edge.domain import Category, Event, Label, Moment, Phase, Region, Role, Taxon
from insect_edge.errors import StateError
from insect_edge.policy.arrivals import Arrivals, Group, Misplaced, Span, Spent
from insect_edge.policy.memory import decode, encode
from insect_edge.policy.state import Earlier, OpenEvent, PolicyState
from insect_edge.sightings import Path
from support.device_life import Device
from support.policy_watch import NOON, NOTHING, SLUG

SECONDS = st.floats(-1e9, 1e9)
SCORES = st.floats(0, 1)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
TIMES = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2300, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 # hypothesis wants naive bounds
MOMENTS = st.builds(Moment, monotonic=SECONDS, utc=TIMES, clock_synced=st.booleans())
ROLES = st.none() | st.sampled_from(Role)
TAXA = st.none() | st.builds(Taxon, order=st.none() | NAMES, family=st.none() | NAMES, genus=st.none() | NAMES)
LABELS = st.builds(Label, index=st.integers(0, 99), name=NAMES, role=ROLES, taxon=TAXA, threshold=SCORES)
CATEGORIES = st.lists(st.builds(Category, label=LABELS, score=SCORES), max_size=5).map(tuple)
REGIONS = st.builds(Region, x=st.just(0.1), y=st.floats(0, 0.5), width=st.floats(0.1, 0.9), height=st.just(0.5))
PATHS = st.builds(
    Path, track_id=NAMES, first=REGIONS, last=REGIONS, length=st.floats(0, 1e6), seconds=st.floats(0, 1e9)
)
FACTS: dict[str, Any] = {
    "event_id": NAMES,
    "label": NAMES,
    "role": ROLES,
    "score": SCORES,
    "threshold": SCORES,
    "categories": CATEGORIES,
    "region": REGIONS,
    "started": MOMENTS,
    "last_seen": MOMENTS,
    "frames": st.integers(0, 10**9),
    "hits": st.integers(0, 10**9),
    "path": st.none() | PATHS,
}
OPEN_EVENTS = st.builds(
    OpenEvent,
    **FACTS,
    alerted=st.booleans(),
    told=SECONDS,
    told_score=SCORES,
    dated=st.booleans(),
    unseen_from=SECONDS,
)
ENDS = st.builds(Event, **FACTS, at=MOMENTS, phase=st.just(Phase.END), alert=st.sampled_from([False]))
INSTANTS, STAMPS = st.dictionaries(NAMES, SECONDS, max_size=4), st.dictionaries(NAMES, TIMES, max_size=4)
SPANS = st.tuples(SECONDS, st.floats(0, 1e9), st.floats(0, 1e9)).map(lambda s: Span(s[0], s[0] + s[1], s[2]))
GROUPS = st.lists(st.builds(Group, at=SECONDS, number=st.integers(1, 10**6)), max_size=5).map(
    lambda g: tuple(sorted(g))
)
ARRIVALS = st.builds(
    Arrivals,
    groups=st.dictionaries(NAMES, GROUPS, max_size=3),
    spans=st.lists(SPANS, max_size=3).map(tuple),
    spent=st.dictionaries(NAMES, st.builds(Spent, at=SECONDS, armed=st.booleans()), max_size=2),
    misplaced=st.none() | st.builds(Misplaced, until=SECONDS, utc=TIMES),
)
STATES = st.builds(
    PolicyState,
    arrivals=ARRIVALS,
    open_events=st.lists(OPEN_EVENTS, max_size=3).map(tuple),
    ended=INSTANTS,
    alerted=INSTANTS,
    undated=st.lists(ENDS, max_size=3).map(tuple),
    never_dated=st.integers(0, 10**9),
    earlier=st.none() | st.builds(Earlier, restored=SECONDS, ended=STAMPS, alerted=STAMPS),
)


@given(STATES, MOMENTS, NAMES)
def test_every_state_comes_back(state: PolicyState, saved: Moment, boot_id: str) -> None:
    """To the last bit, whatever was remembered."""
    memory = decode(encode(state, saved=saved, boot_id=boot_id))
    assert (memory.state, memory.saved, memory.boot_id) == (state, saved, boot_id)


def stored() -> bytes:
    """What a device with an open event, an ended one and a cooldown of an earlier boot has on its disk."""
    device = Device(cooldown=1e6)
    device.see(*[SLUG] * 3, *[NOTHING] * 11)
    device.boot(synced=False)
    device.policy = Device(cooldown=0).policy
    device.start()
    device.see(*[SLUG] * 3, *[NOTHING] * 11, *[SLUG] * 3)
    assert device.stored is not None
    return device.stored


def test_the_newest_frames_are_not_stored() -> None:
    """They would have to be written with every frame."""
    assert "looks" not in json.loads(stored())
    assert decode(stored()).state.looks == ()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "damaged"),
        (b"\xff\xfe", "damaged"),
        (b"[" * 100_000, "damaged"),
        (b"null", "damaged"),
        (b'"text"', "damaged"),
        (b"[]", "damaged"),
        (b"{}", "damaged"),
        (b'{"format":"something-else/1","version":1}', "'something-else/1' in version 1"),
        (b'{"format":"insect-edge/policy-state","version":3}', "in version 3, this program knows .* in version 2"),
        (b'{"format":"insect-edge/policy-state","version":1}', "damaged"),
    ],
)
def test_what_is_no_state_is_refused(content: bytes, why: str) -> None:
    """Unreadable, foreign and newer content is refused in one line that says what follows."""
    with pytest.raises(StateError, match=rf"^the stored policy state is .*{why}.* start afresh$"):
        decode(content)


def test_a_state_of_the_version_before_is_read() -> None:
    """What a program stored that knew no paths and counted nothing comes back whole, with none."""
    content = json.loads(stored())
    for event in (*content["open_events"], *content["undated"]):
        del event["path"]
    del content["arrivals"]
    memory, now = decode(json.dumps({**content, "version": 1}).encode()), decode(stored())
    assert memory == replace(now, state=replace(now.state, arrivals=Arrivals()))
    assert [event.path for event in memory.state.open_events] == [None]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where in some JSON there is something."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


PLACES = [place for place in places(json.loads(stored())) if place]


@given(st.sampled_from(PLACES), st.sampled_from([None, True, -1, 1e300, "x", "2026-06-01T12:00:00", [], {}, [[[]]]]))
def test_one_wrong_value_is_refused_or_harmless(place: tuple[Any, ...], wrong: object) -> None:
    """Whatever stands in the wrong place, there is no error but the one sentence, and no value out of range."""
    content = json.loads(stored())
    holder = content
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = wrong
    try:
        memory = decode(json.dumps(content).encode())
    except StateError:
        return
    device = Device()
    device.stored = encode(memory.state, saved=memory.saved, boot_id=memory.boot_id)
    device.start()
    device.set_clock()
    device.see(*[SLUG] * 3)
    device.stop()


@given(st.data())
def test_truncated_or_flipped_bytes_are_refused_or_harmless(data: st.DataObject) -> None:
    """A byte that changed gives the one sentence or a state that can be gone on with."""
    content = bytearray(stored())
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] = data.draw(st.integers(0, 255))
    length = data.draw(st.sampled_from([len(content), position]))
    try:
        memory = decode(bytes(content[:length]))
    except StateError:
        return
    assert encode(memory.state, saved=memory.saved, boot_id=memory.boot_id)


def test_a_state_without_events_is_small() -> None:
    """A few labels' cooldowns are a few hundred bytes."""
    content = encode(
        PolicyState(ended={"slug": 1.5}, alerted={"slug": 2.5}),
        saved=Moment(monotonic=3.0, utc=NOON, clock_synced=True),
        boot_id="boot",
    )
    assert len(content) < 300
