"""Frames in, alert out: the real daemon, a real broker, and a subscriber that knows nothing of either."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from support import story
from support.mosquitto import (
    PASSWORD,
    PLAIN,
    USERNAME,
    BrokerOptions,
    Mosquitto,
    Subscriber,
    make_certificates,
    running,
)
from support.story import TOPIC
from support.trap import HELPER, PEST, Trap

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.e2e

CARD = Path(__file__).parents[2] / "models" / "garden-pests-v2" / "card.json"


@pytest.fixture(params=["plain", "password", "tls"])
def secured(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Mosquitto, dict[str, Any]]]:
    """A broker of each flavour, and what a device has to be told to get in."""
    options, keys = PLAIN, {"protocol": "3.1.1"}
    if request.param == "password":
        (tmp_path / "password").write_text(PASSWORD + "\n", encoding="utf-8")
        (tmp_path / "password").chmod(0o600)
        options = BrokerOptions(password=True)
        keys = {"username": USERNAME, "password_file": str(tmp_path / "password")}
    if request.param == "tls":
        certificates = make_certificates(tmp_path / "certificates")
        options = BrokerOptions(certificates=certificates, client_certificates=True)
        files = {"ca": certificates.ca, "certificate": certificates.client, "key": certificates.client_key}
        keys = {"tls.enabled": True, **{f"tls.{name}": str(path) for name, path in files.items()}}
    with running(tmp_path / "broker", options) as broker:
        yield broker, keys


def test_an_alert_arrives(secured: tuple[Mosquitto, dict[str, Any]], tmp_path: Path) -> None:
    """Of what the device sees, a subscriber gets every start and end, and one alert for each pest and no other."""
    broker, keys = secured
    trap = Trap(tmp_path / "trap", port=broker.port, mqtt=keys)
    with Subscriber(broker, f"{TOPIC}/#") as subscriber:
        with trap.running() as daemon:
            subscriber.wait_for(3, topic=f"{TOPIC}/alert/{PEST}")
            assert daemon.stop() == 0
        subscriber.wait_until(lambda: story.availability(subscriber) == ["online", "offline"])
        trap.finish(subscriber, by=(daemon,))
        found = story.messages(subscriber)
    story.assert_numbered(found)
    assert story.told(found) == story.logged(daemon)
    starts = {message["event_id"]: message["label"] for message in found if message["phase"] == "start"}
    assert set(starts.values()) == {PEST, HELPER}
    alerts = [message["event_id"] for message in found if "alert_seq" in message]
    assert alerts == [event_id for event_id, label in starts.items() if label == PEST]


def test_who_comes_later_finds_the_state_of_things(tmp_path: Path) -> None:
    """Availability, health, counts, the newest detection and its picture are retained; events and alerts are not."""
    with running(tmp_path / "broker") as broker:
        trap = Trap(tmp_path / "trap", port=broker.port)
        with trap.running() as daemon, Subscriber(broker, f"{TOPIC}/snapshot") as early:
            early.wait_for(2)
            with Subscriber(broker, f"{TOPIC}/#") as late:
                late.wait_until(lambda: sum(retained for _, _, retained in late.received) == 5)
                kept = {
                    topic.removeprefix(f"{TOPIC}/"): payload for topic, payload, retained in late.received if retained
                }
            assert daemon.stop() == 0
        with Subscriber(broker, f"{TOPIC}/availability") as later:
            assert later.wait_for(1)[0] == (f"{TOPIC}/availability", b"offline", True)
    assert kept.keys() == {"availability", "counts", "health", "last_detection", "snapshot"}
    assert kept["availability"] == b"online"
    assert story.content(kept["counts"])["events"].keys() <= {PEST, HELPER}
    assert story.content(kept["health"])["broker"]["connected"]
    assert story.content(kept["last_detection"])["label"] in {PEST, HELPER}
    assert kept["snapshot"].startswith(b"\xff\xd8\xff")
    picture = cv2.imdecode(np.frombuffer(kept["snapshot"], np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    # The cards are pure colours: whichever animal it shows, one channel is bright and another dark.
    assert np.ptp(picture.reshape(-1, 3).mean(axis=0)) > 200


def test_the_default_model_knows_a_drawn_animal(tmp_path: Path) -> None:
    """The model that comes with the program sees the simulated garden's snail and alerts of it, in the right words."""
    camera = {
        "source": "simulated",
        "rate": 10,
        "simulated.scene": "snail",
        "simulated.width": 640,
        "simulated.height": 480,
    }
    policy = {"thresholds.snail": 0.3, "end_after": 5}
    with running(tmp_path / "broker") as broker:
        trap = Trap(
            tmp_path / "trap",
            port=broker.port,
            camera=camera,
            policy=policy,
            model={"path": None},
            publish={"classification": True, "classification_every": 0.5},
        )
        with Subscriber(broker, f"{TOPIC}/#") as subscriber, trap.running() as daemon:
            topic, payload, retained = subscriber.wait_for(1, topic=f"{TOPIC}/alert/snail")[0]
            looked = subscriber.wait_for(1, topic=f"{TOPIC}/classification")[0][1]
            assert daemon.stop() == 0
    alert = story.content(payload)
    assert (topic, retained) == (f"{TOPIC}/alert/snail", False)
    assert (alert["label"], alert["role"], alert["phase"]) == ("snail", "pest", "start")
    assert alert["categories"][0]["label"] == "snail"
    assert len(alert["categories"]) == 5
    assert alert["hits"] >= 2
    assert alert["model_id"] == story.content(looked)["model_id"] == json.loads(CARD.read_bytes())["model_id"]
    assert json.loads(looked)["frame"] >= 0
