"""What memory it takes to search frames for animals, beside looking at each as one picture."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from insect_edge.adapters.picture_writer import write_picture
from insect_edge.garden.planting import Planting
from support.daemon_process import daemon
from support.mosquitto import Mosquitto, Subscriber, running
from support.processes import proportional_mebibytes, resident_mebibytes

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

FRAMES = int(os.environ.get("INSECT_EDGE_BENCHMARK_REGION_FRAMES", "1000"))
PICTURES = 200
SCENES = {"whole": "bed", "motion": "bed", "auto": "bed", "contrast": "sheet"}
"""What each mode is for; the first is what the others are compared with."""
RATE = 10.0
"""Frames a second, of the story that the pictures tell and of the daemon."""
FIRST = 900
"""Frame of the story from which on its first animals are there."""
CONFIGURATION = """
[device]
id = "bench"
[camera]
source = "files"
rate = {rate}
[camera.files]
path = "{pictures}"
loop = true
[regions]
mode = "{mode}"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Of a process, in MiB.

    Attributes:
        frames: it had looked at.
        resident: all of it.
        proportional: with its share of what others use too; None where the kernel does not tell.
    """

    frames: int
    resident: float
    proportional: float | None


def draw(folder: Path, *, scene: str) -> Path:
    """Pictures of a scene with its animals and all that disturbs, 1280x720."""
    folder.mkdir()
    garden = Planting.of(scene).garden(seed=1, width=1280, height=720, frames_per_second=RATE)
    for number in range(PICTURES):
        write_picture(folder / f"{number:03}.jpg", garden.frame(FIRST + number))
    return folder


def measured(folder: Path, pictures: Path, *, mode: str, broker: Mosquitto) -> tuple[Memory, Memory, dict[str, Any]]:
    """A daemon's memory after half of the frames and after all of them, and what it tells of itself then."""
    configuration = CONFIGURATION.format(pictures=pictures, mode=mode, rate=RATE, port=broker.port)
    folder.mkdir()
    with (
        Subscriber(broker, "insect-edge/bench/health") as subscriber,
        daemon(folder, configuration) as process,
    ):
        half, _ = taken(process, subscriber, frames=FRAMES // 2)
        whole, report = taken(process, subscriber, frames=FRAMES)
    return half, whole, report


def taken(process: subprocess.Popen[bytes], subscriber: Subscriber, *, frames: int) -> tuple[Memory, dict[str, Any]]:
    """The memory of that daemon once it has looked at so many frames, and its newest report."""
    report: dict[str, Any] = {"frames": 0}
    while report["frames"] < frames:
        assert process.poll() is None
        time.sleep(0.2)
        told = [json.loads(payload) for _, payload, _ in subscriber.received if payload]
        report = told[-1] if told else report
    resident, proportional = resident_mebibytes(process.pid), proportional_mebibytes(process.pid)
    return Memory(frames=report["frames"], resident=resident, proportional=proportional), report


def test_memory_of_searching(tmp_path: Path, say: Callable[[str], None]) -> None:
    """Each mode by a daemon of its own: all its memory, and what was added in the second half of the frames."""
    found: dict[str, float] = {}
    pictures = {scene: draw(tmp_path / scene, scene=scene) for scene in sorted(set(SCENES.values()))}
    for mode, scene in SCENES.items():
        with running(tmp_path / f"broker-{mode}") as broker:
            half, full, report = measured(tmp_path / mode, pictures[scene], mode=mode, broker=broker)
        found[mode] = full.resident
        proportional = "unknown" if full.proportional is None else f"{full.proportional:.1f} MiB"
        inference = (
            "no look at the end" if report["inference_ms"] is None else f"{report['inference_ms']:.0f} ms of looks"
        )
        say(
            f"{mode:<8} {scene:<5}: {full.frames} frames, {inference}, resident {full.resident:.1f} MiB "
            f"({full.resident - found['whole']:+.1f} against whole), proportional {proportional}, "
            f"grown by {full.resident - half.resident:.2f} MiB since frame {half.frames}"
        )
    assert min(found.values()) > 0
