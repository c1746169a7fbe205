"""The capture thread delivers the newest frame, decodes only what is wanted, and never holds anybody up."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from insect_edge.adapters import newest_frame
from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.adapters.newest_frame import NewestFrame
from insect_edge.errors import CameraError, CameraTimeoutError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

PATIENCE_SECONDS = 30.0


class StepSource:
    """Gives one frame for each step the test allows; each picture holds its own number."""

    def __init__(self) -> None:
        self.steps = threading.Semaphore(0)
        self.waiting = threading.Event()
        self.grabbed = -1
        self.decoded: list[int] = []
        self.released = threading.Event()
        self.fails = self.free_running = False

    def allow(self, *, frames: int) -> None:
        """Let that many frames come, and wait until the thread asks for the one after."""
        for _ in range(frames):
            self.waiting.clear()
            self.steps.release()
            assert self.waiting.wait(PATIENCE_SECONDS)

    def grab(self) -> bool:
        """Wait to be allowed."""
        self.waiting.set()
        assert self.free_running or self.steps.acquire(timeout=PATIENCE_SECONDS)
        self.grabbed += 1
        return not self.fails

    def retrieve(self) -> NDArray[np.uint8] | None:
        """A picture of the frame's number."""
        self.decoded.append(self.grabbed)
        return np.full((1, 1, 3), self.grabbed % 256, np.uint8)

    def release(self) -> None:
        """Be let go."""
        self.released.set()


@pytest.fixture
def source() -> StepSource:
    """A source without frames yet."""
    return StepSource()


@pytest.fixture
def newest(source: StepSource) -> Iterator[NewestFrame]:
    """A started thread on that source."""
    made = NewestFrame(lambda: source, clock=FakeClock(), name="test")
    made.start(timeout=PATIENCE_SECONDS)
    assert source.waiting.wait(PATIENCE_SECONDS)
    yield made
    made._stopping = True
    source.steps.release()
    assert source.released.wait(PATIENCE_SECONDS)


def number(newest: NewestFrame) -> int:
    """Number of the next frame."""
    return newest.next(timeout=PATIENCE_SECONDS)[2]


def test_frames_nobody_wants_are_not_decoded(newest: NewestFrame, source: StepSource) -> None:
    """Frames that come while nobody waits are taken off the queue and dropped; the next one is delivered."""
    source.allow(frames=5)
    threading.Timer(0.01, source.steps.release).start()
    assert number(newest) == 5
    assert source.decoded == [5]


def test_a_frame_that_came_late_is_delivered_while_it_is_the_newest(newest: NewestFrame, source: StepSource) -> None:
    """A capture that gave up finds its frame at the next try."""
    with pytest.raises(CameraTimeoutError, match=r"test: no frame within 0\.01 s"):
        newest.next(timeout=0.01)
    source.allow(frames=1)
    assert number(newest) == 0


def test_a_frame_that_came_late_is_dropped_when_it_is_old(newest: NewestFrame, source: StepSource) -> None:
    """A frame decoded for somebody who gave up is not delivered once a newer one was there."""
    with pytest.raises(CameraTimeoutError):
        newest.next(timeout=0.01)
    source.allow(frames=2)
    threading.Timer(0.01, source.steps.release).start()
    assert number(newest) == 2


def test_a_waiting_caller_gets_every_frame_it_asks_for(newest: NewestFrame, source: StepSource) -> None:
    """However fast frames come, a delivered one is not lost before its taker wakes up."""
    source.free_running = True
    source.steps.release()
    taken = [number(newest) for _ in range(50)]
    source.free_running = False
    assert taken == sorted(set(taken))


def test_frames_carry_the_time_they_were_grabbed(source: StepSource) -> None:
    """The time is that of the grab, not of the decoding or the delivery."""
    clock = FakeClock(monotonic=100.0)
    newest = NewestFrame(lambda: source, clock=clock, name="test")
    newest.start(timeout=PATIENCE_SECONDS)
    with pytest.raises(CameraTimeoutError):
        newest.next(timeout=0.01)
    source.allow(frames=1)
    clock.advance(5)
    assert newest.next(timeout=PATIENCE_SECONDS)[1].monotonic == 100.0
    newest._stopping = True
    source.steps.release()
    newest.stop()


def test_a_failing_source_is_an_error_at_once(newest: NewestFrame, source: StepSource) -> None:
    """When the source fails, a caller that waits is told before its timeout, and so is every later one."""
    source.fails = True
    source.steps.release()
    for _ in range(2):
        with pytest.raises(CameraError, match="stopped delivering frames"):
            newest.next(timeout=PATIENCE_SECONDS)
    assert source.released.wait(PATIENCE_SECONDS)


def test_a_driver_that_raises_is_an_error_at_once(newest: NewestFrame, source: StepSource) -> None:
    """Whatever the driver raises reaches the caller that waits, in one line."""

    def explode() -> NDArray[np.uint8]:
        raise ValueError("bad\nframe")

    source.retrieve = explode  # type: ignore[method-assign]
    source.steps.release()
    with pytest.raises(CameraError, match=r"^test: bad frame: open it again$"):
        newest.next(timeout=PATIENCE_SECONDS)


def test_a_failing_connection_is_an_error_at_once() -> None:
    """What the connecting raises is raised by `start`."""

    def connect() -> StepSource:
        raise CameraError("test: no such camera: plug it in")

    with pytest.raises(CameraError, match="plug it in"):
        NewestFrame(connect, clock=FakeClock(), name="test").start(timeout=PATIENCE_SECONDS)


def test_a_connection_that_hangs_is_given_up() -> None:
    """`start` comes back after its timeout."""
    hang = threading.Event()

    def connect() -> StepSource:
        hang.wait(PATIENCE_SECONDS)
        raise CameraError("too late")

    newest = NewestFrame(connect, clock=FakeClock(), name="test")
    with pytest.raises(CameraTimeoutError, match="does not answer"):
        newest.start(timeout=0.01)
    hang.set()
    newest.stop()


def test_stopping_lets_the_source_go(source: StepSource) -> None:
    """After `stop` the source is released."""
    newest = NewestFrame(lambda: source, clock=FakeClock(), name="test")
    newest.start(timeout=PATIENCE_SECONDS)
    threading.Timer(0.01, source.steps.release).start()
    newest.stop()
    assert source.released.is_set()


def test_a_driver_that_hangs_is_flagged(
    newest: NewestFrame, source: StepSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`stop` does not wait for ever, and says that only a new process helps."""
    assert source.waiting.is_set()
    monkeypatch.setattr(newest_frame, "CLOSE_SECONDS", 0.01)
    with pytest.raises(CameraError, match="only a new process"):
        newest.stop()
