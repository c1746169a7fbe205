"""The keeper opens the camera, loses it and opens it again, and never waits long for its driver."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from insect_edge import camera_keeper
from insect_edge.errors import CameraError, CameraTimeoutError
from support.broken_camera import PATIENCE_SECONDS, Kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def kept() -> Iterator[Kept]:
    """A live camera; whatever hangs in it comes back at the end."""
    made = Kept()
    yield made
    made.camera.release()


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits for a driver that hangs take no time."""
    monkeypatch.setattr(camera_keeper, "SLICE_SECONDS", 0.01)
    monkeypatch.setattr(camera_keeper, "_HAND_OVER_SECONDS", 0.01)


def until(true: Callable[[], bool]) -> None:
    """Ask again and again, for real."""
    waiting, asked = threading.Event(), 0
    while not true():
        waiting.wait(0.01)
        asked += 1
        assert asked < 100 * PATIENCE_SECONDS


def test_the_camera_is_opened_once(kept: Kept) -> None:
    """An open camera is not opened again."""
    assert kept.keeper.ready()
    assert kept.keeper.ready()
    assert (kept.camera.opened, kept.keeper.opened, kept.keeper.lost) == (1, kept.clock.monotonic(), None)


def test_a_camera_that_does_not_open_is_tried_again_later(kept: Kept) -> None:
    """Attempts grow further apart, up to a minute, until one succeeds and a frame comes."""
    keeper, camera, clock = kept.keeper, kept.camera, kept.clock
    camera.opens = False
    delays = []
    for _ in range(10):
        assert not keeper.ready()
        kept.settle()
        assert not keeper.ready()
        delays.append(keeper.due - clock.monotonic())
        clock.advance(delays[-1])
    assert keeper.lost == "broken: not there: plug it in"
    assert delays[0] <= 1
    assert 30 <= delays[-1] <= 60
    camera.opens = True
    assert keeper.ready()
    assert keeper.lost is not None
    keeper.succeeded()
    assert keeper.lost is None


def test_frames_come_through(kept: Kept) -> None:
    """A capture gives what the camera gives."""
    assert kept.keeper.ready()
    found = [kept.keeper.capture() for _ in range(3)]
    assert all(frame is not None for frame in found)


def test_a_slow_frame_is_waited_for(kept: Kept) -> None:
    """A timeout fails the camera only when the whole capture timeout has passed since the first."""
    kept.keeper.ready()
    for _ in range(10):
        kept.keeper.capture()
        kept.clock.advance(0.49)
        kept.fail(CameraTimeoutError("no frame yet"))
        assert (kept.keeper.lost, kept.camera.closed) == (None, 0)
    kept.clock.advance(0.2)
    kept.fail(CameraTimeoutError("no frame yet"))
    assert (kept.keeper.lost, kept.camera.closed) == ("no frame yet", 1)


def test_a_frame_in_between_restarts_the_wait(kept: Kept) -> None:
    """Slow frames that do come never add up to a failure."""
    kept.keeper.ready()
    for _ in range(20):
        kept.keeper.capture()
        kept.clock.advance(4.0)
        kept.fail(CameraTimeoutError("no frame yet"))
        kept.keeper.succeeded()
    assert kept.camera.closed == 0


def test_a_failure_closes_at_once(kept: Kept) -> None:
    """An error that is no timeout closes the camera, and it is opened again after the delay."""
    kept.keeper.ready()
    kept.fail(CameraError("broken: unplugged"))
    assert (kept.keeper.lost, kept.camera.closed) == ("broken: unplugged", 1)
    assert not kept.keeper.ready()
    kept.clock.advance(1.0)
    assert kept.keeper.ready()
    assert kept.camera.opened == 2


@pytest.mark.usefixtures("short")
def test_a_capture_that_hangs_is_a_late_frame(kept: Kept) -> None:
    """The owner comes back in time again and again, and gets the frame once it is there."""
    kept.keeper.ready()
    kept.camera.capture_returns.clear()
    for _ in range(3):
        with pytest.raises(CameraTimeoutError, match="does not return"):
            kept.keeper.capture()
    kept.camera.capture_returns.set()
    until(lambda: kept.keeper._capture is None or kept.keeper._capture.finished(0))
    assert kept.keeper.capture() is not None


@pytest.mark.usefixtures("short")
def test_a_capture_that_hangs_for_good_is_closed_under_it(kept: Kept) -> None:
    """Closing is what frees most drivers; only once the capture is back as well is the camera opened again."""
    kept.keeper.ready()
    kept.camera.capture_returns.clear()
    with pytest.raises(CameraTimeoutError) as caught:
        kept.keeper.capture()
    kept.clock.advance(5.0)
    kept.fail(caught.value)
    kept.clock.advance(1.0)
    assert not kept.keeper.ready()
    assert kept.camera.opened == 1
    kept.camera.capture_returns.set()
    until(kept.keeper.ready)
    assert kept.camera.opened == 2
    assert kept.keeper.capture() is not None


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("what", ["open_returns", "capture_returns", "close_returns"])
def test_at_the_end_it_is_known_whether_the_driver_hangs(kept: Kept, what: str) -> None:
    """In opening, in a capture, or in closing; and not once the call is back."""
    if what != "open_returns":
        kept.keeper.ready()
    assert not kept.keeper.hangs()
    getattr(kept.camera, what).clear()
    if what == "open_returns":
        assert not kept.keeper.ready()
    elif what == "capture_returns":
        with pytest.raises(CameraTimeoutError):
            kept.keeper.capture()
    else:
        kept.keeper.failed(CameraError("broken: unplugged"))
    assert kept.keeper.hangs()
    kept.camera.release()
    until(lambda: not kept.keeper.hangs())


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("what", ["capture_returns", "close_returns"])
def test_a_driver_that_keeps_the_camera_is_left_to_a_new_process(kept: Kept, what: str) -> None:
    """When closing, or the capture under it, takes more than five seconds, there is no use in going on."""
    kept.keeper.ready()
    getattr(kept.camera, what).clear()
    if what == "capture_returns":
        with pytest.raises(CameraTimeoutError):
            kept.keeper.capture()
    kept.keeper.failed(CameraError("broken: unplugged"))
    assert not kept.keeper.ready()
    kept.clock.advance(5.1)
    with pytest.raises(CameraError, match="took 5 s to close, so its driver hangs") as caught:
        kept.keeper.ready()
    assert caught.value.exit_code == 1
    assert kept.keeper.lost == str(caught.value)


@pytest.mark.usefixtures("short")
def test_a_camera_that_never_opens_is_left_to_a_new_process(kept: Kept) -> None:
    """A driver that neither opens the camera nor says why not ends the process after half a minute, also later on."""
    kept.keeper.ready()
    kept.fail(CameraError("broken: unplugged"))
    kept.camera.open_returns.clear()
    kept.clock.advance(1.0)
    assert not kept.keeper.ready()
    kept.clock.advance(29.9)
    assert not kept.keeper.ready()
    kept.clock.advance(0.2)
    with pytest.raises(CameraError, match="took 30 s to open, so its driver hangs: only a new process"):
        kept.keeper.ready()


def test_a_camera_that_closes_slowly_is_given_up(kept: Kept) -> None:
    """A driver that may still hold the camera is left to a new process, even where closing came back at last."""
    kept.camera.close_seconds = 5.1
    kept.keeper.ready()
    kept.fail(CameraError("broken: unplugged"))
    with pytest.raises(CameraError, match="took 5 s to close"):
        kept.keeper.ready()


def test_time_spent_waiting_is_no_slow_close(kept: Kept) -> None:
    """How long the closing took counts, not when somebody asked."""
    kept.keeper.ready()
    kept.fail(CameraError("broken: unplugged"))
    kept.clock.advance(100)
    assert kept.keeper.ready()


def test_an_error_while_closing_comes_through(kept: Kept) -> None:
    """An adapter that knows that its driver hangs says so itself."""
    kept.camera.close_error = CameraError("broken: its driver does not return")
    kept.keeper.ready()
    kept.fail(CameraError("broken: unplugged"))
    with pytest.raises(CameraError, match="does not return"):
        kept.keeper.ready()


@pytest.mark.usefixtures("short")
def test_a_camera_that_opens_slowly_holds_nobody_up(kept: Kept) -> None:
    """While the driver opens the camera, the owner comes back again and again, and one attempt is enough."""
    kept.camera.open_returns.clear()
    assert [kept.keeper.ready() for _ in range(3)] == [False, False, False]
    kept.camera.open_returns.set()
    until(kept.keeper.ready)
    assert kept.camera.opened == 1


def test_a_mistake_in_an_adapter_is_no_lost_camera(kept: Kept) -> None:
    """An error that is no camera's comes through instead of being retried for ever."""
    kept.camera.open = lambda: 1 / 0  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError):
        kept.keeper.ready()


def test_files_that_are_not_there_are_no_matter_of_patience() -> None:
    """A file source that cannot be opened is an error at once."""
    kept = Kept(live=False)
    kept.camera.opens = False
    with pytest.raises(CameraError, match="not there"):
        kept.keeper.ready()


def test_a_slow_disk_is_waited_for() -> None:
    """Reading a picture from a file may take as long as it takes."""
    kept = Kept(live=False)
    kept.keeper.ready()
    kept.keeper.capture()
    kept.clock.advance(100)
    kept.fail(CameraTimeoutError("no frame yet"))
    assert kept.camera.closed == 0


def test_a_camera_that_shows_nothing_new_is_opened_again_more_and_more_seldom(kept: Kept) -> None:
    """However often it is asked to, renewing grows as seldom as its delays, and starts afresh after a sign of life."""
    at = []
    for second in range(400):
        if kept.keeper.ready():
            kept.keeper.capture()
            before = kept.camera.closed
            kept.keeper.renew()
            kept.settle()
            at += [second] if kept.camera.closed > before else []
        kept.clock.advance(1.0)
    gaps = np.diff(at)
    assert at[0] == 0
    assert gaps[0] <= 2
    assert 30 <= gaps[-1] <= 62
    kept.keeper.ready()
    kept.keeper.alive()
    kept.keeper.renew()
    kept.settle()
    assert kept.camera.closed == len(at) + 1
    assert kept.keeper.lost is None


def test_closing_for_good_waits_for_a_closing_under_way(kept: Kept) -> None:
    """The driver is never called twice at a time."""
    kept.keeper.ready()
    kept.keeper.failed(CameraError("broken: unplugged"))
    kept.keeper.close()
    assert kept.camera.closed == 1
