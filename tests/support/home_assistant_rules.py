"""The documented rules of Home Assistant's MQTT discovery, as far as a device like ours comes near them.

Source: home-assistant.io/integrations/mqtt (discovery, device and origin, shared options) and the pages of the
sensor, binary_sensor, event, image and button platforms, with the tables of device classes of `sensor` and
`binary_sensor`.
"""

from __future__ import annotations

import json
import re
from typing import Any

from jinja2.sandbox import ImmutableSandboxedEnvironment

TOPIC = re.compile(r"[^/#+\0]+/device/[a-zA-Z0-9_-]+/config")
DEVICE_KEYS = {"configuration_url", "connections", "cns", "hw", "ids", "mdl", "mdl_id", "mf", "name", "sa", "sn", "sw"}
ORIGIN_KEYS = {"name", "sw", "url"}
ROOT_KEYS = {"dev", "o", "cmps", "availability_topic", "qos", "encoding", "state_topic", "command_topic"}
"""What stands beside the components: three parts and the options they may share."""
REQUIRED = {
    "sensor": {"state_topic"},
    "binary_sensor": {"state_topic"},
    "event": {"state_topic", "event_types"},
    "image": {"image_topic"},
    "button": {"command_topic"},
}
_COMMON = {"p", "name", "icon", "unique_id", "entity_category", "json_attributes_topic", "json_attributes_template"}
ALLOWED = {
    "sensor": _COMMON
    | {
        "state_topic",
        "value_template",
        "device_class",
        "state_class",
        "unit_of_measurement",
        "options",
        "expire_after",
    },
    "binary_sensor": _COMMON | {"state_topic", "value_template", "device_class", "expire_after", "off_delay"},
    "event": _COMMON | {"state_topic", "value_template", "device_class", "event_types"},
    "image": _COMMON | {"image_topic", "content_type"},
    "button": _COMMON | {"command_topic", "payload_press", "retain"},
}
SENSOR_UNITS = {
    "data_size": {"bit", "kbit", "Mbit", "Gbit", "B", "kB", "MB", "GB", "TB", "KiB", "MiB", "GiB"},
    "temperature": {"°C", "°F", "K"},
    "duration": {"d", "h", "min", "s", "ms"},
}
STATE_CLASSES = {
    "data_size": {"measurement", "total", "total_increasing"},
    "temperature": {"measurement"},
    "duration": {"measurement", "total", "total_increasing"},
    None: {"measurement", "total", "total_increasing"},
}
BINARY_CLASSES = {"motion", "occupancy", "presence", "problem", "running", "connectivity", "safety"}
LONGEST_STATE = 255
"""Characters of an entity's state."""


def check(topic: str, payload: dict[str, Any]) -> None:
    """Hold one discovery message against every rule."""
    assert TOPIC.fullmatch(topic)
    assert set(payload) <= ROOT_KEYS
    assert {"dev", "o", "cmps"} <= set(payload)
    assert set(payload["dev"]) <= DEVICE_KEYS
    assert payload["dev"].get("ids") or payload["dev"].get("cns"), "a device needs an identifier or a connection"
    assert all(isinstance(one, str) and one for one in payload["dev"]["ids"])
    assert set(payload["o"]) <= ORIGIN_KEYS
    assert payload["o"]["name"]
    parts = [part for part in payload["cmps"].values() if set(part) != {"p"}]
    unique = [part["unique_id"] for part in parts]
    assert len(unique) == len(set(unique)), "unique_id is unique"
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]+", name) for name in payload["cmps"])
    for part in payload["cmps"].values():
        check_component(part)


def check_component(part: dict[str, Any]) -> None:
    """Hold one component against the rules of its platform; one that is only a platform takes the entity away."""
    platform = part["p"]
    assert platform in REQUIRED
    if set(part) == {"p"}:
        return
    assert REQUIRED[platform] | {"unique_id"} <= set(part), "required keys"
    assert set(part) <= ALLOWED[platform], "Home Assistant ignores keys it does not know"
    assert part.get("entity_category") in {None, "diagnostic", "config"}
    assert part.get("icon", "mdi:x").startswith("mdi:")
    if platform == "sensor":
        check_sensor(part)
    if platform == "binary_sensor":
        assert part.get("device_class") in BINARY_CLASSES | {None}
    if platform == "event":
        assert part["event_types"]
        assert len(set(part["event_types"])) == len(part["event_types"])
        assert part.get("device_class") in {None, "button", "doorbell", "motion"}
    if platform == "button":
        assert part.get("retain", False) is False, "a retained command would be obeyed again and again"
    for key in ("state_topic", "image_topic", "json_attributes_topic"):
        assert part.get(key, "x") != ""
    assert not re.search(r"[#+]", part.get("command_topic", ""))


def check_sensor(part: dict[str, Any]) -> None:
    """Device class, state class and unit go together as the developers' documentation has it."""
    device_class, unit = part.get("device_class"), part.get("unit_of_measurement")
    if device_class == "enum":
        assert part["options"]
        assert "state_class" not in part
        assert unit is None
        return
    assert "options" not in part
    assert part.get("state_class") in STATE_CLASSES[device_class] | {None}
    if device_class is not None:
        assert unit in SENSOR_UNITS[device_class]
    assert part.get("state_class") != "total_increasing" or unit, "statistics of a count want a unit"


def rendered(template: str, payload: bytes) -> str:
    """What Home Assistant makes of a payload by a template: text, with `value_json` as the parsed payload."""
    environment = ImmutableSandboxedEnvironment()
    return environment.from_string(template).render(value=payload.decode(), value_json=json.loads(payload)).strip()
