"""The sections of the configuration file that choose and set up the camera."""

# Annotations stay real objects here: pydantic reads them when the classes are made.

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from insect_edge.config.types import (
    BoardCamera,
    Conflict,
    Crop,
    Faults,
    Files,
    Focus,
    Nuisances,
    Pixels,
    RegionChoice,
    Seconds,
    Section,
    Text,
    Unit,
    VideoDevice,
)


class FilesCamera(Section):
    """Pictures on disk."""

    path: Files | None = None
    loop: bool = False


class OpencvCamera(Section):
    """A USB camera, a stream or a video file."""

    device: VideoDevice = 0
    width: Pixels = 1280
    height: Pixels = 720
    rotation: Literal[0, 90, 180, 270] = 0
    format: Literal["mjpeg", "yuyv"] = "mjpeg"
    transport: Literal["tcp", "udp"] = "tcp"
    loop: bool = False
    every_frame: bool = False


class Picamera2Camera(Section):
    """A camera on the board's own connector; what is left out is left to it."""

    device: BoardCamera = 0
    width: Pixels = 1280
    height: Pixels = 720
    rotation: Literal[0, 90, 180, 270] = 0
    mirror: bool = False
    crop: Crop | None = None
    focus: Focus | None = None
    focus_range: Literal["normal", "macro", "full"] | None = None
    exposure: Literal["normal", "short", "long"] | None = None
    exposure_us: Annotated[int | None, Field(ge=1, le=1_000_000), Unit("microseconds")] = None
    gain: Annotated[float | None, Field(ge=1, le=64)] = None
    exposure_value: Annotated[float | None, Field(ge=-8, le=8), Unit("stops")] = None
    flicker_hz: Literal[50, 60] | None = None
    white_balance: Literal["auto", "incandescent", "tungsten", "fluorescent", "indoor", "daylight", "cloudy"] | None = (
        None
    )
    luma: bool | None = None


class SimulatedCamera(Section):
    """A drawn garden."""

    scene: Text = "garden"
    animals: Annotated[int | None, Field(ge=0, le=64)] = None
    size: Annotated[float | None, Field(ge=0.005, le=0.5), Unit("of the frame's width")] = None
    nuisances: Nuisances | None = None
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    width: Pixels = 1280
    height: Pixels = 720
    sensor_clock: bool = True
    faults: Faults = ()


class Camera(Section):
    """What is looked through, how often and where in the frame."""

    source: Literal["simulated", "files", "opencv", "picamera2"] = "picamera2"
    rate: Annotated[float, Field(ge=0.01, le=60), Unit("frames a second")] = 1.0
    dark_rate: Annotated[float, Field(ge=0.01, le=60), Unit("frames a second")] = 0.1
    compare: bool = True
    region: RegionChoice = "square"
    capture_timeout: Annotated[Seconds, Field(ge=0.1, le=30)] = 5.0
    first_frame_timeout: Annotated[Seconds, Field(ge=1, le=3600)] = 60.0
    files: FilesCamera = FilesCamera()
    opencv: OpencvCamera = OpencvCamera()
    picamera2: Picamera2Camera = Picamera2Camera()
    simulated: SimulatedCamera = SimulatedCamera()

    def conflicts(self) -> Iterator[Conflict]:
        """Pictures need a place to come from."""
        if self.source == "files" and self.files.path is None:
            advice = (
                "nothing says where the files are: write [camera.files] path = a folder, a picture or a list of them"
            )
            yield Conflict(("source", "files"), advice)
