"""The camera as the configuration wants it; its library is imported only when it is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from insect_edge.config.sections import Camera as CameraConfig
    from insect_edge.protocols import Camera, Clock


def make_camera(config: CameraConfig, *, clock: Clock) -> Camera:
    """The configured camera, not yet open.

    Raises:
        CameraError: when its library is not installed.
        ConfigError: when it is asked for what it does not have.
    """
    makers = {"files": _files, "opencv": _opencv, "picamera2": _picamera2, "simulated": _simulated}
    return makers[config.source](config, clock)


def _files(config: CameraConfig, clock: Clock) -> Camera:
    from insect_edge.adapters.files import FileCamera  # noqa: PLC0415 # see the module's docstring

    return FileCamera(config.files.path or (), clock=clock, loop=config.files.loop)


def _simulated(config: CameraConfig, clock: Clock) -> Camera:
    from insect_edge.adapters.simulated import SimulatedCamera, fault  # noqa: PLC0415 # see the module's docstring

    scene = config.simulated
    return SimulatedCamera(
        clock=clock,
        scene=scene.scene,
        seed=scene.seed,
        width=scene.width,
        height=scene.height,
        sensor_clock=scene.sensor_clock,
        faults=[fault(text) for text in scene.faults],
    )


def _opencv(config: CameraConfig, clock: Clock) -> Camera:
    from insect_edge.adapters.opencv import OpencvCamera  # noqa: PLC0415 # see the module's docstring

    camera = config.opencv
    return OpencvCamera(
        camera.device,
        clock=clock,
        width=camera.width,
        height=camera.height,
        rotation=camera.rotation,
        loop=camera.loop,
    )


def _picamera2(config: CameraConfig, clock: Clock) -> Camera:
    from insect_edge.adapters.picamera2 import Picamera2Camera  # noqa: PLC0415 # see the module's docstring

    camera = config.picamera2
    return Picamera2Camera(
        camera.index,
        clock=clock,
        width=camera.width,
        height=camera.height,
        rotation=camera.rotation,
        frames_per_second=config.rate,
    )
