"""What is asked of a camera on a Raspberry Pi's own connector, in picamera2's words: pure, without picamera2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from insect_edge.errors import CameraError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from insect_edge.domain import Region

Rectangle = tuple[int, int, int, int]
"""x, y, width, height in pixels of the sensor, as libcamera's ScalerCrop."""

_SLOWEST_SENSOR, _FASTEST_SENSOR = 5.0, 30.0
"""Frames a second: slower, the exposure takes too long to find; faster, a Pi gets warm for nothing."""
_LONGEST_FRAME_US = 1_000_000
_LUMA_WIDTH = 640
"""Of the brightness picture: an animal a hundredth of the frame wide still has six pixels. A multiple of 128, so that
no Pi fills its rows up."""
_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Picamera2Settings:
    """What the frames shall be like; what is None is left to the camera.

    Attributes:
        width: asked of the camera, in pixels; libcamera may round it to an even number.
        height: the same.
        rotation: degrees clockwise by which the frames are turned.
        mirror: the camera looks into a mirror.
        crop: the part of the sensor's view that fills the frame, as it is seen in an untouched one.
        focus: how the lens looks for its place, or the dioptres (1 / metres, 0 is infinity) at which it stays; None for
            continuously, where there is a lens that moves.
        focus_range: where it looks; None for everywhere, from some centimetres on.
        exposure: whether automatic exposure rather gains or rather waits.
        exposure_us: microseconds, fixed.
        gain: of the sensor, fixed.
        exposure_value: stops by which automatic exposure is to be brighter.
        flicker_hz: of the mains that feed the lamps.
        white_balance: what light there is; None for finding out.
        luma: whether frames carry a small picture of their brightness as well, from the same exposure.
        frames_per_second: how often frames will be asked for; the sensor runs at twice that, between 5 and 30, and in
            the dusk may slow down to it.
    """

    width: int = 1280
    height: int = 720
    rotation: Literal[0, 90, 180, 270] = 0
    mirror: bool = False
    crop: Region | None = None
    focus: Literal["continuous", "once"] | float | None = None
    focus_range: Literal["normal", "macro", "full"] | None = None
    exposure: Literal["normal", "short", "long"] | None = None
    exposure_us: int | None = None
    gain: float | None = None
    exposure_value: float | None = None
    flicker_hz: Literal[50, 60] | None = None
    white_balance: Literal["auto", "incandescent", "tungsten", "fluorescent", "indoor", "daylight", "cloudy"] | None = (
        None
    )
    luma: bool = False
    frames_per_second: float = 1.0


def frame_durations(settings: Picamera2Settings) -> tuple[int, int]:
    """Shortest and longest time for one frame in microseconds, as libcamera's FrameDurationLimits."""
    rate = settings.frames_per_second
    shortest = round(_MICROSECONDS / min(max(2 * rate, _SLOWEST_SENSOR), _FASTEST_SENSOR))
    longest = min(max(round(_MICROSECONDS / rate), shortest), _LONGEST_FRAME_US)
    return shortest, max(longest, settings.exposure_us or 0)


def luma_size(*, width: int, height: int) -> tuple[int, int]:
    """Width and height of the brightness picture, in pixels: the frame's proportions, and no more pixels than it has.

    Args:
        width: of the frame in pixels.
        height: of the frame in pixels.
    """
    narrow = min(_LUMA_WIDTH, width)
    return narrow - narrow % 2, max(
        2, round(height * narrow / width / 2) * 2
    ) if narrow < width else height - height % 2


def chosen_camera(found: Sequence[Mapping[str, Any]], device: int | str) -> int:
    """Number of the camera that is meant.

    Args:
        found: picamera2's list of cameras.
        device: a number in that list, the name of a sensor (`imx708`), or libcamera's whole name of a connector.

    Raises:
        CameraError: when there is none, or it could be either of two.
    """
    seen = ", ".join(f"{number} {camera.get('Model')}" for number, camera in enumerate(found))
    if not found:
        raise CameraError(
            f"picamera2:{device}: no camera is found: switch off, check both ends of its cable, then see what "
            "rpicam-hello --list-cameras finds; some need a dtoverlay line in /boot/firmware/config.txt"
        )
    if isinstance(device, int):
        matching = [device] if device < len(found) else []
    else:
        matching = [
            number
            for number, camera in enumerate(found)
            if device == camera.get("Id") or device.lower() == str(camera.get("Model")).lower()
        ]
    if not matching:
        raise CameraError(f"picamera2:{device}: no such camera (found: {seen}): check its cable, or correct device")
    if len(matching) > 1:
        raise CameraError(f"picamera2:{device}: there are {len(matching)} of that name: choose a number ({seen})")
    return matching[0]


def sensor_mode(modes: Sequence[Mapping[str, Any]], *, width: int, height: int) -> dict[str, Any]:
    """The sensor's mode that sees most, with as few pixels as the frame needs.

    Left to itself libcamera takes the mode nearest in size, which on many sensors sees only the middle.

    Args:
        modes: picamera2's `sensor_modes`.
        width: of the frame in pixels.
        height: of the frame in pixels.

    Returns:
        picamera2's `sensor` configuration; empty where the camera has no such modes.
    """
    known = [mode for mode in modes if "crop_limits" in mode and "size" in mode]
    if not known:
        return {}
    widest = max(_area(mode["crop_limits"][2:]) for mode in known)
    # Rounding to whole binned pixels loses up to a few rows of the view.
    whole = [mode for mode in known if _area(mode["crop_limits"][2:]) >= 0.98 * widest]
    enough = [mode for mode in whole if mode["size"][0] >= width and mode["size"][1] >= height]
    size = (
        min((mode["size"] for mode in enough), key=_area)
        if enough
        else max((mode["size"] for mode in whole), key=_area)
    )
    deepest = max(mode["bit_depth"] for mode in whole if mode["size"] == size)
    return {"output_size": tuple(size), "bit_depth": deepest}


def crop_rectangle(view: Rectangle, crop: Region, *, width: int, height: int) -> Rectangle:
    """What of the sensor fills the frame, for libcamera's ScalerCrop.

    Args:
        view: all the sensor's mode sees.
        crop: in fractions of the frame that would show as much of that as has the frame's proportions.
        width: of the frame in pixels.
        height: of the frame in pixels.

    Returns:
        The largest rectangle of the frame's proportions in the middle of the crop: anything else would be stretched.
    """
    x, y, seen_width, seen_height = _trimmed(*map(float, view), ratio=width / height)
    x, y = x + crop.x * seen_width, y + crop.y * seen_height
    trimmed = _trimmed(x, y, crop.width * seen_width, crop.height * seen_height, ratio=width / height)
    left, top, trimmed_width, trimmed_height = (round(value) for value in trimmed)
    return left, top, trimmed_width, trimmed_height


def wanted_controls(
    settings: Picamera2Settings, *, available: Mapping[str, tuple[Any, Any, Any]], enums: Any, name: str
) -> dict[str, Any]:
    """What libcamera is told besides the size.

    Args:
        settings: what is asked for.
        available: picamera2's `camera_controls`: least, greatest and usual value of each.
        enums: `libcamera.controls`.
        name: of the camera, for errors.

    Raises:
        CameraError: when something is asked for that this camera does not have, or outside its range.
    """
    wanted: dict[str, Any] = {"FrameDurationLimits": frame_durations(settings)}
    if settings.focus is None and "AfMode" in available:
        wanted["AfMode"] = enums.AfModeEnum.Continuous
    if settings.focus_range is None and "AfRange" in available:
        wanted["AfRange"] = enums.AfRangeEnum.Full
    for key, control, value in (*_focus(settings, enums), *_exposure(settings, enums)):
        if control not in available:
            raise CameraError(f"{name}: this camera has no {control}: take {key} out of [camera.picamera2]")
        least, greatest = available[control][:2]
        if isinstance(value, int | float) and _is_number(least, greatest) and not least <= value <= greatest:
            raise CameraError(
                f"{name}: {key} = {value:g} is outside {least:g} to {greatest:g}, which is what this camera can do: "
                "correct it in [camera.picamera2]"
            )
        wanted[control] = value
    return wanted


def _focus(settings: Picamera2Settings, enums: Any) -> Iterator[tuple[str, str, Any]]:
    """Key of the configuration, libcamera's control and its value, of what the lens shall do."""
    if settings.focus == "continuous":
        yield "focus", "AfMode", enums.AfModeEnum.Continuous
    elif settings.focus == "once":
        yield "focus", "AfMode", enums.AfModeEnum.Auto
        yield "focus", "AfTrigger", enums.AfTriggerEnum.Start
    elif settings.focus is not None:
        yield "focus", "AfMode", enums.AfModeEnum.Manual
        yield "focus", "LensPosition", settings.focus
    if settings.focus_range is not None:
        yield "focus_range", "AfRange", getattr(enums.AfRangeEnum, settings.focus_range.capitalize())


def _exposure(settings: Picamera2Settings, enums: Any) -> Iterator[tuple[str, str, Any]]:
    """The same of light and colour."""
    if settings.exposure is not None:
        yield "exposure", "AeExposureMode", getattr(enums.AeExposureModeEnum, settings.exposure.capitalize())
    if settings.exposure_us is not None:
        yield "exposure_us", "ExposureTime", settings.exposure_us
    if settings.gain is not None:
        yield "gain", "AnalogueGain", settings.gain
    if settings.exposure_value is not None:
        yield "exposure_value", "ExposureValue", settings.exposure_value
    if settings.flicker_hz is not None:
        yield "flicker_hz", "AeFlickerMode", enums.AeFlickerModeEnum.Manual
        # A lamp flickers twice in each period of the mains.
        yield "flicker_hz", "AeFlickerPeriod", round(_MICROSECONDS / (2 * settings.flicker_hz))
    if settings.white_balance is not None:
        yield "white_balance", "AwbMode", getattr(enums.AwbModeEnum, settings.white_balance.capitalize())


def _is_number(*values: Any) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _area(size: Sequence[int]) -> int:
    return size[0] * size[1]


def _trimmed(x: float, y: float, width: float, height: float, *, ratio: float) -> tuple[float, float, float, float]:
    """The largest rectangle of that ratio of width to height in the middle of another."""
    inner_width, inner_height = min(width, height * ratio), min(height, width / ratio)
    return x + (width - inner_width) / 2, y + (height - inner_height) / 2, inner_width, inner_height
