"""One frame's way: sight → policy → delivery."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from insect_edge.policy import memory
from insect_edge.policy.arrivals import Arrivals
from insect_edge.policy.correction import corrected
from insect_edge.policy.restart import resumed
from insect_edge.policy.state import PolicyState

if TYPE_CHECKING:
    from insect_edge.delivery import Delivery
    from insect_edge.domain import Event, Frame, Moment, Region
    from insect_edge.policy.life import EventLife
    from insect_edge.policy.rules import PolicySettings
    from insect_edge.sight.seen import Sight, View

CHECKPOINT_SECONDS = 3600.0
"""Between two times the state is stored while nothing happens: as much looking is forgotten at a power cut at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """What one frame amounted to.

    Attributes:
        frame: as captured.
        view: what it showed.
        events: changes it caused, already handed to the delivery.
    """

    frame: Frame
    view: View
    events: tuple[Event, ...]


class Pipeline:
    """Holds the policy's state; everything else passes through.

    Args:
        sight: looks at frames, and judges by the same policy.
        policy: the rules.
        delivery: takes the events.
        boot_id: which boot monotonic seconds belong to; empty where nobody knows.
    """

    def __init__(
        self,
        *,
        sight: Sight,
        policy: EventLife,
        delivery: Delivery,
        boot_id: str = "",
    ) -> None:
        self._sight = sight
        self._policy = policy
        self._delivery = delivery
        self._boot_id = boot_id
        self._state = PolicyState()
        self._stored: float | None = None

    @property
    def never_dated(self) -> int:
        """Events that have ended and whose times nobody will ever know, counted since the outbox was made."""
        return self._state.never_dated

    @property
    def state(self) -> PolicyState:
        """What the policy remembers."""
        return self._state

    def configure(self, *, settings: PolicySettings, region: Region | None) -> None:
        """Judge the next frame by other numbers, and look at another part of it; what is open stays open."""
        self._policy.settings = settings
        self._sight.configure(region=region)

    def resume(self, stored: bytes, *, now: Moment) -> tuple[Event, ...]:
        """Go on from what an earlier process stored; the changes of events that this one does not go on with.

        Raises:
            StateError: when it cannot be read; nothing is remembered then.
        """
        remembered = memory.decode(stored)
        self._state, events = resumed(remembered, now=now, boot_id=self._boot_id, settings=self._policy.settings)
        self._sight.resume(self._state)
        if events or remembered.boot_id != self._boot_id:
            self._store(events, at=now, frame=None)
        return events

    def look(self, frame: Frame) -> StepResult:
        """Follow one frame through.

        Raises:
            InferenceError: when the model could not be run.
        """
        self._state, events, view = self._sight.look(self._state, frame)
        if events:
            self._store(events, at=frame.captured, frame=frame)
        if view.classification is not None:
            self._delivery.classification(view.classification, frame=frame)
        return StepResult(frame=frame, view=view, events=events)

    def glance(self, frame: Frame) -> StepResult:
        """Look at a frame that counts for nothing, since nobody knows yet whether it shows the present.

        Raises:
            InferenceError: when the model could not be run.
        """
        return StepResult(frame=frame, view=self._sight.glance(frame), events=())

    def tick(self, now: Moment) -> tuple[Event, ...]:
        """End the events that are due although no frame comes, and store what the outbox would not take before.

        Once the clock is set, what was told without times is told again.
        """
        self._state, ends = self._policy.tick(self._state, now=now)
        self._state, corrections = corrected(self._state, now=now)
        events = (*corrections, *ends)
        if events or self._is_checkpoint(now):
            self._store(events, at=now, frame=None)
        else:
            self._delivery.retry()
        return events

    def deadline(self) -> float | None:
        """Monotonic seconds at which `tick` will next end something; None while no event is open."""
        return self._policy.deadline(self._state)

    def shutdown(self, now: Moment) -> tuple[Event, ...]:
        """End every open event, and try once more to store what the outbox would not take before."""
        self._state, events = self._policy.shutdown(self._state, now=now)
        if events or self._state.arrivals.spans:
            self._store(events, at=now, frame=None)
        else:
            self._delivery.events((), frame=None)
        return events

    def finish(self, now: Moment) -> tuple[Event, ...]:
        """End every open event and forget the cooldowns: the source is over, and another run of it is another story."""
        events = self.shutdown(now)
        self._sight.forget()
        if self._state.ended or self._state.alerted or self._state.arrivals.spans:
            self._state = replace(self._state, ended={}, alerted={}, animals={}, earlier=None, arrivals=Arrivals())
            self._store((), at=now, frame=None)
        return events

    def _is_checkpoint(self, now: Moment) -> bool:
        """Whether the trap has looked for long since the state was stored."""
        if self._stored is None:
            self._stored = now.monotonic
        return bool(self._state.arrivals.spans) and now.monotonic - self._stored >= CHECKPOINT_SECONDS

    def _store(self, events: tuple[Event, ...], *, at: Moment, frame: Frame | None) -> None:
        """Hand the changes over with the state they lead to, which is stored with them or not at all."""
        self._stored = at.monotonic
        state = memory.encode(self._state, saved=at, boot_id=self._boot_id)
        self._delivery.events(events, frame=frame, state=state)
