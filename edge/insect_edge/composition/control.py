"""From a configuration to what obeys commands, reloads, counts the day and tells Home Assistant."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from insect_edge import __version__
from insect_edge.adapters.jpeg import encode_jpeg
from insect_edge.composition.cameras import fastest_rate
from insect_edge.composition.folders import outbox_folder
from insect_edge.config import settings as config_settings
from insect_edge.control.announcements import FILE, Announcements
from insect_edge.control.desk import Actions, Desk, Manners
from insect_edge.control.reload import Reloader
from insect_edge.control.trial import trial_event
from insect_edge.health.pace import PaceSettings
from insect_edge.mqtt import home_assistant
from insect_edge.mqtt.messages import Origin
from insect_edge.mqtt.topics import label_slugs

if TYPE_CHECKING:
    from collections.abc import Callable

    from insect_edge.camera_keeper import CameraKeeper
    from insect_edge.card import ModelCard
    from insect_edge.classifier import Classifier
    from insect_edge.config.sections import Config
    from insect_edge.delivery import Delivery
    from insect_edge.domain import Frame, Message
    from insect_edge.health.monitor import HealthMonitor
    from insect_edge.health.pace import Pace
    from insect_edge.mqtt.topics import Topics
    from insect_edge.pipeline import Pipeline
    from insect_edge.protocols import Clock, Publisher
    from insect_edge.relay.relay import Relay
    from insect_edge.systemd import Systemd
    from insect_edge.tally.keeper import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the configuration came from.

    Attributes:
        name: of the file, for messages.
        load: reads it again; None where there is no file.
    """

    name: str = "configuration"
    load: Callable[[], Config] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Governed:
    """The parts that a command or a new configuration reaches."""

    clock: Clock
    publisher: Publisher
    systemd: Systemd
    classifier: Classifier
    keeper: CameraKeeper
    pipeline: Pipeline
    delivery: Delivery
    relay: Relay
    health: HealthMonitor
    pace: Pace
    tally: Tally


def subscriptions(config: Config, *, topics: Topics) -> tuple[str, ...]:
    """What the daemon listens to."""
    wanted = [topics.command("+")] if config.mqtt.commands else []
    wanted += [home_assistant.status_topic(config.home_assistant.prefix)] if config.home_assistant.enabled else []
    return tuple(wanted)


def make_origin(config: Config, card: ModelCard, *, topics: Topics, boot_id: str) -> Origin:
    """Who speaks."""
    return Origin(
        topics=topics,
        model_id=card.model_id,
        boot_id=boot_id,
        slugs=label_slugs(label.name for label in card.labels),
        site=config_settings.site(config),
        detection_expiry_seconds=config.publish.detection_expiry,
        alert_expiry_seconds=config.alerts.expiry,
    )


def make_encode(config: Config) -> Callable[[Frame], bytes]:
    """Frames to JPEG, as wide as configured."""

    def encode(frame: Frame) -> bytes:
        return encode_jpeg(frame.pixels, width=config.publish.snapshot_width)

    return encode


def make_desk(config: Config, parts: Governed, *, topics: Topics, source: Source) -> Desk:
    """What obeys commands; it hears the relay's messages from now on."""
    current = _Current(config, parts, topics=topics, announcements=Announcements(outbox_folder(config) / FILE))
    reloader = Reloader(
        config,
        load=source.load,
        name=source.name,
        card=parts.classifier.own_card,
        refuse=current.refusal,
        apply=current.apply,
        systemd=parts.systemd,
        clock=parts.clock,
    )
    actions = Actions(
        picture=parts.delivery.picture,
        camera_lost=lambda: parts.keeper.lost,
        test_alert=partial(_test_alert, parts, topics=topics),
        reload=reloader.reload,
        status=parts.health.payload,
    )
    prefix = config.home_assistant.prefix
    manners = Manners(
        topics=topics,
        boot_id=parts.clock.boot_id(),
        closed_roots=(prefix,),
        home_assistant=home_assistant.status_topic(prefix) if config.home_assistant.enabled else None,
    )
    desk = Desk(manners, clock=parts.clock, publisher=parts.publisher, relay=parts.relay, actions=actions)
    parts.relay.listener.on_message = desk.hear
    if config.home_assistant.enabled:
        desk.description = current.description
        parts.relay.set_latest(current.description())
    current.forget_others()
    return desk


class _Current:
    """The configuration in force."""

    def __init__(self, config: Config, parts: Governed, *, topics: Topics, announcements: Announcements) -> None:
        self._config = config
        self._opened_with = config.camera
        self._parts = parts
        self._topics = topics
        self._announcements = announcements

    def refusal(self, config: Config) -> str | None:
        """Why the camera or the watchdog could not bear a configuration; None where they can."""
        before, after, watchdog = self._config.camera, config.camera, self._parts.systemd.watchdog_seconds
        limit = PaceSettings(watchdog_seconds=watchdog).limit
        slow = [key for key in ("rate", "dark_rate") if 1 / getattr(after, key) > limit]
        if watchdog is not None and any(getattr(before, key) != getattr(after, key) for key in slow):
            named = ", ".join(f"{key} = {getattr(after, key):g}" for key in slow)
            return (
                f"[camera] {named}: with WatchdogSec={watchdog:g} a frame has to come every {limit:g} s at least: "
                f"set {1 / limit:.2g} or more, or a longer WatchdogSec, and restart the service"
            )
        if config.regions.mode != "whole" and before.region != after.region:
            return "[camera] region: where animals are searched for cannot change while running: restart the service"
        fastest = fastest_rate(self._opened_with)
        if fastest is not None and after.rate > max(fastest, before.rate):
            return f"[camera] rate = {after.rate:g}: the camera was opened for {fastest:g} at most: restart the service"
        return None

    def forget_others(self) -> None:
        """Take away what Home Assistant was told before and is told no more; remembered until the broker has done so.

        Raises nothing: what cannot be taken away now is at the next connection.
        """
        described = self._topic if self._config.home_assistant.enabled else None
        others = {topic for topic in self._announcements.topics if topic != described}
        for topic in sorted(others):
            self._parts.relay.set_latest(home_assistant.forgotten(topic))
        self._parts.relay.when_taken(lambda topic: self._announcements.cleared(topic) if topic in others else None)

    @property
    def _topic(self) -> str:
        return home_assistant.discovery_topic(self._config.home_assistant.prefix, device_id=self._topics.device_id)

    def apply(self, config: Config, card: ModelCard) -> None:
        """Have every part go on with a checked configuration; nothing here fails."""
        parts, self._config = self._parts, config
        origin = make_origin(config, card, topics=self._topics, boot_id=parts.clock.boot_id())
        logging.getLogger().setLevel(config.log.level.upper())
        parts.classifier.configure(card)
        parts.pipeline.configure(
            settings=config_settings.policy_settings(config), region=config_settings.region(config)
        )
        parts.delivery.configure(
            origin=origin, encode=make_encode(config), settings=config_settings.delivery_settings(config)
        )
        parts.tally.speak_for(origin, daylight=config_settings.daylight(config))
        parts.health.configure(interval=config.health.interval, stall_seconds=config.health.stall_after)
        watchdog_seconds = parts.systemd.watchdog_seconds
        parts.pace.configure(config_settings.pace_settings(config, watchdog_seconds=watchdog_seconds))
        if config.home_assistant.enabled:
            parts.relay.set_latest(self.description())

    def description(self) -> Message:
        """What Home Assistant is told now."""
        config, parts = self._config, self._parts
        card = parts.classifier.card
        described = home_assistant.Described(
            origin=make_origin(config, card, topics=self._topics, boot_id=parts.clock.boot_id()),
            labels=card.labels,
            version=__version__,
            prefix=config.home_assistant.prefix,
            health_expires=parts.health.expires,
            commands=config.mqtt.commands,
            snapshot=config.publish.snapshot,
            before=self._announcements.components(self._topic),
        )
        message = home_assistant.discovery(described)
        self._announcements.told(message.topic, home_assistant.components(message))
        return message


def _test_alert(parts: Governed, *, topics: Topics) -> dict[str, Any]:
    """Store one and say which."""
    event = trial_event(at=parts.clock.moment(), event_id=f"test-{uuid.uuid4().hex}")
    parts.delivery.test_alert(event)
    # One that could not be stored waits in memory and goes out all the same, unless the process ends before.
    return {"event_id": event.event_id, "topic": topics.alert(event.label), "stored": parts.delivery.waiting == 0}
