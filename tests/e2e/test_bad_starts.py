"""Starts that cannot succeed: what is wrong is said at once and in full, and the exit code tells whose fault it is."""

from __future__ import annotations

import importlib.util
import re
from typing import TYPE_CHECKING

import pytest

from support import story
from support.mosquitto import Subscriber, free_port
from support.mosquitto import running as broker_running
from support.programs import running
from support.story import TOPIC
from support.trap import Trap

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e

BAD = """\
[camera]
sorce = "files"
rate = "fast"
[polcy]
window = 5
[policy]
window = 3
required = 4
[mqtt]
password = "hunter2"
username = "trap"
"""
PROBLEMS = (
    'bad.toml: [camera] sorce = "files": unknown key: did you mean "source"?',
    'bad.toml: [camera] rate = "fast": must be a number of frames a second from 0.01 to 60',
    'bad.toml: [polcy]: unknown section: did you mean "policy"?',
    "bad.toml: [policy] required = 4: more than window = 3, so no event could ever start: at most 3",
    "bad.toml: [mqtt] password: unknown key: no secret belongs in this file",
)


@pytest.mark.parametrize("command", [("run", "--config"), ("check-config",)])
def test_every_problem_of_a_configuration_is_listed(tmp_path: Path, command: tuple[str, ...]) -> None:
    """Whoever starts it hears of all mistakes at once, each with a remedy, and the service manager gets a 78."""
    (tmp_path / "bad.toml").write_text(BAD, encoding="utf-8")
    with running(*command, "bad.toml", folder=tmp_path) as program:
        assert program.wait() == 78
    assert len(program.errors) == len(PROBLEMS)
    for problem in PROBLEMS:
        assert any(problem in line for line in program.errors), str(program)
    assert not any("hunter2" in line for line in program.errors)
    assert program.output == []


def test_a_good_configuration_is_ok(tmp_path: Path) -> None:
    """`check-config` says what a configuration amounts to, without a broker or a camera, and ends with 0."""
    trap = Trap(tmp_path, port=free_port())
    with running("check-config", "trap.toml", folder=tmp_path) as program:
        assert program.wait() == 0
    assert program.output[0] == f"{trap.configuration.name}: ok"
    assert any("lily-beetle" in line for line in program.output)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ({"source": "opencv", "opencv.device": "/dev/video99"}, "/dev/video99"),
        ({"source": "picamera2"}, "picamera2 is not installed"),
    ],
    ids=["opencv", "picamera2"],
)
def test_a_camera_that_is_not_there_is_told_to_everybody(tmp_path: Path, source: dict[str, str], why: str) -> None:
    """The log says why in one line, the broker's subscribers see `camera_lost`, and a fresh process may try again."""
    if source["source"] == "picamera2" and importlib.util.find_spec("picamera2"):
        pytest.skip("picamera2 is installed here")
    camera = {**source, "files.path": None, "files.loop": None, "first_frame_timeout": 1.5}
    with broker_running(tmp_path / "broker") as broker, Subscriber(broker, f"{TOPIC}/#") as subscriber:
        trap = Trap(tmp_path / "trap", port=broker.port, camera=camera)
        with trap.running() as daemon:
            assert daemon.wait() == 1
        subscriber.wait_until(lambda: story.availability(subscriber) == ["online", "offline"])
        health = story.latest(subscriber, "health")
    assert (health["state"], "camera_lost" in health["reasons"]) == ("failed", True)
    assert re.fullmatch(rf"insect-edge: no frame within \d+ s: .*{why}.*", daemon.errors[-1])
    assert len(daemon.wait_for_line("camera lost: ")) == 1
    assert not any("Traceback" in line for line in daemon.errors)
