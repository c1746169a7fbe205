"""The keeper opens the camera, loses it and opens it again."""

from __future__ import annotations

import threading
from random import Random
from typing import TYPE_CHECKING

import pytest

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.backoff import Backoff
from insect_edge.camera_keeper import CameraKeeper
from insect_edge.errors import CameraError, CameraTimeoutError

if TYPE_CHECKING:
    from insect_edge.domain import Frame


class BrokenCamera:
    """Opens or not as told, and takes its time to close."""

    name = "broken"

    def __init__(self, clock: FakeClock, *, live: bool = True) -> None:
        self.live = live
        self.opens = True
        self.opened = 0
        self.closed = 0
        self.close_seconds = 0.0
        self.hung = threading.Event()
        self.hung.set()
        self._clock = clock

    def open(self) -> None:
        """Count, or fail, or hang."""
        self.hung.wait()
        if not self.opens:
            raise CameraError("broken: not there: plug it in")
        self.opened += 1

    def capture(self, *, timeout: float) -> Frame | None:
        """Never asked here."""
        raise NotImplementedError

    def close(self) -> None:
        """Count, slowly."""
        self.closed += 1
        self._clock.advance(self.close_seconds)


def kept(*, live: bool = True) -> tuple[CameraKeeper, BrokenCamera, FakeClock]:
    """A keeper, its camera and its clock."""
    clock = FakeClock()
    camera = BrokenCamera(clock, live=live)
    backoff = Backoff(first=1.0, longest=60.0, random=Random(1))  # noqa: S311 # jitter
    return CameraKeeper(camera, clock=clock, backoff=backoff, capture_timeout=5.0), camera, clock


def test_the_camera_is_opened_once() -> None:
    """An open camera is not opened again."""
    keeper, camera, clock = kept()
    assert keeper.ready()
    assert keeper.ready()
    assert (camera.opened, keeper.opened, keeper.lost) == (1, clock.monotonic(), None)


def test_a_camera_that_does_not_open_is_tried_again_later() -> None:
    """Attempts grow further apart, up to a minute, until one succeeds and a frame comes."""
    keeper, camera, clock = kept()
    camera.opens = False
    delays = []
    for _ in range(10):
        assert not keeper.ready()
        delays.append(keeper.due - clock.monotonic())
        assert not keeper.ready()
        clock.advance(delays[-1])
    assert keeper.lost == "broken: not there: plug it in"
    assert delays[0] <= 1
    assert 30 <= delays[-1] <= 60
    camera.opens = True
    assert keeper.ready()
    assert keeper.lost is not None
    keeper.succeeded()
    assert keeper.lost is None


def test_a_slow_frame_is_waited_for() -> None:
    """A timeout of one slice fails the camera only when the whole capture timeout has passed."""
    keeper, camera, clock = kept()
    keeper.ready()
    for _ in range(9):
        clock.advance(keeper.wait_seconds())
        keeper.failed(CameraTimeoutError("no frame yet"))
        assert (keeper.lost, camera.closed) == (None, 0)
    clock.advance(keeper.wait_seconds())
    keeper.failed(CameraTimeoutError("no frame yet"))
    assert (keeper.lost, camera.closed) == ("no frame yet", 1)


def test_a_frame_in_between_restarts_the_wait() -> None:
    """Slow frames that do come never add up to a failure."""
    keeper, camera, clock = kept()
    keeper.ready()
    for _ in range(20):
        clock.advance(4 * keeper.wait_seconds())
        keeper.failed(CameraTimeoutError("no frame yet"))
        keeper.succeeded()
    assert camera.closed == 0


def test_a_failure_closes_at_once() -> None:
    """An error that is no timeout closes the camera, and it is opened again after the delay."""
    keeper, camera, clock = kept()
    keeper.ready()
    keeper.failed(CameraError("broken: unplugged"))
    assert (keeper.lost, camera.closed) == ("broken: unplugged", 1)
    assert not keeper.ready()
    clock.advance(1.0)
    assert keeper.ready()
    assert camera.opened == 2


def test_a_camera_that_does_not_close_is_given_up() -> None:
    """A driver that may still hold the camera is left to a new process."""
    keeper, camera, _ = kept()
    camera.close_seconds = 5.1
    keeper.ready()
    with pytest.raises(CameraError, match="took 5 s to close"):
        keeper.failed(CameraError("broken: unplugged"))


def test_a_camera_that_opens_slowly_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the driver opens the camera, the owner comes back again and again, and one attempt is enough."""
    monkeypatch.setattr("insect_edge.camera_keeper.SLICE_SECONDS", 0.01)
    keeper, camera, _ = kept()
    camera.hung.clear()
    assert [keeper.ready() for _ in range(3)] == [False, False, False]
    camera.hung.set()
    monkeypatch.setattr("insect_edge.camera_keeper.SLICE_SECONDS", 60)
    assert keeper.ready()
    assert camera.opened == 1


def test_a_mistake_in_an_adapter_is_no_lost_camera() -> None:
    """An error that is no camera's comes through instead of being retried for ever."""
    keeper, camera, _ = kept()
    camera.open = lambda: 1 / 0  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError):
        keeper.ready()


def test_files_that_are_not_there_are_no_matter_of_patience() -> None:
    """A file source that cannot be opened is an error at once."""
    keeper, camera, _ = kept(live=False)
    camera.opens = False
    with pytest.raises(CameraError, match="not there"):
        keeper.ready()
