from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from importlib import resources

import pytest
from jsonschema import Draft202012Validator

from insect_edge.alert_rule import FiredRule, RuleKind
from insect_edge.domain import Category, Classification, Moment, Region, Role, Verdict
from insect_edge.mqtt import fields, messages
from insect_edge.mqtt.messages import Site
from insect_edge.outbox.entry import Ticket
from insect_edge.sightings import Path
from support.payloads import LABEL, NOON, SCHEMAS, TOPICS, decoded, event, moment, origin, validator


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_schema_is_one(name: str) -> None:
    """The files are valid JSON Schema 2020-12."""
    Draft202012Validator.check_schema(validator(name).schema)


def test_there_is_a_schema_for_every_payload_and_no_other() -> None:
    """What the package holds is what the tests know."""
    folder = resources.files("insect_edge").joinpath("mqtt", "schemas")
    found = sorted(file.name for file in folder.iterdir())
    assert found == sorted([f"{name}.schema.json" for name in SCHEMAS] + ["asyncapi.json"])


def test_a_detection_says_everything_about_its_event() -> None:
    """Field by field, in the words of the schema."""
    site = Site(name="bed 3", latitude=48.1, longitude=11.5)
    made = messages.detection(event(), ticket=Ticket(seq=42, kind_seq=17), origin=origin(site=site))
    assert (made.topic, made.qos, made.retain) == ("insect-edge/trap-1a2b3c/detection", 1, False)
    assert made.content_type == "application/json"
    payload = decoded(made.payload)
    validator("detection").validate(payload)
    del payload["categories"]
    assert payload == {
        "schema": "insect-edge/detection/1",
        "event_id": "0197-e1",
        "message_id": "trap-1a2b3c-42",
        "seq": 42,
        "detection_seq": 17,
        "phase": "start",
        "label": "slug",
        "role": "pest",
        "score": 0.9123,
        "threshold": 0.5,
        "region": {"x": 0.25, "y": 0, "width": 0.5, "height": 1},
        "track": None,
        "frames": 5,
        "hits": 3,
        "started": "2026-05-01T11:59:58.123Z",
        "last_seen": "2026-05-01T12:00:00.123Z",
        "at": "2026-05-01T12:00:00.123Z",
        "clock_synced": True,
        "corrects": None,
        "rule": None,
        "boot_id": "b-1",
        "monotonic": {"started": 98.0, "last_seen": 100.0, "at": 100.0},
        "model_id": "garden-pests-v2",
        "device_id": "trap-1a2b3c",
        "site": {"name": "bed 3", "latitude": 48.1, "longitude": 11.5},
    }


def test_the_rule_that_fired_is_told_in_figures_and_in_words() -> None:
    """Detection and alert alike; when counting began is null while the clock is not set."""
    fired = FiredRule(
        kind=RuleKind.RATE,
        label="slug",
        words="slug: 12 per trap-day, 2.4 times the mean of the last 7 days (5)",
        count=12,
        value=12.0,
        limit=10.00001,
        per="trap-day",
        factor=2.0,
        mean=5.000004,
        since=moment(-86_300.0),
    )
    for build, name in ((messages.detection, "detection"), (messages.alert, "alert")):
        payload = decoded(build(event(rule=fired), ticket=Ticket(seq=1, kind_seq=1), origin=origin()).payload)
        validator(name).validate(payload)
        assert payload["rule"] == {
            "kind": "rate",
            "label": "slug",
            "words": "slug: 12 per trap-day, 2.4 times the mean of the last 7 days (5)",
            "count": 12,
            "value": 12.0,
            "limit": 10.0,
            "per": "trap-day",
            "factor": 2.0,
            "mean": 5.0,
            "since": "2026-04-30T12:00:00.123Z",
        }
    unset = replace(fired, since=moment(-86_300.0, synced=False))
    told = messages.alert(event(rule=unset, at=moment(synced=False)), ticket=Ticket(seq=1, kind_seq=1), origin=origin())
    assert decoded(told.payload)["rule"]["since"] is None


def test_a_followed_animal_carries_its_way() -> None:
    """Detection, alert and last detection say where it came from, where it is, how far it went and how long it took."""
    corner, middle = Region(x=0, y=0.1, width=0.05, height=0.05), Region(x=0.5, y=0.5, width=0.04, height=0.06)
    path = Path(track_id="t-1", first=corner, last=middle, length=0.612345, seconds=12.34567)
    ticket = Ticket(seq=1, kind_seq=1)
    detection = messages.detection(event(path=path), ticket=ticket, origin=origin())
    alert = messages.alert(event(path=path), ticket=ticket, origin=origin())
    newest = messages.last_detection(detection, topics=origin().topics)
    for name, made in (("detection", detection), ("alert", alert), ("detection", newest)):
        payload = decoded(made.payload)
        validator(name).validate(payload)
        assert payload["track"] == {
            "track_id": "t-1",
            "first": {"x": 0, "y": 0.1, "width": 0.05, "height": 0.05},
            "last": {"x": 0.5, "y": 0.5, "width": 0.04, "height": 0.06},
            "length": 0.6123,
            "seconds": 12.346,
        }


def test_a_detection_carries_the_five_best_categories() -> None:
    """Each with what the card knows of its label."""
    made = messages.detection(event(), ticket=Ticket(seq=1, kind_seq=1), origin=origin())
    categories = decoded(made.payload)["categories"]
    assert len(categories) == 5
    assert categories[0] == {
        "index": 7,
        "label": "slug",
        "score": 0.9123,
        "role": "pest",
        "taxon": {"order": "Stylommatophora", "family": None, "genus": None},
    }


def test_an_alert_has_its_own_number_and_topic() -> None:
    """The same facts under `alert/<slug of the label>`, numbered among alerts."""
    made = messages.alert(
        event(label="bee fly"), ticket=Ticket(seq=43, kind_seq=3), origin=origin(slugs={"bee fly": "bee-fly-2"})
    )
    assert made.topic == "insect-edge/trap-1a2b3c/alert/bee-fly-2"
    payload = decoded(made.payload)
    validator("alert").validate(payload)
    assert (payload["label"], payload["alert_seq"], payload["seq"]) == ("bee fly", 3, 43)
    assert "detection_seq" not in payload


def test_a_label_nobody_announced_still_has_a_topic() -> None:
    """An event restored from before the model changed must not stop the queue."""
    made = messages.alert(event(label="Old Label"), ticket=Ticket(seq=1, kind_seq=1), origin=origin())
    assert made.topic.endswith("/alert/old-label")


def test_expiry_is_per_kind() -> None:
    """Alerts and detections carry the expiry configured for each, the retained copy none."""
    where = origin(detection_expiry_seconds=60, alert_expiry_seconds=3_600)
    ticket = Ticket(seq=1, kind_seq=1)
    detection = messages.detection(event(), ticket=ticket, origin=where)
    assert detection.expiry_seconds == 60
    assert messages.alert(event(), ticket=ticket, origin=where).expiry_seconds == 3_600
    assert messages.last_detection(detection, topics=TOPICS).expiry_seconds is None


def test_the_last_detection_is_the_same_bytes_retained() -> None:
    """A dashboard that connects later reads what subscribers got live."""
    detection = messages.detection(event(), ticket=Ticket(seq=1, kind_seq=1), origin=origin())
    kept = messages.last_detection(detection, topics=TOPICS)
    assert (kept.topic, kept.retain, kept.payload) == (TOPICS.last_detection, True, detection.payload)


def test_times_are_null_while_the_clock_is_not_set() -> None:
    """A time that may be wrong is not published; boot id and monotonic seconds say when."""
    times = {name: moment(100.0, synced=False) for name in ("started", "last_seen", "at")}
    payload = decoded(messages.detection(event(**times), ticket=Ticket(seq=1, kind_seq=1), origin=origin()).payload)
    validator("detection").validate(payload)
    assert (payload["started"], payload["last_seen"], payload["at"]) == (None, None, None)
    assert not payload["clock_synced"]
    assert payload["monotonic"]["at"] == 100.0


def test_times_before_the_clock_was_set_are_computed_from_after() -> None:
    """Within one boot the monotonic difference to a good time is good too."""
    wrong = Moment(monotonic=90.0, utc=datetime(1970, 1, 1, tzinfo=UTC), clock_synced=False)
    made = messages.detection(event(started=wrong), ticket=Ticket(seq=1, kind_seq=1), origin=origin())
    assert decoded(made.payload)["started"] == "2026-05-01T11:59:50.123Z"


def test_a_time_later_than_the_change_is_of_another_boot() -> None:
    """Monotonic seconds of another boot prove nothing: no time is made from them."""
    other_boot = Moment(monotonic=5_000.0, utc=NOON, clock_synced=False)
    made = messages.detection(event(started=other_boot), ticket=Ticket(seq=1, kind_seq=1), origin=origin())
    assert decoded(made.payload)["started"] is None


def test_time_stamps_are_utc_with_milliseconds() -> None:
    """Other zones are converted; a time without a zone is refused."""
    berlin = timezone(timedelta(hours=2))
    assert fields.rfc3339(datetime(2026, 5, 1, 14, 0, tzinfo=berlin)) == "2026-05-01T12:00:00.000Z"
    with pytest.raises(ValueError, match="no time zone"):
        fields.rfc3339(datetime(2026, 5, 1, 14, 0))  # noqa: DTZ001 # that is the point


def test_labels_stay_verbatim() -> None:
    """UTF-8, nothing escaped."""
    made = messages.detection(event(label="Käfer 甲虫"), ticket=Ticket(seq=1, kind_seq=1), origin=origin())
    assert "Käfer 甲虫".encode() in made.payload


def test_scores_that_are_no_numbers_are_refused() -> None:
    """JSON has no NaN."""
    with pytest.raises(ValueError, match="JSON compliant"):
        messages.detection(event(score=float("nan")), ticket=Ticket(seq=1, kind_seq=1), origin=origin())


def test_availability_is_plain_text_retained() -> None:
    """`online` and `offline` go to one topic, and both are in the schema."""
    on, off = messages.online(TOPICS), messages.offline(TOPICS)
    assert (on.topic, on.qos, on.retain, on.content_type) == (TOPICS.availability, 1, True, "text/plain")
    assert off.topic == on.topic
    for made in (on, off):
        validator("availability").validate(made.payload.decode())


def test_a_snapshot_is_the_picture_itself() -> None:
    """QoS 0, retained, on the newest's topic or on the event's own."""
    newest = messages.snapshot(b"\xff\xd8", topics=TOPICS)
    assert (newest.topic, newest.payload, newest.qos, newest.retain) == (TOPICS.snapshot, b"\xff\xd8", 0, True)
    assert newest.content_type == "image/jpeg"
    assert messages.snapshot(b"", topics=TOPICS, event_id="e1").topic == f"{TOPICS.snapshot}/e1"


@pytest.mark.parametrize("verdict", [None, Verdict(label="unknown", role=Role.UNKNOWN, score=0.4, threshold=0.5)])
def test_a_classification_says_what_one_frame_showed(verdict: Verdict | None) -> None:
    """The top categories, the verdict or null, and when the frame was captured."""
    result = Classification(
        categories=(Category(label=LABEL, score=0.4),), verdict=verdict, region=Region.whole(), inference_ms=12.345
    )
    made = messages.classification(result, captured=moment(), sequence=9, origin=origin())
    assert (made.topic, made.qos, made.retain) == (TOPICS.classification, 0, False)
    payload = decoded(made.payload)
    validator("classification").validate(payload)
    assert (payload["frame"], payload["at"]) == (9, "2026-05-01T12:00:00.123Z")
