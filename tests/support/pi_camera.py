"""A picamera2 camera on a test bench."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from insect_edge.adapters.clock import SystemClock
from insect_edge.adapters.picamera2 import Picamera2Camera
from insect_edge.adapters.picamera2_settings import Picamera2Settings
from support.fake_picamera2 import Bench

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest


def installed_bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A Pi with one camera; nothing hangs any more at the end."""
    made = Bench()
    for name, module in made.modules().items():
        monkeypatch.setitem(sys.modules, name, module)
    yield made
    made.wedged.clear()


def small(**settings: Any) -> Picamera2Settings:
    """Small frames, and what else is asked for."""
    return Picamera2Settings(**{"width": 64, "height": 48} | settings)


def open_camera(bench: Bench, **settings: Any) -> Picamera2Camera:
    """An open camera on the bench that is installed."""
    assert bench.models
    camera = Picamera2Camera(clock=SystemClock(), settings=small(**settings))
    camera.open()
    return camera
