"""The installed, hardened service in a virtual machine with Debian's kernel and cameras of its own.

One is the kernel's `vivid`, which shows one colour after the other as the test says; one is libcamera's virtual camera,
through which the real picamera2 looks. The broker runs on this machine, so that what was told survives the virtual
one's power cuts.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from support import mosquitto, pi_roots, story, tiny_model, virtual_machine
from support.container import Container
from support.debian_root import BUILD, root_of
from support.pi_machine import PiMachine
from support.pi_roots import RELEASES
from support.trap import PEST, toml
from support.virtual_machine import HOST, TRIXIE, VIEW, VirtualMachine
from support.wheel import built_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from support.mosquitto import Mosquitto, Subscriber

pytestmark = pytest.mark.vm

MODEL = "/etc/insect-edge/model"
RED, WHITE = "100% Red", "100% White"
"""What the pest and what bare ground looks like to the small model."""
BUS = "/sys/bus/platform/drivers/vivid/unbind"


class Trap:
    """The virtual machine with the trap in it, and what it told.

    Args:
        machine: booted.
        told: everything that came to the broker.
    """

    def __init__(self, machine: VirtualMachine, told: Subscriber) -> None:
        self.machine = machine
        self.told = told

    def show(self, pattern: str) -> None:
        """Have the camera see one colour."""
        menu = self.machine.run("v4l2-ctl", "--list-ctrls-menus")
        (number,) = [line.split(":")[0].strip() for line in menu.splitlines() if line.strip().endswith(f": {pattern}")]
        self.machine.run("v4l2-ctl", "--set-ctrl", f"test_pattern={number}")

    def health(self) -> tuple[str, list[str]]:
        """The newest state and its reasons; nothing before the first."""
        if not any(topic == f"{story.TOPIC}/health" for topic, *_ in self.told.received):
            return "", []
        newest = story.latest(self.told, "health")
        return newest["state"], newest["reasons"]

    def alerts(self) -> int:
        """How many came."""
        return sum("alert_seq" in message for message in story.messages(self.told))

    def wait_for_another_alert(self) -> None:
        """The ground becomes bare, then the pest appears."""
        self.wait_for_bare_ground()
        self.wait_for_the_pest()

    def wait_for_bare_ground(self) -> None:
        """Whatever was there has gone."""
        self.show(WHITE)
        self.machine.wait_until("no event is open", lambda: not self.open_events())

    def wait_for_the_pest(self) -> None:
        """It appears, and is told."""
        before = self.alerts()
        self.show(RED)
        self.machine.wait_until("an alert", lambda: self.alerts() > before)

    def open_events(self) -> set[str]:
        """Events that started and have not ended."""
        found = story.told(story.messages(self.told))
        return {event for phase, event in found if phase == "start"} - {
            event for phase, event in found if phase == "end"
        }


VIVID = {
    "source": "opencv",
    # One colour never changes, not even by noise.
    "compare": False,
    "opencv.device": "vivid",
    "opencv.format": "yuyv",
    "opencv.width": 640,
    "opencv.height": 360,
}
"""A camera found by its name."""
VIRTUAL = {"source": "picamera2", "picamera2.width": 640, "picamera2.height": 360, "picamera2.luma": True}
_LOOK = """
import picamera2  # takes its time where instructions are translated, more than a camera may take to open

from insect_edge.adapters.clock import SystemClock
from insect_edge.adapters.picamera2 import Picamera2Camera
from insect_edge.adapters.picamera2_settings import Picamera2Settings

camera = Picamera2Camera(clock=SystemClock(), settings=Picamera2Settings(width=640, height=360, luma=True))
camera.open()
frames = [camera.capture(timeout=60) for _ in range(5)]
camera.close()
times = [frame.sensor_timestamp_ns for frame in frames]
assert times == sorted(set(times)), times
print(camera.name, frames[0].pixels.shape, frames[0].luma.shape, *frames[0].pixels[180, 320], frames[0].luma[180, 320])
"""


def configuration(broker: Mosquitto, camera: Mapping[str, Any] = VIVID) -> str:
    """A camera, a model that tells colours, and short times."""
    return toml(
        {
            "device": {"id": "trap"},
            "camera": {"rate": 1, "capture_timeout": 10, "first_frame_timeout": 3600, **camera},
            "model": {"path": MODEL},
            "policy": {"window": 3, "required": 2, "end_after": 4, "cooldown": 0, "update_every": 86_400},
            "health": {"interval": 5},
            "mqtt": {"host": HOST, "port": broker.port},
        }
    )


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that an installation without network takes."""
    if why := pi_roots.lacking() or virtual_machine.lacking():
        pytest.skip(f"no virtual machine can be made: {why}")
    if BUILD not in os.environ:
        pytest.skip("takes minutes without hardware virtualization: make vm-test runs it")
    folder = tmp_path_factory.mktemp("wheels")
    wheel = built_wheel(folder / "own")
    pi_roots.build_wheels(RELEASES[0], wheel=wheel)
    return pi_roots.wheelhouse(RELEASES[0], wheel=wheel, folder=folder / "all")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """Here, where it has power all the time."""
    with mosquitto.running(tmp_path_factory.mktemp("broker")) as running:
        yield running


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """For a disk of some GiB; not /tmp, which may be in memory, where overlayfs takes no changes."""
    with tempfile.TemporaryDirectory(prefix="insect-edge-vm-", dir="/var/tmp") as name:
        yield Path(name)


@pytest.fixture(scope="module")
def disk(wheels: Path, broker: Mosquitto, folder: Path) -> Path:
    """A system on which the installer was run, as on any machine with a systemd."""
    shutil.copytree(pi_roots.ROOT / "deploy", folder / "deploy")
    shared = {"/srv/deploy": folder / "deploy", "/srv/wheels": wheels}
    made = folder / "disk.img"
    with Container(root_of(TRIXIE), folder=folder / "machine", shared=shared) as container:
        machine = PiMachine(container, other_wheels=folder)
        machine.configure(configuration(broker))
        tiny_model.write_bundle(container.path(MODEL))
        cv2.imwrite(str(container.path(VIEW)), np.full((360, 640, 3), (0, 0, 255), np.uint8))
        done = machine.install("--no-start")
        assert done.returncode == 0, done.stdout + done.stderr
        virtual_machine.prepare(container.write, container.run)
        virtual_machine.make_disk(container.path("/"), made)
    return made


@pytest.fixture(scope="module")
def trap(disk: Path, broker: Mosquitto, folder: Path) -> Iterator[Trap]:
    """Booted, with its camera plugged in, and ready."""
    console = folder / "console"
    console.mkdir()
    with (
        mosquitto.Subscriber(broker, f"{story.TOPIC}/#") as told,
        VirtualMachine(disk, boot=root_of(TRIXIE) / "boot", folder=console) as machine,
    ):
        made = Trap(machine, told)
        plug_in(made)
        yield made


def plug_in(trap: Trap) -> None:
    """Give it a camera that sees bare ground, and wait until it looks."""
    trap.machine.run("modprobe", "vivid")
    trap.machine.wait_until("a video device", lambda: trap.machine.ask("test", "-e", "/dev/video0")[0] == 0)
    trap.show(WHITE)
    trap.machine.wait_until("frames come", lambda: trap.health()[0] in {"ready", "degraded"} and not lost(trap))


def lost(trap: Trap) -> bool:
    """Whether it says that its camera is."""
    return "camera_lost" in trap.health()[1]


def test_the_service_sees_through_its_own_camera(trap: Trap) -> None:
    """As its own user, with the rights of its unit alone, it opens the device, classifies and alerts."""
    process = trap.machine.run("systemctl", "show", "--value", "--property", "MainPID", "insect-edge").strip()
    assert trap.machine.run("stat", "--format", "%U", f"/proc/{process}").strip() == "insect-edge"
    assert "/dev/video0" in trap.machine.run("ls", "-l", f"/proc/{process}/fd")
    assert "640x360" in trap.machine.run("journalctl", "--unit", "insect-edge", "--grep", "delivers", "--no-pager")
    trap.wait_for_another_alert()
    newest = [message for message in story.messages(trap.told) if "alert_seq" in message][-1]
    assert newest["label"] == PEST


def test_a_camera_that_is_torn_out_comes_back(trap: Trap) -> None:
    """The driver goes away under the running service: camera_lost; it comes again: frames and alerts, by itself."""
    process = trap.machine.run("systemctl", "show", "--value", "--property", "MainPID", "insect-edge")
    trap.machine.run("sh", "-c", f"echo vivid.0 > {BUS}")
    trap.machine.wait_until("camera_lost", lambda: lost(trap))
    trap.machine.wait_until("the driver is let go", lambda: trap.machine.ask("modprobe", "-r", "vivid")[0] == 0)
    plug_in(trap)
    trap.wait_for_another_alert()
    assert trap.machine.run("systemctl", "show", "--value", "--property", "MainPID", "insect-edge") == process


def test_a_full_disk_stops_no_alert(trap: Trap) -> None:
    """Filled to the last block the trap says so and still alerts; with room again it tells the rest."""
    trap.wait_for_bare_ground()
    trap.machine.run("sh", "-c", "fallocate -l $(($(df --output=avail -k / | tail -1) * 1024)) /filled || true")
    trap.machine.run("sh", "-c", "cat /dev/zero > /filled.rest || true")
    trap.machine.wait_until("disk_full", lambda: "disk_full" in trap.health()[1])
    trap.wait_for_the_pest()
    trap.show(WHITE)
    trap.machine.run("rm", "-f", "/filled", "/filled.rest")
    trap.machine.wait_until("no disk_full", lambda: "disk_full" not in trap.health()[1])
    trap.wait_for_bare_ground()


def test_a_power_cut_in_an_event_loses_nothing(trap: Trap) -> None:
    """Cut while an event is open; after the next boot every number is there once, in order, and new ones follow."""
    trap.wait_for_another_alert()
    cut_in = trap.open_events()
    assert cut_in
    trap.machine.cut_power()
    before = max(message["seq"] for message in story.messages(trap.told))
    trap.machine.boot()
    plug_in(trap)
    trap.wait_for_another_alert()
    found = story.messages(trap.told)
    story.assert_numbered(found)
    assert max(message["seq"] for message in found) > before
    assert not cut_in & trap.open_events()


def test_the_real_picamera2_delivers_frames(trap: Trap) -> None:
    """Through libcamera's virtual camera, which sees a photograph: both streams, of one time, in the right colours."""
    trap.machine.run("systemctl", "stop", "insect-edge")
    trap.machine.run("modprobe", "-r", "vivid")
    output = trap.machine.run("/opt/insect-edge/current/bin/python", "-c", _LOOK)
    (said,) = [line for line in output.splitlines() if line.startswith("picamera2:")]  # libcamera has its say as well
    name, *numbers = said.replace("(", "").replace(")", "").replace(",", "").rsplit(maxsplit=9)
    assert name == "picamera2:0 virtual"
    assert numbers[:5] == ["360", "640", "3", "360", "640"]
    blue, green, red, brightness = map(int, numbers[5:])
    assert (blue, green, red) == pytest.approx((0, 0, 255), abs=16)
    assert brightness == pytest.approx(81, abs=8)  # of pure red, in the range that broadcasting uses


def test_the_service_sees_through_the_real_picamera2(trap: Trap, broker: Mosquitto) -> None:
    """As its own user and confined as it is, it opens libcamera, gets ready and alerts."""
    before = trap.alerts()
    text = configuration(broker, VIRTUAL)
    trap.machine.run("sh", "-c", 'printf %s "$1" >/etc/insect-edge/insect-edge.toml', "sh", text)
    trap.machine.run("systemctl", "start", "insect-edge")
    trap.machine.wait_until("an alert", lambda: trap.alerts() > before)
    log = trap.machine.run("journalctl", "--unit", "insect-edge", "--no-pager", "--boot", "--lines", "500")
    start = log.rindex("camera picamera2")
    assert "first frame: 640x360" in log[start:]
    assert "alert: " in log[start:]
