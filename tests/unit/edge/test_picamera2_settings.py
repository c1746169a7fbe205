"""What a Raspberry Pi's camera is asked for: its mode, its view, and only what it has."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_edge.adapters.picamera2_settings import (
    Picamera2Settings,
    chosen_camera,
    crop_rectangle,
    frame_durations,
    luma_size,
    sensor_mode,
    wanted_controls,
)
from insect_edge.domain import Region
from insect_edge.errors import CameraError
from support.fake_picamera2_parts import CONTROLS, ENUMS, LENS, MODES

FOUND = [
    {"Model": "imx708", "Id": "/base/i2c@88000/imx708@1a"},
    {"Model": "imx708", "Id": "/base/i2c@80000/imx708@1a"},
    {"Model": "imx219", "Id": "/base/i2c@70000/imx219@10"},
]


def told(*, lens: bool = True, **settings: Any) -> dict[str, Any]:
    """What libcamera is told of these settings."""
    available = CONTROLS | (LENS if lens else {})
    enums = SimpleNamespace(**ENUMS)
    return wanted_controls(Picamera2Settings(**settings), available=available, enums=enums, name="camera")


@pytest.mark.parametrize(
    ("rate", "limits"),
    [(0.1, (200_000, 1_000_000)), (1.0, (200_000, 1_000_000)), (5.0, (100_000, 200_000)), (30.0, (33_333, 33_333))],
)
def test_the_sensor_runs_no_faster_than_is_of_use(rate: float, limits: tuple[int, int]) -> None:
    """The sensor delivers twice what is asked for, between 5 and 30 a second, and may slow down in the dusk."""
    assert told(frames_per_second=rate)["FrameDurationLimits"] == limits


def test_a_long_fixed_exposure_has_the_time_it_needs() -> None:
    """Frames may take as long as the exposure that was asked for."""
    assert frame_durations(Picamera2Settings(frames_per_second=10, exposure_us=500_000)) == (50_000, 500_000)


@pytest.mark.parametrize(("device", "number"), [(2, 2), ("imx219", 2), ("IMX219", 2), (FOUND[1]["Id"], 1)])
def test_a_camera_has_a_number_and_names(device: int | str, number: int) -> None:
    """A camera is meant by its number, its sensor's name, or its connector's."""
    assert chosen_camera(FOUND, device) == number


@pytest.mark.parametrize(
    ("found", "device", "complaint"),
    [
        ([], 0, "camera is found"),
        (FOUND, 3, "no such camera .found: 0 imx708, 1 imx708, 2 imx219."),
        (FOUND, "ov5647", "no such camera"),
        (FOUND, "imx708", "there are 2 of that name: choose a number"),
    ],
)
def test_a_camera_that_cannot_be_told_is_an_error(
    found: list[dict[str, str]], device: int | str, complaint: str
) -> None:
    """None, not that one, or two of that name: each says what there is."""
    with pytest.raises(CameraError, match=complaint):
        chosen_camera(found, device)


@pytest.mark.parametrize(
    ("size", "mode"),
    [((640, 480), (2304, 1296)), ((1280, 720), (2304, 1296)), ((3000, 1200), (4608, 2592)), ((9000, 10), (4608, 2592))],
)
def test_the_mode_sees_everything(size: tuple[int, int], mode: tuple[int, int]) -> None:
    """However small the frame, no mode is taken that sees only the middle; none is finer than needed."""
    assert sensor_mode(MODES, width=size[0], height=size[1]) == {"output_size": mode, "bit_depth": 10}


def test_a_camera_without_modes_is_left_alone() -> None:
    """A USB camera has formats, not modes."""
    assert sensor_mode([{"format": "YUYV"}], width=640, height=480) == {}


@pytest.mark.parametrize(
    ("crop", "rectangle"),
    [
        ((0, 0, 1, 1), (0, 440, 4000, 2250)),
        ((0.5, 0.5, 0.5, 0.5), (2000, 1565, 2000, 1125)),
        ((0, 0, 1, 0.5), (1000, 440, 2000, 1125)),
        ((0, 0, 0.5, 1), (0, 1002, 2000, 1125)),
    ],
)
def test_a_crop_keeps_the_frames_proportions(crop: tuple[float, ...], rectangle: tuple[int, ...]) -> None:
    """Fractions are those of the frame without a crop; what has other proportions is trimmed to its middle."""
    x, y, width, height = crop
    region = Region(x=x, y=y, width=width, height=height)
    assert crop_rectangle((0, 0, 4000, 3130), region, width=1280, height=720) == rectangle


@given(
    x=st.floats(0, 0.9),
    y=st.floats(0, 0.9),
    share=st.floats(0.1, 1),
    size=st.sampled_from([(1280, 720), (640, 480), (480, 640), (1000, 1000)]),
)
def test_a_crop_never_reaches_outside_the_view(x: float, y: float, share: float, size: tuple[int, int]) -> None:
    """Whatever is asked for lies within what the sensor sees, undistorted to a pixel."""
    crop = Region(x=x, y=y, width=share * (1 - x), height=share * (1 - y))
    left, top, width, height = crop_rectangle((8, 8, 3280, 2464), crop, width=size[0], height=size[1])
    assert left >= 8
    assert top >= 8
    assert left + width <= 8 + 3280 + 1
    assert top + height <= 8 + 2464 + 1
    assert abs(width - height * size[0] / size[1]) <= 1 + size[0] / size[1]


def test_a_lens_that_moves_looks_for_its_place_by_itself() -> None:
    """Nothing said, a lens focuses all the time from near to far; a camera without one is told nothing of it."""
    assert (told()["AfMode"].name, told()["AfRange"].name) == ("Continuous", "Full")
    assert set(told(lens=False)) == {"FrameDurationLimits"}


@pytest.mark.parametrize(
    ("settings", "controls"),
    [
        ({"focus": "continuous"}, {"AfMode": 2}),
        ({"focus": "once", "focus_range": "macro"}, {"AfMode": 1, "AfTrigger": 0, "AfRange": 1}),
        ({"focus": 8.5}, {"AfMode": 0, "LensPosition": 8.5}),
        ({"exposure": "long", "exposure_value": -1.0}, {"AeExposureMode": 2, "ExposureValue": -1.0}),
        ({"exposure_us": 10_000, "gain": 2.0}, {"ExposureTime": 10_000, "AnalogueGain": 2.0}),
        ({"flicker_hz": 50}, {"AeFlickerMode": 1, "AeFlickerPeriod": 10_000}),
        ({"flicker_hz": 60}, {"AeFlickerMode": 1, "AeFlickerPeriod": 8_333}),
        ({"white_balance": "cloudy"}, {"AwbMode": 6}),
    ],
    ids=str,
)
def test_settings_become_controls(settings: dict[str, Any], controls: dict[str, Any]) -> None:
    """Each key is told in libcamera's words and units."""
    found = told(**settings)
    assert {name: found[name] for name in controls} == controls


@pytest.mark.parametrize(
    ("settings", "control", "key"),
    [
        ({"focus": "continuous"}, "AfMode", "focus"),
        ({"focus": 0.0}, "AfMode", "focus"),
        ({"focus_range": "macro"}, "AfRange", "focus_range"),
    ],
    ids=str,
)
def test_what_a_camera_does_not_have_is_refused(settings: dict[str, Any], control: str, key: str) -> None:
    """The line names the control and the key to take out."""
    with pytest.raises(CameraError, match=rf"^camera: this camera has no {control}: take {key} out of "):
        told(lens=False, **settings)


@pytest.mark.parametrize(
    ("settings", "range_"), [({"focus": 40.0}, "0 to 32"), ({"gain": 1.0}, "1.12281 to 16")], ids=str
)
def test_what_a_camera_cannot_reach_is_refused(settings: dict[str, Any], range_: str) -> None:
    """The line names the value and the range of this very camera."""
    ((key, value),) = settings.items()
    with pytest.raises(CameraError, match=rf"^camera: {key} = {value:g} is outside {range_}, .*: correct it"):
        told(**settings)


@given(width=st.integers(16, 9000), height=st.integers(16, 9000))
def test_the_brightness_picture_is_even_and_no_larger(width: int, height: int) -> None:
    """An even number of rows and columns, never more than the frame has, and its proportions but for rounding."""
    columns, rows = luma_size(width=width, height=height)
    assert columns % 2 == rows % 2 == 0
    assert 2 <= columns <= min(width - width % 2, 640)
    assert 2 <= rows <= height - height % 2
    assert abs(rows - height * columns / width) <= 1 + height / width
