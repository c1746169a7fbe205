"""From a configuration and the adapters to a daemon that only needs to be run."""

from __future__ import annotations

import os
import platform
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from insect_edge import __version__
from insect_edge.adapters import board
from insect_edge.adapters.jpeg import encode_jpeg
from insect_edge.backoff import Backoff
from insect_edge.camera_keeper import CameraKeeper
from insect_edge.config import settings as config_settings
from insect_edge.daemon import Daemon, Parts
from insect_edge.delivery import Delivery
from insect_edge.health.monitor import HealthMonitor, Identity, Sources
from insect_edge.mqtt.messages import Origin
from insect_edge.mqtt.topics import Topics, label_slugs
from insect_edge.outbox.queue import Outbox
from insect_edge.pipeline import Pipeline
from insect_edge.policy.rules import Policy
from insect_edge.relay.relay import Relay

if TYPE_CHECKING:
    from collections.abc import Iterator
    from queue import SimpleQueue

    from insect_edge.classifier import Classifier
    from insect_edge.config.sections import Config
    from insect_edge.domain import Frame
    from insect_edge.protocols import Camera, Clock, Notice, Publisher
    from insect_edge.systemd import Systemd

REOPEN_FIRST_SECONDS = 1.0
REOPEN_LONGEST_SECONDS = 60.0
"""Delays between attempts to open a camera that failed."""


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
    """

    clock: Clock
    inbox: SimpleQueue[Notice]
    camera: Camera
    classifier: Classifier
    publisher: Publisher
    systemd: Systemd


@contextmanager
def assembled(config: Config, adapters: Adapters, *, device_id: str, random: Random | None = None) -> Iterator[Daemon]:
    """A daemon ready to run; its outbox is open while the context lasts.

    Args:
        config: what to do.
        adapters: what to do it with.
        device_id: who this is.
        random: draws the delays between attempts.

    Raises:
        OutboxError: when the outbox cannot be opened.
    """
    topics = Topics(device_id=device_id, root=config.mqtt.root)
    outbox = Outbox.open(outbox_folder(config), clock=adapters.clock, limits=config_settings.outbox_limits(config))
    try:
        yield Daemon(_parts(config, adapters, topics=topics, outbox=outbox, random=random or Random()))  # noqa: S311 # jitter
    finally:
        outbox.close()


def outbox_folder(config: Config) -> Path:
    """Where the outbox lies: as configured, else in systemd's state directory, else in the user's."""
    if config.outbox.directory is not None:
        return config.outbox.directory
    # systemd gives a list where the unit names several; the first is ours.
    state = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state"
    return Path(state) / "outbox" if state else Path(home) / "insect-edge" / "outbox"


def _parts(config: Config, adapters: Adapters, *, topics: Topics, outbox: Outbox, random: Random) -> Parts:
    clock, card = adapters.clock, adapters.classifier.card
    patience = config_settings.relay_settings(config, topics=topics)
    relay = Relay(publisher=adapters.publisher, outbox=outbox, clock=clock, random=random, settings=patience)
    origin = Origin(
        topics=topics,
        model_id=card.model_id,
        boot_id=clock.boot_id(),
        slugs=label_slugs(label.name for label in card.labels),
        site=config_settings.site(config),
        detection_expiry_seconds=config.publish.detection_expiry,
        alert_expiry_seconds=config.alerts.expiry,
    )
    delivery = _delivery(config, outbox=outbox, relay=relay, origin=origin)
    keeper = CameraKeeper(
        adapters.camera,
        clock=clock,
        backoff=Backoff(first=REOPEN_FIRST_SECONDS, longest=REOPEN_LONGEST_SECONDS, random=random),
        capture_timeout=config.camera.capture_timeout,
    )
    return Parts(
        clock=clock,
        inbox=adapters.inbox,
        keeper=keeper,
        pipeline=_pipeline(config, adapters, delivery=delivery),
        outbox=outbox,
        relay=relay,
        health=HealthMonitor(
            identity=_identity(config, adapters.classifier, topics=topics),
            clock=clock,
            sources=Sources(keeper=keeper, delivery=delivery, outbox=outbox, relay=relay),
            systemd=adapters.systemd,
            interval=config.health.interval,
        ),
        systemd=adapters.systemd,
        interval=1 / config.camera.rate,
        first_frame_seconds=config.camera.first_frame_timeout,
    )


def _delivery(config: Config, *, outbox: Outbox, relay: Relay, origin: Origin) -> Delivery:
    def encode(frame: Frame) -> bytes:
        return encode_jpeg(frame.pixels, width=config.publish.snapshot_width)

    settings = config_settings.delivery_settings(config)
    return Delivery(outbox=outbox, relay=relay, origin=origin, encode=encode, settings=settings)


def _pipeline(config: Config, adapters: Adapters, *, delivery: Delivery) -> Pipeline:
    policy = Policy(config_settings.policy_settings(config), new_event_id=lambda: uuid.uuid4().hex)
    return Pipeline(
        camera=adapters.camera,
        classifier=adapters.classifier,
        policy=policy,
        delivery=delivery,
        region=config_settings.region(config),
    )


def _identity(config: Config, classifier: Classifier, *, topics: Topics) -> Identity:
    return Identity(
        topics=topics,
        model_id=classifier.card.model_id,
        frame_seconds=1 / config.camera.rate,
        versions={
            "insect-edge": __version__,
            "runtime": classifier.interpreter.runtime,
            "python": platform.python_version(),
        },
        temperature_celsius=board.temperature_celsius,
        memory_bytes=board.memory_bytes,
    )
