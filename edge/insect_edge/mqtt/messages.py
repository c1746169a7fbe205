"""From events and reports to messages: topics and payloads as people and programs receive them.

Every JSON payload starts with `schema`; `payloads` beside this module holds its shape. Times are
UTC, RFC 3339 with milliseconds, and null where the wall clock was not known to be set: then `boot_id` and `monotonic`
say when.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, cast

from insect_edge.domain import Message
from insect_edge.mqtt import parts
from insect_edge.mqtt.fields import encode, rounded, time_of, when
from insect_edge.mqtt.topics import slug
from insect_edge.timekeeping import dated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from insect_edge.domain import Classification, Event, Moment
    from insect_edge.health.report import HealthReport, Losses, Throttling
    from insect_edge.mqtt import health_payload, payloads
    from insect_edge.mqtt import payload_types as types
    from insect_edge.mqtt.topics import Topics
    from insect_edge.outbox.entry import Ticket

ONLINE = b"online"
OFFLINE = b"offline"
TEXT = "text/plain"
JPEG = "image/jpeg"
TOP = 5
"""Categories in a payload."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where the trap stands; latitude and longitude in degrees (WGS 84)."""

    name: str | None = None
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who speaks, as every payload says it.

    Attributes:
        topics: of this device.
        model_id: of the bundle in use.
        boot_id: which boot monotonic times belong to.
        slugs: label to topic level, as `topics.label_slugs` makes them.
        site: where the trap stands, if that is configured.
        detection_expiry_seconds: how long a detection is worth delivering; None for ever.
        alert_expiry_seconds: how long an alert is worth delivering; None for ever.
    """

    topics: Topics
    model_id: str
    boot_id: str
    slugs: Mapping[str, str]
    site: Site | None = None
    detection_expiry_seconds: int | None = None
    alert_expiry_seconds: int | None = None


def online(topics: Topics) -> Message:
    """The device is connected."""
    return Message(topic=topics.availability, payload=ONLINE, qos=1, retain=True, content_type=TEXT)


def offline(topics: Topics) -> Message:
    """The device is gone: its last will, also published on a clean stop."""
    return Message(topic=topics.availability, payload=OFFLINE, qos=1, retain=True, content_type=TEXT)


def detection(event: Event, *, ticket: Ticket, origin: Origin) -> Message:
    """One change of an event."""
    payload: payloads.Detection = {
        "schema": "insect-edge/detection/1",
        **_identifiers(event, ticket=ticket, origin=origin),
        "detection_seq": ticket.kind_seq,
        **_facts(event, origin=origin),
    }
    return Message(
        topic=origin.topics.detection,
        payload=encode(payload),
        qos=1,
        retain=False,
        expiry_seconds=origin.detection_expiry_seconds,
    )


def alert(event: Event, *, ticket: Ticket, origin: Origin, test: bool = False) -> Message:
    """The one alert of an event: what people subscribe to; `test` marks one that nothing was seen for."""
    # A label of an earlier model can still have an event open.
    level = origin.slugs.get(event.label) or slug(event.label) or "label"
    payload: payloads.Alert = {
        "schema": "insect-edge/alert/1",
        **_identifiers(event, ticket=ticket, origin=origin),
        "alert_seq": ticket.kind_seq,
        "test": test,
        **_facts(event, origin=origin),
    }
    return Message(
        topic=origin.topics.alert(level),
        payload=encode(payload),
        qos=1,
        retain=False,
        expiry_seconds=origin.alert_expiry_seconds,
    )


def last_detection(message: Message, *, topics: Topics) -> Message:
    """The payload of `message` (what `detection` returned), retained for those who connect later."""
    return replace(message, topic=topics.last_detection, retain=True, expiry_seconds=None)


def snapshot(jpeg: bytes, *, topics: Topics, event_id: str | None = None) -> Message:
    """The picture of the newest detection, or of one event where `event_id` is given."""
    topic = topics.snapshot if event_id is None else topics.event_snapshot(event_id)
    return Message(topic=topic, payload=jpeg, qos=0, retain=True, content_type=JPEG)


def classification(result: Classification, *, captured: Moment, sequence: int, origin: Origin) -> Message:
    """The top categories of one frame; `sequence` is the frame's number."""
    payload: payloads.Classification = {
        "schema": "insect-edge/classification/1",
        "frame": sequence,
        "verdict": parts.verdict(result.verdict),
        "categories": [parts.category(category) for category in result.categories[:TOP]],
        "region": parts.region(result.region),
        "inference_ms": round(result.inference_ms, 2),
        **when(captured, boot_id=origin.boot_id),
        **_who(origin),
    }
    return Message(topic=origin.topics.classification, payload=encode(payload), qos=0, retain=False)


def health(report: HealthReport, *, topics: Topics, at: Moment, boot_id: str) -> Message:
    """How the daemon is; worth nothing after `expires_seconds` or while `availability` is `offline`."""
    payload: health_payload.Health = {
        "schema": "insect-edge/health/1",
        "state": report.state,
        "reasons": sorted(set(report.reasons)),
        "expires_seconds": round(report.expires_seconds, 1),
        "model_id": report.model_id,
        "model_sha256": report.model_sha256,
        "frames": report.frames,
        "regions_skipped": report.regions_skipped,
        "newest_frame_seconds": rounded(report.newest_frame_seconds, digits=1),
        "interval_seconds": round(report.interval_seconds, 3),
        "frames_per_second": rounded(report.frames_per_second, digits=2),
        "latency_ms": rounded(report.latency_ms, digits=2),
        "inference_ms": rounded(report.inference_ms, digits=2),
        "outbox": _outbox(report),
        "broker": _broker(report),
        "temperature_celsius": rounded(report.board.temperature_celsius, digits=1),
        "throttling": _throttling(report.board.throttling),
        "memory_bytes": report.board.memory_bytes,
        "memory_available_bytes": report.board.memory_available_bytes,
        "disk_free_bytes": report.board.disk_free_bytes,
        "events_never_dated": report.events_never_dated,
        "uptime_seconds": round(report.uptime_seconds, 1),
        "versions": dict(sorted(report.versions.items())),
        **when(at, boot_id=boot_id),
        "clock_synced": report.clock_synced,
        "device_id": topics.device_id,
    }
    return Message(topic=topics.health, payload=encode(payload), qos=1, retain=True)


def message_id(device_id: str, seq: int) -> str:
    """The id by which a subscriber drops repeats."""
    return f"{device_id}-{seq}"


def _identifiers(event: Event, *, ticket: Ticket, origin: Origin) -> types.Identifiers:
    return {
        "event_id": event.event_id,
        "message_id": message_id(origin.topics.device_id, ticket.seq),
        "seq": ticket.seq,
    }


def _facts(event: Event, *, origin: Origin) -> types.Facts:
    """What a detection and an alert both say of an event."""
    return {
        "phase": event.phase,
        "label": event.label,
        "role": event.role,
        "score": round(event.score, 4),
        "threshold": round(event.threshold, 4),
        "categories": [parts.category(category) for category in event.categories[:TOP]],
        "region": parts.region(event.region),
        "track": parts.track(event.path),
        "frames": event.frames,
        "hits": event.hits,
        "started": time_of(dated(event.started, by=event.at)),
        "last_seen": time_of(dated(event.last_seen, by=event.at)),
        "at": time_of(event.at),
        "clock_synced": event.at.clock_synced,
        "corrects": event.corrects,
        "rule": parts.rule(event.rule, at=event.at),
        "boot_id": origin.boot_id if event.boot_id is None else event.boot_id,
        "monotonic": {
            "started": round(event.started.monotonic, 3),
            "last_seen": round(event.last_seen.monotonic, 3),
            "at": round(event.at.monotonic, 3),
        },
        **_who(origin),
        "site": parts.site(origin.site),
    }


def _who(origin: Origin) -> types.Who:
    return {"model_id": origin.model_id, "device_id": origin.topics.device_id}


def _outbox(report: HealthReport) -> health_payload.Outbox:
    outbox = report.outbox
    return {
        "depth": outbox.depth,
        "alerts": outbox.alerts,
        "detections": outbox.detections,
        "size_bytes": outbox.size_bytes,
        "oldest_seconds": rounded(outbox.oldest_seconds, digits=1),
        **_losses(outbox.losses),
        "alert_losses": _losses(outbox.alert_losses),
        "rescues": outbox.rescues,
        "salvaged": outbox.salvaged,
        "undurable": outbox.undurable,
        "error": report.broker.storage_error,
    }


def _throttling(throttling: Throttling | None) -> health_payload.Throttling | None:
    return None if throttling is None else cast("health_payload.Throttling", asdict(throttling))


def _losses(losses: Losses) -> health_payload.AlertLosses:
    return {"dropped": losses.dropped, "expired": losses.expired, "dead_letter": losses.dead_letter}


def _broker(report: HealthReport) -> health_payload.Broker:
    broker = report.broker
    return {
        "connected": broker.connected,
        "protocol": broker.protocol,
        "refusals_visible": broker.refusals_visible,
        "refused": broker.refused,
        "reason": broker.reason,
        "in_flight": broker.in_flight,
        "discarded": broker.discarded,
        "last_acknowledged": rounded(broker.last_acknowledged, digits=3),
        "acknowledged_seconds": rounded(report.acknowledged_seconds, digits=1),
    }
