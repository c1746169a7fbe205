"""From the configuration to how frames are looked at and judged."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from insect_edge.config import settings as config_settings
from insect_edge.pipeline import Pipeline
from insect_edge.policy.rules import Policy
from insect_edge.policy.tracks import TrackPolicy
from insect_edge.regions.choice import make_finder
from insect_edge.sight.animals import AnimalSight
from insect_edge.sight.frames import FrameSight
from insect_edge.tracking.settings import TrackerSettings
from insect_edge.tracking.tracker import Tracker

if TYPE_CHECKING:
    from insect_edge.classifier import Classifier
    from insect_edge.config.sections import Config
    from insect_edge.delivery import Delivery
    from insect_edge.policy.life import EventLife
    from insect_edge.regions.finder import Finder
    from insect_edge.sight.seen import Sight


def make_pipeline(config: Config, *, classifier: Classifier, delivery: Delivery, boot_id: str) -> Pipeline:
    """The way of a frame, as one picture or animal by animal."""
    sight, policy = make_sight(config, classifier=classifier)
    return Pipeline(sight=sight, policy=policy, delivery=delivery, boot_id=boot_id)


def make_sight(config: Config, *, classifier: Classifier, finder: Finder | None = None) -> tuple[Sight, EventLife]:
    """The part of that way up to the events, and the policy by which it judges.

    Args:
        config: the mode, and all numbers.
        classifier: with the configuration's thresholds and roles on its card.
        finder: finds animals; None for the configured one. In mode `whole` none is asked.
    """
    settings, regions = config_settings.policy_settings(config), config_settings.region_settings(config)
    if regions.mode == "whole":
        policy = Policy(settings, new_event_id=_new_id)
        return FrameSight(classifier=classifier, policy=policy, region=config_settings.region(config)), policy
    judge = TrackPolicy(settings, new_event_id=_new_id)
    animals = AnimalSight(
        finder=finder or make_finder(regions),
        classifier=classifier,
        tracker=Tracker(TrackerSettings().waiting(settings.end_after)),
        policy=judge,
        settings=regions,
        new_track_id=_new_id,
    )
    return animals, judge


def _new_id() -> str:
    return uuid.uuid4().hex
