"""Keeps the camera open: opens it, notices that it failed, opens it again after a growing delay."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from insect_edge.errors import CameraError, CameraTimeoutError

if TYPE_CHECKING:
    from insect_edge.backoff import Backoff
    from insect_edge.protocols import Camera, Clock

SLICE_SECONDS = 0.5
"""Longest single wait for a frame, so that signals and acknowledgements are handled meanwhile."""
CLOSE_SECONDS = 5.0
"""A camera that took longer to close may still be held by its driver: opening it again would hang for good."""

_log = logging.getLogger(__name__)


class CameraKeeper:
    """What the daemon knows of its camera.

    Args:
        camera: not yet open.
        clock: the time.
        backoff: delays between attempts to open.
        capture_timeout: seconds without a frame after which an open camera has failed.

    Attributes:
        opened: monotonic seconds of the newest successful `open`; None before.
        lost: why there are no frames; None while they come, and before the first attempt.
        due: monotonic seconds before which there is no use in trying.
    """

    def __init__(self, camera: Camera, *, clock: Clock, backoff: Backoff, capture_timeout: float) -> None:
        self._camera = camera
        self._clock = clock
        self._backoff = backoff
        self._capture_timeout = capture_timeout
        self._is_open = False
        self._opening: _Opening | None = None
        self._waiting_since: float | None = None
        self.opened: float | None = None
        self.lost: str | None = None
        self.due = clock.monotonic()

    @property
    def live(self) -> bool:
        """Whether the camera shows the present."""
        return self._camera.live

    def ready(self) -> bool:
        """Whether a frame can be asked for; opens the camera where that is due, waiting a moment at most.

        Raises:
            CameraError: when the failed camera could not be closed in time, or a file source cannot be opened.
        """
        if self._is_open:
            return True
        if self._clock.monotonic() < self.due:
            return False
        if self._opening is None:
            self._opening = _Opening(self._camera)
        if not self._opening.finished(SLICE_SECONDS):
            return False
        error, self._opening = self._opening.error, None
        if error is None:
            self._is_open = True
            self.opened = self._clock.monotonic()
        elif not isinstance(error, CameraError) or (not self.live and self.opened is None):
            self.lost = str(error)
            raise error
        else:
            self.failed(error)
        return self._is_open

    def close(self) -> None:
        """Let the camera go for good."""
        self._is_open = False
        try:
            self._camera.close()
        except CameraError as error:
            _log.warning("%s", error)

    def wait_seconds(self) -> float:
        """How long to wait for the next frame now."""
        if self._waiting_since is None:
            self._waiting_since = self._clock.monotonic()
        return min(SLICE_SECONDS, self._capture_timeout)

    def succeeded(self) -> None:
        """A frame came."""
        self._waiting_since = None
        if self.lost is not None:
            _log.info("camera %s is back", self._camera.name)
            self.lost = None
            self._backoff.reset()

    def failed(self, error: CameraError) -> None:
        """No frame came: close the camera to open it again later, unless there is time left to wait for this frame.

        Raises:
            CameraError: when it did not close, or so slowly that the driver may still hold it.
        """
        now = self._clock.monotonic()
        waited = now - (self._waiting_since if self._waiting_since is not None else now)
        if isinstance(error, CameraTimeoutError) and self._is_open and waited < self._capture_timeout:
            return
        self._waiting_since = None
        self._is_open = False
        first, self.lost = str(error) != self.lost, str(error)
        self._camera.close()
        closed = self._clock.monotonic()
        if closed - now > CLOSE_SECONDS:
            raise CameraError(
                f"{self._camera.name}: took {closed - now:.0f} s to close, so its driver may still hold it: "
                "only a new process can open it again"
            ) from error
        delay = self._backoff.next_delay()
        if first:
            _log.warning("camera lost: %s (trying again in %.0f s and so on)", error, delay)
        self.due = closed + delay


class _Opening:
    """One attempt to open a camera, in a thread of its own: drivers and streams take seconds, or for ever."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._thread = threading.Thread(target=self._open, name="camera-open", daemon=True)
        self.error: Exception | None = None
        self._thread.start()

    def finished(self, seconds: float) -> bool:
        """Whether it is over, waiting for that at most so long."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _open(self) -> None:
        try:
            self._camera.open()
        except Exception as error:  # noqa: BLE001 # raised again by the owner thread
            self.error = error
