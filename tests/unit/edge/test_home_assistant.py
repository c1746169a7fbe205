"""What Home Assistant is told, held against its documented rules and against what we really publish."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_edge.alert_rule import FiredRule, RuleKind
from insect_edge.control.trial import trial_event
from insect_edge.domain import Label, Role
from insect_edge.health.report import Board, BrokerStatus, HealthReport, OutboxStatus, State
from insect_edge.mqtt import home_assistant, messages
from insect_edge.mqtt.counts import counts_message
from insect_edge.mqtt.home_assistant import Described, discovery
from insect_edge.mqtt.topics import label_slugs
from insect_edge.outbox.entry import Ticket
from insect_edge.policy.daylight import Half, Period
from insect_edge.tally.day import Day
from insect_edge.tally.recent import Recent
from support import home_assistant_rules as rules
from support.payloads import NOON, TOPICS, event, moment, origin

NAMES = {"background": Role.BACKGROUND, "slug": Role.PEST, "bees": Role.BENEFICIAL, 'the "big" }} moth\\': Role.PEST}
TICKET = Ticket(seq=7, kind_seq=3)
REPORT = HealthReport(
    state=State.DEGRADED,
    reasons=("clock_unsynced", "broker_down"),
    model_id="garden-pests-v2",
    model_sha256=None,
    frames=10,
    newest_frame_seconds=0.5,
    interval_seconds=1.0,
    frames_per_second=0.98,
    latency_ms=3.5,
    inference_ms=2.0,
    outbox=OutboxStatus(alerts=2, detections=3),
    broker=BrokerStatus(),
    acknowledged_seconds=None,
    board=Board(temperature_celsius=51.5, memory_bytes=91_500_000),
    clock_synced=False,
    versions={},
    uptime_seconds=10.0,
    expires_seconds=150.0,
)


def labels(roles: dict[str, Role]) -> tuple[Label, ...]:
    """A model's labels."""
    return tuple(
        Label(index=index, name=name, role=role, taxon=None, threshold=0.5)
        for index, (name, role) in enumerate(roles.items())
    )


def described(roles: dict[str, Role] = NAMES, **changes: Any) -> Described:
    """A device with these labels."""
    facts: dict[str, Any] = {
        "origin": origin(slugs=label_slugs(roles)),
        "labels": labels(roles),
        "version": "1.2.3",
    }
    return Described(**{**facts, **changes})


def told(**changes: Any) -> dict[str, Any]:
    """The payload of the description."""
    payload: dict[str, Any] = json.loads(discovery(described(**changes)).payload)
    return payload


def value(name: str, payload: bytes, *, key: str = "value_template") -> str:
    """What an entity shows once the payload came."""
    return rules.rendered(told()["cmps"][name][key], payload)


def counts(day: Day, *present: str, **figures: Any) -> bytes:
    """The payload of the counts topic; one animal of each label that is present."""
    recent = Recent(visible=dict.fromkeys(present, 1), **figures)
    return counts_message(day, recent=recent, at=moment(), origin=origin()).payload


@pytest.mark.parametrize("changes", [{}, {"commands": False}, {"snapshot": False}, {"prefix": "ha/x"}])
def test_the_description_keeps_every_documented_rule(changes: dict[str, Any]) -> None:
    """Required keys, identifiers, classes and units are as Home Assistant documents them, however it is configured."""
    message = discovery(described(**changes))
    rules.check(message.topic.removeprefix("ha/"), json.loads(message.payload))
    assert (message.qos, message.retain) == (1, True)


@given(st.dictionaries(st.text(min_size=1, max_size=30), st.sampled_from(Role), min_size=1, max_size=8))
def test_whatever_the_labels_are_called_the_description_is_valid(roles: dict[str, Role]) -> None:
    """No label breaks a template, a key or the uniqueness of an entity."""
    try:
        "".join(roles).encode()
    except UnicodeEncodeError:
        return
    message = discovery(described(roles))
    payload = json.loads(message.payload)
    rules.check(message.topic, payload)
    day = Day(events=dict.fromkeys(roles, 4))
    for name, part in payload["cmps"].items():
        if name.startswith("count_") and len(part) > 1:
            assert rules.rendered(part["value_template"], counts(day)) == "4"
        if name.startswith("rate_") and len(part) > 1:
            assert rules.rendered(part["value_template"], counts(day, per_trap_day=dict.fromkeys(roles, 4.5))) == "4.5"
        if name.startswith("present_") and len(part) > 1:
            assert rules.rendered(part["value_template"], counts(day, *roles)) == "ON"


def test_it_stands_where_home_assistant_looks_for_devices() -> None:
    """The topic is <prefix>/device/<device id>/config, and its availability is ours."""
    assert discovery(described()).topic == "homeassistant/device/trap-1a2b3c/config"
    assert home_assistant.status_topic("homeassistant") == "homeassistant/status"
    assert told()["availability_topic"] == TOPICS.availability


def test_every_pest_has_presence_and_count_and_nothing_else_has() -> None:
    """A label with another role gets an entry that takes away what it had when it was a pest."""
    parts = told()["cmps"]
    of_pests = {f"{kind}_{pest}" for kind in ("present", "count", "rate") for pest in ("slug", "the_big_moth")}
    assert {name for name in of_pests if len(parts[name]) > 1} == of_pests
    assert parts["present_bees"] == {"p": "binary_sensor"}
    assert (parts["count_bees"], parts["rate_bees"]) == ({"p": "sensor"}, {"p": "sensor"})


def test_presence_and_counts_are_read_from_the_real_payload() -> None:
    """The templates give ON, OFF and the number of events."""
    day = Day(date=date(2026, 5, 1), events={"slug": 3})
    assert value("present_slug", counts(day, "slug")) == "ON"
    assert value("present_slug", counts(day, "bees")) == "OFF"
    assert value("count_slug", counts(day)) == "3"
    assert value("count_the_big_moth", counts(day)) == "0"


def test_the_totals_are_of_pests_alone() -> None:
    """Bees are counted, but not among the pests; without any animal a total is 0."""
    both = {"slug": 2, "bees": 5, 'the "big" }} moth\\': 1}
    payload = counts(Day(), last_hour=both, per_trap_day={"slug": 2.5, "bees": 1.0}, this_period=both)
    assert value("pests_last_hour", payload) == "3"
    assert value("pests_rate", payload) == "2.5"
    assert value("pests_visible", payload) == "0"


def test_presence_has_the_figures_of_its_pest_beside_it() -> None:
    """How many are there, came in the last hour and tonight, without an entity for each."""
    night = Period(half=Half.NIGHT, since=NOON)
    payload = counts(Day(), "slug", "bees", last_hour={"slug": 3}, this_period={"slug": 7}, period=night)
    figures = json.loads(value("present_slug", payload, key="json_attributes_template"))
    assert figures == {
        "visible": 1,
        "last_hour": 3,
        "this_period": 7,
        "period": {"half": "night", "since": "2026-05-01T12:00:00.123Z"},
    }


def test_an_alert_brings_the_rule_that_fired() -> None:
    """An automation can say why; an alert of a program that knew no rules still comes through."""
    fired = FiredRule(kind=RuleKind.COUNT, label="slug", words="slug: 6 per trap-day, more than 5", count=6)
    message = messages.alert(event(rule=fired), ticket=TICKET, origin=origin())
    assert json.loads(value("alert", message.payload))["rule"]["words"] == fired.words
    content = json.loads(message.payload)
    del content["rule"]
    assert json.loads(value("alert", json.dumps(content).encode()))["rule"] is None


def test_the_last_pest_is_named_and_unknown_before_the_first() -> None:
    """`None` is what Home Assistant takes for unknown."""
    assert value("last_pest", counts(Day())) == "None"
    day = Day().plus(event(), today=date(2026, 5, 1), started="2026-05-01T11:59:58.123Z")
    assert value("last_pest", counts(day)) == "slug"
    attributes = json.loads(value("last_pest", counts(day), key="json_attributes_template"))
    assert attributes["started"] == "2026-05-01T11:59:58.123Z"


def test_an_alert_is_an_event_of_the_pests_name() -> None:
    """The template gives the JSON object that the event platform wants, with a type it was told of."""
    message = messages.alert(event(), ticket=TICKET, origin=origin())
    happened = json.loads(value("alert", message.payload))
    assert happened["event_type"] == "slug"
    assert happened["event_type"] in told()["cmps"]["alert"]["event_types"]
    assert happened["message_id"] == "trap-1a2b3c-7"


def test_a_test_alert_is_an_event_of_its_own_kind() -> None:
    """An automation for slugs does not take a test for one."""
    message = messages.alert(trial_event(at=moment(), event_id="t"), ticket=TICKET, origin=origin(), test=True)
    assert json.loads(value("alert", message.payload))["event_type"] == "test"
    assert "test" in told()["cmps"]["alert"]["event_types"]


def test_nothing_that_fires_an_automation_is_retained() -> None:
    """Events and buttons live on topics where nothing is kept."""
    retained = {
        messages.online(TOPICS).topic,
        messages.health(REPORT, topics=TOPICS, at=moment(), boot_id="b").topic,
        TOPICS.counts,
        TOPICS.snapshot,
        TOPICS.last_detection,
    }
    parts = told()["cmps"].values()
    fires = {part["state_topic"] for part in parts if part["p"] == "event" and len(part) > 1}
    fires |= {part["command_topic"] for part in parts if part["p"] == "button" and len(part) > 1}
    assert fires
    assert not fires & retained
    assert not messages.alert(event(), ticket=TICKET, origin=origin()).retain


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("health", "degraded"),
        ("problem", "ON"),
        ("temperature", "51.5"),
        ("memory", "91.5"),
        ("rate", "0.98"),
        ("waiting", "5"),
        ("reasons", "broker_down, clock_unsynced"),
    ],
)
def test_diagnostics_are_read_from_the_real_health_report(name: str, expected: str) -> None:
    """Each figure comes out of the payload of the health topic."""
    payload = messages.health(REPORT, topics=TOPICS, at=moment(), boot_id="b").payload
    assert value(name, payload) == expected
    assert told()["cmps"][name]["entity_category"] == "diagnostic"


def test_figures_that_are_not_known_become_unknown_and_no_reasons_a_word() -> None:
    """Null becomes `None`; an empty text would leave the old one standing."""
    unknown = replace(REPORT, state=State.READY, reasons=(), board=Board())
    payload = messages.health(unknown, topics=TOPICS, at=moment(), boot_id="b").payload
    shown = [value(name, payload) for name in ("temperature", "memory", "reasons", "problem")]
    assert shown == ["None", "None", "none", "OFF"]


def test_every_state_is_an_option_of_the_health_entity() -> None:
    """Home Assistant refuses a state that is no option."""
    assert set(told()["cmps"]["health"]["options"]) == {str(state) for state in State}


def test_without_commands_there_are_no_buttons() -> None:
    """A button that nobody obeys would lie."""
    assert told(commands=False)["cmps"]["capture"] == {"p": "button"}
    assert told()["cmps"]["capture"]["command_topic"] == TOPICS.command("capture")


def test_a_site_gives_the_device_its_name() -> None:
    """Where no site has a name, the device id stands in."""
    assert told()["dev"]["name"] == "trap-1a2b3c"
    site = messages.Site(name="South bed")
    assert told(origin=origin(slugs=label_slugs(NAMES), site=site))["dev"]["name"] == "South bed"
