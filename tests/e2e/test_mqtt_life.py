"""MQTT as its users live it: commands, Home Assistant, reload and clearing, with a real daemon and a real broker."""

from __future__ import annotations

import json
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from support import home_assistant_rules
from support.mosquitto import PASSWORD, USERNAME, BrokerOptions, Mosquitto, Subscriber, executable, running
from support.payloads import validator
from support.programs import running as program
from support.tools import DEADLINE_SECONDS
from support.trap import PEST, Trap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.programs import Program

pytestmark = pytest.mark.e2e

ROOT = "insect-edge/trap"
DESCRIPTION = "homeassistant/device/trap/config"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that lets everybody in."""
    with running(tmp_path / "broker") as made:
        yield made


def asked(broker: Mosquitto, name: str, *, payload: str = "{}") -> dict[str, Any]:
    """The answer to a question of MQTT 5, through another client's own response topic."""
    arguments = ["-V", "5", "-t", f"{ROOT}/command/{name}", "-e", f"phone/{name}", "-m", payload, "-W", "20"]
    done = subprocess.run(
        [executable("mosquitto_rr"), *broker.client_arguments(), *arguments],
        capture_output=True,
        check=True,
        timeout=DEADLINE_SECONDS,
    )
    reply: dict[str, Any] = json.loads(done.stdout)
    validator("reply").validate(reply)
    return reply


def told(subscriber: Subscriber, topic: str, *, count: int = 1) -> list[dict[str, Any]]:
    """The JSON payloads of one topic, once there are so many."""
    return [json.loads(payload) for _, payload, _ in subscriber.wait_for(count, topic=topic) if payload]


def check_recorded(subscriber: Subscriber) -> set[str]:
    """Hold all that was heard of the device against the schemas; which schemas there were."""
    seen = set()
    for topic, payload, _ in subscriber.received:
        question = "/command/" in topic and not topic.endswith("/reply")
        if topic.startswith(f"{ROOT}/") and payload.startswith(b"{") and not question:
            content = json.loads(payload)
            seen.add(content["schema"].split("/")[1])
            validator(content["schema"].split("/")[1]).validate(content)
    return seen


def test_commands_of_mqtt_5_are_answered(tmp_path: Path) -> None:
    """Status, capture, test alert, errors and reload, each on the asker's own topic; the password shows nowhere."""
    (tmp_path / "mqtt-password").write_text(PASSWORD + "\n", encoding="utf-8")
    credential = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    with running(tmp_path / "broker", BrokerOptions(password=True)) as broker:
        publish = {"classification": True, "classification_every": 0}
        trap = Trap(tmp_path / "trap", port=broker.port, mqtt={"username": USERNAME}, publish=publish)
        start = ("run", "--config", str(trap.configuration))
        with (
            Subscriber(broker, f"{ROOT}/#") as subscriber,
            program(*start, folder=trap.folder, environment=credential) as daemon,
        ):
            for kind in ("detection", "classification", f"alert/{PEST}"):
                subscriber.wait_for(1, topic=f"{ROOT}/{kind}")
            check_answers(broker, subscriber)
            check_reload(broker, trap, daemon)
            shown = "\n".join(" ".join(process.cmdline()) for process in daemon.processes())
            assert daemon.stop() == 0
        assert {"alert", "classification", "counts", "detection", "health"} <= check_recorded(subscriber)
        shown += str(daemon) + "".join(str(payload) for _, payload, _ in subscriber.received)
        assert "insect_edge" in shown
        assert PASSWORD not in shown


def check_answers(broker: Mosquitto, subscriber: Subscriber) -> None:
    """Ask for everything once."""
    validator("health").validate(asked(broker, "status")["result"])
    assert asked(broker, "capture")["result"]["topic"] == f"{ROOT}/snapshot"
    assert asked(broker, "test-alert")["result"]["stored"]
    (trial,) = told(subscriber, f"{ROOT}/alert/test")
    assert trial["test"] is True
    assert "no JSON" in asked(broker, "status", payload="please")["error"]


def check_reload(broker: Mosquitto, trap: Trap, daemon: Program) -> None:
    """What can change does, by command; what cannot is said, by signal."""
    trap.configure(alerts={"never": [PEST]})
    assert asked(broker, "reload")["result"] == {"changed": ["alerts.never"]}
    trap.configure(mqtt={"host": "elsewhere"})
    daemon.send(signal.SIGHUP)
    daemon.wait_for_line("[mqtt] host: cannot change while running: restart the service")


def test_commands_of_mqtt_3_1_1_are_answered_beside_the_command(broker: Mosquitto, tmp_path: Path) -> None:
    """The id inside the payload tells answers apart; a retained command is refused on each connection."""
    broker.publish(f"{ROOT}/command/test-alert", "{}", retain=True)
    trap = Trap(tmp_path / "trap", port=broker.port, mqtt={"protocol": "3.1.1"})
    with Subscriber(broker, f"{ROOT}/#") as subscriber, trap.running() as daemon:
        (refused,) = told(subscriber, f"{ROOT}/command/test-alert/reply")
        assert "retained" in refused["error"]
        broker.publish(f"{ROOT}/command/status", '{"id": "7"}')
        (reply,) = told(subscriber, f"{ROOT}/command/status/reply")
        validator("reply").validate(reply)
        assert (reply["id"], reply["result"]["schema"]) == ("7", "insect-edge/health/1")
        broker.publish(f"{ROOT}/command/open-sesame", "")
        (unknown,) = told(subscriber, f"{ROOT}/command/open-sesame/reply")
        assert "unknown command" in unknown["error"]
        assert daemon.stop() == 0
        assert not [topic for topic, _, _ in subscriber.received if topic == f"{ROOT}/alert/test"]


def test_home_assistant_is_told_again_and_a_gone_trap_leaves_no_ghost(broker: Mosquitto, tmp_path: Path) -> None:
    """The description comes again with Home Assistant's birth; mqtt-clear refuses while the trap is online."""
    trap = Trap(tmp_path / "trap", port=broker.port, home_assistant={"enabled": True})
    clear = ("mqtt-clear", "--config", str(trap.configuration))
    with Subscriber(broker, "#") as subscriber, trap.running() as daemon:
        (description,) = told(subscriber, DESCRIPTION)
        home_assistant_rules.check(DESCRIPTION, description)
        broker.publish("homeassistant/status", "online")
        assert told(subscriber, DESCRIPTION, count=2) == [description, description]
        subscriber.wait_for(1, topic=f"{ROOT}/snapshot")
        with program(*clear, folder=tmp_path) as refused:
            assert refused.wait() == 1
            assert refused.errors == [
                "insect-edge: trap is online and would publish again: stop it first, or add --force"
            ]
        assert daemon.stop() == 0
    with program(*clear, folder=tmp_path) as cleared:
        assert cleared.wait() == 0
        kinds = ("availability", "counts", "health", "last_detection", "snapshot")
        assert cleared.output == [DESCRIPTION, *(f"{ROOT}/{kind}" for kind in kinds)]
    assert broker.retained(f"{ROOT}/#") is None
    assert broker.retained(DESCRIPTION) is None
