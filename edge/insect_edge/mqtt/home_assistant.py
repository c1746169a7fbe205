"""What Home Assistant is told about this device, so that it appears there by itself.

One message describes the whole device (Home Assistant's device-based MQTT discovery, 2024.11 and later). Every entity
reads the topics that everybody else reads too. What is there now comes from retained topics, so that Home Assistant
knows it again after a restart of its own; alerts come from topics that are never retained, so that no automation runs
twice for one insect.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from insect_edge.domain import Message, Role
from insect_edge.health.report import State
from insect_edge.mqtt.fields import encode
from insect_edge.mqtt.topics import DEFAULT_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from insect_edge.domain import Label
    from insect_edge.mqtt.messages import Origin
    from insect_edge.mqtt.topics import Topics

BIRTH = b"online"
"""What Home Assistant says of itself on its status topic when it has started."""
TEST = "test"
"""Type of the event a test alert is."""
_DIAGNOSTIC = {"entity_category": "diagnostic"}
_MEASURED = {"state_class": "measurement"}
_FIGURES = ("visible", "last_hour", "this_period")
"""Of a pest, as attributes of its presence: more entities would only be in the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What is told.

    Attributes:
        origin: who speaks.
        labels: of the model, with the roles in force; those that are pests get entities of their own.
        version: of this program.
        prefix: first level of Home Assistant's discovery topics.
        health_expires: seconds after which a health report is worth nothing.
        commands: whether the device obeys commands, so that buttons make sense.
        snapshot: whether pictures are published.
        before: name → platform of the parts described at some time; those that are no more are taken away.
    """

    origin: Origin
    labels: Sequence[Label]
    version: str
    prefix: str = DEFAULT_PREFIX
    health_expires: float = 150.0
    commands: bool = True
    snapshot: bool = True
    before: Mapping[str, str] = field(default_factory=dict)


def status_topic(prefix: str) -> str:
    """Where Home Assistant says that it has started."""
    return f"{prefix}/status"


def discovery_topic(prefix: str, *, device_id: str) -> str:
    """Where a device is described."""
    return f"{prefix}/device/{device_id}/config"


def discovery(described: Described) -> Message:
    """The description of the device, retained."""
    topics = described.origin.topics
    pests = [label for label in described.labels if label.role is Role.PEST]
    components = {
        "last_pest": _last_pest(topics),
        "alert": _alert(topics, pests),
        "health": _health(topics, expires=described.health_expires),
        "problem": _problem(topics, expires=described.health_expires),
        **_diagnostics(topics),
        **_pests(described, pests),
        **_totals(topics, pests),
        **(_snapshot(topics) if described.snapshot else _gone("image", "snapshot")),
        **_buttons(topics, enabled=described.commands),
    }
    # A part that is merely left out would stay there for ever: it goes when it is named with its platform alone.
    components |= {name: {"p": platform} for name, platform in described.before.items() if name not in components}
    payload = {
        "dev": _device(described),
        "o": {"name": "insect-edge", "sw": described.version},
        "availability_topic": topics.availability,
        "qos": 1,
        "cmps": {name: _identified(part, name=name, topics=topics) for name, part in components.items()},
    }
    topic = discovery_topic(described.prefix, device_id=topics.device_id)
    return Message(topic=topic, payload=encode(payload), qos=1, retain=True)


def components(message: Message) -> dict[str, str]:
    """Name → platform of the parts that a description names."""
    return {name: part["p"] for name, part in json.loads(message.payload)["cmps"].items()}


def forgotten(topic: str) -> Message:
    """What takes the device described on a topic away, from the broker and from Home Assistant."""
    return Message(topic=topic, payload=b"", qos=1, retain=True)


def _device(described: Described) -> dict[str, Any]:
    site, device_id = described.origin.site, described.origin.topics.device_id
    name = site.name if site is not None and site.name is not None else device_id
    return {
        "ids": [f"insect-edge-{device_id}"],
        "name": name,
        "mf": "insect-edge",
        "mdl": described.origin.model_id,
        "sw": described.version,
    }


def _identified(part: dict[str, Any], *, name: str, topics: Topics) -> dict[str, Any]:
    """With what tells the entity apart for ever; a part that is only a platform takes the entity away."""
    unique = f"insect-edge-{topics.device_id}-{name}"
    return part if set(part) == {"p"} else {**part, "unique_id": unique}


def _gone(platform: str, *names: str) -> dict[str, dict[str, Any]]:
    return {name: {"p": platform} for name in names}


def _last_pest(topics: Topics) -> dict[str, Any]:
    return {
        "p": "sensor",
        "name": "Last pest",
        "icon": "mdi:bug",
        "state_topic": topics.counts,
        "value_template": "{{ value_json.last_pest.label if value_json.last_pest else None }}",
        "json_attributes_topic": topics.counts,
        "json_attributes_template": "{{ (value_json.last_pest or {}) | tojson }}",
    }


def _alert(topics: Topics, pests: Sequence[Label]) -> dict[str, Any]:
    """An event a pest; its attributes are what an automation wants to say."""
    attributes = ("label", "score", "event_id", "message_id", "at", "site")
    # An alert that waited while the program was replaced by a newer one does not know its rule.
    told = ", ".join([*(f"'{name}': value_json.{name}" for name in attributes), "'rule': value_json.get('rule')"])
    kind = f"'{TEST}' if value_json.test else value_json.label"
    return {
        "p": "event",
        "name": "Alert",
        "icon": "mdi:bug-check",
        "state_topic": topics.alert("+"),
        "event_types": [*(label.name for label in pests if label.name != TEST), TEST],
        "value_template": f"{{{{ {{'event_type': {kind}, {told}}} | tojson }}}}",
    }


def _health(topics: Topics, *, expires: float) -> dict[str, Any]:
    return {
        "p": "sensor",
        "name": "Health",
        "icon": "mdi:heart-pulse",
        "device_class": "enum",
        "options": [str(state) for state in State],
        "state_topic": topics.health,
        "value_template": "{{ value_json.state }}",
        "expire_after": round(expires),
        "json_attributes_topic": topics.health,
        **_DIAGNOSTIC,
    }


def _problem(topics: Topics, *, expires: float) -> dict[str, Any]:
    return {
        "p": "binary_sensor",
        "name": "Problem",
        "device_class": "problem",
        "state_topic": topics.health,
        "value_template": "{{ 'ON' if value_json.state in ['degraded', 'failed'] else 'OFF' }}",
        "expire_after": round(expires),
        **_DIAGNOSTIC,
    }


def _diagnostics(topics: Topics) -> dict[str, dict[str, Any]]:
    """Figures of the health report; a figure that is not known is None, which makes the entity unknown."""

    def figure(name: str, value: str, **options: Any) -> dict[str, Any]:
        template = f"{{{{ value_json.{value} }}}}"
        reads = {"state_topic": topics.health, "value_template": template}
        return {"p": "sensor", "name": name, **reads, **options, **_DIAGNOSTIC}

    celsius = {"device_class": "temperature", "unit_of_measurement": "°C"}
    megabytes = {"device_class": "data_size", "unit_of_measurement": "MB"}
    in_megabytes = "memory_bytes / 1000000 if value_json.memory_bytes is not none else None"
    return {
        "temperature": figure("Temperature", "temperature_celsius", **celsius, **_MEASURED),
        "memory": figure("Memory", in_megabytes, **megabytes, **_MEASURED),
        "rate": figure("Frame rate", "frames_per_second", unit_of_measurement="fps", **_MEASURED),
        "waiting": figure("Messages waiting", "outbox.depth", icon="mdi:tray-full", **_MEASURED),
        "reasons": figure("Reasons", "reasons | join(', ') or 'none'", icon="mdi:comment-question-outline"),
    }


def _pests(described: Described, pests: Sequence[Label]) -> dict[str, dict[str, Any]]:
    """Three entities of each pest; labels that are none lose what they may have had under other roles."""
    parts: dict[str, dict[str, Any]] = {}
    for label in described.labels:
        slug = described.origin.slugs[label.name].replace("-", "_")
        present, today, rate = f"present_{slug}", f"count_{slug}", f"rate_{slug}"
        if label in pests:
            entities = _pest(label.name, counts=described.origin.topics.counts)
            parts |= dict(zip((present, today, rate), entities, strict=True))
        else:
            parts |= _gone("binary_sensor", present) | _gone("sensor", today, rate)
    return parts


def _pest(label: str, *, counts: str) -> Iterator[dict[str, Any]]:
    """Presence, with figures beside it; how many today; how many a trap-day."""
    quoted = json.dumps(label, ensure_ascii=False)
    figures = ", ".join(f"'{name}': value_json.{name}.get({quoted}, 0)" for name in _FIGURES)
    yield {
        "p": "binary_sensor",
        "name": f"{label} present",
        "icon": "mdi:bug",
        "device_class": "occupancy",
        "state_topic": counts,
        "value_template": f"{{{{ 'ON' if {quoted} in value_json.present else 'OFF' }}}}",
        "json_attributes_topic": counts,
        "json_attributes_template": f"{{{{ {{{figures}, 'period': value_json.period}} | tojson }}}}",
    }
    yield {
        "p": "sensor",
        "name": f"{label} today",
        "icon": "mdi:counter",
        "state_topic": counts,
        "value_template": f"{{{{ value_json.events.get({quoted}, 0) }}}}",
        "unit_of_measurement": "events",
        "state_class": "total_increasing",
    }
    yield {
        "p": "sensor",
        "name": f"{label} per trap-day",
        "icon": "mdi:chart-line",
        "state_topic": counts,
        "value_template": f"{{{{ value_json.per_trap_day.get({quoted}, 0) }}}}",
        "unit_of_measurement": "per trap-day",
        **_MEASURED,
    }


def _totals(topics: Topics, pests: Sequence[Label]) -> dict[str, dict[str, Any]]:
    """All pests together."""
    names = json.dumps([label.name for label in pests], ensure_ascii=False)

    def total(name: str, figure: str, *, unit: str, icon: str) -> dict[str, Any]:
        of_pests = f"value_json.{figure}.items() | selectattr(0, 'in', {names})"
        rounded = " | round(1)" if figure == "per_trap_day" else ""
        return {
            "p": "sensor",
            "name": name,
            "icon": icon,
            "state_topic": topics.counts,
            "value_template": f"{{{{ {of_pests} | map(attribute=1) | sum{rounded} }}}}",
            "unit_of_measurement": unit,
            **_MEASURED,
        }

    return {
        "pests_visible": total("Pests visible", "visible", unit="pests", icon="mdi:bug-outline"),
        "pests_last_hour": total("Pests in the last hour", "last_hour", unit="pests", icon="mdi:clock-outline"),
        "pests_rate": total("Pests per trap-day", "per_trap_day", unit="per trap-day", icon="mdi:chart-line"),
    }


def _snapshot(topics: Topics) -> dict[str, dict[str, Any]]:
    picture = {"p": "image", "name": "Snapshot", "image_topic": topics.snapshot, "content_type": "image/jpeg"}
    return {"snapshot": picture}


def _buttons(topics: Topics, *, enabled: bool) -> dict[str, dict[str, Any]]:
    if not enabled:
        return _gone("button", "capture", "test_alert")

    def button(name: str, command: str, icon: str) -> dict[str, Any]:
        pressed = {"command_topic": topics.command(command), "payload_press": "{}", "retain": False}
        return {"p": "button", "name": name, "icon": icon, **pressed, **_DIAGNOSTIC}

    return {
        "capture": button("Take a picture", "capture", "mdi:camera"),
        "test_alert": button("Test alert", "test-alert", "mdi:bell-ring-outline"),
    }
