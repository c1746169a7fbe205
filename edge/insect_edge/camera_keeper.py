"""Keeps the camera open: opens it, notices that it failed, opens it again after a growing delay.

The owner thread never waits for the driver longer than a moment: opening, capturing and closing go on by themselves
while signals and acknowledgements are handled. What takes too long is left to a new process.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from insect_edge.camera_calls import Call, Caller, started
from insect_edge.errors import CameraError, CameraTimeoutError

if TYPE_CHECKING:
    from insect_edge.backoff import Backoff
    from insect_edge.domain import Frame
    from insect_edge.protocols import Camera, Clock

SLICE_SECONDS = 0.25
"""Longest single wait for the driver, so that signals and acknowledgements are handled meanwhile."""
OPEN_SECONDS = 30.0
"""Longer than any adapter's own patience: a driver that takes so long to open the camera hangs."""
CLOSE_SECONDS = 5.0
"""A camera that took longer to close may still be held by its driver: opening it again would hang for good."""
_HAND_OVER_SECONDS = 0.1
"""For what came back in time to be handed over between threads."""

_log = logging.getLogger(__name__)


class CameraKeeper:
    """What the daemon knows of its camera.

    Args:
        camera: not yet open.
        clock: the time.
        backoff: delays between attempts to open one that failed.
        renewals: delays between attempts to bring one to life that delivers the same picture again and again.
        capture_timeout: seconds without a frame after which an open camera has failed.

    Attributes:
        opened: monotonic seconds of the newest successful `open` but for renewals, which prove nothing; None before.
        lost: why there are no frames; None while they come, and before the first attempt.
    """

    def __init__(
        self, camera: Camera, *, clock: Clock, backoff: Backoff, renewals: Backoff, capture_timeout: float
    ) -> None:
        self._camera = camera
        self._clock = clock
        self._backoff = backoff
        self._renewals = renewals
        self._capture_timeout = capture_timeout
        self._is_open = False
        self._opening: Call[None] | None = None
        self._closing: Call[None] | None = None
        self._capture: Call[Frame | None] | None = None
        self._caller: Caller | None = None
        self._since = clock.monotonic()
        self._waiting_since: float | None = None
        self._renew_from: float | None = None
        self.opened: float | None = None
        self.lost: str | None = None
        self._due = self._since

    @property
    def due(self) -> float:
        """Monotonic seconds before which there is no use in asking whether it is `ready`."""
        return self._since if self._closing is not None else self._due

    @property
    def live(self) -> bool:
        """Whether the camera shows the present."""
        return self._camera.live

    def ready(self) -> bool:
        """Whether a frame can be asked for; opens the camera where that is due, waiting a moment at most.

        Raises:
            CameraError: when the camera could not be opened or closed in time, or a file source cannot be opened.
        """
        if self._is_open:
            return True
        if self._closing is not None and not self._closed():
            return False
        if self._clock.monotonic() < self._due:
            return False
        if self._opening is None:
            self._since = self._clock.monotonic()
            self._opening = started(self._camera.open, name="camera-open", now=self._clock.monotonic)
        if not self._opening.finished(SLICE_SECONDS):
            self._give_up_after(OPEN_SECONDS, "open", until=self._clock.monotonic())
            return False
        error, self._opening = self._opening.error, None
        if error is None:
            self._is_open = True
            if self._renew_from is None:
                self.opened = self._clock.monotonic()
        elif not isinstance(error, CameraError) or (not self.live and self.opened is None):
            self.lost = str(error)
            raise error
        else:
            self.failed(error)
        return self._is_open

    def capture(self) -> Frame | None:
        """The newest frame, waiting a moment at most; None when the source has ended.

        Raises:
            CameraTimeoutError: when it is not there yet.
            CameraError: when the camera failed.
        """
        if self._waiting_since is None:
            self._waiting_since = self._clock.monotonic()
        if self._caller is None:
            self._caller = Caller(name="camera-capture", now=self._clock.monotonic)
        wait = min(SLICE_SECONDS, self._capture_timeout)
        if self._capture is None:
            self._capture = self._caller.begin(lambda: self._camera.capture(timeout=wait))
        if not self._capture.finished(wait + _HAND_OVER_SECONDS):
            raise CameraTimeoutError(f"{self._camera.name}: its driver does not return: check the camera and its cable")
        done, self._capture = self._capture, None
        return done.result()

    def succeeded(self) -> None:
        """A frame came."""
        self._waiting_since = None
        if self.lost is not None:
            _log.info("camera %s is back", self._camera.name)
            self.lost = None
            self._backoff.reset()

    def failed(self, error: CameraError) -> None:
        """No frame came: close the camera to open it again later, unless there is time left to wait for this frame."""
        now = self._clock.monotonic()
        waited = now - (self._waiting_since if self._waiting_since is not None else now)
        patient = waited < self._capture_timeout or not self.live
        if isinstance(error, CameraTimeoutError) and self._is_open and patient:
            return
        # Once it is back it has all its time to show something new.
        self._renew_from = None
        first, self.lost = str(error) != self.lost, str(error)
        delay = self._backoff.next_delay()
        if first:
            _log.warning("camera lost: %s (trying again in %.0f s and so on)", error, delay)
        self._begin_to_close(delay=delay)

    def alive(self) -> None:
        """A frame proved that the camera shows the present."""
        if self._renew_from is not None:
            _log.info("camera %s shows the present again", self._camera.name)
        self._renew_from = None
        self._renewals.reset()

    def renew(self) -> None:
        """The camera delivers nothing new: close it and open it again, more and more seldom while that does not help.

        What does not help at all is ended by the service manager's watchdog, which is not fed meanwhile.
        """
        now = self._clock.monotonic()
        if not self._is_open or (self._renew_from is not None and now < self._renew_from):
            return
        delay = self._renewals.next_delay()
        _log.warning("camera %s shows nothing new: opened again, and in %.0f s once more", self._camera.name, delay)
        self._renew_from = now + delay
        self._begin_to_close(delay=0)

    def close(self) -> None:
        """Let the camera go for good."""
        self._is_open = False
        if self._caller is not None:
            self._caller.stop()
        if self._closing is not None:
            self._closing.finished(CLOSE_SECONDS)
            return
        try:
            self._camera.close()
        except CameraError as error:
            _log.warning("%s", error)

    def hangs(self) -> bool:
        """Whether a call of the driver is still under way, a moment after the camera was closed."""
        calls: list[Call[None] | Call[Frame | None] | None] = [self._opening, self._closing, self._capture]
        return any(call is not None and not call.finished(SLICE_SECONDS + _HAND_OVER_SECONDS) for call in calls)

    def _begin_to_close(self, *, delay: float) -> None:
        self._is_open, self._waiting_since = False, None
        self._since = self._clock.monotonic()
        self._due = self._since + delay
        # Not on the thread that captures: closing may be what frees a capture that hangs.
        self._closing = started(self._camera.close, name="camera-close", now=self._clock.monotonic)

    def _closed(self) -> bool:
        """Whether the driver has let the camera go and no capture hangs in it any more.

        Raises:
            CameraError: when that failed or took too long.
        """
        assert self._closing is not None  # noqa: S101 # asked only then
        calls: list[Call[None] | Call[Frame | None]] = [self._closing]
        calls += [] if self._capture is None else [self._capture]
        if not all(call.finished(SLICE_SECONDS) for call in calls):
            self._give_up_after(CLOSE_SECONDS, "close", until=self._clock.monotonic())
            return False
        closing, self._closing, self._capture = self._closing, None, None
        self._give_up_after(CLOSE_SECONDS, "close", until=max(call.ended or self._since for call in calls))
        closing.result()
        return True

    def _give_up_after(self, limit: float, what: str, *, until: float) -> None:
        """Raise CameraError when what began at `_since` has taken longer than `limit` seconds."""
        taken = until - self._since
        if taken <= limit:
            return
        self.lost = (
            f"{self._camera.name}: took {taken:.0f} s to {what}, so its driver hangs: only a new process can open it"
        )
        raise CameraError(self.lost)
