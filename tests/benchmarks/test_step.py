"""What everything around the inference costs."""

from __future__ import annotations

import statistics
import time
from queue import SimpleQueue
from typing import TYPE_CHECKING

from insect_edge.adapters.clock import SystemClock
from insect_edge.adapters.memory_publisher import MemoryPublisher
from insect_edge.adapters.simulated import SimulatedCamera
from insect_edge.composition.daemon import Adapters, assembled
from insect_edge.config.parse import parse_config
from insect_edge.preprocess import quantization_table, to_tensor
from insect_edge.systemd import Systemd

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from insect_edge.classifier import Classifier
    from insect_edge.domain import Frame
    from insect_edge.protocols import Notice

ROUNDS = 400


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def test_step_against_bare_invoke(
    classifier: Classifier, frame: Frame, tmp_path: Path, say: Callable[[str], None]
) -> None:
    """One step on a 1280x720 frame, capture excluded, against the interpreter alone: budget 1.6 times."""
    config = parse_config(b'[camera]\nsource = "simulated"\n[outbox]\ndirectory = "."\n', name="bench", folder=tmp_path)
    clock = SystemClock()
    inbox: SimpleQueue[Notice] = SimpleQueue()
    adapters = Adapters(
        clock=clock,
        inbox=inbox,
        camera=SimulatedCamera(clock=clock),
        classifier=classifier,
        publisher=MemoryPublisher(inbox),
        systemd=Systemd(),
    )
    card, interpreter = classifier.card, classifier.interpreter
    table = quantization_table(card.input, interpreter.input)
    tensor = to_tensor(frame.pixels, region=None, contract=card.input, table=table)
    with assembled(config, adapters, device_id="bench") as daemon:
        pipeline = daemon._parts.pipeline
        for _ in range(20):
            pipeline.look(frame)
            interpreter.invoke(tensor)
        pairs = [
            (_seconds(lambda: pipeline.look(frame)), _seconds(lambda: interpreter.invoke(tensor)))
            for _ in range(ROUNDS)
        ]
    step, bare = (statistics.median(column) * 1e3 for column in zip(*pairs, strict=True))
    ratio = statistics.median(one / other for one, other in pairs)
    say(f"step {step:.2f} ms, bare invoke {bare:.2f} ms: {ratio:.2f} times (budget 1.6)")
    assert ratio > 1, "a step holds an invoke, so it cannot be quicker: the measurement is broken"
