"""How picamera2 is loaded and set up, and what its errors mean."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from insect_edge.adapters.picamera2_settings import crop_rectangle, luma_size, sensor_mode, wanted_controls
from insect_edge.errors import CameraError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from insect_edge.adapters.picamera2_settings import Picamera2Settings
    from insect_edge.domain import Region

_BUFFERS = 4
"""One held by picamera2 as the newest, one being copied by us, two for the sensor to go on with."""
_FORMAT = "RGB888"
"""B, G, R in memory: DRM's names are little-endian words."""
_PLANAR = "NV12"
"""Brightness, then colours: all that libcamera's virtual camera knows."""
_LUMA_FORMAT = "YUV420"
"""The one that the second output of every Pi's image processor knows."""
_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}

_REMEDIES = {
    "busy": "end the other program that uses the camera",
    "dmaheap": "add the user to the group video; a service needs DeviceAllow=char-dma_heap as well",
    "cannot allocate": "there is not enough memory for frames of this size: choose a smaller width and height",
}
"""What helps, by a part of what picamera2 and libcamera say."""


def import_picamera2() -> tuple[Any, Any]:
    """picamera2 and libcamera, when a camera is opened: it takes a second, and nobody without such a camera has them.

    Raises:
        CameraError: when they are not installed.
    """
    os.environ.setdefault("LIBCAMERA_LOG_LEVELS", "*:WARN")  # else it tells of every mode of the sensor
    logging.getLogger("picamera2").setLevel(logging.WARNING)
    try:
        import libcamera  # noqa: PLC0415
        import picamera2  # noqa: PLC0415
    except ImportError as error:
        raise CameraError(
            f"picamera2 is not installed here ({error}): sudo apt install python3-picamera2, and create the virtual "
            "environment with --system-site-packages"
        ) from error
    return picamera2, libcamera


def configure(camera: Any, libcamera: Any, *, settings: Picamera2Settings, name: str) -> None:
    """Set an opened camera up: processed as for stills, but with buffers enough to go on while one is looked at.

    Raises:
        CameraError: when the camera does not have what is asked for.
    """
    upside_down = settings.rotation == 180  # noqa: PLR2004
    controls = wanted_controls(settings, available=camera.camera_controls, enums=libcamera.controls, name=name)
    size = luma_size(width=settings.width, height=settings.height)
    camera.configure(
        camera.create_still_configuration(
            main={"format": _FORMAT, "size": (settings.width, settings.height)},
            lores={"format": _LUMA_FORMAT, "size": size} if settings.luma else None,
            raw=None,
            transform=libcamera.Transform(hflip=int(upside_down != settings.mirror), vflip=int(upside_down)),
            buffer_count=_BUFFERS,
            queue=True,
            controls=controls,
            sensor=sensor_mode(camera.sensor_modes, width=settings.width, height=settings.height),
        )
    )
    made = camera.camera_configuration()
    if made["main"]["format"] not in {_FORMAT, _PLANAR}:
        raise CameraError(
            f'{name}: delivers {made["main"]["format"]}, so it is no camera of the board: use source = "opencv" for it'
        )
    if settings.luma and made["lores"]["format"] not in {_LUMA_FORMAT, _PLANAR}:
        raise CameraError(
            f"{name}: delivers {made['lores']['format']} instead of brightness: write luma = false in "
            "[camera.picamera2]"
        )
    if settings.crop is not None:
        _crop(camera, settings.crop, made=made, name=name)


def _crop(camera: Any, crop: Region, *, made: dict[str, Any], name: str) -> None:
    """Zoom in.

    Raises:
        CameraError: when the camera cannot.
    """
    available = camera.camera_controls
    if "ScalerCrop" not in available:
        raise CameraError(f"{name}: this camera has no ScalerCrop: take crop out of [camera.picamera2]")
    width, height = made["main"]["size"]
    rectangle = crop_rectangle(available["ScalerCrop"][1], crop, width=width, height=height)
    # On a Raspberry Pi 5 picamera2 sets one for each stream itself, and those win.
    several = [rectangle for stream in ("main", "lores") if made.get(stream)]
    camera.set_controls({"ScalerCrops": several} if "ScalerCrops" in available else {"ScalerCrop": rectangle})


def pixels_of(request: Any, *, settings: Picamera2Settings) -> NDArray[np.uint8]:
    """The frame of a finished request: B, G, R, turned as the camera is mounted."""
    pixels = request.make_array("main")
    if request.config["main"]["format"] == _PLANAR:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_YUV2BGR_NV12)
    return _turned(pixels, settings.rotation)


def luma_of(request: Any, *, settings: Picamera2Settings) -> NDArray[np.uint8] | None:
    """Its brightness in fewer pixels, turned likewise; None where that was not asked for.

    picamera2 gives all planes below each other, in rows that the image processor has filled up.
    """
    if not settings.luma:
        return None
    width, height = request.config["lores"]["size"]
    return _turned(request.make_array("lores")[:height, :width], settings.rotation)


def _turned(pixels: NDArray[np.uint8], rotation: int) -> NDArray[np.uint8]:
    """A quarter turn, which no sensor and no image processor can do; half ones are done already."""
    turn = _TURNS.get(rotation)
    return np.ascontiguousarray(pixels if turn is None else cv2.rotate(pixels, turn), np.uint8)


def finished(job: Any) -> bool:
    """Whether one of picamera2's jobs is over, well or badly."""
    try:
        job.get_result(timeout=0)
    except TimeoutError:
        return False
    except BaseException:  # noqa: BLE001 # it finished badly; whoever takes the result gets the error
        return True
    return True


def reason(error: BaseException) -> str:
    """What really went wrong, in one line: picamera2 says of most errors only that something "did not complete"."""
    while error.__cause__ is not None:
        error = error.__cause__
    text = " ".join(str(error).split()) or type(error).__name__
    remedies = (remedy for part, remedy in _REMEDIES.items() if part in text.lower())
    return f"{text}: {next(remedies, 'check its cable with rpicam-hello --list-cameras')}"
