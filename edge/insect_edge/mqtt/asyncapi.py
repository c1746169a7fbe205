"""All that a device says and hears, as one AsyncAPI 3 document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from insect_edge.control.requests import Command
from insect_edge.mqtt.topics import DEFAULT_ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = "3.0.0"
_JSON_SCHEMA = "application/schema+json;version=draft-2020-12"


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One topic.

    Attributes:
        address: below the device.
        words: what it is for.
        payload: name of the schema; None for a picture.
        qos: 0 or 1.
        retain: whether the broker keeps it.
        content_type: of the payload.
    """

    address: str
    words: str
    payload: str | None
    qos: int = 1
    retain: bool = False
    content_type: str = "application/json"


SAID: Mapping[str, Channel] = {
    "availability": Channel(
        address="availability",
        words="Whether the device is there; `offline` is its last will.",
        payload="availability",
        retain=True,
        content_type="text/plain",
    ),
    "health": Channel(address="health", words="How the daemon is.", payload="health", retain=True),
    "detection": Channel(address="detection", words="Every change of every event.", payload="detection"),
    "alert": Channel(address="alert/{label}", words="Exactly one per event of a pest.", payload="alert"),
    "lastDetection": Channel(address="last_detection", words="The newest detection.", payload="detection", retain=True),
    "counts": Channel(address="counts", words="The day's counts, and who is there.", payload="counts", retain=True),
    "snapshot": Channel(
        address="snapshot",
        words="Picture of the newest detection, or the newest that was asked for.",
        payload=None,
        qos=0,
        retain=True,
        content_type="image/jpeg",
    ),
    "eventSnapshot": Channel(
        address="snapshot/{event_id}",
        words="Picture of one event, where that is switched on.",
        payload=None,
        qos=0,
        retain=True,
        content_type="image/jpeg",
    ),
    "classification": Channel(
        address="classification",
        words="The top categories of frames, where that is switched on.",
        payload="classification",
        qos=0,
    ),
}
_PARAMETERS = {
    "device_id": {"description": "The device: lower-case letters, digits and hyphens."},
    "label": {"description": "The label in lower-case letters, digits and hyphens; `test` for a test alert."},
    "event_id": {"description": "The event's id, as its detections carry it."},
    "command": {"description": "What is asked.", "enum": [str(command) for command in Command]},
}


def document(schemas: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The document.

    Args:
        schemas: JSON Schemas by name; they are put into the document, so that it stands alone.
    """
    channels = {name: _channel(channel) for name, channel in SAID.items()}
    asked = Channel(address="command/{command}", words="What the device is asked to do.", payload="command")
    answered = Channel(address="command/{command}/reply", words="The answer.", payload="reply", qos=0)
    channels |= {"command": _channel(asked), "reply": _channel(answered)}
    # Addressed by the asker, where MQTT 5 lets him.
    channels["reply"]["description"] += " Under MQTT 5 it goes to the response topic of the question instead."
    return {
        "asyncapi": VERSION,
        "info": {
            "title": "insect-edge",
            "version": "1",
            "description": f"Topics of one device. `{DEFAULT_ROOT}` is the configured root. What is stored (detections "
            "and alerts) arrives at least once; message_id tells repeats apart.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": {
            **{f"say{name[0].upper()}{name[1:]}": _said(name, channel) for name, channel in SAID.items()},
            "obey": _obeyed(asked),
        },
        "components": {
            "messages": {name: _message(name, schemas) for name in (*schemas, "picture")},
        },
    }


def _channel(channel: Channel) -> dict[str, Any]:
    address = f"{DEFAULT_ROOT}/{{device_id}}/{channel.address}"
    message = channel.payload or "picture"
    return {
        "address": address,
        "description": channel.words,
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
        "parameters": {name: words for name, words in _PARAMETERS.items() if f"{{{name}}}" in address},
    }


def _said(name: str, channel: Channel) -> dict[str, Any]:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{name}"},
        "bindings": {"mqtt": {"qos": channel.qos, "retain": channel.retain, "bindingVersion": "0.2.0"}},
    }


def _obeyed(asked: Channel) -> dict[str, Any]:
    return {
        "action": "receive",
        "channel": {"$ref": "#/channels/command"},
        "bindings": {"mqtt": {"qos": asked.qos, "retain": asked.retain, "bindingVersion": "0.2.0"}},
        "reply": {"channel": {"$ref": "#/channels/reply"}},
    }


def _message(name: str, schemas: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    if name not in schemas:
        return {"name": name, "title": "Picture", "contentType": "image/jpeg", "payload": {"type": "string"}}
    schema = dict(schemas[name])
    text = "text/plain" if name == "availability" else "application/json"
    return {
        "name": name,
        "title": schema["title"],
        "contentType": text,
        "payload": {"schemaFormat": _JSON_SCHEMA, "schema": schema},
    }
