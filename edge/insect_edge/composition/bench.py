"""Measures what each stage of a frame's way takes here, with the parts the daemon is made of."""

from __future__ import annotations

import tempfile
import time
import uuid
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from insect_edge.adapters.clock import SystemClock
from insect_edge.composition.broker_options import configured_broker, visitor_id
from insect_edge.composition.broker_visit import greeting, make_visit
from insect_edge.composition.cameras import make_camera
from insect_edge.composition.control import make_origin
from insect_edge.composition.folders import outbox_folder
from insect_edge.composition.measured import Measured, searched
from insect_edge.composition.model import make_classifier
from insect_edge.composition.timed import TimedSight
from insect_edge.control.trial import trial_event
from insect_edge.errors import InsectEdgeError, PublishError
from insect_edge.identity import device_id
from insect_edge.mqtt import messages
from insect_edge.mqtt.topics import Topics
from insect_edge.outbox.entry import Draft, Kind, OutboxLimits
from insect_edge.outbox.queue import Outbox
from insect_edge.stages import StepTimes, Timings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from insect_edge.card import ModelCard
    from insect_edge.config.sections import Config
    from insect_edge.domain import Frame, Message
    from insect_edge.mqtt.visit import Visit
    from insect_edge.outbox.entry import Ticket
    from insect_edge.protocols import Camera

_T = TypeVar("_T")
LOOK_STAGES = ("preprocess", "inference", "postprocess")
STAGES = ("capture", *LOOK_STAGES, "policy", "outbox", "publish")
"""Of a frame that is one picture."""
SEARCH_STAGES = ("capture", "finding", *LOOK_STAGES, "following", "outbox", "publish")
"""Of one in which animals are searched; the model's three are of a single look."""
_ALWAYS = frozenset({"areas", "grid"})
"""Modes in which every frame has the same places to look at."""
_WARM_UP = 3
_FIRST_SECONDS = 15.0
_LONGEST_PAUSE = 1.0
"""Seconds between two frames in which animals are searched, where the configuration wants longer ones."""
_UNKNOWN_SECONDS = 20.0
"""A finder that does not know the scene by then never will."""
_STRANGERS = 2
"""Times as many as may be looked at: some will be taken for pieces of animals, which are not looked at."""


def measure(config: Config, *, frames: int, publish: bool) -> Measured:
    """Look at so many frames and store, and send, one message for each.

    Where animals are searched, frames are taken as often as the configuration says, for what moves is not found
    otherwise; then as many again, with more in each than may be looked at.

    Args:
        config: camera, model, policy and broker.
        frames: to be measured, after a few to warm up.
        publish: whether the broker is to be asked.

    Raises:
        InsectEdgeError: when camera, model or disk cannot be used.
    """
    clock = SystemClock()
    camera = make_camera(config.camera, clock=clock, mode=config.regions.mode)
    classifier = make_classifier(config, name="configuration")
    with ExitStack() as stack:
        stack.callback(camera.close)
        camera.open()
        outbox = stack.enter_context(closing(_outbox(stack, config, clock=clock)))
        visit, broker = _visit(stack, config) if publish else (None, "none was asked")
        sight = TimedSight(config, classifier=classifier)
        bench = _Bench(config, camera=camera, sight=sight, card=classifier.card, outbox=outbox, visit=visit)
        shown = bench.run(frames)
        crowded = bench.run_crowded(shown, frames) if bench.searches and config.regions.mode not in _ALWAYS else []
    interpreter = classifier.interpreter
    return Measured(
        camera=camera.name,
        width=shown.width,
        height=shown.height,
        model_id=classifier.card.model_id,
        runtime=f"{interpreter.runtime}, {interpreter.delegate or 'plain kernels'}",
        stages=bench.timings(crowded),
        step=Timings.of([step.total for step in bench.steps]),
        broker=broker,
        search=searched(config, bench.steps, crowded=crowded) if bench.searches else None,
    )


def _outbox(stack: ExitStack, config: Config, *, clock: SystemClock) -> Outbox:
    """An outbox of its own on the disk that the daemon's lies on, gone at the end."""
    wanted = outbox_folder(config)
    place = next((folder for folder in (wanted, *wanted.parents) if folder.is_dir()), Path("/"))
    try:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix=".insect-edge-bench-", dir=place))
    except OSError as error:
        raise InsectEdgeError(
            f"{place}: cannot be written ({error.strerror}): run this as the service's user"
        ) from error
    return Outbox.open(Path(folder), clock=clock, limits=OutboxLimits())


def _visit(stack: ExitStack, config: Config) -> tuple[Visit | None, str]:
    """A connection to the configured broker, or why there is none."""
    try:
        settings = configured_broker(config, client_id=visitor_id("bench"))
        visit, patience = make_visit(settings)
        stack.callback(visit.close)
        connected = visit.log_in(will=None, seconds=patience)
    except InsectEdgeError as error:
        return None, str(error)
    return visit, f"{settings.host}:{settings.port}, MQTT {connected.protocol}"


class _Bench:
    """Takes one frame through after the other."""

    def __init__(
        self,
        config: Config,
        *,
        camera: Camera,
        sight: TimedSight,
        card: ModelCard,
        outbox: Outbox,
        visit: Visit | None,
    ) -> None:
        self._camera = camera
        self._sight = sight
        self._outbox = outbox
        self._visit = visit
        self._topics = Topics(device_id=config.device.id or device_id(), root=config.mqtt.root)
        self._origin = make_origin(config, card, topics=self._topics, boot_id="")
        self._clock = SystemClock()
        self._most = config.regions.max_crops
        self.searches = config.regions.mode != "whole"
        self._pause = min(1 / config.camera.rate, _LONGEST_PAUSE) if self.searches else 0.0
        self._warm_ups = 0
        self._steps: list[StepTimes] = []
        self._around: dict[str, list[float]] = {"capture": [], "outbox": [], "publish": []}

    @property
    def steps(self) -> Sequence[StepTimes]:
        """Of the frames that count: those after the warm-up, the last at least."""
        return self._warm(self._steps)

    def run(self, frames: int) -> Frame:
        """Take so many frames through, after those to warm up; returns the last.

        Raises:
            InsectEdgeError: when there is none.
        """
        shown = self._warm_up()
        self._warm_ups = len(self._steps)
        for _ in range(frames):
            shown = self._step() or shown
        if shown is None:
            raise InsectEdgeError(f"{self._camera.name}: there is no picture in it: name another file or folder")
        return shown

    def run_crowded(self, shown: Frame, frames: int) -> list[StepTimes]:
        """Look at so many frames in which more appears than may be looked at; where the source is over, at the last."""
        self._sight.crowd(_STRANGERS * self._most)
        steps = []
        for _ in range(frames):
            frame = self._camera.capture(timeout=_FIRST_SECONDS)
            shown = replace(shown, captured=self._clock.moment()) if frame is None else frame
            steps.append(self._sight.look(shown))
        return steps

    def timings(self, crowded: Sequence[StepTimes]) -> dict[str, Timings]:
        """Every stage that was measured; looks in crowded frames are looks like others."""
        looks = [look for step in (*self.steps, *crowded) for look in step.looks]
        judging = "following" if self.searches else "policy"
        taken = {name: self._warm(times) for name, times in self._around.items()}
        taken |= {name: [getattr(look, name) for look in looks] for name in LOOK_STAGES}
        taken |= {"finding": [step.finding for step in self.steps], judging: [step.judging for step in self.steps]}
        names = SEARCH_STAGES if self.searches else STAGES
        return {name: Timings.of(taken[name]) for name in names if taken[name]}

    def _warm_up(self) -> Frame | None:
        """A few frames, and more until the finder knows the scene."""
        shown, began = None, time.perf_counter()
        while len(self._steps) < _WARM_UP or not self._steps[-1].settled:
            frame = self._step()
            shown = frame or shown
            if frame is None or time.perf_counter() - began >= _UNKNOWN_SECONDS:
                break
        return shown

    def _step(self) -> Frame | None:
        """One frame; None where the source has ended."""
        started = time.perf_counter()
        frame = self._camera.capture(timeout=_FIRST_SECONDS)
        if frame is None:
            return None
        captured = time.perf_counter()
        self._steps.append(self._sight.look(frame))
        judged = time.perf_counter()
        self._outbox.put([Draft(kind=Kind.DETECTION, build=self._detection)])
        stored = time.perf_counter()
        self._around["capture"].append((captured - started) * 1e3)
        self._around["outbox"].append((stored - judged) * 1e3)
        self._publish()
        time.sleep(max(0.0, started + self._pause - time.perf_counter()))
        return frame

    def _warm(self, taken: list[_T]) -> list[_T]:
        return taken[min(self._warm_ups, len(taken) - 1) :] if taken else []

    def _detection(self, ticket: Ticket) -> Message:
        event = trial_event(at=self._clock.moment(), event_id=uuid.uuid4().hex)
        return messages.detection(event, ticket=ticket, origin=self._origin)

    def _publish(self) -> None:
        """One message to the broker and its acknowledgement."""
        if self._visit is None:
            return
        try:
            seconds = self._visit.send(greeting(self._topics))
        except PublishError:  # the connection broke: what was measured until now counts
            self._visit = None
        else:
            if seconds is not None:
                self._around["publish"].append(seconds * 1e3)
