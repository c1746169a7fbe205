"""What a garden without animals amounts to: nothing."""

from __future__ import annotations

import os
from queue import SimpleQueue
from typing import TYPE_CHECKING

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.adapters.simulated import SimulatedCamera
from insect_edge.policy.rules import Policy, PolicySettings
from insect_edge.policy.state import PolicyState

if TYPE_CHECKING:
    from collections.abc import Callable

    from insect_edge.classifier import Classifier
    from insect_edge.protocols import Notice

FRAMES = int(os.environ.get("INSECT_EDGE_BENCHMARK_FRAMES", "10000"))


def test_leaves_and_light_are_no_insect(classifier: Classifier, say: Callable[[str], None]) -> None:
    """Thousands of frames of the empty scene, one a second, start no event."""
    clock = FakeClock()
    inbox: SimpleQueue[Notice] = SimpleQueue()
    camera = SimulatedCamera(clock=clock, scene="empty", frames_per_second=1.0)
    policy = Policy(PolicySettings(), new_event_id=lambda: "event")
    state, verdicts, started = PolicyState(), 0, []
    camera.open()
    for _ in range(FRAMES):
        frame = camera.capture(timeout=5)
        assert frame is not None
        classification = classifier.classify(frame)
        verdicts += classification.verdict is not None
        state, events = policy.step(state, classification, at=frame.captured)
        started += [event.label for event in events]
        clock.wait(inbox, seconds=1.0)
    camera.close()
    say(f"{FRAMES} frames of leaves and light: {verdicts} single verdicts, {len(started)} event changes {started[:5]}")
    assert not started
