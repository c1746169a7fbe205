"""From a configuration to what watches over the daemon itself: its pace, its frames, its board."""

from __future__ import annotations

import logging
import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING

from insect_edge import __version__
from insect_edge.adapters.board import BoardProbe
from insect_edge.config import settings as config_settings
from insect_edge.health.frames import SeenFrames
from insect_edge.health.liveliness import Liveliness
from insect_edge.health.monitor import HealthMonitor, Identity, Sources
from insect_edge.health.pace import WATCHDOG_FRAMES, Pace

if TYPE_CHECKING:
    from pathlib import Path

    from insect_edge.camera_keeper import CameraKeeper
    from insect_edge.composition.daemon import Adapters
    from insect_edge.config.sections import Config
    from insect_edge.delivery import Delivery
    from insect_edge.mqtt.topics import Topics
    from insect_edge.outbox.queue import Outbox
    from insect_edge.pipeline import Pipeline
    from insect_edge.relay.relay import Relay
    from insect_edge.systemd import Systemd

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """The parts whose health is told.

    Attributes:
        adapters: the clock, the service manager, the model and the machine.
        keeper: of the camera.
        pipeline: of events.
        delivery: to the outbox.
        outbox: of what waits.
        relay: to the broker.
        pace: how often to look.
    """

    adapters: Adapters
    keeper: CameraKeeper
    pipeline: Pipeline
    delivery: Delivery
    outbox: Outbox
    relay: Relay
    pace: Pace


def make_pace(config: Config, *, systemd: Systemd) -> Pace:
    """How often to look; one line of warning where the service manager's watchdog is too short for that."""
    settings = config_settings.pace_settings(config, watchdog_seconds=systemd.watchdog_seconds)
    if settings.slowest > settings.limit:
        _log.warning(
            "WatchdogSec=%g is less than %d times the slowest interval between frames (%g s): set WatchdogSec=%.0f or "
            "more, or raise [camera] rate or dark_rate; until then nothing is looked at more seldom than every %g s "
            "to save power",
            systemd.watchdog_seconds or 0,
            WATCHDOG_FRAMES,
            settings.slowest,
            settings.slowest * WATCHDOG_FRAMES,
            max(settings.limit, settings.interval),
        )
    return Pace(settings)


def make_health(config: Config, parts: Watched, *, topics: Topics, disk: Path) -> HealthMonitor:
    """What tells how the daemon is; `disk` is the folder whose free space counts."""
    adapters = parts.adapters
    liveliness = Liveliness(pictures=config.camera.compare) if parts.keeper.live else None
    sources = Sources(
        keeper=parts.keeper,
        delivery=parts.delivery,
        events_never_dated=lambda: parts.pipeline.never_dated,
        outbox=parts.outbox,
        relay=parts.relay,
        frames=SeenFrames(liveliness=liveliness, started=adapters.clock.monotonic()),
        pace=parts.pace,
        board=adapters.board or BoardProbe(disk).look,
    )
    return HealthMonitor(
        identity=_identity(config, adapters, topics=topics),
        clock=adapters.clock,
        sources=sources,
        systemd=adapters.systemd,
        interval=config.health.interval,
    )


def _identity(config: Config, adapters: Adapters, *, topics: Topics) -> Identity:
    classifier = adapters.classifier
    return Identity(
        topics=topics,
        model_id=classifier.card.model_id,
        model_sha256=classifier.card.sha256,
        versions={
            "insect-edge": __version__,
            "runtime": classifier.interpreter.runtime,
            "python": platform.python_version(),
        },
        stall_seconds=config.health.stall_after,
        model_rolled_back=adapters.model_rolled_back,
    )
