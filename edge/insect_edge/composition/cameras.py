"""The camera as the configuration wants it; its library is imported only when it is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from insect_edge.config.camera import Camera as CameraConfig
    from insect_edge.protocols import Camera, Clock
    from insect_edge.regions.settings import Mode

_SEARCHED_BY_BRIGHTNESS = frozenset({"motion", "contrast", "auto"})


def make_camera(config: CameraConfig, *, clock: Clock, mode: Mode = "whole") -> Camera:
    """The configured camera, not yet open.

    Args:
        config: its section of the configuration.
        clock: the time.
        mode: how frames will be searched; some ways want a small picture of the brightness beside each, where the
            camera has one.

    Raises:
        CameraError: when its library is not installed.
        ConfigError: when it is asked for what it does not have.
    """
    if config.source == "picamera2":
        return _picamera2(config, clock, luma=mode in _SEARCHED_BY_BRIGHTNESS)
    makers = {"files": _files, "opencv": _opencv, "simulated": _simulated}
    return makers[config.source](config, clock)


def fastest_rate(config: CameraConfig) -> float | None:
    """Frames a second that a camera opened with this configuration delivers at most; None where nobody knows."""
    if config.source == "picamera2":
        from insect_edge.adapters.picamera2_settings import (  # noqa: PLC0415 # see the module's docstring
            Picamera2Settings,
            frame_durations,
        )

        return round(1e6 / frame_durations(Picamera2Settings(frames_per_second=config.rate))[0], 2)
    if config.source == "simulated":
        from insect_edge.adapters.simulated import FRAMES_PER_SECOND  # noqa: PLC0415 # the same

        return FRAMES_PER_SECOND
    return None


def _files(config: CameraConfig, clock: Clock) -> Camera:
    from insect_edge.adapters.files import FileCamera  # noqa: PLC0415 # see the module's docstring

    return FileCamera(config.files.path or (), clock=clock, loop=config.files.loop)


def _simulated(config: CameraConfig, clock: Clock) -> Camera:
    from insect_edge.adapters.simulated import SimulatedCamera, fault  # noqa: PLC0415 # see the module's docstring
    from insect_edge.garden.planting import Planting  # noqa: PLC0415 # the same

    scene = config.simulated
    return SimulatedCamera(
        clock=clock,
        scene=Planting.of(scene.scene, animals=scene.animals, size=scene.size, nuisances=scene.nuisances),
        seed=scene.seed,
        width=scene.width,
        height=scene.height,
        sensor_clock=scene.sensor_clock,
        faults=[fault(text) for text in scene.faults],
    )


def _opencv(config: CameraConfig, clock: Clock) -> Camera:
    from insect_edge.adapters.opencv import OpencvCamera, OpencvSettings  # noqa: PLC0415 # see the module's docstring

    keys = dict(config.opencv)
    device = keys.pop("device")
    return OpencvCamera(device, clock=clock, settings=OpencvSettings(**keys))


def _picamera2(config: CameraConfig, clock: Clock, *, luma: bool) -> Camera:
    from insect_edge.adapters.picamera2 import Picamera2Camera  # noqa: PLC0415 # see the module's docstring
    from insect_edge.adapters.picamera2_settings import Picamera2Settings  # noqa: PLC0415 # the same

    keys = dict(config.picamera2)
    device = keys.pop("device")
    if keys["luma"] is None:
        keys["luma"] = luma
    return Picamera2Camera(device, clock=clock, settings=Picamera2Settings(**keys, frames_per_second=config.rate))
