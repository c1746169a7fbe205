"""A world for one daemon: fake clock, scripted camera, a classifier of colours, a broker in memory."""

from __future__ import annotations

import json
import signal
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import SimpleQueue
from random import Random
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.adapters.memory_publisher import MemoryPublisher
from insect_edge.card import InputContract, ModelCard
from insect_edge.composition.control import Source
from insect_edge.composition.daemon import Adapters, assembled
from insect_edge.config.labels import configured_card
from insect_edge.config.parse import parse_config
from insect_edge.domain import Category, Classification, Frame, Label, Region, Role, Verdict
from insect_edge.errors import CameraError, CameraTimeoutError, InferenceError
from insect_edge.health.report import Board
from insect_edge.protocols import Notice, Signalled
from insect_edge.systemd import Systemd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from insect_edge.config.sections import Config
    from insect_edge.daemon import Daemon

NAMES = ("background", "slug", "bees")
ROLES = (Role.BACKGROUND, Role.PEST, Role.BENEFICIAL)
CARD = ModelCard(
    model_id="garden-v1",
    labels=tuple(
        Label(index=index, name=name, role=role, taxon=None, threshold=0.5)
        for index, (name, role) in enumerate(zip(NAMES, ROLES, strict=True))
    ),
    input=InputContract(width=64, height=64),
    activation="logits",
)
EMPTY, SLUG, BEES, DARK = "background", "slug", "bees", "dark"
ENDED, HANGS, GONE, FROZEN = "ended", "hangs", "gone", "frozen"
ROOT = "insect-edge/trap"


class ScriptedCamera:
    """Shows what a function of the seconds since the start says, and fails likewise."""

    name = "scripted"

    def __init__(self, clock: FakeClock, script: Callable[[float], str], *, live: bool) -> None:
        self.live = live
        self.opened = 0
        self.closed = 0
        self._clock = clock
        self._script = script
        self._start = clock.monotonic()
        self._sequence = 0

    def now(self) -> str:
        """What the script says now."""
        return self._script(self._clock.monotonic() - self._start)

    def open(self) -> None:
        """Count; fail while gone."""
        if self.now() == GONE:
            raise CameraError("scripted: unplugged: plug it in")
        self.opened += 1

    def capture(self, *, timeout: float) -> Frame | None:
        """The frame of this moment."""
        shown = self.now()
        if shown == ENDED:
            return None
        if shown == GONE:
            raise CameraError("scripted: unplugged: plug it in")
        if shown == HANGS:
            self._clock.advance(timeout)
            raise CameraTimeoutError(f"scripted: no frame within {timeout:g} s: check the cable")
        self._sequence += 1
        value = 0 if shown == DARK else 100 + (NAMES.index(shown) if shown in NAMES else 0)
        return Frame(
            pixels=np.full((48, 64, 3), value, dtype=np.uint8),
            captured=self._clock.moment(),
            sequence=self._sequence,
            sensor_timestamp_ns=1 if shown == FROZEN else self._sequence + 1,
        )

    def close(self) -> None:
        """Count."""
        self.closed += 1


class ColourClassifier:
    """Names a frame by the grey it is."""

    def __init__(self, card: ModelCard) -> None:
        self.own_card = self.card = card
        self.interpreter = SimpleNamespace(runtime="none 0")
        self.broken = False

    def configure(self, card: ModelCard) -> None:
        """Use its roles and thresholds."""
        self.card = card

    def classify(self, frame: Frame, *, region: Region | None = None) -> Classification:
        """0.9 for the label whose grey this is."""
        if self.broken:
            raise InferenceError("garden-v1: the runtime failed: restart")
        index = max(int(frame.pixels[0, 0, 0]) - 100, 0)
        label = self.card.labels[index]
        verdict = Verdict(label=label.name, role=label.role, score=0.9, threshold=label.threshold) if index else None
        return Classification(
            categories=(Category(label=label, score=0.9),),
            verdict=verdict,
            region=region or Region.whole(),
            inference_ms=2.0,
        )


@dataclass
class World:
    """All that surrounds one daemon."""

    clock: FakeClock
    inbox: SimpleQueue[Notice]
    camera: ScriptedCamera
    classifier: ColourClassifier
    broker: MemoryPublisher
    daemon: Daemon
    systemd: list[str] = field(default_factory=list)
    board: list[Board] = field(default_factory=list)
    """The newest is what the machine says of itself."""
    texts: list[str] = field(default_factory=list)
    """The newest is what the configuration file says, beside where the outbox is."""

    def write(self, text: str) -> None:
        """Change the configuration file."""
        self.texts.append(text)

    def stop_after(self, seconds: float) -> None:
        """Have SIGTERM come so many seconds from now."""
        self.at(seconds, lambda: self.inbox.put(Signalled(number=signal.SIGTERM)))

    def at(self, seconds: float, action: Callable[[], None]) -> None:
        """Have something happen so many seconds from now, while the daemon waits."""
        clock, due = self.clock, self.clock.monotonic() + seconds
        advance, done = clock.advance, []

        def watched(step: float) -> None:
            advance(step)
            if clock.monotonic() >= due and not done:
                done.append(True)
                action()

        clock.advance = watched  # type: ignore[method-assign]

    def told(self, topic: str) -> list[Any]:
        """What the broker took on one topic below the device's."""
        payloads = self.broker.payloads(f"{ROOT}/{topic}")
        return [payload.decode() if topic == "availability" else json.loads(payload) for payload in payloads]

    def health(self) -> list[tuple[str, list[str]]]:
        """The states and reasons told, without repeats."""
        told = [(report["state"], report["reasons"]) for report in self.told("health")]
        return [now for before, now in zip([None, *told], told, strict=False) if now != before]


@contextmanager
def world(
    tmp_path: Path,
    script: Callable[[float], str],
    *,
    config: str = "",
    live: bool = True,
    clock: FakeClock | None = None,
    watchdog_seconds: float | None = None,
) -> Iterator[World]:
    """A daemon in a world that follows the script."""
    texts = [config]

    def load() -> Config:
        settings = f'outbox.directory = "{tmp_path / "outbox"}"\n{texts[-1]}'
        return parse_config(settings.encode(), name="test.toml", folder=tmp_path)

    parsed, source = load(), Source(name="test.toml", load=load)
    clock, inbox, told, boards = clock or FakeClock(), SimpleQueue(), [], [Board()]
    camera = ScriptedCamera(clock, script, live=live)
    classifier = ColourClassifier(CARD)
    classifier.configure(configured_card(CARD, parsed, name="test.toml"))
    broker = MemoryPublisher(inbox)
    adapters = Adapters(
        clock=clock,
        inbox=inbox,
        camera=camera,
        classifier=classifier,
        publisher=broker,
        systemd=Systemd(told.append, watchdog_seconds=watchdog_seconds),
        board=lambda: boards[-1],
    )
    with assembled(parsed, adapters, device_id="trap", random=Random(1), source=source) as daemon:  # noqa: S311 # jitter
        yield World(clock, inbox, camera, classifier, broker, daemon, systemd=told, board=boards, texts=texts)


def visit(label: str, *, first: float, last: float) -> Callable[[float], str]:
    """An animal that is there from `first` to `last`."""
    return lambda seconds: label if first <= seconds < last else EMPTY


def phases(events: list[dict[str, Any]]) -> list[str]:
    """Their phases."""
    return [event["phase"] for event in events]
