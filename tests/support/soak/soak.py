"""Runs the traps side by side until there were enough faults and events, and judges what they told."""

from __future__ import annotations

import json
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from support.soak import table
from support.soak.faults import PROFILES, drawn
from support.soak.inflict import inflict
from support.soak.lane import Lane
from support.soak.verdict import judge

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from support.soak.faults import Profile
    from support.soak.verdict import Verdict

REPORT_SECONDS = 60.0
PAUSE_SECONDS = (1.0, 19.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """When a soak is over.

    Attributes:
        faults: at least so many.
        events: at least so many.
        seconds: not after longer than this, whatever was reached.
    """

    faults: int
    events: int
    seconds: float = float("inf")


class Soak:
    """Several traps with their own faults.

    Args:
        folder: for everything; made.
        seed: of all that is drawn.
        aim: when it is over.
        profiles: of the traps.
        pause: shortest and longest seconds between two faults of one trap: some find it in the middle of getting over
            the one before.
        report: seconds between two looks at how it stands.
    """

    def __init__(
        self,
        folder: Path,
        *,
        seed: int,
        aim: Aim,
        profiles: Sequence[Profile] = PROFILES,
        pause: tuple[float, float] = PAUSE_SECONDS,
        report: float = REPORT_SECONDS,
    ) -> None:
        self._folder = folder
        self._seed = seed
        self._aim = aim
        self._pause = pause
        self._report_seconds = report
        self._began = time.monotonic()
        self._enough = threading.Event()
        self._failures: list[BaseException] = []
        folder.mkdir(parents=True, exist_ok=True)
        self._lanes = [Lane(profile, folder / profile.name, seed=seed) for profile in profiles]

    def run(self, tell: Callable[[str], None]) -> list[Verdict]:
        """Until the aim is reached; the verdicts.

        Args:
            tell: called with a line on how it goes now and then.
        """
        with ExitStack() as stack:
            for lane in self._lanes:
                stack.enter_context(lane)
            threads = [threading.Thread(target=self._go, args=(lane,), name=lane.profile.name) for lane in self._lanes]
            # Whatever happens here, no trap may be started again once the others are let go.
            stack.callback(self._end, threads)
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                deadline = time.monotonic() + self._report_seconds
                for thread in threads:
                    thread.join(max(deadline - time.monotonic(), 0.0))
                tell(self._report(self._verdicts(), finished=False))
            if self._failures:
                raise self._failures[0]
        verdicts = self._verdicts()
        self._report(verdicts, finished=True)
        return verdicts

    def stop(self) -> None:
        """Enough, whatever was reached: what is under way is delivered and judged."""
        self._enough.set()

    def _end(self, threads: Sequence[threading.Thread]) -> None:
        self._enough.set()
        for thread in threads:
            thread.join()

    def _go(self, lane: Lane) -> None:
        """One trap's fate."""
        weights = {fault: weight for fault, weight in lane.profile.weights.items() if lane.is_possible(fault)}
        try:
            while not self._enough.is_set():
                time.sleep(lane.random.uniform(*self._pause))
                lane.revive()
                lane.daemon.sample()
                inflict(lane, drawn(lane.random, weights))
            lane.settle()
        except BaseException as error:  # noqa: BLE001 # told by the thread that waits for this one
            self._failures.append(error)
            self._enough.set()

    def _verdicts(self) -> list[Verdict]:
        return [judge(lane.evidence) for lane in self._lanes]

    def _report(self, verdicts: Sequence[Verdict], *, finished: bool) -> str:
        """Write how it stands into a file; one line of it."""
        seconds = time.monotonic() - self._began
        faults = sum(verdict.faults.total() for verdict in verdicts)
        events = sum(verdict.events for verdict in verdicts)
        enough = faults >= self._aim.faults and events >= self._aim.events
        if enough or seconds >= self._aim.seconds:
            self._enough.set()
        content = table.values(verdicts, seed=self._seed, seconds=seconds, finished=finished)
        path = self._folder / "verdict.json"
        path.with_suffix(".new").write_text(json.dumps(content, indent=1, default=str), encoding="utf-8")
        path.with_suffix(".new").replace(path)
        self._dump()
        differing = sum(len(verdict.differing) for verdict in verdicts)
        delivered = sum(verdict.delivered for verdict in verdicts)
        return (
            f"{seconds:6.0f} s: {faults} faults, {events} events, {delivered} delivered so far, {differing} differing"
        )

    def _dump(self) -> None:
        """Logs and arrivals as far as they are new, for whoever looks into a finding."""
        for lane in self._lanes:
            lane.dump()
