"""A camera in a garden that does not exist: for a first look without hardware, for demonstrations and for tests.

It knows what each frame really shows (`truth`) and breaks down as it is told to (`Fault`).
"""

from __future__ import annotations

import enum
import logging
import math
import threading
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING

from insect_edge.domain import Frame
from insect_edge.errors import CameraError, CameraTimeoutError, ConfigError
from insect_edge.garden.planting import Planting
from insect_edge.garden.scene import Garden, Truth

if TYPE_CHECKING:
    from collections.abc import Sequence

    from insect_edge.garden.sight import Sight
    from insect_edge.garden.wide import WideGarden
    from insect_edge.protocols import Clock, Notice

FRAMES_PER_SECOND = 30.0
_DAY_EXPOSURE_US, _NIGHT_EXPOSURE_US = 8_000, 66_000
_DAY_GAIN, _NIGHT_GAIN = 1.0, 8.0
_ROUNDING_SECONDS = 1e-6
"""Clock readings in seconds since boot are exact to well below this; a frame due that soon is due."""

_log = logging.getLogger(__name__)


class FaultKind(enum.StrEnum):
    """How a camera can fail."""

    HANG = "hang"
    """No frame comes: each capture waits its whole timeout."""
    STUCK = "stuck"
    """A capture does not return at all, timeout or not, until another thread calls `close`."""
    FROZEN = "frozen"
    """The last good frame again and again; the sensor's clock stands still."""
    BLACK = "black"
    """No light, or a covered lens: frames keep coming, all but black."""
    DISCONNECTED = "disconnected"
    """The cable is out: captures fail at once, and so does `open`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One breakdown.

    Attributes:
        kind: what goes wrong.
        first: number of the first frame it touches.
        last: number of the last one; None for ever.
    """

    kind: FaultKind
    first: int
    last: int | None = None


def fault(text: str, *, frames_per_second: float = FRAMES_PER_SECOND) -> Fault:
    """A breakdown as the configuration says it: `frozen 60-90` from second to second, `frozen 60-` for ever.

    Raises:
        ValueError: when it is none.
    """
    kind, _, times = text.partition(" ")
    first, _, last = times.partition("-")
    return Fault(
        kind=FaultKind(kind),
        first=round(float(first) * frames_per_second),
        last=round(float(last) * frames_per_second) - 1 if last else None,
    )


class SimulatedCamera:
    """`protocols.Camera` in a drawn garden, where time passes as on the clock it is given.

    Frames are numbered from the first `open` on and go on while the camera is closed, as a garden does; the same seed
    and number always give the same pixels.

    Args:
        clock: decides which frame is the newest.
        scene: a name in `garden.scene.SCENES` (`garden`, `busy`, `empty`, or an animal that comes again and again), one
            of the wide scenes in `garden.wide_scenes.WIDE_SCENES`, or either as `garden.planting` lets one change it.
        seed: of everything random.
        width: of the frames, in pixels.
        height: of the frames, in pixels.
        frames_per_second: of the sensor.
        sensor_clock: whether frames carry the sensor's timestamp, which those of USB cameras and streams do not.
        faults: what breaks when; the first that covers a frame counts.

    Raises:
        ConfigError: when there is no such scene.
    """

    live = True

    def __init__(  # keywords, one for each key of the configuration
        self,
        *,
        clock: Clock,
        scene: str | Planting = "garden",
        seed: int = 0,
        width: int = 1280,
        height: int = 720,
        frames_per_second: float = FRAMES_PER_SECOND,
        sensor_clock: bool = True,
        faults: Sequence[Fault] = (),
    ) -> None:
        self._clock = clock
        self._planting = Planting.of(scene) if isinstance(scene, str) else scene
        self._seed = seed
        self._size = (width, height)
        self._rate = frames_per_second
        self._sensor_clock = sensor_clock
        self._faults = tuple(faults)
        self._garden: Garden | WideGarden | None = None
        self._began: float | None = None
        self._opened_at = 0
        self._delivered = -1
        self._suffered: Fault | None = None
        self._open = False
        self._closed = threading.Event()
        self._nobody: SimpleQueue[Notice] = SimpleQueue()

    @property
    def name(self) -> str:
        """`simulated:` and the scene."""
        return f"simulated:{self._planting.scene}"

    @property
    def frame_number(self) -> int | None:
        """Number of the frame delivered last, for `truth`; None before the first."""
        return self._delivered if self._delivered >= 0 else None

    def open(self) -> None:
        """Go into the garden.

        Raises:
            CameraError: while disconnected.
        """
        if self._open:
            return
        number = self._due() if self._began is not None else 0
        self._refuse_when_disconnected(number)
        self._ground()
        if self._began is None:
            self._began = self._clock.monotonic()
        self._opened_at = number
        self._delivered = max(self._delivered, number - 1)
        self._closed.clear()
        self._open = True

    def capture(self, *, timeout: float) -> Frame:
        """The newest frame; waits on the clock until one is due that was not delivered yet.

        Raises:
            CameraTimeoutError: when none is due in time, or a `HANG` holds it back.
            CameraError: when not open, or disconnected.
        """
        if not self._open:
            raise CameraError(f"{self.name} is not open: call open() first")
        self._await_next(timeout)
        number = self._due()
        fault = self._fault(number)
        self._tell(fault)
        if fault is not None:
            self._suffer(fault, number, timeout=timeout)
        shown = number if fault is None or fault.kind is not FaultKind.FROZEN else max(fault.first - 1, 0)
        self._delivered = number
        return self._frame(number, shown=shown, black=fault is not None and fault.kind is FaultKind.BLACK)

    def close(self) -> None:
        """Leave the garden."""
        self._open = False
        self._closed.set()

    def truth(self, frame_number: int) -> Truth:
        """What frame `frame_number` would show without any fault.

        Raises:
            ConfigError: in a wide scene, where there are many: `truths` says them.
        """
        garden = self._ground()
        if not isinstance(garden, Garden):
            raise ConfigError(f"{self.name} shows many animals: ask for its truths")
        return garden.truth(frame_number)

    def truths(self, frame_number: int) -> tuple[Sight, ...]:
        """All animals that frame `frame_number` would show without any fault, as far as half of them can be seen."""
        return self._ground().truths(frame_number)

    def _frame(self, number: int, *, shown: int, black: bool) -> Frame:
        garden = self._ground()
        return Frame(
            pixels=garden.dark(shown) if black else garden.frame(shown),
            captured=self._clock.moment(),
            sequence=number - self._opened_at,
            sensor_timestamp_ns=round((shown + 1) * 1e9 / self._rate) if self._sensor_clock else None,
            exposure_us=_NIGHT_EXPOSURE_US if black else _DAY_EXPOSURE_US,
            analogue_gain=_NIGHT_GAIN if black else _DAY_GAIN,
        )

    def _ground(self) -> Garden | WideGarden:
        """The garden, planted when it is first needed (a fifth of a second; a wide one takes longer)."""
        if self._garden is None:
            width, height = self._size
            self._garden = self._planting.garden(
                seed=self._seed, width=width, height=height, frames_per_second=self._rate
            )
        return self._garden

    def _elapsed(self) -> float:
        return self._clock.monotonic() - (self._began or 0.0) + _ROUNDING_SECONDS

    def _due(self) -> int:
        """Number of the newest frame there is now."""
        return math.floor(self._elapsed() * self._rate)

    def _await_next(self, timeout: float) -> None:
        if self._due() > self._delivered:
            return
        missing = (self._delivered + 1) / self._rate - self._elapsed() + _ROUNDING_SECONDS
        self._clock.wait(self._nobody, seconds=min(missing, timeout))
        if self._due() <= self._delivered:
            raise CameraTimeoutError(
                f"{self.name}: no frame within {timeout:g} s at {self._rate:g} frames a second: wait longer"
            )

    def _fault(self, number: int) -> Fault | None:
        for fault in self._faults:
            if fault.first <= number and (fault.last is None or number <= fault.last):
                return fault
        return None

    def _tell(self, fault: Fault | None) -> None:
        """One line where a breakdown begins to be felt or is over: what follows in the log is its consequence."""
        if fault is self._suffered:
            return
        self._suffered = fault
        if fault is None:
            _log.info("%s: in order again", self.name)
            return
        until = "the end" if fault.last is None else f"frame {fault.last}"
        _log.info("%s: %s on purpose, from frame %d to %s", self.name, fault.kind, fault.first, until)

    def _suffer(self, fault: Fault, number: int, *, timeout: float) -> None:
        """Fail as `fault` says; the kinds that only change the picture return."""
        if fault.kind is FaultKind.HANG:
            self._clock.wait(self._nobody, seconds=timeout)
            raise CameraTimeoutError(f"{self.name}: no frame within {timeout:g} s: check the camera and its cable")
        if fault.kind is FaultKind.STUCK:
            self._closed.wait()
            raise CameraError(f"{self.name}: closed during a capture: open it again")
        self._refuse_when_disconnected(number)

    def _refuse_when_disconnected(self, number: int) -> None:
        fault = self._fault(number)
        if fault is not None and fault.kind is FaultKind.DISCONNECTED:
            self._tell(fault)
            raise CameraError(f"{self.name}: the camera is disconnected: plug it in again")
