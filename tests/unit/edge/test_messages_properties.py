from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from insect_edge.alert_rule import FiredRule, RuleKind
from insect_edge.domain import Category, Event, Label, Moment, Phase, Region, Role, Taxon
from insect_edge.mqtt import messages
from insect_edge.mqtt.messages import Site
from insect_edge.mqtt.topics import slug
from insect_edge.outbox.entry import Ticket
from insect_edge.policy.thresholds import Per
from insect_edge.sightings import Path
from support.payloads import decoded, origin, validator

SCORES = st.floats(min_value=0, max_value=1)
MOMENTS = st.builds(
    Moment,
    monotonic=st.floats(min_value=0, max_value=1e9),
    utc=st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 # hypothesis wants naive bounds
    clock_synced=st.booleans(),
)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
LABELS = st.builds(
    Label,
    index=st.integers(min_value=0, max_value=1000),
    name=NAMES,
    role=st.sampled_from([*Role, None]),
    taxon=st.none() | st.builds(Taxon, order=st.none() | NAMES),
    threshold=SCORES,
)
CATEGORIES = st.lists(st.builds(Category, label=LABELS, score=SCORES), min_size=1, max_size=8).map(tuple)
REGIONS = st.tuples(
    *[st.floats(min_value=0.0, max_value=0.5)] * 2, *[st.floats(min_value=0.01, max_value=0.5)] * 2
).map(lambda numbers: Region(x=numbers[0], y=numbers[1], width=numbers[2], height=numbers[3]))
PATHS = st.builds(
    Path, track_id=NAMES, first=REGIONS, last=REGIONS, length=st.floats(0, 1e6), seconds=st.floats(0, 1e9)
)
NUMBERS_OR_NONE = st.none() | st.floats(0, 1e9)
RULES = st.builds(
    FiredRule,
    kind=st.sampled_from(RuleKind),
    label=NAMES,
    words=NAMES,
    count=st.none() | st.integers(min_value=1),
    value=NUMBERS_OR_NONE,
    limit=NUMBERS_OR_NONE,
    per=st.none() | st.sampled_from(Per),
    factor=NUMBERS_OR_NONE,
    mean=NUMBERS_OR_NONE,
    since=st.none() | MOMENTS,
)
EVENTS = st.builds(
    Event,
    event_id=NAMES,
    phase=st.sampled_from(Phase),
    label=NAMES,
    role=st.sampled_from([*Role, None]),
    score=SCORES,
    threshold=SCORES,
    categories=CATEGORIES,
    region=REGIONS,
    started=MOMENTS,
    last_seen=MOMENTS,
    at=MOMENTS,
    frames=st.integers(min_value=1),
    hits=st.integers(min_value=1),
    alert=st.booleans(),
    path=st.none() | PATHS,
    rule=st.none() | RULES,
)
NUMBERS = st.integers(min_value=1, max_value=2**53)


@given(changed=EVENTS, ticket=st.builds(Ticket, seq=NUMBERS, kind_seq=NUMBERS))
def test_every_event_gives_valid_payloads(changed: Event, ticket: Ticket) -> None:
    """Whatever an event holds, detection and alert keep to their schemas, and topics can be published to."""
    where = origin(slugs={changed.label: slug(changed.label) or "label-0"}, site=Site(name=changed.label))
    for name, build in (("detection", messages.detection), ("alert", messages.alert)):
        made = build(changed, ticket=ticket, origin=where)
        payload = decoded(made.payload)
        validator(name).validate(payload)
        assert payload["message_id"] == f"trap-1a2b3c-{ticket.seq}"
        assert payload["label"] == changed.label
        assert not set("#+\0") & set(made.topic)
        assert (payload["at"] is None) == (not changed.at.clock_synced)
