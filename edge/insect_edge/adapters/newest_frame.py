"""A live source read by a thread of its own, so that what is delivered is always the newest frame.

Drivers and streams queue frames; whoever reads once a second would see the past. So the thread takes every frame off
the queue (`grab`, cheap), but decodes (`retrieve`, dear) only those that somebody waits for.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from insect_edge.errors import CameraError, CameraTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from insect_edge.domain import Moment
    from insect_edge.protocols import Clock

CLOSE_SECONDS = 4.5
"""How long `stop` waits for the thread: a camera has to be closed within about five seconds."""


class Source(Protocol):
    """What the thread reads; only the thread calls it."""

    def grab(self) -> bool:
        """Wait for the next frame and keep it, not decoded; false when the source failed."""
        ...

    def retrieve(self) -> NDArray[np.uint8] | None:
        """Decode the frame kept last; None when that failed."""
        ...

    def release(self) -> None:
        """Let the source go."""
        ...


class NewestFrame:
    """Reads a source until it fails or `stop` is called; must be started once.

    Args:
        connect: opens the source; called on the thread, may raise CameraError.
        clock: stamps frames when they were grabbed.
        name: of the camera, for errors and for the thread.
    """

    def __init__(self, connect: Callable[[], Source], *, clock: Clock, name: str) -> None:
        self._connect = connect
        self._clock = clock
        self._name = name
        self._changed = threading.Condition()
        self._connected = False
        self._wanted = self._waiting = False
        self._stopping = False
        self._grabbed = 0
        self._frame: tuple[NDArray[np.uint8], Moment, int] | None = None
        self._failure: CameraError | None = None
        self._thread = threading.Thread(target=self._run, name=f"capture {name}", daemon=True)

    def start(self, *, timeout: float) -> None:
        """Connect, waiting at most `timeout` seconds.

        Raises:
            CameraError: when that failed or took longer.
        """
        self._thread.start()
        with self._changed:
            self._changed.wait_for(lambda: self._connected or self._failure is not None, timeout)
            if self._failure is not None:
                raise self._failure
            if not self._connected:
                raise CameraTimeoutError(f"{self._name}: does not answer within {timeout:g} s: check that it is on")

    def next(self, *, timeout: float) -> tuple[NDArray[np.uint8], Moment, int]:
        """The first frame grabbed from now on (or the newest, where it came between two waits).

        Returns:
            pixels, when they were grabbed, and how many frames were grabbed before.

        Raises:
            CameraTimeoutError: when none came within `timeout` seconds.
            CameraError: when the source failed.
        """
        with self._changed:
            self._wanted, self._waiting = self._frame is None, True
            self._changed.wait_for(lambda: self._frame is not None or self._failure is not None, timeout)
            self._waiting = False
            if self._frame is not None:
                frame, self._frame = self._frame, None
                return frame
            if self._failure is not None:
                raise self._failure
            raise CameraTimeoutError(f"{self._name}: no frame within {timeout:g} s: check the camera and its cable")

    def stop(self) -> None:
        """Stop reading and let the source go.

        Raises:
            CameraError: when the thread still hangs in the driver after `CLOSE_SECONDS`; a second thread on the same
                camera would hang as well.
        """
        with self._changed:
            self._stopping = True
        self._thread.join(CLOSE_SECONDS)
        if self._thread.is_alive():
            raise CameraError(f"{self._name}: its driver does not return: only a new process can open it again")

    def _run(self) -> None:
        source: Source | None = None
        try:
            source = self._connect()
            with self._changed:
                self._connected = True
                self._changed.notify_all()
            self._read(source)
        except CameraError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001 # whoever waits has to hear of it, whatever the driver raised
            self._fail(CameraError(f"{self._name}: {' '.join(str(error).split())}: open it again"))
        finally:
            if source is not None:
                source.release()

    def _read(self, source: Source) -> None:
        while not self._stopping:
            if not source.grab():
                raise CameraError(f"{self._name}: stopped delivering frames: check its power, cable and network")
            captured = self._clock.moment()
            number, self._grabbed = self._grabbed, self._grabbed + 1
            pixels = source.retrieve() if self._wanted else None
            if pixels is not None:
                self._deliver(pixels, captured, number)
            else:
                self._forget()

    def _forget(self) -> None:
        """Drop what was decoded for somebody who gave up waiting: a newer frame has been grabbed since."""
        with self._changed:
            if not self._waiting:
                self._frame = None

    def _deliver(self, pixels: NDArray[np.uint8], captured: Moment, number: int) -> None:
        with self._changed:
            self._frame = (pixels, captured, number)
            self._wanted = False
            self._changed.notify_all()

    def _fail(self, error: CameraError) -> None:
        with self._changed:
            self._failure = error
            self._changed.notify_all()
