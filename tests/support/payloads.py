"""Events to publish, and the schemas to hold their payloads against."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any

from jsonschema import Draft202012Validator

from insect_edge.domain import Category, Event, Label, Moment, Phase, Region, Role, Taxon
from insect_edge.mqtt.messages import Origin
from insect_edge.mqtt.topics import Topics

TOPICS = Topics(device_id="trap-1a2b3c")
NOON = datetime(2026, 5, 1, 12, 0, 0, 123_456, tzinfo=UTC)
SCHEMAS = ("alert", "availability", "classification", "command", "counts", "detection", "health", "reply")


LABEL = Label(index=7, name="slug", role=Role.PEST, taxon=Taxon(order="Stylommatophora"), threshold=0.5)


@cache
def validator(name: str) -> Draft202012Validator:
    """The schema file of one payload."""
    text = resources.files("insect_edge").joinpath(f"mqtt/schemas/{name}.schema.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(text))


def moment(seconds: float = 100.0, *, synced: bool = True) -> Moment:
    """An instant `seconds` after boot, which was 100 s before noon."""
    return Moment(monotonic=seconds, utc=NOON + timedelta(seconds=seconds - 100), clock_synced=synced)


LABEL = Label(index=7, name="slug", role=Role.PEST, taxon=Taxon(order="Stylommatophora"), threshold=0.5)


def event(**changes: Any) -> Event:
    """An event of a slug."""
    facts: dict[str, Any] = {
        "event_id": "0197-e1",
        "phase": Phase.START,
        "label": "slug",
        "role": Role.PEST,
        "score": 0.912345,
        "threshold": 0.5,
        "categories": (Category(label=LABEL, score=0.912345),) * 7,
        "region": Region(x=0.25, y=0, width=0.5, height=1),
        "started": moment(98.0),
        "last_seen": moment(100.0),
        "at": moment(100.0),
        "frames": 5,
        "hits": 3,
        "alert": True,
    }
    return Event(**{**facts, **changes})


def origin(**changes: Any) -> Origin:
    """A trap at a site."""
    facts: dict[str, Any] = {
        "topics": TOPICS,
        "model_id": "garden-pests-v2",
        "boot_id": "b-1",
        "slugs": {"slug": "slug"},
    }
    return Origin(**{**facts, **changes})


def decoded(payload: bytes) -> dict[str, Any]:
    """The payload, whose first field has to be its schema."""
    found = json.loads(payload)
    assert isinstance(found, dict)
    assert next(iter(found)) == "schema"
    return found
