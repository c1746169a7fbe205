"""The schema files and the AsyncAPI document: made from the types, valid, and in step with the topics."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from insect_edge.control.requests import LONGEST_ID, Command
from insect_edge.mqtt import home_assistant, schema
from insect_edge.mqtt.asyncapi import SAID
from insect_edge.mqtt.payloads import PAYLOADS
from support.payloads import TOPICS

FILES = schema.files()
DOCUMENT = json.loads(FILES[schema.ASYNCAPI_FILE])


def test_the_files_in_the_package_are_what_the_types_say() -> None:
    """Whoever changes a payload's type runs `python -m insect_edge.mqtt.schema`."""
    found = {path.name: path.read_text(encoding="utf-8") for path in schema.FOLDER.iterdir()}
    assert found == FILES


@pytest.mark.parametrize("name", [name for name in FILES if name != schema.ASYNCAPI_FILE])
def test_every_schema_is_valid_and_closed(name: str) -> None:
    """The metaschema holds, every field but a command's is required, and no other is allowed."""
    made = json.loads(FILES[name])
    Draft202012Validator.check_schema(made)
    if made["title"] in {"Availability", "Command"}:
        return
    assert set(made["required"]) == set(made["properties"])
    assert made["required"][0] == "schema"
    assert made["additionalProperties"] is False
    assert made["properties"]["schema"]["const"] == f"insect-edge/{name.partition('.')[0]}/1"


def test_the_command_schema_is_what_is_obeyed() -> None:
    """Id and its length are the same in the schema and in the code that decides."""
    made = schema.schema_of("command")
    assert made["properties"]["id"]["maxLength"] == LONGEST_ID
    assert made["required"] == []


def test_a_type_that_is_no_payload_is_refused() -> None:
    """The generator says so instead of guessing."""
    with pytest.raises(TypeError, match="no payload is made of this"):
        schema._schema(bytes)


def references(value: Any) -> set[str]:
    """Every reference inside."""
    if isinstance(value, dict):
        own = {value["$ref"]} if "$ref" in value else set()
        return own.union(*(references(each) for each in value.values()))
    return set().union(*(references(each) for each in value)) if isinstance(value, list) else set()


def test_every_reference_of_the_document_leads_somewhere() -> None:
    """The document stands alone."""
    found = references(DOCUMENT)
    assert found
    for reference in found:
        place: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]
        assert place


def test_the_document_keeps_the_rules_of_its_version() -> None:
    """What AsyncAPI 3.0 requires: version, info, addresses with their parameters, actions, channels."""
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= set(DOCUMENT["info"])
    for channel in DOCUMENT["channels"].values():
        assert set(re.findall(r"{(\w+)}", channel["address"])) == set(channel["parameters"])
        assert channel["messages"]
    assert {operation["action"] for operation in DOCUMENT["operations"].values()} == {"send", "receive"}
    said = {operation["channel"]["$ref"].rpartition("/")[2] for operation in DOCUMENT["operations"].values()}
    assert said == set(DOCUMENT["channels"]) - {"reply"}


def test_the_document_has_our_topics_and_no_other() -> None:
    """Addresses are those of `Topics`, with the device's parts as parameters."""
    ours = {
        TOPICS.availability,
        TOPICS.health,
        TOPICS.detection,
        TOPICS.last_detection,
        TOPICS.counts,
        TOPICS.snapshot,
        TOPICS.classification,
        TOPICS.alert("{label}"),
        TOPICS.event_snapshot("{event_id}"),
        TOPICS.command("{command}"),
        TOPICS.command_reply("{command}"),
    }
    addresses = {channel["address"] for channel in DOCUMENT["channels"].values()}
    assert {address.replace("{device_id}", TOPICS.device_id) for address in addresses} == ours
    commands = DOCUMENT["channels"]["command"]["parameters"]["command"]["enum"]
    assert commands == [str(command) for command in Command]
    assert {channel.payload for channel in SAID.values()} - {None, "availability"} <= set(PAYLOADS)


def test_nothing_is_retained_that_would_fire_again() -> None:
    """Detections, alerts and commands are not; Home Assistant's events listen to no other."""
    retained = {name for name, channel in SAID.items() if channel.retain}
    assert retained == {"availability", "health", "lastDetection", "counts", "snapshot", "eventSnapshot"}
    assert home_assistant.TEST == "test"


@pytest.mark.skipif("ASYNCAPI_SCHEMA" not in os.environ, reason="ASYNCAPI_SCHEMA names no schemas/3.0.0.json")
def test_the_document_is_valid_by_asyncapis_own_schema() -> None:
    """The JSON Schema that the AsyncAPI project publishes (npm: @asyncapi/specs) accepts it."""
    theirs = json.loads(Path(os.environ["ASYNCAPI_SCHEMA"]).read_text(encoding="utf-8"))
    Draft7Validator(theirs).validate(DOCUMENT)
