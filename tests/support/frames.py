"""Frames as cameras without a sensor's clock, or with a strange one, deliver them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.daemon_world import World


def without_sensor_clock(here: World, *, timestamps: Callable[[int], int | None] = lambda _: None) -> None:
    """Have frames carry no timestamp of a sensor, or another one."""
    capture = here.camera.capture

    def captured(*, timeout: float) -> Any:
        frame = capture(timeout=timeout)
        object.__setattr__(frame, "sensor_timestamp_ns", timestamps(frame.sequence))
        return frame

    here.camera.capture = captured  # type: ignore[method-assign]
