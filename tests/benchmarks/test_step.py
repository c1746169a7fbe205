"""What everything around the inference costs."""

from __future__ import annotations

import statistics
import time
from contextlib import contextmanager
from dataclasses import replace
from queue import SimpleQueue
from typing import TYPE_CHECKING

import numpy as np
import pytest

from insect_edge.adapters.clock import SystemClock
from insect_edge.adapters.memory_publisher import MemoryPublisher
from insect_edge.composition.daemon import Adapters, assembled
from insect_edge.composition.timed import TimedFinder
from insect_edge.config.parse import parse_config
from insect_edge.health.liveliness import REMEMBERED
from insect_edge.preprocess import quantization_table, to_tensor
from insect_edge.systemd import Systemd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from insect_edge.classifier import Classifier
    from insect_edge.daemon import Daemon
    from insect_edge.domain import Frame
    from insect_edge.pipeline import Pipeline
    from insect_edge.protocols import Notice

ROUNDS = 400
FRAMES = REMEMBERED + 8
"""In a ring that is longer than what pictures are compared with."""
DEFAULT = """
camera.source = "simulated"
outbox.directory = "outbox"
"""
SEARCHING = (
    DEFAULT
    + """
[regions]
mode = "motion"
max_crops = {most}
budget_ms = 60000
"""
)
EVERYTHING = (
    DEFAULT
    + """
home_assistant.enabled = true
[policy]
update_every = 1
update_rise = 0.01
[publish]
snapshot_per_event = true
classification = true
classification_every = 0
"""
)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


class Prepared:
    """A camera that hands frames out that were drawn before; each is noisy in its own way, so that all are alive."""

    name = "prepared"
    live = True

    def __init__(self, frame: Frame) -> None:
        generator = np.random.default_rng(0)
        noise = generator.integers(0, 4, (FRAMES, *frame.pixels.shape), dtype=np.uint8)
        self._frames = [replace(frame, pixels=np.clip(frame.pixels, 0, 251) + each) for each in noise]
        self._clock = SystemClock()
        self._sequence = 0

    def open(self) -> None:
        """Nothing to do."""

    def capture(self, *, timeout: float) -> Frame:
        """The next one, taken now."""
        assert timeout >= 0
        self._sequence += 1
        chosen = self._frames[self._sequence % FRAMES]
        return replace(chosen, captured=self._clock.moment(), sequence=self._sequence, sensor_timestamp_ns=None)

    def close(self) -> None:
        """Nothing to do."""


@contextmanager
def _daemon(classifier: Classifier, camera: Prepared, *, folder: Path, configuration: str) -> Iterator[Daemon]:
    """One that is connected to a broker in memory and has seen its first frames."""
    config = parse_config(configuration.encode(), name="bench", folder=folder)
    inbox: SimpleQueue[Notice] = SimpleQueue()
    adapters = Adapters(
        clock=SystemClock(),
        inbox=inbox,
        camera=camera,
        classifier=classifier,
        publisher=MemoryPublisher(inbox),
        systemd=Systemd(),
    )
    with assembled(config, adapters, device_id="bench") as daemon:
        for _ in range(20):
            _round(daemon)
        yield daemon


def _round(daemon: Daemon) -> None:
    """What the daemon does for one frame, but for waiting."""
    parts = daemon._parts
    daemon._next_frame = 0.0
    daemon._look()
    daemon._tell(parts.pipeline.tick(parts.clock.moment()))
    parts.health.update()
    parts.relay.pump()
    parts.album.work()
    parts.commands.work()
    daemon._wait(until=0.0)


@pytest.mark.parametrize(
    ("name", "configuration"), [("as by default", DEFAULT), ("with everything on", EVERYTHING)], ids=["default", "all"]
)
def test_step_against_bare_invoke(
    classifier: Classifier, frame: Frame, tmp_path: Path, say: Callable[[str], None], *, name: str, configuration: str
) -> None:
    """One step on a 1280x720 frame, capture excluded, against the interpreter alone: budget 1.6 times.

    Beside it the daemon's whole round for the frame: health, liveliness, relay, snapshots, commands.
    """
    card, interpreter = classifier.card, classifier.interpreter
    table = quantization_table(card.input, interpreter.input)
    tensor = to_tensor(frame.pixels, region=None, contract=card.input, table=table)
    camera, found = Prepared(frame), []
    with _daemon(classifier, camera, folder=tmp_path, configuration=configuration) as daemon:
        pipeline = daemon._parts.pipeline
        for _ in range(ROUNDS):
            seen = camera.capture(timeout=0)
            step = _seconds(lambda seen=seen: pipeline.look(seen))
            bare = _seconds(lambda: interpreter.invoke(tensor))
            found.append((step, _seconds(lambda: _round(daemon)), bare))
        assert daemon.frames > ROUNDS
    step, whole, bare = (statistics.median(column) * 1e3 for column in zip(*found, strict=True))
    ratio = statistics.median(one / other for one, _, other in found)
    around = statistics.median(one / other for _, one, other in found)
    say(
        f"{name}: step {step:.2f} ms, bare invoke {bare:.2f} ms: {ratio:.2f} times (budget 1.6); "
        f"the daemon's whole round {whole:.2f} ms: {around:.2f} times"
    )
    assert ratio > 1, "a step holds an invoke, so it cannot be quicker: the measurement is broken"


@pytest.mark.parametrize("regions", [0, 1, 8])
def test_step_with_regions_against_finding_and_bare_invokes(
    classifier: Classifier, frame: Frame, tmp_path: Path, say: Callable[[str], None], *, regions: int
) -> None:
    """One step of `motion` in which so many places are looked at, against finding and as many bare invokes.

    Nothing moves but what is proposed besides, elsewhere in each frame, so that all of it is news to the tracker.
    """
    card, interpreter = classifier.card, classifier.interpreter
    table = quantization_table(card.input, interpreter.input)
    tensor = to_tensor(frame.pixels, region=None, contract=card.input, table=table)
    camera, found, rounds = Prepared(frame), [], ROUNDS // (regions // 2 or 1)
    configuration = SEARCHING.format(most=max(regions, 1))
    with _daemon(classifier, camera, folder=tmp_path, configuration=configuration) as daemon:
        pipeline = daemon._parts.pipeline
        finder = pipeline._sight._finder = TimedFinder(pipeline._sight._finder)
        while daemon.frames <= REMEMBERED or not finder.settled:
            _round(daemon)
        finder.strangers = 2 * regions
        for _ in range(rounds):
            seen = camera.capture(timeout=0)
            step, looks = _timed_look(pipeline, seen)
            bare = _seconds(lambda: interpreter.invoke(tensor))
            if looks == regions:
                found.append((step * 1e3, finder.milliseconds, bare * 1e3))
    assert len(found) > rounds / 2
    step, finding, bare = (statistics.median(column) for column in zip(*found, strict=True))
    ratio = statistics.median(one / (searched + regions * other) for one, searched, other in found)
    say(
        f"{regions} regions looked at: step {step:.2f} ms, finding {finding:.2f} ms, bare invoke {bare:.2f} ms: "
        f"{ratio:.2f} times finding and {regions} invokes"
    )
    assert ratio > 1, "a step holds all of that, so it cannot be quicker: the measurement is broken"


def _timed_look(pipeline: Pipeline, seen: Frame) -> tuple[float, int]:
    """Seconds of a step, and how many places were looked at in it."""
    started = time.perf_counter()
    view = pipeline.look(seen).view
    return time.perf_counter() - started, sum(one.classification is not None for one in view.sightings)
