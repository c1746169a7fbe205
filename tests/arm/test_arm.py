"""The trap on Debian for 64-bit Arm, its instructions emulated: installed, and seeing what it sees here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import pytest

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.adapters.simulated import SimulatedCamera
from support import mosquitto, pi_roots
from support.arm_root import CORES, PROCESSOR, PROGRAM, ArmMachine, emulated, recipe
from support.debian_root import BUILD, root_of
from support.pi_roots import RELEASES, ROOT, Release
from support.wheel import built_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.arm

PICTURES, FRAMES = 12, 50
SCORE_TOLERANCE = 0.03


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawn garden with its animals, one after the other."""
    folder = tmp_path_factory.mktemp("pictures")
    clock = FakeClock()
    camera = SimulatedCamera(clock=clock, scene="garden", seed=5, width=640, height=480)
    camera.open()
    for number in range(FRAMES):
        frame = camera.capture(timeout=1.0)
        assert frame is not None
        cv2.imwrite(str(folder / f"{number:02}.png"), frame.pixels)
        clock.advance(7.0)
    return folder


@pytest.fixture(scope="module")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for configuration files, which the Arm system sees."""
    return tmp_path_factory.mktemp("configuration")


@pytest.fixture(scope="module", params=RELEASES, ids=lambda release: release.codename)
def release(request: pytest.FixtureRequest) -> Release:
    """Each release, where there is time for it."""
    if BUILD not in os.environ:
        pytest.skip("takes minutes under emulation: make arm-test runs it")
    chosen: Release = request.param
    return chosen


@pytest.fixture(scope="module")
def wheels(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree, and for that system's Python and processor those of all it needs."""
    folder = tmp_path_factory.mktemp("wheels")
    wheel = built_wheel(folder / "own")
    pi_roots.build_wheels(release, wheel=wheel, processor=PROCESSOR)
    return pi_roots.wheelhouse(release, wheel=wheel, folder=folder / "all", processor=PROCESSOR)


@pytest.fixture(scope="module")
def machine(release: Release, wheels: Path, pictures: Path, configuration: Path) -> Iterator[ArmMachine]:
    """The Arm system, with the trap installed by its installer."""
    # Not /tmp, which may be in memory, where overlayfs takes no changes.
    with emulated(), tempfile.TemporaryDirectory(prefix="insect-edge-arm-", dir="/var/tmp") as changes:
        shown = {
            "mnt/deploy": ROOT / "deploy",
            "mnt/wheels": wheels,
            "mnt/pictures": pictures,
            "mnt/configuration": configuration,
        }
        made = ArmMachine(root=root_of(recipe(release)), changes=Path(changes), shown=shown)
        made.install()
        yield made


def classified(output: str) -> list[dict[str, Any]]:
    """What `classify --json` said, picture by picture."""
    return [json.loads(line) for line in output.splitlines()]


def test_it_runs_on_arm(machine: ArmMachine) -> None:
    """The system says what it is, and the program what it is made of."""
    assert machine.run("uname", "-m").strip() == PROCESSOR
    assert machine.run(PROGRAM, "--version").startswith("insect-edge")
    versions = "import numpy, cv2, sys; print(sys.version.split()[0], numpy.__version__, cv2.__version__)"
    parts = machine.run("/opt/insect-edge/current/bin/python", "-c", versions).strip()
    size = machine.run("du", "-sm", "/opt/insect-edge/").split()[0]
    print(f"Python, numpy, OpenCV: {parts}; installed size: {size} MiB")  # noqa: T201 # shown by make arm-test


@pytest.mark.parametrize("core", CORES.values(), ids=CORES)
def test_it_sees_the_same(machine: ArmMachine, pictures: Path, core: str) -> None:
    """The same pictures get the same first label as here, and scores within what the kernels' rounding allows."""
    names = [f"{number:02}.png" for number in range(PICTURES)]
    asked = (PROGRAM, "classify", "--json", *(f"/mnt/pictures/{name}" for name in names))
    there = classified(machine.run(*asked, core=core))
    (bundle,) = machine.changes.glob(
        f"written/opt/insect-edge/*.*/lib/*/site-packages/insect_edge/models/{there[0]['model_id']}"
    )
    command = [sys.executable, "-m", "insect_edge", "classify", "--json", "--model", str(bundle)]
    command += [str(pictures / name) for name in names]
    here = classified(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert len(here) == len(there) == PICTURES
    firsts = [[answer["categories"][0] for answer in answers] for answers in (here, there)]
    assert [first["label"] for first in firsts[0]] == [first["label"] for first in firsts[1]]
    assert len({first["label"] for first in firsts[0]}) > 1
    apart = [abs(first["score"] - second["score"]) for first, second in zip(*firsts, strict=True)]
    print(f"{core}: scores differ by {max(apart):.4f} at most")  # noqa: T201 # shown by make arm-test
    assert max(apart) <= SCORE_TOLERANCE


def test_the_doctor_finds_libraries_and_model_well(machine: ArmMachine) -> None:
    """Every compiled library loads, the model's golden vector holds, and XNNPACK takes the graph."""
    done = machine.ask(PROGRAM, "doctor", "--json", "--count", "3", "--only", "libraries", "--only", "model")
    findings = {finding["check"]: finding for finding in json.loads(done.stdout)["findings"]}
    del findings["inference"]  # emulated, it is slow
    assert {finding["level"] for finding in findings.values()} == {"ok"}
    assert "XNNPACK" in findings["runtime"]["text"]


def test_the_daemon_looks_at_fifty_frames(machine: ArmMachine, configuration: Path, tmp_path: Path) -> None:
    """It starts, classifies every picture, tells a real broker, and ends well."""
    with mosquitto.running(tmp_path / "broker") as broker, mosquitto.Subscriber(broker, "insect-edge/#") as subscriber:
        lines = [
            'device.id = "arm"',
            'mqtt.host = "127.0.0.1"',  # a bare Bookworm has no /etc/hosts that would tell where localhost is
            f"mqtt.port = {broker.port}",
            'outbox.directory = "/var/lib/trap"',
            "[camera]",
            'source = "files"',
            "rate = 60",
            'files.path = "/mnt/pictures"',
        ]
        (configuration / "trap.toml").write_text("\n".join(lines), encoding="utf-8")
        done = machine.ask(PROGRAM, "run", "--config", "/mnt/configuration/trap.toml")
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"the source has ended after {FRAMES} frames" in done.stdout + done.stderr
        subscriber.wait_until(lambda: any(topic.endswith("/availability") for topic, *_ in subscriber.received))
