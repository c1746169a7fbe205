"""The shape of every JSON payload: what the messages are built as, and what the schemas are generated from."""

# Annotations stay real objects here: the schemas are made from them.

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypedDict

from insect_edge.mqtt.health_payload import Health
from insect_edge.mqtt.payload_types import (
    NOT_NEGATIVE,
    POSITIVE,
    Categories,
    DeviceId,
    Facts,
    Identifiers,
    LabelCounts,
    Region,
    Rule,
    Score,
    Time,
    Verdict,
    When,
    Who,
)
from insect_edge.policy.daylight import Half


class Detection(Identifiers, Facts):
    """One change of an event: topics `detection` and `last_detection`."""

    schema: Literal["insect-edge/detection/1"]
    detection_seq: Annotated[int, Rule("Among detections; never repeats.", POSITIVE)]


class Alert(Identifiers, Facts):
    """Exactly one per event of a pest, once its alert rule holds: topics `alert/<label>`."""

    schema: Literal["insect-edge/alert/1"]
    alert_seq: Annotated[int, Rule("Among alerts; never repeats.", POSITIVE)]
    test: Annotated[bool, Rule("Somebody asked for it to try the way to the phone: nothing was seen.")]


class Classification(When, Who):
    """The top categories of one frame: topic `classification`."""

    schema: Literal["insect-edge/classification/1"]
    frame: Annotated[int, Rule("Number of the frame since the camera was opened.", NOT_NEGATIVE)]
    verdict: Annotated[Verdict | None, Rule("The label that passed its threshold, `unknown`, or null.")]
    categories: Categories
    region: Region
    inference_ms: Annotated[float, Rule("Milliseconds inside the interpreter.", NOT_NEGATIVE)]


class LastPest(TypedDict):
    """The newest event of a pest."""

    label: str
    score: Score
    event_id: str
    started: Time


class Period(TypedDict):
    """The night or day it is."""

    half: Annotated[Half, Rule("By the sun where the trap's position is known, else by fixed hours.")]
    since: Annotated[Time, Rule("When it began.")]


class Counts(When):
    """What was seen today and lately, and who is there now: topic `counts`, retained."""

    schema: Literal["insect-edge/counts/1"]
    day: Annotated[
        str | None,
        Rule(
            "The calendar day that is counted, in the trap's own time zone; null until the clock was set.",
            {"pattern": r"^\d{4}-\d\d-\d\d$"},
        ),
    ]
    events: Annotated[LabelCounts, Rule("Label to events that started that day; a label without any is left out.")]
    alerts: Annotated[LabelCounts, Rule("Label to alerts raised that day.")]
    present: Annotated[list[str], Rule("Labels with an event open now.", {"uniqueItems": True})]
    visible: Annotated[LabelCounts, Rule("Label to events open now: animals, where single ones are followed.")]
    last_hour: Annotated[LabelCounts, Rule("Label to events that started in the last 60 minutes.")]
    period: Annotated[Period | None, Rule("The night or day it is; null until the clock was set.")]
    this_period: Annotated[LabelCounts, Rule("Label to events that started since it began.")]
    per_trap_day: Annotated[
        dict[str, Annotated[float, Rule(keywords=NOT_NEGATIVE)]],
        Rule(
            "Label to events that started in the last 24 hours, per 24 hours in which the trap looked; half a day of "
            "looking is taken as the least."
        ),
    ]
    exposure_hours: Annotated[float, Rule("Of the last 24, in which the trap looked.", NOT_NEGATIVE)]
    last_pest: Annotated[LastPest | None, Rule("Of any day; null before the first.")]
    device_id: DeviceId


class Command(TypedDict, total=False):
    """What may be sent with a command; nothing at all will do."""

    id: Annotated[str, Rule("Given back in the answer, for MQTT 3.1.1.", {"minLength": 1, "maxLength": 64})]


class Reply(When):
    """The answer to a command: the response topic of MQTT 5, else `command/<name>/reply`."""

    schema: Literal["insect-edge/reply/1"]
    command: Annotated[str, Rule("What was asked; `unknown` where that cannot be repeated.")]
    id: Annotated[str | None, Rule("The asker's own, from the command's payload.")]
    ok: Annotated[bool, Rule("Whether it was obeyed.")]
    error: Annotated[str | None, Rule("Why it was not, in one line; null where it was.")]
    result: Annotated[
        dict[str, Any] | None,
        Rule(
            "Of `status` the health report; of `capture` topic, bytes and frame; of `test-alert` event_id, topic and "
            "stored; of `reload` the keys that changed. Null where it was not obeyed."
        ),
    ]
    device_id: DeviceId


PAYLOADS: Mapping[str, type] = {
    "alert": Alert,
    "classification": Classification,
    "command": Command,
    "counts": Counts,
    "detection": Detection,
    "health": Health,
    "reply": Reply,
}
"""Every JSON payload by the name of its schema file."""
