"""The picamera2 camera asks for the right pixels, tells what the sensor says, and gives every buffer back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from insect_edge.adapters.clock import SystemClock
from insect_edge.adapters.picamera2 import Picamera2Camera
from insect_edge.domain import Region
from insect_edge.errors import CameraError
from support.pi_camera import installed_bench, open_camera, small

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.fake_picamera2 import Bench

PATIENCE_SECONDS = 30.0


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A Pi with one camera."""
    yield from installed_bench(monkeypatch)


def test_pixels_come_as_blue_green_red(bench: Bench) -> None:
    """picamera2's "RGB888" arrives as B, G, R, which is what a frame holds."""
    bench.red_green_blue = (200, 40, 10)
    camera = open_camera(bench)
    frame = camera.capture(timeout=PATIENCE_SECONDS)
    camera.close()
    assert frame.pixels[-1, -1].tolist() == [10, 40, 200]
    assert frame.pixels.flags.c_contiguous


@pytest.mark.parametrize(
    ("settings", "corner"),
    [
        ({}, (0, 0)),
        ({"rotation": 90}, (0, -1)),
        ({"rotation": 180}, (-1, -1)),
        ({"rotation": 270}, (-1, 0)),
        ({"mirror": True}, (0, -1)),
        ({"mirror": True, "rotation": 180}, (-1, 0)),
        ({"mirror": True, "rotation": 90}, (-1, -1)),
    ],
    ids=str,
)
def test_frames_are_turned_as_the_camera_is_mounted(
    bench: Bench, settings: dict[str, Any], corner: tuple[int, int]
) -> None:
    """The top left corner of the view comes out where mirror and rotation take it."""
    camera = open_camera(bench, **settings)
    frame = camera.capture(timeout=PATIENCE_SECONDS)
    camera.close()
    assert frame.pixels[corner].tolist() == [255, 255, 255]
    assert sum(frame.pixels[y, x].min() == 255 for y in (0, -1) for x in (0, -1)) == 1
    sideways = settings.get("rotation") in {90, 270}
    assert (frame.width, frame.height) == ((48, 64) if sideways else (64, 48))
    assert frame.pixels.flags.c_contiguous


@pytest.mark.parametrize(("crop", "white"), [((0, 0, 0.25, 0.25), 1.0), ((0.5, 0.5, 0.5, 0.5), 0.0)])
def test_a_crop_fills_the_frame(bench: Bench, crop: tuple[float, ...], white: float) -> None:
    """Zoomed into the white corner of the view everything is white; zoomed in elsewhere nothing."""
    x, y, width, height = crop
    camera = open_camera(bench, width=64, height=36, crop=Region(x=x, y=y, width=width, height=height))
    frame = camera.capture(timeout=PATIENCE_SECONDS)
    camera.close()
    assert np.mean(frame.pixels.min(axis=2) == 255) == white


def test_a_crop_on_a_pi_5_is_told_as_one_of_several(bench: Bench) -> None:
    """Where each stream has its own crop, those are set, because they would win."""
    bench.controls["ScalerCrops"] = (None, None, None)
    camera = open_camera(bench, width=64, height=36, crop=Region(x=0.5, y=0.5, width=0.5, height=0.5))
    camera.close()
    assert bench.opened[0].controls["ScalerCrops"] == [(2304, 1296, 2304, 1296)]
    assert "ScalerCrop" not in bench.opened[0].controls


def test_what_the_sensor_says_is_kept(bench: Bench) -> None:
    """Exposure, gain and the sensor's clock are on the frame, and the capture time is that of the exposure."""
    camera = open_camera(bench)
    frame = camera.capture(timeout=PATIENCE_SECONDS)
    now = SystemClock().moment()
    camera.close()
    assert (frame.exposure_us, frame.analogue_gain) == (4_000, 1.5)
    assert (frame.lux, frame.colour_temperature) == (400.0, 5200)
    assert frame.sensor_timestamp_ns is not None
    assert frame.captured.monotonic == pytest.approx(frame.sensor_timestamp_ns / 1e9)
    lag = timedelta(seconds=now.monotonic - frame.captured.monotonic)
    assert abs(now.utc - frame.captured.utc - lag) < timedelta(milliseconds=50)


def test_an_unbelievable_sensor_clock_is_not_used(bench: Bench) -> None:
    """Where the sensor's clock is not the machine's, the frame is stamped with the time of its arrival."""
    camera = open_camera(bench)
    now = SystemClock().moment()
    assert camera._moment(1).monotonic == pytest.approx(now.monotonic, abs=1)
    assert camera._moment(None).monotonic == pytest.approx(now.monotonic, abs=1)
    camera.close()


@pytest.mark.parametrize("strange", [{"lag": 1000.0}, {"lag": -1000.0}, {"metadata": {}}], ids=str)
def test_a_sensor_that_does_not_tell_a_frames_age_delivers_frames(bench: Bench, strange: dict[str, Any]) -> None:
    """Where the sensor's clock is not the machine's, or the exposure is not told, frames come all the same."""
    for name, value in strange.items():
        setattr(bench, name, value)
    camera = open_camera(bench)
    frames = [camera.capture(timeout=PATIENCE_SECONDS) for _ in range(5)]
    camera.close()
    assert [frame.sequence for frame in frames] == list(range(5))


def test_every_buffer_is_given_back(bench: Bench) -> None:
    """A hundred frames come out of four buffers, and none is still in use after closing."""
    camera = open_camera(bench)
    for _ in range(100):
        camera.capture(timeout=PATIENCE_SECONDS)
    camera.close()
    assert bench.opened[0].config["buffer_count"] == 4
    assert bench.opened[0].buffers_in_use == 0
    assert bench.taken == set()


def test_a_camera_is_chosen_by_the_name_of_its_sensor(bench: Bench) -> None:
    """The name finds the camera on whichever connector it is."""
    bench.models = ["imx708", "imx219"]
    camera = Picamera2Camera("IMX219", clock=SystemClock(), settings=small())
    camera.open()
    camera.close()
    assert bench.opened[0].number == 1
    assert camera.name == "picamera2:IMX219 imx219"


def test_its_name_tells_the_sensor(bench: Bench) -> None:
    """Once it was open the sensor's model is known."""
    assert Picamera2Camera(1, clock=SystemClock()).name == "picamera2:1"
    camera = open_camera(bench)
    camera.close()
    assert camera.name == "picamera2:0 imx708"


def test_odd_sizes_are_what_libcamera_makes_of_them(bench: Bench) -> None:
    """Odd sizes are rounded down by libcamera; the frame has the size that came."""
    assert bench.models
    camera = Picamera2Camera(clock=SystemClock(), settings=small(width=65, height=49))
    camera.open()
    frame = camera.capture(timeout=PATIENCE_SECONDS)
    camera.close()
    assert (frame.width, frame.height) == (64, 48)
    assert frame.pixels.dtype == np.uint8


def test_planar_pixels_come_as_blue_green_red(bench: Bench) -> None:
    """A camera that knows nothing but brightness and colours apart, as libcamera's virtual one, gives the same."""
    bench.red_green_blue, bench.format = (200, 40, 10), "NV12"
    camera = open_camera(bench)
    frame = camera.capture(timeout=PATIENCE_SECONDS)
    camera.close()
    assert (frame.width, frame.height) == (64, 48)
    assert frame.pixels[-1, -1].tolist() == pytest.approx([10, 40, 200], abs=4)


def test_no_luma_without_being_asked(bench: Bench) -> None:
    """A second stream costs the camera work, so there is none unless somebody wants it."""
    camera = open_camera(bench)
    assert camera.capture(timeout=PATIENCE_SECONDS).luma is None
    camera.close()
    assert bench.opened[0].config["lores"] is None


@pytest.mark.parametrize("width", [640, 1296, 100], ids=["without-filling", "smaller", "filled-rows"])
def test_luma_is_the_same_view_in_fewer_pixels(bench: Bench, width: int) -> None:
    """It shows what the frame shows, brightness alone, without the bytes that fill its rows."""
    camera = open_camera(bench, width=width, height=width * 9 // 16, luma=True)
    frame = camera.capture(timeout=PATIENCE_SECONDS)
    camera.close()
    assert frame.luma is not None
    assert frame.luma.shape == ((360, 640) if width >= 640 else (frame.height, frame.width))
    assert frame.luma.dtype == np.uint8
    assert frame.luma.flags.c_contiguous
    assert sorted(np.unique(frame.luma).tolist()) == pytest.approx([89, 235], abs=2)


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [None, Region(x=0.125, y=0.125, width=0.5, height=0.5)], ids=["all", "cropped"])
def test_luma_is_turned_and_cropped_as_the_frame(
    bench: Bench,
    rotation: int,
    mirror: bool,  # noqa: FBT001 # one of the parameters
    crop: Region | None,
) -> None:
    """Wherever the white corner is in the frame, there it is in the brightness."""
    camera = open_camera(bench, width=128, height=72, luma=True, rotation=rotation, mirror=mirror, crop=crop)
    frame = camera.capture(timeout=PATIENCE_SECONDS)
    camera.close()
    assert frame.luma is not None
    assert frame.luma.shape == frame.pixels.shape[:2]
    assert np.array_equal(frame.luma > 160, frame.pixels.min(axis=2) == 255)
    assert 0 < np.mean(frame.luma > 160) < 0.5


def test_a_crop_on_a_pi_5_is_told_to_both_streams(bench: Bench) -> None:
    """Else the brightness would show another part of the view than the frame."""
    bench.controls["ScalerCrops"] = (None, None, None)
    camera = open_camera(bench, width=64, height=36, luma=True, crop=Region(x=0.5, y=0.5, width=0.5, height=0.5))
    camera.close()
    assert bench.opened[0].controls["ScalerCrops"] == [(2304, 1296, 2304, 1296)] * 2


def test_a_camera_without_luma_says_so(bench: Bench) -> None:
    """A second stream in a format nobody can read is one line with a remedy."""
    bench.luma_format = "MJPEG"
    with pytest.raises(CameraError, match="MJPEG instead of brightness: write luma = false"):
        open_camera(bench, luma=True)
