"""Measures what each stage of a frame's way takes here, with the parts the daemon is made of."""

from __future__ import annotations

import tempfile
import time
import uuid
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from insect_edge.adapters.clock import SystemClock
from insect_edge.composition.broker_options import configured_broker, visitor_id
from insect_edge.composition.broker_visit import greeting, make_visit
from insect_edge.composition.cameras import make_camera
from insect_edge.composition.control import make_origin
from insect_edge.composition.folders import outbox_folder
from insect_edge.composition.model import make_classifier
from insect_edge.config import settings as config_settings
from insect_edge.control.trial import trial_event
from insect_edge.errors import InsectEdgeError, PublishError
from insect_edge.identity import device_id
from insect_edge.mqtt import messages
from insect_edge.mqtt.topics import Topics
from insect_edge.outbox.entry import Draft, Kind, OutboxLimits
from insect_edge.outbox.queue import Outbox
from insect_edge.policy.rules import Policy
from insect_edge.policy.state import PolicyState
from insect_edge.stages import Timings

if TYPE_CHECKING:
    from insect_edge.classifier import Classifier
    from insect_edge.config.sections import Config
    from insect_edge.domain import Frame, Message
    from insect_edge.mqtt.visit import Visit
    from insect_edge.outbox.entry import Ticket
    from insect_edge.protocols import Camera

STEP = ("preprocess", "inference", "postprocess", "policy")
"""What every frame costs."""
STAGES = ("capture", *STEP, "outbox", "publish")
_WARM_UP = 3
_FIRST_SECONDS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What came of it.

    Attributes:
        camera: what was looked through.
        width: of its frames, in pixels.
        height: the same.
        model_id: of the model.
        runtime: it ran on, with its delegate.
        stages: by name, in order; those that could not be measured are missing.
        step: everything that every frame costs, capture excluded.
        broker: which one, or why nothing was published.
    """

    camera: str
    width: int
    height: int
    model_id: str
    runtime: str
    stages: dict[str, Timings]
    step: Timings
    broker: str


@dataclass(slots=True)
class _Watch:
    """A stop watch that remembers when it was asked: the classifier asks before and after its inference."""

    marks: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        self.marks.append(time.perf_counter())
        return self.marks[-1]


def measure(config: Config, *, frames: int, publish: bool) -> Measured:
    """Look at so many frames and store, and send, one message for each.

    Args:
        config: camera, model, policy and broker.
        frames: to be measured, after a few to warm up.
        publish: whether the broker is to be asked.

    Raises:
        InsectEdgeError: when camera, model or disk cannot be used.
    """
    clock, watch = SystemClock(), _Watch()
    camera = make_camera(config.camera, clock=clock, mode=config.regions.mode)
    classifier = make_classifier(config, name="configuration", timer=watch)
    with ExitStack() as stack:
        stack.callback(camera.close)
        camera.open()
        outbox = stack.enter_context(closing(_outbox(stack, config, clock=clock)))
        visit, broker = _visit(stack, config) if publish else (None, "none was asked")
        bench = _Bench(config, camera=camera, classifier=classifier, outbox=outbox, visit=visit, watch=watch)
        shown: Frame | None = None
        for _ in range(_WARM_UP + frames):
            shown = bench.step() or shown
        if shown is None:
            raise InsectEdgeError(f"{camera.name}: there is no picture in it: name another file or folder")
    interpreter = classifier.interpreter
    return Measured(
        camera=camera.name,
        width=shown.width,
        height=shown.height,
        model_id=classifier.card.model_id,
        runtime=f"{interpreter.runtime}, {interpreter.delegate or 'plain kernels'}",
        stages=bench.timings(),
        step=bench.step_timings(),
        broker=broker,
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
        classifier: Classifier,
        outbox: Outbox,
        visit: Visit | None,
        watch: _Watch,
    ) -> None:
        self._camera = camera
        self._classifier = classifier
        self._outbox = outbox
        self._visit = visit
        self._watch = watch
        self._region = config_settings.region(config)
        self._policy = Policy(config_settings.policy_settings(config), new_event_id=lambda: uuid.uuid4().hex)
        self._state = PolicyState()
        self._topics = Topics(device_id=config.device.id or device_id(), root=config.mqtt.root)
        self._origin = make_origin(config, classifier.card, topics=self._topics, boot_id="")
        self._clock = SystemClock()
        self._taken: dict[str, list[float]] = {name: [] for name in STAGES}

    def step(self) -> Frame | None:
        """One frame; None where the source has ended."""
        started = time.perf_counter()
        frame = self._camera.capture(timeout=_FIRST_SECONDS)
        if frame is None:
            return None
        self._watch.marks.clear()
        captured = time.perf_counter()
        result = self._classifier.classify(frame, region=self._region)
        classified = time.perf_counter()
        self._state, _ = self._policy.step(self._state, result, at=frame.captured)
        judged = time.perf_counter()
        before, after = self._watch.marks
        self._outbox.put([Draft(kind=Kind.DETECTION, build=self._detection)])
        stored = time.perf_counter()
        marks = (started, captured, before, after, classified, judged, stored)
        for name, (first, second) in zip(STAGES[:-1], pairwise(marks), strict=True):
            self._taken[name].append((second - first) * 1e3)
        self._publish()
        return frame

    def timings(self) -> dict[str, Timings]:
        """Every stage that was measured."""
        return {name: Timings.of(self._warm(name)) for name in STAGES if self._warm(name)}

    def step_timings(self) -> Timings:
        """What a frame costs altogether."""
        return Timings.of([sum(parts) for parts in zip(*(self._warm(name) for name in STEP), strict=True)])

    def _warm(self, name: str) -> list[float]:
        taken = self._taken[name]
        return taken[min(_WARM_UP, len(taken) - 1) :] if taken else []

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
                self._taken["publish"].append(seconds * 1e3)
