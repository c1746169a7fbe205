"""From the configuration to the settings of each part."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from insect_edge.delivery import DeliverySettings
from insect_edge.domain import Region
from insect_edge.health.pace import PaceSettings
from insect_edge.mqtt.broker_settings import PLAIN_PORT, TLS_PORT, BrokerSettings, TlsSettings
from insect_edge.mqtt.messages import Site
from insect_edge.outbox.entry import OutboxLimits
from insect_edge.policy.alerting import AlertRule
from insect_edge.policy.daylight import Daylight
from insect_edge.policy.rules import PolicySettings
from insect_edge.policy.thresholds import (
    LEAST_GROWTH,
    MOST_AGAINST_DAYS,
    CountThreshold,
    Per,
    RateThreshold,
    Threshold,
)
from insect_edge.regions.areas import Area
from insect_edge.regions.settings import RegionSettings
from insect_edge.relay.settings import RelaySettings

if TYPE_CHECKING:
    from insect_edge.config.alerts import Threshold as ThresholdSection
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
            thresholds=tuple(_threshold(threshold) for threshold in alerts.thresholds),
            daylight=daylight(config),
        ),
    )


def daylight(config: Config) -> Daylight:
    """What tells night from day where the trap stands."""
    place = config.site
    begin, end = (int(time[:2]) + int(time[3:]) / 60 for time in place.night.split("-"))
    if place.latitude is None or place.longitude is None:
        return Daylight(night=(begin, end))
    return Daylight(position=(place.latitude, place.longitude), night=(begin, end))


def _threshold(section: ThresholdSection) -> Threshold:
    """A rule of counts over time; the checks of the file have seen to it that it is one of the two kinds."""
    made: Threshold
    if section.factor is None:
        made = CountThreshold(
            label=section.label or "", more_than=section.more_than or 0.0, per=Per(section.per or "trap-day")
        )
    else:
        days = section.against_days or MOST_AGAINST_DAYS
        made = RateThreshold(
            label=section.label or "",
            factor=section.factor,
            against_days=days,
            minimum_count=section.minimum_count or LEAST_GROWTH,
            minimum_days=days / 2 if section.minimum_days is None else section.minimum_days,
        )
    return replace(
        made,
        rearm_below=section.rearm_below,
        cooldown=section.cooldown,
        also_sightings=section.also_sightings,
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


def region_settings(config: Config) -> RegionSettings:
    """Where to look; a rectangle that the camera's section names limits every search."""
    regions, rectangle = config.regions, config.camera.region
    limit = (Area.of(rectangle),) if isinstance(rectangle, Region) and regions.mode != "whole" else ()
    return RegionSettings(
        mode=regions.mode,
        areas=regions.areas or limit,
        view=region(config),
        max_crops=regions.max_crops,
        budget_ms=regions.budget_ms,
        smallest=regions.smallest,
        largest=regions.largest,
        tiles=regions.tiles,
        tile_overlap=regions.tile_overlap,
    )
