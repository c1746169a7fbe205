"""A device that counts slugs: they come, are told, and are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from insect_edge.policy.alerting import AlertRule
from insect_edge.policy.thresholds import CountThreshold, Per, Threshold
from support.device_life import Device
from support.policy_watch import NOTHING, SLUG

if TYPE_CHECKING:
    from insect_edge.domain import Event


def device(*thresholds: Threshold, synced: bool = True, **rule: Any) -> Device:
    """One whose animals are judged at the first look and gone at the next but one."""
    rules = AlertRule(thresholds=thresholds, **rule)
    return Device(synced=synced, window=1, required=1, end_after=2.0, cooldown=0.0, update_every=1e9, alerts=rules)


def slugs(trap: Device, count: int, *, every: float = 60.0) -> list[Event]:
    """So many slugs that come and go; the alerts among what is told."""
    before = len(trap.told)
    for _ in range(count):
        trap.see(SLUG)
        trap.see(NOTHING, NOTHING, every=every / 3)
    return [event for event in trap.events[before:] if event.alert]


def per(unit: Per, more_than: float = 5, **changes: Any) -> CountThreshold:
    """So many slugs a unit."""
    return CountThreshold(label="slug", more_than=more_than, per=unit, **changes)


def looks_on(trap: Device, seconds: float, *, every: float = 250.0) -> None:
    """Time in which nothing comes and the trap looks."""
    trap.see(*[NOTHING] * int(seconds / every), every=every)
