"""From a configuration and the adapters to a daemon that only needs to be run."""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING

from insect_edge.backoff import Backoff
from insect_edge.camera_keeper import CameraKeeper
from insect_edge.composition.control import Governed, Source, make_desk, make_encode, make_origin, subscriptions
from insect_edge.composition.folders import outbox_folder
from insect_edge.composition.health import Watched, make_health, make_pace
from insect_edge.composition.sight import make_pipeline
from insect_edge.composition.snapshots import make_album
from insect_edge.config import settings as config_settings
from insect_edge.daemon import Daemon, Parts
from insect_edge.delivery import Delivery
from insect_edge.mqtt.topics import Topics
from insect_edge.outbox.queue import Outbox
from insect_edge.relay.relay import Relay
from insect_edge.tally.keeper import FILE as COUNTS_FILE
from insect_edge.tally.keeper import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date, datetime
    from queue import SimpleQueue

    from insect_edge.classifier import Classifier
    from insect_edge.config.sections import Config
    from insect_edge.health.monitor import HealthMonitor
    from insect_edge.health.report import Board
    from insect_edge.mqtt.messages import Origin
    from insect_edge.protocols import Camera, Clock, Notice, Publisher
    from insect_edge.systemd import Systemd

REOPEN_FIRST_SECONDS = 1.0
REOPEN_LONGEST_SECONDS = 60.0
"""Delays between attempts to open a camera that failed."""
RENEW_FIRST_SECONDS = 20.0
RENEW_LONGEST_SECONDS = 600.0
"""Delays between attempts to bring a camera to life that shows nothing new; each costs a second without frames."""
NO_FILE = Source()


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapters:
    """What the daemon touches the world with.

    Attributes:
        clock: the time.
        inbox: where the publisher and the signal handlers put their notices.
        camera: not yet open.
        classifier: with the configuration's thresholds and roles on its card.
        publisher: not yet connected.
        systemd: the service manager.
        board: looks at the machine; None for the one this runs on.
        first_frame_seconds: within which the first frame has to come, where that is less than the configured patience.
        model_rolled_back: whether the chosen model was given up for the one before it.
    """

    clock: Clock
    inbox: SimpleQueue[Notice]
    camera: Camera
    classifier: Classifier
    publisher: Publisher
    systemd: Systemd
    board: Callable[[], Board] | None = None
    first_frame_seconds: float = math.inf
    model_rolled_back: bool = False


@contextmanager
def assembled(
    config: Config,
    adapters: Adapters,
    *,
    device_id: str,
    random: Random | None = None,
    source: Source = NO_FILE,
) -> Iterator[Daemon]:
    """A daemon ready to run; its outbox is open while the context lasts.

    Args:
        config: what to do.
        adapters: what to do it with.
        device_id: who this is.
        random: draws the delays between attempts.
        source: where the configuration came from, so that it can be read again.

    Raises:
        OutboxError: when the outbox cannot be opened.
    """
    topics = Topics(device_id=device_id, root=config.mqtt.root)
    limits, busy = config_settings.outbox_limits(config), adapters.systemd.busy
    # What a damaged queue held may take longer to find than a start may take otherwise.
    busy()
    outbox = Outbox.open(outbox_folder(config), clock=adapters.clock, limits=limits, busy=busy)
    try:
        made = _parts(config, adapters, topics=topics, outbox=outbox, random=random or Random(), source=source)  # noqa: S311 # jitter
        yield Daemon(made)
    finally:
        outbox.close()


def _parts(
    config: Config, adapters: Adapters, *, topics: Topics, outbox: Outbox, random: Random, source: Source
) -> Parts:
    clock, card = adapters.clock, adapters.classifier.card
    relay = _relay(config, adapters, topics=topics, outbox=outbox, random=random)
    origin = make_origin(config, card, topics=topics, boot_id=clock.boot_id())
    delivery = _delivery(config, clock, outbox=outbox, relay=relay, origin=origin)
    watched = Watched(
        adapters=adapters,
        keeper=_keeper(config, adapters, random=random),
        pipeline=make_pipeline(
            config, classifier=adapters.classifier, delivery=delivery, boot_id=adapters.clock.boot_id()
        ),
        delivery=delivery,
        outbox=outbox,
        relay=relay,
        pace=make_pace(config, systemd=adapters.systemd),
    )
    health = make_health(config, watched, topics=topics, disk=outbox_folder(config))
    tally = _tally(config, clock, relay=relay, origin=origin)
    governed = _governed(watched, health=health, tally=tally)
    return Parts(
        clock=clock,
        inbox=adapters.inbox,
        keeper=watched.keeper,
        pipeline=watched.pipeline,
        outbox=outbox,
        relay=relay,
        health=health,
        tally=tally,
        album=make_album(config),
        commands=make_desk(config, governed, topics=topics, source=source),
        systemd=adapters.systemd,
        pace=watched.pace,
        first_frame_seconds=min(config.camera.first_frame_timeout, adapters.first_frame_seconds),
    )


def _relay(config: Config, adapters: Adapters, *, topics: Topics, outbox: Outbox, random: Random) -> Relay:
    patience = config_settings.relay_settings(config, topics=topics)
    patience = replace(patience, subscriptions=subscriptions(config, topics=topics))
    return Relay(publisher=adapters.publisher, outbox=outbox, clock=adapters.clock, random=random, settings=patience)


def _keeper(config: Config, adapters: Adapters, *, random: Random) -> CameraKeeper:
    return CameraKeeper(
        adapters.camera,
        clock=adapters.clock,
        backoff=Backoff(first=REOPEN_FIRST_SECONDS, longest=REOPEN_LONGEST_SECONDS, random=random),
        renewals=Backoff(first=RENEW_FIRST_SECONDS, longest=RENEW_LONGEST_SECONDS, random=random),
        capture_timeout=config.camera.capture_timeout,
    )


def _governed(parts: Watched, *, health: HealthMonitor, tally: Tally) -> Governed:
    adapters = parts.adapters
    return Governed(
        clock=adapters.clock,
        publisher=adapters.publisher,
        systemd=adapters.systemd,
        classifier=adapters.classifier,
        keeper=parts.keeper,
        pipeline=parts.pipeline,
        delivery=parts.delivery,
        relay=parts.relay,
        health=health,
        pace=parts.pace,
        tally=tally,
    )


def _tally(config: Config, clock: Clock, *, relay: Relay, origin: Origin) -> Tally:
    path, daylight = outbox_folder(config) / COUNTS_FILE, config_settings.daylight(config)
    return Tally(path, clock=clock, relay=relay, origin=origin, day_of=_local_day, daylight=daylight)


def _local_day(utc: datetime) -> date:
    """The calendar day of the machine's own time zone."""
    return utc.astimezone().date()


def _delivery(config: Config, clock: Clock, *, outbox: Outbox, relay: Relay, origin: Origin) -> Delivery:
    settings, encode = config_settings.delivery_settings(config), make_encode(config)
    return Delivery(outbox=outbox, relay=relay, origin=origin, encode=encode, settings=settings, clock=clock)
