"""From events and reports to messages: topics and payloads as people and programs receive them.

Every JSON payload starts with `schema`; `schemas/<name>.schema.json` beside this module holds its shape. Times are
UTC, RFC 3339 with milliseconds, and null where the wall clock was not known to be set: then `boot_id` and `monotonic`
say when.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from insect_edge.domain import Message
from insect_edge.mqtt.topics import slug

if TYPE_CHECKING:
    from collections.abc import Mapping

    from insect_edge.domain import Category, Classification, Event, Moment, Region, Verdict
    from insect_edge.health.report import HealthReport
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
    payload = {
        "schema": "insect-edge/detection/1",
        **_identifiers(event, ticket=ticket, origin=origin),
        "detection_seq": ticket.kind_seq,
        **_facts(event, origin=origin),
    }
    return Message(
        topic=origin.topics.detection,
        payload=_encode(payload),
        qos=1,
        retain=False,
        expiry_seconds=origin.detection_expiry_seconds,
    )


def alert(event: Event, *, ticket: Ticket, origin: Origin) -> Message:
    """The one alert of an event: what people subscribe to."""
    # A label of an earlier model can still have an event open.
    level = origin.slugs.get(event.label) or slug(event.label) or "label"
    payload = {
        "schema": "insect-edge/alert/1",
        **_identifiers(event, ticket=ticket, origin=origin),
        "alert_seq": ticket.kind_seq,
        **_facts(event, origin=origin),
    }
    return Message(
        topic=origin.topics.alert(level),
        payload=_encode(payload),
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
    payload = {
        "schema": "insect-edge/classification/1",
        "frame": sequence,
        "verdict": _verdict(result.verdict),
        "categories": [_category(category) for category in result.categories[:TOP]],
        "region": _region(result.region),
        "inference_ms": round(result.inference_ms, 2),
        **_when(captured, boot_id=origin.boot_id),
        **_who(origin),
    }
    return Message(topic=origin.topics.classification, payload=_encode(payload), qos=0, retain=False)


def health(report: HealthReport, *, topics: Topics, at: Moment, boot_id: str) -> Message:
    """How the daemon is; worth nothing after `expires_seconds` or while `availability` is `offline`."""
    payload = {
        "schema": "insect-edge/health/1",
        "state": report.state,
        "reasons": sorted(set(report.reasons)),
        "expires_seconds": round(report.expires_seconds, 1),
        "model_id": report.model_id,
        "frames": report.frames,
        "frames_per_second": _rounded(report.frames_per_second, digits=2),
        "latency_ms": _rounded(report.latency_ms, digits=2),
        "inference_ms": _rounded(report.inference_ms, digits=2),
        "outbox": _outbox(report),
        "broker": _broker(report),
        "temperature_celsius": _rounded(report.temperature_celsius, digits=1),
        "memory_bytes": report.memory_bytes,
        "uptime_seconds": round(report.uptime_seconds, 1),
        "versions": dict(sorted(report.versions.items())),
        **_when(at, boot_id=boot_id),
        "clock_synced": report.clock_synced,
        "device_id": topics.device_id,
    }
    return Message(topic=topics.health, payload=_encode(payload), qos=1, retain=True)


def rfc3339(utc: datetime) -> str:
    """`2026-05-01T12:00:00.123Z`.

    Raises:
        ValueError: when `utc` has no time zone.
    """
    if utc.tzinfo is None:
        raise ValueError(f"{utc.isoformat()} has no time zone: pass an aware datetime")
    return utc.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def message_id(device_id: str, seq: int) -> str:
    """The id by which a subscriber drops repeats."""
    return f"{device_id}-{seq}"


def _identifiers(event: Event, *, ticket: Ticket, origin: Origin) -> dict[str, Any]:
    return {
        "event_id": event.event_id,
        "message_id": message_id(origin.topics.device_id, ticket.seq),
        "seq": ticket.seq,
    }


def _facts(event: Event, *, origin: Origin) -> dict[str, Any]:
    """What a detection and an alert both say of an event."""
    moments = {"started": event.started, "last_seen": event.last_seen, "at": event.at}
    return {
        "phase": event.phase,
        "label": event.label,
        "role": event.role,
        "score": round(event.score, 4),
        "threshold": round(event.threshold, 4),
        "categories": [_category(category) for category in event.categories[:TOP]],
        "region": _region(event.region),
        "frames": event.frames,
        "hits": event.hits,
        **{name: _time(moment, at=event.at) for name, moment in moments.items()},
        "clock_synced": event.at.clock_synced,
        "boot_id": origin.boot_id,
        "monotonic": {name: round(moment.monotonic, 3) for name, moment in moments.items()},
        **_who(origin),
        "site": None if origin.site is None else asdict(origin.site),
    }


def _who(origin: Origin) -> dict[str, Any]:
    return {"model_id": origin.model_id, "device_id": origin.topics.device_id}


def _when(at: Moment, *, boot_id: str) -> dict[str, Any]:
    return {
        "at": _time(at, at=at),
        "clock_synced": at.clock_synced,
        "boot_id": boot_id,
        "monotonic": round(at.monotonic, 3),
    }


def _time(moment: Moment, *, at: Moment) -> str | None:
    """When `moment` was; from `at` of the same boot where only that one knew the time."""
    if moment.clock_synced:
        return rfc3339(moment.utc)
    if at.clock_synced and moment.monotonic <= at.monotonic:
        return rfc3339(at.utc - timedelta(seconds=at.monotonic - moment.monotonic))
    return None


def _category(category: Category) -> dict[str, Any]:
    label = category.label
    return {
        "index": label.index,
        "label": label.name,
        "score": round(category.score, 4),
        "role": label.role,
        "taxon": None if label.taxon is None else asdict(label.taxon),
    }


def _verdict(verdict: Verdict | None) -> dict[str, Any] | None:
    if verdict is None:
        return None
    return {
        "label": verdict.label,
        "role": verdict.role,
        "score": round(verdict.score, 4),
        "threshold": round(verdict.threshold, 4),
    }


def _region(region: Region) -> dict[str, float]:
    return {name: round(value, 4) for name, value in asdict(region).items()}


def _outbox(report: HealthReport) -> dict[str, Any]:
    outbox = report.outbox
    return {
        "depth": outbox.depth,
        "alerts": outbox.alerts,
        "detections": outbox.detections,
        "size_bytes": outbox.size_bytes,
        "oldest_seconds": _rounded(outbox.oldest_seconds, digits=1),
        **asdict(outbox.losses),
        "alert_losses": asdict(outbox.alert_losses),
        "rescues": outbox.rescues,
        "error": report.broker.storage_error,
    }


def _broker(report: HealthReport) -> dict[str, Any]:
    broker = report.broker
    return {
        "connected": broker.connected,
        "protocol": broker.protocol,
        "refusals_visible": broker.refusals_visible,
        "refused": broker.refused,
        "reason": broker.reason,
        "in_flight": broker.in_flight,
        "last_acknowledged": _rounded(broker.last_acknowledged, digits=3),
    }


def _rounded(value: float | None, *, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _encode(payload: dict[str, Any]) -> bytes:
    """Compact UTF-8 JSON in the order written here; NaN and infinity raise ValueError, JSON has none."""
    return json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
