"""The simulated camera shows what its truth says, follows its clock, and breaks down exactly as told."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from insect_edge.adapters.clock import SystemClock
from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.adapters.simulated import Fault, FaultKind, SimulatedCamera, fault
from insect_edge.errors import CameraError, CameraTimeoutError, ConfigError

if TYPE_CHECKING:
    from insect_edge.domain import Frame

SIZE = {"width": 160, "height": 90}
PATIENCE_SECONDS = 30.0


def opened(clock: FakeClock, *faults: Fault, scene: str = "ants", seed: int = 0, rate: float = 10.0) -> SimulatedCamera:
    """A small open camera; at ten frames a second the first visit begins at frame 40 and ends at 180."""
    camera = SimulatedCamera(clock=clock, scene=scene, seed=seed, frames_per_second=rate, faults=faults, **SIZE)
    camera.open()
    return camera


def frames(camera: SimulatedCamera, clock: FakeClock, *, count: int, apart: float = 0.1) -> list[Frame]:
    """That many frames, `apart` seconds after each other."""
    taken = []
    for _ in range(count):
        taken.append(camera.capture(timeout=1.0))
        clock.advance(apart)
    return taken


def test_the_same_seed_gives_the_same_pixels() -> None:
    """Two cameras with one seed agree in every pixel, with another seed they do not."""
    shown = []
    for seed in (3, 3, 4):
        clock = FakeClock()
        camera = opened(clock, seed=seed)
        clock.advance(10)
        shown.append(camera.capture(timeout=1.0).pixels)
    assert np.array_equal(shown[0], shown[1])
    assert not np.array_equal(shown[0], shown[2])


def test_frames_follow_the_clock() -> None:
    """A second later the newest frame is ten frames on; those between are never seen."""
    clock = FakeClock()
    camera = opened(clock)
    taken = frames(camera, clock, count=3, apart=1.0)
    assert [frame.sequence for frame in taken] == [0, 10, 20]
    assert camera.frame_number == 20
    stamps = [frame.sensor_timestamp_ns for frame in taken if frame.sensor_timestamp_ns is not None]
    assert np.diff(stamps).tolist() == [1_000_000_000, 1_000_000_000]


def test_a_frame_is_never_delivered_twice() -> None:
    """Asked again at once, the camera waits on the clock until the next frame is due."""
    clock = FakeClock()
    camera = opened(clock)
    taken = [camera.capture(timeout=1.0) for _ in range(3)]
    assert [frame.sequence for frame in taken] == [0, 1, 2]
    assert clock.waits == pytest.approx([0.1, 0.1], abs=1e-3)


def test_a_frame_that_is_not_due_in_time_is_a_timeout() -> None:
    """With one frame in ten seconds, a wait of one second gets none."""
    clock = FakeClock()
    camera = opened(clock, rate=0.1)
    camera.capture(timeout=1.0)
    with pytest.raises(CameraTimeoutError, match="no frame within 1 s"):
        camera.capture(timeout=1.0)
    assert clock.waits == [1.0]


def test_time_goes_on_while_it_is_closed() -> None:
    """Opened again, the camera counts from 0, but the garden is a minute older."""
    clock = FakeClock()
    camera = opened(clock)
    camera.capture(timeout=1.0)
    camera.close()
    clock.advance(60)
    camera.open()
    assert camera.capture(timeout=1.0).sequence == 0
    assert camera.frame_number == 600


def test_it_knows_what_it_shows() -> None:
    """Nobody for four seconds, then the animal of the scene until its visit ends."""
    camera = opened(FakeClock())
    assert camera.truth(39).label is None
    seen = [camera.truth(number) for number in range(60, 160)]
    assert {truth.label for truth in seen} == {"ants"}
    assert {truth.visit for truth in seen} == {0}
    assert camera.truth(185).label is None
    assert camera.truth(250).visit == 1


def test_the_box_is_where_the_animal_is() -> None:
    """The pixels that differ from the empty garden lie in the box, but for the shadow, and fill it."""
    clock = FakeClock()
    camera, empty = opened(clock), opened(clock, scene="empty")
    clock.advance(11)
    shown, ground = camera.capture(timeout=1.0).pixels, empty.capture(timeout=1.0).pixels
    box = camera.truth(110).box
    assert box is not None
    changed = np.abs(shown.astype(int) - ground).max(axis=2) > 60
    rows, columns = np.nonzero(changed)
    assert columns.min() == pytest.approx(box.x * 160, abs=4)
    assert columns.max() == pytest.approx((box.x + box.width) * 160, abs=4)
    assert rows.min() == pytest.approx(box.y * 90, abs=4)
    assert rows.max() == pytest.approx((box.y + box.height) * 90, abs=4)


def test_nobody_ever_comes_to_the_empty_garden() -> None:
    """Its truth is nobody at any time, while light and leaves still move."""
    clock = FakeClock()
    camera = opened(clock, scene="empty")
    assert all(camera.truth(number).label is None for number in range(0, 100_000, 37))
    first, second = frames(camera, clock, count=2, apart=5.0)
    assert np.abs(first.pixels.astype(int) - second.pixels).mean() > 1


def test_a_hanging_camera_takes_the_whole_timeout() -> None:
    """Each capture during a hang waits its timeout; afterwards frames come again."""
    clock = FakeClock()
    camera = opened(clock, Fault(kind=FaultKind.HANG, first=5, last=24))
    frames(camera, clock, count=5)
    for _ in range(2):
        with pytest.raises(CameraTimeoutError, match="no frame within 1 s: check the camera"):
            camera.capture(timeout=1.0)
    assert clock.waits == [1.0, 1.0]
    assert camera.capture(timeout=1.0).sequence == 25


def test_a_frozen_camera_repeats_its_last_good_frame() -> None:
    """Pixels and sensor clock stand still while frames keep coming; then both go on."""
    clock = FakeClock()
    camera = opened(clock, Fault(kind=FaultKind.FROZEN, first=3, last=5))
    taken = frames(camera, clock, count=7)
    assert [frame.sequence for frame in taken] == [0, 1, 2, 3, 4, 5, 6]
    for frame in taken[3:6]:
        assert np.array_equal(frame.pixels, taken[2].pixels)
        assert frame.sensor_timestamp_ns == taken[2].sensor_timestamp_ns
    assert not np.array_equal(taken[6].pixels, taken[2].pixels)
    assert taken[6].sensor_timestamp_ns != taken[2].sensor_timestamp_ns


def test_a_breakdown_is_told_when_it_begins_and_when_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    """Once each, however many frames it lasts, so that a log shows what a consequence follows from."""
    caplog.set_level("INFO", logger="insect_edge.adapters.simulated")
    clock = FakeClock()
    camera = opened(clock, Fault(kind=FaultKind.FROZEN, first=3, last=6))
    frames(camera, clock, count=10)
    assert caplog.messages == [
        "simulated:ants: frozen on purpose, from frame 3 to frame 6",
        "simulated:ants: in order again",
    ]


def test_a_covered_lens_gives_black_frames() -> None:
    """Black frames hold a little noise, a long exposure, and a sensor clock that advances."""
    clock = FakeClock()
    camera = opened(clock, Fault(kind=FaultKind.BLACK, first=1))
    light, *black = frames(camera, clock, count=3)
    assert light.pixels.mean() > 40
    assert all(frame.pixels.mean() < 4 for frame in black)
    assert black[0].sensor_timestamp_ns != black[1].sensor_timestamp_ns
    assert not np.array_equal(black[0].pixels, black[1].pixels)
    assert black[0].exposure_us is not None
    assert light.exposure_us is not None
    assert black[0].exposure_us > light.exposure_us


def test_a_disconnected_camera_fails_until_it_is_back() -> None:
    """Captures and opening fail at once while the cable is out, and work again afterwards."""
    clock = FakeClock()
    camera = opened(clock, Fault(kind=FaultKind.DISCONNECTED, first=2, last=19))
    frames(camera, clock, count=2)
    with pytest.raises(CameraError, match="disconnected: plug it in again"):
        camera.capture(timeout=1.0)
    camera.close()
    with pytest.raises(CameraError, match="disconnected"):
        camera.open()
    with pytest.raises(CameraError, match="not open"):
        camera.capture(timeout=1.0)
    clock.advance(2)
    camera.open()
    assert camera.capture(timeout=1.0).sequence == 0


def test_a_stuck_camera_does_not_return_until_closed() -> None:
    """A capture that is stuck outlasts its timeout; closing from another thread ends it."""
    camera = SimulatedCamera(clock=SystemClock(), scene="empty", faults=[Fault(kind=FaultKind.STUCK, first=0)], **SIZE)
    camera.open()
    outcome: list[str] = []

    def stuck() -> None:
        try:
            camera.capture(timeout=0.001)
        except CameraError as error:
            outcome.append(str(error))

    thread = threading.Thread(target=stuck, daemon=True)
    thread.start()
    thread.join(0.1)
    assert thread.is_alive()
    camera.close()
    thread.join(PATIENCE_SECONDS)
    assert outcome == ["simulated:empty: closed during a capture: open it again"]


def test_an_unknown_scene_is_a_configuration_error() -> None:
    """The error names the scenes there are."""
    with pytest.raises(ConfigError, match=r"scene = 'desert': no such scene: one of ants, .*empty, garden"):
        SimulatedCamera(clock=FakeClock(), scene="desert")


def test_opening_twice_changes_nothing() -> None:
    """An open camera that is opened again goes on counting."""
    clock = FakeClock()
    camera = opened(clock)
    frames(camera, clock, count=2)
    camera.open()
    assert camera.capture(timeout=1.0).sequence == 2


def test_a_camera_without_a_sensor_clock() -> None:
    """As USB cameras and streams are: frames without timestamps, and nothing else is different."""
    clock = FakeClock()
    camera = SimulatedCamera(clock=clock, scene="empty", sensor_clock=False, **SIZE)
    camera.open()
    first, second = frames(camera, clock, count=2)
    assert (first.sensor_timestamp_ns, second.sensor_timestamp_ns) == (None, None)
    assert not np.array_equal(first.pixels, second.pixels)


def test_breakdowns_in_words() -> None:
    """Kind and seconds, for a while or for ever; anything else is refused."""
    assert fault("frozen 60-90") == Fault(kind=FaultKind.FROZEN, first=1800, last=2699)
    assert fault("black 0.5-", frames_per_second=10) == Fault(kind=FaultKind.BLACK, first=5)
    for words in ("frozen", "melted 1-2", "hang soon-"):
        with pytest.raises(ValueError, match=r"float|not a valid FaultKind"):
            fault(words)
