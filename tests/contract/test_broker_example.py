"""The example broker: what a trap needs it may, and nothing else."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support import home_assistant_rules, story
from support.mosquitto import HOST, PASSWORD, BrokerOptions, Mosquitto, Subscriber, executable, make_certificates
from support.tools import DEADLINE_SECONDS
from support.trap import PEST, Trap

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.e2e

DEPLOY = Path(__file__).parents[2] / "deploy"
USERS = ("trap", "other", "grower", "homeassistant")
ROOT = "insect-edge/trap"


class ExampleBroker(Mosquitto):
    """The example's own lines, with the files and the port of this test."""

    def _configure(self) -> Iterator[str]:
        certificates = self.options.certificates
        assert certificates is not None
        passwords, acl = self.folder / "passwords", self.folder / "acl"
        passwords.touch(mode=0o600)
        for user in USERS:
            subprocess.run([executable("mosquitto_passwd"), "-b", str(passwords), user, PASSWORD], check=True)
        acl.write_bytes((DEPLOY / "mosquitto.example.acl").read_bytes())
        acl.chmod(0o600)
        places = {
            "/etc/mosquitto/certs/broker.pem": certificates.server,
            "/etc/mosquitto/certs/broker.key": certificates.server_key,
            "/etc/mosquitto/insect-edge.passwords": passwords,
            "/etc/mosquitto/insect-edge.acl": acl,
            "listener 8883": f"listener {self.port} {HOST}",
        }
        text = (DEPLOY / "mosquitto.example.conf").read_text(encoding="utf-8")
        for written, here in places.items():
            assert f"\n{written}" in text or f" {written}\n" in text
            text = text.replace(written, str(here))
        yield from ("log_dest stderr", "log_type all", "user root", *text.splitlines())

    def client_arguments(self) -> list[str]:
        """As the grower, who may read what all traps say."""
        return self.login("grower")

    def login(self, user: str) -> list[str]:
        """What mosquitto_pub and its like have to be told to connect as somebody."""
        certificates = self.options.certificates
        assert certificates is not None
        encryption = ["--cafile", str(certificates.ca)]
        return ["-h", "localhost", "-p", str(self.port), "-u", user, "-P", PASSWORD, *encryption]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExampleBroker]:
    """The example, running."""
    folder = tmp_path_factory.mktemp("broker")
    options = BrokerOptions(password=True, certificates=make_certificates(folder / "certificates"))
    made = ExampleBroker(folder, options)
    try:
        made.start()
        yield made
    finally:
        made.kill()


def published(broker: ExampleBroker, user: str, topic: str) -> bool:
    """Whether somebody may publish there, as the broker's acknowledgement says."""
    command = [executable("mosquitto_pub"), *broker.login(user), "-V", "5", "-q", "1", "-t", topic, "-m", "x"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=DEADLINE_SECONDS)
    return "Not authorized" not in done.stderr + done.stdout


def asked(broker: ExampleBroker, name: str) -> dict[str, object]:
    """The trap's answer to the grower."""
    arguments = ["-V", "5", "-t", f"{ROOT}/command/{name}", "-e", f"insect-edge-replies/trap/{name}", "-m", "{}"]
    command = [executable("mosquitto_rr"), *broker.login("grower"), *arguments, "-W", "20"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=DEADLINE_SECONDS)
    reply: dict[str, object] = json.loads(done.stdout)
    return reply


def test_a_trap_may_all_it_needs(broker: ExampleBroker, tmp_path: Path) -> None:
    """Every kind of message arrives, commands are answered, and nothing is refused or set aside."""
    (tmp_path / "password").write_text(PASSWORD, encoding="utf-8")
    (tmp_path / "password").chmod(0o600)
    assert broker.options.certificates is not None
    login = {"host": "localhost", "username": "trap", "password_file": str(tmp_path / "password")}
    encryption = {"tls.enabled": True, "tls.ca": str(broker.options.certificates.ca)}
    trap = Trap(
        tmp_path / "trap",
        port=broker.port,
        mqtt=login | encryption,
        home_assistant={"enabled": True},
        publish={"classification": True, "classification_every": 0, "snapshot_per_event": True},
    )
    with Subscriber(broker, "insect-edge/#", "insect-edge-replies/#") as subscriber, trap.running() as daemon:
        for kind in ("availability", "health", "detection", f"alert/{PEST}", "last_detection", "snapshot", "counts"):
            subscriber.wait_for(1, topic=f"{ROOT}/{kind}")
        subscriber.wait_for(1, topic=f"{ROOT}/classification")
        assert asked(broker, "capture")["ok"]
        assert asked(broker, "test-alert")["ok"]
        subscriber.wait_until(lambda: any(topic.startswith(f"{ROOT}/snapshot/") for topic, *_ in subscriber.received))
        assert story.latest(subscriber, "health")["outbox"]["dead_letter"] == 0
        assert daemon.stop() == 0
    assert not [line for line in broker.log.splitlines() if "Denied PUBLISH" in line]
    topic = "homeassistant/device/trap/config"
    described = [executable("mosquitto_sub"), *broker.login("homeassistant"), "-t", topic, "-C", "1", "-N"]
    done = subprocess.run(described, capture_output=True, text=True, check=True, timeout=DEADLINE_SECONDS)
    home_assistant_rules.check(topic, json.loads(done.stdout))


@pytest.mark.parametrize(
    "topic",
    [
        "insect-edge/other/alert/slug",
        "insect-edge/other/availability",
        "insect-edge/other/command/test-alert",
        "homeassistant/device/other/config",
        "homeassistant/status",
        "insect-edge-replies/other/status",
        "insect-edge",
        "elsewhere",
    ],
)
def test_a_trap_cannot_speak_for_another(broker: ExampleBroker, topic: str) -> None:
    """Topics of another trap, of Home Assistant and of nobody are closed to it."""
    assert not published(broker, "trap", topic)


def test_the_grower_asks_and_does_not_pretend(broker: ExampleBroker) -> None:
    """People may send commands, and no alert."""
    assert published(broker, "grower", f"{ROOT}/command/status")
    assert not published(broker, "grower", f"{ROOT}/alert/slug")


def test_strangers_stay_outside(broker: ExampleBroker) -> None:
    """Nobody gets in without a name, with a wrong password, or without encryption."""
    known = broker.login("trap")
    anonymous, unencrypted = known[:4] + known[8:], known[:8]
    wrong = [*known[:7], "guess", *known[8:]]
    for login in (anonymous, unencrypted, wrong):
        command = [executable("mosquitto_pub"), *login, "-t", f"{ROOT}/health", "-m", "x"]
        assert subprocess.run(command, capture_output=True, check=False, timeout=DEADLINE_SECONDS).returncode != 0
