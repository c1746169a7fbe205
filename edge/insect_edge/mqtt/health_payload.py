"""The shape of the health report."""

# Annotations stay real objects here: the schemas are made from them.

from typing import Annotated, Literal, TypedDict

from insect_edge.health.report import State
from insect_edge.mqtt.payload_types import NAMED, NOT_NEGATIVE, Count, DeviceId, Milliseconds, Rule, Seconds, When


class AlertLosses(TypedDict):
    """Of alerts alone."""

    dropped: Count
    expired: Count
    dead_letter: Count


class Outbox(TypedDict):
    """Messages that wait, and those that will not arrive."""

    depth: Count
    alerts: Count
    detections: Count
    size_bytes: Count
    oldest_seconds: Annotated[Seconds, Rule("Age of the oldest message that waits; null when none waits.")]
    dropped: Annotated[Count, Rule("Pushed out because the outbox was full.")]
    expired: Annotated[Count, Rule("Too old to be worth delivering.")]
    dead_letter: Annotated[Count, Rule("Refused by the broker, breaking every connection, or impossible to make.")]
    alert_losses: AlertLosses
    rescues: Annotated[
        Count,
        Rule(
            "How often a database was damaged, missing or did not know which numbers were used; each explains one "
            "jump in `seq`, and the messages of a damaged database that were not salvaged."
        ),
    ]
    salvaged: Annotated[Count, Rule("Messages that were read from damaged databases and went on.")]
    undurable: Annotated[
        Count,
        Rule("Messages sent from memory because the disk was full; lost where the process ended before they arrived."),
    ]
    error: Annotated[str | None, Rule("Why the outbox cannot be read or updated; null when it can.")]


class Broker(TypedDict):
    """How the connection to the broker stands."""

    connected: bool
    protocol: Annotated[str | None, Rule(keywords={"enum": ["5", "3.1.1", None]})]
    refusals_visible: Annotated[
        bool, Rule("Whether the broker tells when it refuses a message; under 3.1.1 it cannot.")
    ]
    refused: Annotated[bool, Rule("The broker said no: time alone will not help.")]
    reason: Annotated[str | None, Rule("Why it is not connected, or what it refused last.")]
    in_flight: Count
    discarded: Annotated[Count, Rule("Messages received and thrown away unread, because too many came at once.")]
    last_acknowledged: Annotated[
        float | None, Rule("Of the newest acknowledgement, in monotonic seconds; null before the first.")
    ]
    acknowledged_seconds: Annotated[Seconds, Rule("Since that acknowledgement; null before the first.")]


class Throttling(TypedDict):
    """What a Raspberry Pi's firmware says of its supply and its heat, now and since it was switched on."""

    under_voltage: bool
    frequency_capped: bool
    throttled: bool
    soft_limit: bool
    under_voltage_occurred: bool
    frequency_capped_occurred: bool
    throttled_occurred: bool
    soft_limit_occurred: bool


class Health(When):
    """How the daemon is: topic `health`. Valid for `expires_seconds`, and only while `availability` is `online`."""

    schema: Literal["insect-edge/health/1"]
    state: State
    reasons: Annotated[
        list[Annotated[str, Rule(keywords=NAMED)]],
        Rule(
            "Why it is not simply ready: quiet, dark, stalled, camera_lost, broker_down, disk_full, clock_unsynced, "
            "throttled and the like.",
            {"uniqueItems": True},
        ),
    ]
    expires_seconds: Annotated[float, Rule("The report is worth nothing once it is older.", NOT_NEGATIVE)]
    model_id: Annotated[str | None, Rule("Of the bundle in use; null before it is loaded.")]
    model_sha256: Annotated[
        str | None, Rule("Of the model file; null where it is not known.", {"pattern": "^[0-9a-f]{64}$"})
    ]
    frames: Annotated[int, Rule("Classified since the daemon started.", NOT_NEGATIVE)]
    regions_skipped: Annotated[
        Count, Rule("Regions of frames that were found and not looked at for want of time, since the daemon started.")
    ]
    newest_frame_seconds: Annotated[
        Seconds,
        Rule(
            "Age of the newest classified frame that showed the present; null before the first. A frozen picture is "
            "none, however often it comes."
        ),
    ]
    interval_seconds: Annotated[
        float,
        Rule(
            "From one frame to the next, at the pace in force: longer in the dark and on a hot board.",
            {"exclusiveMinimum": 0},
        ),
    ]
    frames_per_second: Annotated[float | None, Rule("Classified frames.", NOT_NEGATIVE)]
    latency_ms: Annotated[Milliseconds, Rule("From capture to the end of a step.")]
    inference_ms: Annotated[Milliseconds, Rule("Inside the interpreter.")]
    outbox: Outbox
    broker: Broker
    temperature_celsius: Annotated[float | None, Rule("Of the processor; null where the board does not tell.")]
    throttling: Annotated[
        Throttling | None,
        Rule(
            "What a Raspberry Pi's firmware says of its supply and its heat, now and since it was switched on; null "
            "elsewhere."
        ),
    ]
    memory_bytes: Annotated[
        int | None, Rule("Resident memory of the daemon; null where it cannot be told.", NOT_NEGATIVE)
    ]
    memory_available_bytes: Annotated[int | None, Rule("What the machine can still give to programs.", NOT_NEGATIVE)]
    disk_free_bytes: Annotated[int | None, Rule("Where the outbox lies.", NOT_NEGATIVE)]
    events_never_dated: Annotated[
        Count,
        Rule(
            "Ended events whose times were null and stay so, since the outbox was made: of a boot that ended before "
            "the clock was set, or more than could be remembered until then."
        ),
    ]
    uptime_seconds: Annotated[float, Rule("Since the daemon started.", NOT_NEGATIVE)]
    versions: Annotated[dict[str, str], Rule("Name to version of what runs.")]
    device_id: DeviceId
