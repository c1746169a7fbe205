"""The sections of the configuration file: every key, its default, its range, and the checks that join several keys."""

# Annotations stay real objects here: pydantic reads them when the classes are made.

import math
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from insect_edge.config.alerts import Alerts
from insect_edge.config.camera import Camera
from insect_edge.config.delivery import HomeAssistant, Mqtt, Outbox, Publish, Snapshots
from insect_edge.config.regions import Regions
from insect_edge.config.types import (
    Conflict,
    File,
    Must,
    Seconds,
    Section,
    Text,
    Unit,
)
from insect_edge.domain import Region
from insect_edge.policy.thresholds import Per, highest

FOLLOWING = {"policy": {"end_after": 30.0}, "alerts": {"cooldown": 300.0}}
"""Defaults by section where single animals are followed."""
LONGEST_ROUND_SECONDS = 60.0
"""Half as long as an animal may be where nobody looks (`tracking.changes.LONGEST_HIDDEN`)."""
_TIME_OF_DAY = "([01][0-9]|2[0-3]):[0-5][0-9]"


class Device(Section):
    """Who this trap is."""

    id: Annotated[
        str | None,
        Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"),
        Must("1 to 64 lower-case letters, digits and hyphens, a hyphen at neither end"),
    ] = None


class Site(Section):
    """Where it stands."""

    name: Text | None = None
    latitude: Annotated[float | None, Field(ge=-90, le=90), Unit("degrees")] = None
    longitude: Annotated[float | None, Field(ge=-180, le=180), Unit("degrees")] = None
    night: Annotated[
        str, Field(pattern=rf"^{_TIME_OF_DAY}-{_TIME_OF_DAY}$"), Must('two local times in quotes: "20:00-06:00"')
    ] = "20:00-06:00"

    def conflicts(self) -> Iterator[Conflict]:
        """Half a position is none, and a night ends at another time than it begins."""
        begin, _, end = self.night.partition("-")
        if begin == end:
            yield Conflict(("night",), "begins when it ends: write two times, or latitude and longitude alone")
        if (self.latitude is None) != (self.longitude is None):
            given, missing = ("latitude", "longitude") if self.longitude is None else ("longitude", "latitude")
            yield Conflict((given, missing), f"{missing} is missing: give both or neither")


class Model(Section):
    """What names the insects."""

    path: File | None = None
    labels: File | None = None
    directory: File | None = None
    public_key: File | None = None
    threads: Annotated[int, Field(ge=1, le=64)] = 1

    def conflicts(self) -> Iterator[Conflict]:
        """The default model brings its labels."""
        if self.labels is not None and self.path is None:
            yield Conflict(("labels", "path"), "the default model has its own: leave it out, or name a .tflite in path")


class Policy(Section):
    """When an insect is judged present."""

    window: Annotated[int, Field(ge=1, le=1000), Unit("frames")] = 5
    required: Annotated[int, Field(ge=1, le=1000), Unit("frames")] = 3
    end_after: Annotated[Seconds, Field(ge=0.1, le=86_400)] = 10.0
    cooldown: Annotated[Seconds, Field(ge=0, le=604_800)] = 300.0
    keep: Annotated[float, Field(gt=0, le=1)] = 0.8
    update_every: Annotated[Seconds, Field(ge=1, le=86_400)] = 60.0
    update_rise: Annotated[float, Field(ge=0.01, le=1)] = 0.05
    thresholds: Annotated[
        dict[Text, Annotated[float, Field(gt=0, le=1)]], Must("a score above 0 and at most 1 for each label")
    ] = Field(default_factory=dict)
    roles: Annotated[
        dict[Text, Literal["pest", "beneficial", "neutral", "background"]],
        Must('"pest", "beneficial", "neutral" or "background" for each label'),
    ] = Field(default_factory=dict)

    def conflicts(self) -> Iterator[Conflict]:
        """No more frames can agree than are looked back on."""
        if self.required > self.window:
            advice = f"more than window = {self.window}, so no event could ever start: at most {self.window}"
            yield Conflict(("required", "window"), advice)


class Health(Section):
    """How the daemon tells how it is."""

    interval: Annotated[Seconds, Field(ge=1, le=3600)] = 60.0
    stall_after: Annotated[Seconds, Field(ge=2, le=3600)] = 30.0


class Log(Section):
    """What is written to the log."""

    level: Literal["debug", "info", "warning", "error"] = "info"


class Config(Section):
    """The whole file."""

    device: Device = Device()
    site: Site = Site()
    camera: Camera = Camera()
    regions: Regions = Regions()
    model: Model = Model()
    policy: Policy = Policy()
    alerts: Alerts = Alerts()
    mqtt: Mqtt = Mqtt()
    home_assistant: HomeAssistant = HomeAssistant()
    outbox: Outbox = Outbox()
    publish: Publish = Publish()
    snapshots: Snapshots = Snapshots()
    health: Health = Health()
    log: Log = Log()

    @model_validator(mode="before")
    @classmethod
    def _following(cls, values: Any) -> Any:
        """Where single animals are followed, two numbers that nobody has chosen are others than else.

        An animal behind a leaf is waited for longer; and since each of twenty ants has an event, alerts of one rest.
        """
        if not isinstance(values, dict) or not isinstance(values.get("regions"), dict):
            return values
        if values["regions"].get("mode", "whole") == "whole":
            return values
        values = dict(values)
        for section, others in FOLLOWING.items():
            if isinstance(given := values.get(section, {}), dict):
                values[section] = {**others, **given}
        return values

    def conflicts(self) -> Iterator[Conflict]:
        """What two sections must agree on."""
        shortest = 2 / self.camera.rate
        if self.policy.end_after < shortest:
            advice = (
                f"shorter than two frames at [camera] rate = {self.camera.rate:g}, so every event would end at once: "
                f"at least {shortest:g}"
            )
            yield Conflict(("policy.end_after", "camera.rate"), advice)
        if self.regions.mode == "whole":
            yield from self._unreachable()
        else:
            yield from self._places()

    def _places(self) -> Iterator[Conflict]:
        """Where to look is said once, and each part's turn comes before an animal in it is forgotten."""
        regions, camera = self.regions, self.camera
        limit = camera.region if isinstance(camera.region, Region) else None
        if regions.areas and limit is not None:
            advice = "[camera] region names another part: write that into areas too, or take one of the two out"
            yield Conflict(("regions.areas", "camera.region"), advice)
        count = regions.places(limit=limit)
        frames = math.ceil(count / regions.max_crops)
        if frames > 1 and frames / camera.rate > LONGEST_ROUND_SECONDS:
            key, remedy = ("tiles", "larger tiles") if regions.mode == "grid" else ("areas", "fewer areas")
            advice = (
                f"{count} parts of a frame, max_crops = {regions.max_crops} of them in each frame and [camera] rate "
                f"= {camera.rate:g}: each is looked at every {frames / camera.rate:.0f} s, too rarely to follow any: "
                f"{remedy}, or more max_crops or rate, for at most {LONGEST_ROUND_SECONDS:g} s"
            )
            yield Conflict((f"regions.{key}", "regions.max_crops", "camera.rate"), advice)

    def _unreachable(self) -> Iterator[Conflict]:
        """Where animals side by side are one, a label rests after each event, so only so many can start."""
        spacing = self.policy.end_after + self.policy.cooldown
        for number, threshold in enumerate(self.alerts.thresholds):
            if threshold.more_than is None or threshold.per is None:
                continue
            most = highest(Per(threshold.per), spacing=spacing)
            if most is not None and threshold.more_than >= most:
                advice = (
                    f'could never be passed: [regions] mode = "whole" has an event of a label every {spacing:g} s at '
                    f"most ([policy] end_after + cooldown), {most:g} per {threshold.per}: write less than that, or "
                    'count each animal with [regions] mode = "auto"'
                )
                place = f"alerts.thresholds.{number}.more_than"
                yield Conflict((place, "policy.cooldown", "policy.end_after", "regions.mode"), advice)
