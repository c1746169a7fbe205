"""A device's life over kills, reboots and clocks: the real pipeline, whose disk is one variable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.domain import Classification, Event, Frame, Moment, Phase
from insect_edge.pipeline import Pipeline
from insect_edge.policy.rules import Policy, PolicySettings
from insect_edge.sight.frames import FrameSight
from support.policy_watch import NOON

if TYPE_CHECKING:
    from collections.abc import Sequence

    from insect_edge.policy.state import PolicyState

FACTORY = datetime(2025, 11, 3, tzinfo=UTC)
"""What a board without a battery believes at its first start; later ones begin where the last one ended."""


class Device:
    """One that can lose its power.

    Args:
        settings: of its policy.
        synced: whether the clock is set in the first boot.

    Attributes:
        told: every change ever handed over, in order, each with the seconds of true time it was told at.
        boots: the boot each of them was told in.
        stored: what is on its disk.
        clock: of the boot under way.
    """

    def __init__(self, *, synced: bool = True, **settings: object) -> None:
        numbers = count(1)
        self.policy = Policy(PolicySettings(**settings), new_event_id=lambda: f"event-{next(numbers)}")
        self.told: list[tuple[float, Event]] = []
        self.boots: list[str] = []
        self.stored: bytes | None = None
        self._booted: dict[str, float] = {}
        self._true = 0.0
        self.boot(synced=synced)

    @property
    def events(self) -> list[Event]:
        """Every change ever told."""
        return [event for _, event in self.told]

    @property
    def state(self) -> PolicyState:
        """What the policy remembers."""
        return self._pipeline.state

    def boot(self, *, synced: bool, away: float = 0.0) -> list[Event]:
        """Power up after so many seconds without; the clock is set at once or shows the last shutdown."""
        believed = NOON + timedelta(seconds=self._true) if self._booted else FACTORY
        self._true += away
        boot_id = f"boot-{len(self._booted) + 1}"
        self._booted[boot_id] = self._true - 20.0
        utc = NOON + timedelta(seconds=self._true) if synced else believed
        self.clock = FakeClock(utc=utc, monotonic=20.0, clock_synced=synced, boot_id=boot_id)
        return self.start()

    def start(self, *, away: float = 0.0) -> list[Event]:
        """A new process in the same boot, so many seconds after the last one was killed; what it tells at once."""
        self.wait(away)
        delivery = SimpleNamespace(events=self._deliver, retry=lambda: None, classification=lambda *_, **__: None)
        self._shown: Classification | None = None
        self._pipeline = Pipeline(
            sight=FrameSight(
                classifier=SimpleNamespace(classify=lambda *_, **__: self._shown), policy=self.policy, region=None
            ),
            policy=self.policy,
            delivery=delivery,
            boot_id=self.clock.boot_id(),
        )
        return [] if self.stored is None else list(self._pipeline.resume(self.stored, now=self.clock.moment()))

    def truth(self, moment: Moment, *, boot_id: str) -> datetime:
        """When a monotonic second of a boot really was."""
        return NOON + timedelta(seconds=self._booted[boot_id] + moment.monotonic)

    def wait(self, seconds: float) -> None:
        """Let time pass in which nothing happens."""
        self._true += seconds
        self.clock.advance(seconds)

    def tick(self) -> list[Event]:
        """Go once round the loop without a frame."""
        return list(self._pipeline.tick(self.clock.moment()))

    def see(self, *classifications: Classification, every: float = 1.0) -> list[Event]:
        """One frame for each, `every` seconds apart, and once round the loop; what that told."""
        before = len(self.told)
        for classification in classifications:
            self.wait(every)
            self._shown = classification
            pixels = np.zeros((4, 4, 3), dtype=np.uint8)
            self._pipeline.look(Frame(pixels=pixels, captured=self.clock.moment(), sequence=0))
            self.tick()
        return self.events[before:]

    def set_clock(self) -> list[Event]:
        """A time server answers; what the next time round the loop tells."""
        self.clock.jump_utc(NOON + timedelta(seconds=self._true))
        return self.tick()

    def finish(self) -> list[Event]:
        """The end of a source."""
        return list(self._pipeline.finish(self.clock.moment()))

    def stop(self) -> list[Event]:
        """A clean end."""
        return list(self._pipeline.shutdown(self.clock.moment()))

    def _deliver(self, events: Sequence[Event], *, frame: Frame | None, state: bytes | None = None) -> None:
        """One transaction."""
        del frame
        self.told += [(self._true, event) for event in events]
        self.boots += [self.clock.boot_id()] * len(events)
        self.stored = self.stored if state is None else state


def alerts(events: list[Event]) -> list[str]:
    """The ids of the events that raised their alert."""
    return [event.event_id for event in events if event.alert]


def told_of(events: list[Event]) -> list[tuple[str, Phase]]:
    """Event and phase of each change."""
    return [(event.event_id, event.phase) for event in events]
