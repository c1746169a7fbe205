"""What the running daemon takes: memory, time to its subscribers, time to start, and the life of an SD card."""

from __future__ import annotations

import json
import os
import socket
import statistics
import sys
import time
from datetime import datetime
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import pytest

from insect_edge import model_bundle
from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.adapters.picture_writer import write_picture
from insect_edge.adapters.simulated import SimulatedCamera
from insect_edge.protocols import Notice
from support.daemon_process import daemon
from support.mosquitto import Mosquitto, Subscriber, running
from support.probe import Probe
from support.processes import resident_mebibytes, seconds, written_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FRAMES = int(os.environ.get("INSECT_EDGE_BENCHMARK_FRAMES", "10000"))
IDLE_SECONDS = float(os.environ.get("INSECT_EDGE_BENCHMARK_IDLE_SECONDS", "60"))
LATENCY_MESSAGES = 40
SETTLED_FRAMES = 1000
_BUSY = """
[device]
id = "bench"
[camera]
source = "{source}"
rate = {rate}
[camera.files]
path = "pictures"
loop = true
[camera.simulated]
scene = "{scene}"
[policy]
window = 1
required = 1
end_after = {end_after}
cooldown = 0
update_every = 1
update_rise = 0.01
[mqtt]
host = "127.0.0.1"
port = {port}
[outbox]
directory = "outbox"
[health]
interval = 1
[log]
level = "error"
"""


def _configuration(broker: Mosquitto, *, scene: str, rate: float, source: str = "simulated") -> str:
    return _BUSY.format(source=source, scene=scene, rate=rate, end_after=max(0.1, 2 / rate), port=broker.port)


def _draw(folder: Path) -> None:
    """Pictures of a minute in the garden."""
    folder.mkdir()
    clock, inbox = FakeClock(), SimpleQueue[Notice]()
    camera = SimulatedCamera(clock=clock, scene="busy", frames_per_second=1.0)
    camera.open()
    for number in range(60):
        frame = camera.capture(timeout=5)
        assert frame is not None
        write_picture(folder / f"{number:02}.jpg", frame.pixels)
        clock.wait(inbox, seconds=1.0)
    camera.close()


def _health(subscriber: Subscriber) -> dict[str, Any]:
    reports = [payload for topic, payload, _ in subscriber.received if topic.endswith("/health")]
    return json.loads(reports[-1]) if reports else {"frames": 0}


@pytest.mark.parametrize("source", ["simulated", "files"])
def test_memory_over_many_frames(tmp_path: Path, say: Callable[[str], None], source: str) -> None:
    """Resident memory after many frames with insects coming and going: budget 130 MiB, growth under 1 MiB.

    Once with the garden, whose drawing takes memory of its own, and once with pictures of it from files.
    """
    if source == "files":
        _draw(tmp_path / "pictures")
    with (
        running(tmp_path / "broker") as broker,
        Subscriber(broker, "insect-edge/bench/health") as subscriber,
        daemon(tmp_path, _configuration(broker, scene="garden", rate=60, source=source)) as process,
    ):
        settled = 0.0
        while (report := _health(subscriber))["frames"] < FRAMES:
            if report["frames"] >= SETTLED_FRAMES and not settled:
                settled = resident_mebibytes(process.pid)
            time.sleep(0.2)
        memory = resident_mebibytes(process.pid)
    grown = memory - settled
    say(f"{source}: memory after {report['frames']} frames {memory:.1f} MiB (budget 130), grown by {grown:.2f} MiB")
    assert settled > 0


def test_capture_to_subscriber(tmp_path: Path, say: Callable[[str], None]) -> None:
    """From the capture of a frame to its detection at a subscriber, beyond the inference: budget 15 ms in 99 of 100."""
    with (
        running(tmp_path / "broker") as broker,
        Subscriber(broker, "insect-edge/bench/health") as health,
        Probe(broker, "insect-edge/bench/detection") as probe,
        daemon(tmp_path, _configuration(broker, scene="busy", rate=20)),
        Probe(broker, "floor") as floor,
    ):
        probe.wait_for(LATENCY_MESSAGES, seconds=120)
        inference = float(_health(health)["inference_ms"])
        bare = [floor.round_trip(1200) * 1e3 for _ in range(50)]
    beyond = sorted(_age_ms(at, payload) - inference for at, payload in probe.arrived[5:])
    percentile = beyond[int(len(beyond) * 0.99)]
    say(
        f"capture to subscriber beyond {inference:.1f} ms of inference, {len(beyond)} detections: "
        f"median {statistics.median(beyond):.1f} ms, 99th percentile {percentile:.1f} ms (budget 15); "
        f"the broker alone: median {statistics.median(bare):.1f} ms"
    )
    assert beyond[-1] > 0, "nothing arrives before it was captured: the clocks are broken"


def _age_ms(arrived: float, payload: bytes) -> float:
    return (arrived - datetime.fromisoformat(json.loads(payload)["at"]).timestamp()) * 1e3


def test_start_to_ready(tmp_path: Path, say: Callable[[str], None]) -> None:
    """From the start of the process to READY: budget 2 s, beside importing the same libraries and loading the model."""
    model = model_bundle.default_path() / "model.tflite"
    load = (
        "import cv2, numpy, paho.mqtt.client, pydantic, sqlite3; from ai_edge_litert.interpreter import Interpreter;"
        f"i = Interpreter(model_path={str(model)!r}, num_threads=1); i.allocate_tensors(); i.invoke()"
    )
    ready, floor = [], []
    with running(tmp_path / "broker") as broker:
        for number in range(5):
            folder = tmp_path / str(number)
            folder.mkdir()
            ready.append(_ready(folder, _configuration(broker, scene="empty", rate=5)))
            floor.append(seconds([sys.executable, "-c", load]))
    ours, theirs = statistics.median(ready), statistics.median(floor)
    say(f"start to READY {ours:.2f} s (budget 2), libraries and model alone {theirs:.2f} s: {ours / theirs:.2f} times")
    assert ours > 0


def _ready(folder: Path, configuration: str) -> float:
    address = str(folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        notified.bind(address)
        notified.settimeout(60)
        started = time.perf_counter()
        with daemon(folder, configuration, environment={**os.environ, "NOTIFY_SOCKET": address}):
            while b"READY=1" not in notified.recv(4096):
                pass
            return time.perf_counter() - started


def test_idle_disk_writes(tmp_path: Path, say: Callable[[str], None]) -> None:
    """What is written to disk while no insect is in sight: budget 1 MiB an hour."""
    with (
        running(tmp_path / "broker") as broker,
        Subscriber(broker, "insect-edge/bench/health") as subscriber,
        daemon(tmp_path, _configuration(broker, scene="empty", rate=1)) as process,
    ):
        while not _health(subscriber)["frames"]:
            time.sleep(0.1)
        before = written_bytes(process.pid)
        time.sleep(IDLE_SECONDS)
        written = written_bytes(process.pid) - before
    hourly = written / IDLE_SECONDS * 3600 / 2**20
    say(f"idle disk writes: {written} bytes in {IDLE_SECONDS:.0f} s, {hourly:.2f} MiB an hour (budget 1)")
    assert written >= 0
