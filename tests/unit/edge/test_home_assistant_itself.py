"""Our description held against Home Assistant's own schemas, where it is installed (Python 3.13: `homeassistant`)."""

from __future__ import annotations

import asyncio
import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from insect_edge.domain import Label, Role
from insect_edge.mqtt.home_assistant import Described, discovery
from insect_edge.mqtt.topics import label_slugs
from support.payloads import origin

if TYPE_CHECKING:
    from pathlib import Path

NAMES = {"background": Role.BACKGROUND, "slug": Role.PEST, "bees": Role.BENEFICIAL, "moth": Role.PEST}


def payload(**changes: Any) -> dict[str, Any]:
    """What we publish, with abbreviations written out as Home Assistant does."""
    labels = tuple(
        Label(index=index, name=name, role=role, taxon=None, threshold=0.5)
        for index, (name, role) in enumerate(NAMES.items())
    )
    described = Described(origin=origin(slugs=label_slugs(NAMES)), labels=labels, version="1.0", **changes)
    short = import_module("homeassistant.components.mqtt.abbreviations")
    made = expanded(json.loads(discovery(described).payload), short.ABBREVIATIONS)
    made["device"] = expanded(made["device"], short.DEVICE_ABBREVIATIONS)
    made["origin"] = expanded(made["origin"], short.ORIGIN_ABBREVIATIONS)
    made["components"] = {name: expanded(part, short.ABBREVIATIONS) for name, part in made["components"].items()}
    return made


def expanded(part: dict[str, Any], long: dict[str, str]) -> dict[str, Any]:
    """Every abbreviation written out."""
    return {long.get(key, key): value for key, value in part.items()}


def check(changes: dict[str, Any]) -> None:
    """Hold one description against the device's schema, and each component against that of its platform."""
    schemas = import_module("homeassistant.components.mqtt.schemas")
    checked = schemas.DEVICE_DISCOVERY_SCHEMA(payload(**changes))
    assert len(checked["components"]) > len(NAMES)
    for part in checked["components"].values():
        given = dict(part)
        platform = import_module(f"homeassistant.components.mqtt.{given.pop('platform')}")
        if given:
            shared = {"availability_topic": checked["availability_topic"], "device": checked["device"]}
            kept = platform.DISCOVERY_SCHEMA({**given, **shared, "origin": checked["origin"]})
            assert set(given) <= set(kept), "Home Assistant drops keys it does not know"


@pytest.mark.parametrize("changes", [{}, {"commands": False, "snapshot": False}])
def test_home_assistants_own_schemas_accept_it(tmp_path: Path, changes: dict[str, Any]) -> None:
    """Templates are parsed, classes and units compared, and no key is one it would drop."""
    core = pytest.importorskip("homeassistant.core", reason="homeassistant is not installed: it needs Python 3.13")
    frame = import_module("homeassistant.helpers.frame")

    async def within() -> None:
        # Its schemas ask for the running instance.
        hass = core.HomeAssistant(str(tmp_path))
        frame.async_setup(hass)
        check(changes)
        await hass.async_stop(force=True)

    asyncio.run(within())
