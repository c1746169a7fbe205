"""What the benchmarks share: the real model, a real frame, and a way to say what came out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from insect_edge import model_bundle
from insect_edge.adapters.clock import SystemClock
from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.adapters.simulated import SimulatedCamera
from insect_edge.classifier import Classifier

if TYPE_CHECKING:
    from collections.abc import Callable

    from insect_edge.domain import Frame


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is a benchmark."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.benchmark)


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    """The default model."""
    bundle = model_bundle.open_model(model_bundle.default_path())
    interpreter = LiteRtInterpreter(bundle.content, name=bundle.name)
    return Classifier(interpreter, bundle.card_for(interpreter))


@pytest.fixture
def frame() -> Frame:
    """One 1280x720 frame of the simulated garden."""
    camera = SimulatedCamera(clock=SystemClock(), scene="snail")
    camera.open()
    captured = camera.capture(timeout=5)
    camera.close()
    assert captured is not None
    return captured


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print one line of results past pytest's capture."""

    def tell(text: str) -> None:
        with capsys.disabled():
            print(f"\n  {text}", flush=True)  # noqa: T201 - the figures are what a benchmark is for

    return tell
