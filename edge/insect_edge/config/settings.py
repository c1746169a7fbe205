"""From the configuration to the settings of each part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from insect_edge.delivery import DeliverySettings
from insect_edge.domain import Region
from insect_edge.health.pace import PaceSettings
from insect_edge.mqtt.broker_settings import PLAIN_PORT, TLS_PORT, BrokerSettings, TlsSettings
from insect_edge.mqtt.messages import Site
from insect_edge.outbox.entry import OutboxLimits
from insect_edge.policy.rules import AlertRule, PolicySettings
from insect_edge.relay.settings import RelaySettings

if TYPE_CHECKING:
    from insect_edge.config.sections import Config
    from insect_edge.mqtt.topics import Topics


LARGEST_RECEIVED = 64 * 1024
"""Bytes of a packet; commands are short, and a megabyte sent as one shall not fill a small board's memory."""

MOST_WAITING = 1_000
"""Notices; nobody needs more commands at once, and a flood of them shall not fill the memory either."""


def policy_settings(config: Config) -> PolicySettings:
    """The numbers of the policy and its alert rule."""
    policy, alerts = config.policy, config.alerts
    return PolicySettings(
        window=policy.window,
        required=policy.required,
        end_after=policy.end_after,
        cooldown=policy.cooldown,
        keep=policy.keep,
        update_every=policy.update_every,
        update_rise=policy.update_rise,
        alerts=AlertRule(
            minimum_frames=alerts.minimum_frames,
            minimum_score=alerts.minimum_score,
            cooldown=alerts.cooldown,
            only=frozenset(alerts.only) if alerts.only else None,
            never=frozenset(alerts.never),
        ),
    )


def broker_settings(config: Config, *, client_id: str, password: str | None) -> BrokerSettings:
    """How to reach the broker, and as whom."""
    mqtt = config.mqtt
    tls = TlsSettings(ca_file=mqtt.tls.ca, certificate_file=mqtt.tls.certificate, key_file=mqtt.tls.key)
    return BrokerSettings(
        host=mqtt.host,
        client_id=client_id,
        port=mqtt.port if mqtt.port is not None else (TLS_PORT if mqtt.tls.enabled else PLAIN_PORT),
        username=mqtt.username,
        password=password,
        tls=tls if mqtt.tls.enabled else None,
        protocol=mqtt.protocol,
        keepalive_seconds=mqtt.keepalive,
        connect_seconds=mqtt.connect_timeout,
        largest_received=LARGEST_RECEIVED,
        most_waiting=MOST_WAITING,
    )


def relay_settings(config: Config, *, topics: Topics) -> RelaySettings:
    """The relay's patience: an attempt with MQTT 5 and one with 3.1.1 each take what one connection may."""
    return RelaySettings(
        topics=topics, connect_seconds=2 * config.mqtt.connect_timeout, catch_up_rate=config.outbox.catch_up_rate
    )


def outbox_limits(config: Config) -> OutboxLimits:
    """How large the queue may grow."""
    outbox = config.outbox
    return OutboxLimits(rows=outbox.max_rows, size_bytes=outbox.max_bytes, age_seconds=outbox.max_age)


def pace_settings(config: Config, *, watchdog_seconds: float | None) -> PaceSettings:
    """How often to look; on a hot board still twice within the time after which an event ends."""
    return PaceSettings(
        interval=1 / config.camera.rate,
        dark_interval=1 / config.camera.dark_rate,
        longest_hot=config.policy.end_after / 2,
        watchdog_seconds=watchdog_seconds,
    )


def delivery_settings(config: Config) -> DeliverySettings:
    """What is sent besides detections and alerts."""
    publish = config.publish
    return DeliverySettings(
        snapshot=publish.snapshot,
        snapshot_per_event=publish.snapshot_per_event,
        classification_every=publish.classification_every if publish.classification else None,
    )


def site(config: Config) -> Site | None:
    """Where the trap stands, if anything of that is configured."""
    place = config.site
    if place.name is None and place.latitude is None:
        return None
    return Site(name=place.name, latitude=place.latitude, longitude=place.longitude)


def region(config: Config) -> Region | None:
    """What is looked at; None for the centred square of whatever frame comes."""
    chosen = config.camera.region
    if isinstance(chosen, Region):
        return chosen
    return Region.whole() if chosen == "whole" else None
