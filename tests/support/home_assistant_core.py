"""A real Home Assistant core with its MQTT integration alone, for a few seconds; run by a Python that has it.

    python home_assistant_core.py PORT SECONDS

Prints one JSON object: entity id to state and attributes, once the seconds are over.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

BIRTH = {"topic": "homeassistant/status", "payload": "online", "qos": 0, "retain": False}


def entry(entries: Any, *, port: int) -> Any:
    """What the user's clicking through the integration's set-up would have made."""
    return entries.ConfigEntry(
        data={"broker": "127.0.0.1", "port": port, "discovery": True},
        discovery_keys=MappingProxyType({}),
        domain="mqtt",
        minor_version=2,
        options={"birth_message": BIRTH},
        source="user",
        title="broker",
        unique_id=None,
        version=1,
        subentries_data=[],
    )


async def live(folder: str, *, port: int, seconds: float) -> dict[str, Any]:
    """Start, stay, and tell what there is."""
    core, frame = import_module("homeassistant.core"), import_module("homeassistant.helpers.frame")
    entries, bootstrap = import_module("homeassistant.config_entries"), import_module("homeassistant.bootstrap")
    hass = core.HomeAssistant(folder)
    hass.config.skip_pip = True
    import_module("homeassistant.loader").async_setup(hass)
    frame.async_setup(hass)
    hass.config_entries = entries.ConfigEntries(hass, {})
    await bootstrap.async_load_base_functionality(hass)
    # The web server and what needs it are left out.
    hass.config.components.update({"file_upload", "http"})
    hass.set_state(core.CoreState.running)
    await hass.config_entries.async_add(entry(entries, port=port))
    await asyncio.sleep(seconds)
    states = {state.entity_id: {"state": state.state, **state.attributes} for state in hass.states.async_all()}
    await hass.async_stop(force=True)
    return states


def main() -> None:
    """Run in a fresh configuration."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "configuration.yaml").touch()
        states = asyncio.run(live(folder, port=int(sys.argv[1]), seconds=float(sys.argv[2])))
    sys.stdout.write(json.dumps(states, default=str) + "\n")


if __name__ == "__main__":
    main()
