"""A real daemon, a real broker and a real Home Assistant: the trap appears, and nothing fires twice.

Set HOME_ASSISTANT_PYTHON to the python of an environment with `homeassistant` (Python 3.13 and later).
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support import home_assistant_core
from support.mosquitto import Mosquitto, running
from support.tools import DEADLINE_SECONDS
from support.trap import PEST, Trap

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif("HOME_ASSISTANT_PYTHON" not in os.environ, reason="HOME_ASSISTANT_PYTHON names no python"),
]

SECONDS = 6


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that lets everybody in."""
    with running(tmp_path / "broker") as made:
        yield made


def entities(broker: Mosquitto) -> dict[str, dict[str, Any]]:
    """What a Home Assistant that starts now shows some seconds later."""
    python, script = os.environ["HOME_ASSISTANT_PYTHON"], str(Path(home_assistant_core.__file__))
    command = [python, script, str(broker.port), str(SECONDS)]
    done = subprocess.run(command, capture_output=True, check=True, timeout=2 * DEADLINE_SECONDS)
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return found


def test_the_trap_appears_and_nothing_fires_twice(broker: Mosquitto, tmp_path: Path) -> None:
    """Every entity has its value from real messages; a restart of both sides brings the state back and no alert."""
    trap = Trap(tmp_path / "trap", port=broker.port, home_assistant={"enabled": True})
    name = PEST.replace("-", "_")
    with trap.running() as daemon:
        daemon.wait_for_line("alert: ")
        shown = entities(broker)
        assert daemon.stop() == 0
    assert shown["event.trap_alert"]["event_type"] == PEST
    assert shown["event.trap_alert"]["message_id"].startswith("trap-")
    assert shown["sensor.trap_last_pest"]["state"] == PEST
    assert int(shown[f"sensor.trap_{name}_today"]["state"]) > 0
    assert float(shown[f"sensor.trap_{name}_per_trap_day"]["state"]) > 0
    assert float(shown["sensor.trap_pests_per_trap_day"]["state"]) > 0
    assert int(shown["sensor.trap_pests_in_the_last_hour"]["state"]) > 0
    assert int(shown["sensor.trap_pests_visible"]["state"]) in {0, 1}
    assert shown[f"binary_sensor.trap_{name}_present"]["last_hour"] > 0
    assert shown["event.trap_alert"]["rule"]["kind"] == "sighting"
    assert shown["sensor.trap_health"]["state"] == "ready"
    assert shown["binary_sensor.trap_problem"]["state"] == "off"
    assert float(shown["sensor.trap_memory"]["state"]) > 1
    assert {"button.trap_take_a_picture", "button.trap_test_alert", f"binary_sensor.trap_{name}_present"} <= set(shown)
    trap.show("background")
    with trap.running() as daemon:
        daemon.wait_for_line("health: ready")
        again = entities(broker)
        assert daemon.stop() == 0
    assert again["event.trap_alert"]["state"] == "unknown"
    assert again["sensor.trap_last_pest"]["state"] == PEST
    assert int(again[f"sensor.trap_{name}_today"]["state"]) >= int(shown[f"sensor.trap_{name}_today"]["state"])
    assert again[f"binary_sensor.trap_{name}_present"]["state"] == "off"
