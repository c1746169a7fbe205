"""A camera that breaks in every way, and a keeper that has to live with it."""

from __future__ import annotations

import threading
from random import Random

import numpy as np

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.backoff import Backoff
from insect_edge.camera_keeper import CameraKeeper
from insect_edge.domain import Frame
from insect_edge.errors import CameraError

PATIENCE_SECONDS = 30.0


class BrokenCamera:
    """Opens or not as told, takes its time to close, and hangs where it is told to."""

    name = "broken"

    def __init__(self, clock: FakeClock, *, live: bool = True) -> None:
        self.live = live
        self.opens = True
        self.opened = 0
        self.closed = 0
        self.close_seconds = 0.0
        self.close_error: CameraError | None = None
        self.open_returns, self.capture_returns, self.close_returns = (threading.Event() for _ in range(3))
        self.release()
        self._clock = clock

    def release(self) -> None:
        """Nothing hangs any more."""
        for returns in (self.open_returns, self.capture_returns, self.close_returns):
            returns.set()

    def open(self) -> None:
        """Count, or fail, or hang."""
        self.open_returns.wait()
        if not self.opens:
            raise CameraError("broken: not there: plug it in")
        self.opened += 1

    def capture(self, *, timeout: float) -> Frame | None:
        """A frame, or hang; the timeout is not kept to."""
        assert timeout > 0
        self.capture_returns.wait()
        return Frame(pixels=np.zeros((4, 4, 3), np.uint8), captured=self._clock.moment(), sequence=0)

    def close(self) -> None:
        """Count, slowly."""
        self.closed += 1
        self.close_returns.wait()
        self._clock.advance(self.close_seconds)
        if self.close_error is not None:
            raise self.close_error


class Kept:
    """A keeper, its camera and its clock."""

    def __init__(self, *, live: bool = True) -> None:
        self.clock = FakeClock()
        self.camera = BrokenCamera(self.clock, live=live)
        first, again = (Backoff(first=1.0, longest=60.0, random=Random(1)) for _ in range(2))  # noqa: S311 # jitter
        self.keeper = CameraKeeper(self.camera, clock=self.clock, backoff=first, renewals=again, capture_timeout=5.0)

    def fail(self, error: CameraError) -> None:
        """No frame came, and the camera had time to close."""
        self.keeper.failed(error)
        self.settle()

    def settle(self) -> None:
        """Let the driver do what it was asked to."""
        closing = self.keeper._closing
        assert closing is None or closing.finished(PATIENCE_SECONDS)
