"""The nouns of the product: immutable, keyword-only, free of any I/O.

Words are the field's own: a frame has regions; a region gets a classification (its top categories) and a
verdict; verdicts over time become an event; an event as published is a detection; a detection of a pest
that passes its alert rule is an alert.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray

    from insect_edge.alert_rule import FiredRule
    from insect_edge.sightings import Path

BACKGROUND = "background"
UNKNOWN = "unknown"


class Role(enum.StrEnum):
    """What a label means to a grower."""

    PEST = "pest"
    BENEFICIAL = "beneficial"
    NEUTRAL = "neutral"
    BACKGROUND = "background"
    UNKNOWN = "unknown"


class Phase(enum.StrEnum):
    """Where in its life an event is."""

    START = "start"
    UPDATE = "update"
    END = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One instant on both clocks.

    Attributes:
        monotonic: seconds on the boot's monotonic clock; the only one durations are computed from.
        utc: aware UTC wall-clock time; may be wrong while `clock_synced` is false.
        clock_synced: whether the wall clock was known to be set when this was taken.
    """

    monotonic: float
    utc: datetime
    clock_synced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A part of a frame, in fractions of its width and height, each in [0, 1]."""

    x: float
    y: float
    width: float
    height: float

    def __post_init__(self) -> None:
        """Refuse a region that is empty or reaches outside the frame (1e-6 of slack for rounding).

        Raises:
            ValueError: when it does.
        """
        inside = self.x >= 0 and self.y >= 0 and self.x + self.width <= 1 + 1e-6
        if not (inside and self.y + self.height <= 1 + 1e-6 and self.width > 0 and self.height > 0):
            raise ValueError(
                f"region {self.x:g},{self.y:g} {self.width:g}x{self.height:g} is empty or outside the frame: "
                "x, y, width and height are fractions with x+width <= 1 and y+height <= 1"
            )

    @classmethod
    def whole(cls) -> Region:
        """The whole frame."""
        return cls(x=0.0, y=0.0, width=1.0, height=1.0)

    @classmethod
    def centred_square(cls, *, frame_width: int, frame_height: int) -> Region:
        """The largest centred square of a frame of that many pixels."""
        side = min(frame_width, frame_height)
        width, height = side / frame_width, side / frame_height
        return cls(x=(1 - width) / 2, y=(1 - height) / 2, width=width, height=height)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """Pixels and when they were captured.

    Attributes:
        pixels: (height, width, 3) uint8 in B, G, R order: what OpenCV and picamera2's "RGB888" both have in
            memory, so that no camera pays for a conversion. `preprocess` swaps channels on the small picture.
        captured: when the frame was taken, as near as the camera can tell.
        sequence: number of this frame since the camera was opened, from 0.
        sensor_timestamp_ns: the sensor's own clock where there is one; advances only when the sensor does.
        exposure_us: exposure time in microseconds where known.
        analogue_gain: sensor gain where known.
        lux: brightness of the scene where known.
        colour_temperature: of the light, in kelvin, where known.
        luma: (rows, columns) uint8, the brightness of the same instant in fewer pixels, where the camera gives it.
    """

    pixels: NDArray[np.uint8]
    captured: Moment
    sequence: int
    sensor_timestamp_ns: int | None = None
    exposure_us: int | None = None
    analogue_gain: float | None = None
    lux: float | None = None
    colour_temperature: int | None = None
    luma: NDArray[np.uint8] | None = None

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.pixels.shape[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxon:
    """Where a label stands in the tree of life, as far as it is known."""

    order: str | None = None
    family: str | None = None
    genus: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One class of a model.

    Attributes:
        index: position in the model's output.
        name: as written in `labels.txt`.
        role: None where nothing says it (a bare model file).
        taxon: None where nothing says it.
        threshold: the score from which on a verdict carries this label, in [0, 1].
    """

    index: int
    name: str
    role: Role | None
    taxon: Taxon | None
    threshold: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A label with the score one region got for it, in [0, 1]."""

    label: Label
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What speaks for giving a name at all, of a model whose card says how to tell.

    Attributes:
        presence: score that there is any animal, in [0, 1].
        familiarity: how well it fits what the model knows, higher is better; in the units its card names.
    """

    presence: float
    familiarity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one classification amounts to: a label that passed its threshold, or `unknown`.

    Attributes:
        label: its name, or `unknown` for an animal that gets none.
        role: of the label.
        score: of the label; of `unknown` that any animal is there.
        threshold: that the score passed.
    """

    label: str
    role: Role | None
    score: float
    threshold: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """The top categories of one region.

    Attributes:
        categories: best first, at least one.
        verdict: None where nothing passed its threshold, or the background won.
        region: the part of the frame that was looked at.
        inference_ms: milliseconds inside the interpreter.
        evidence: None where the card does not say how to tell what is unknown.
    """

    categories: tuple[Category, ...]
    verdict: Verdict | None
    region: Region
    inference_ms: float
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One change in the life of an insect judged present: its start, an update or its end.

    Attributes:
        event_id: the same in start, update and end.
        phase: which change this is.
        label: what was judged present.
        role: of the label, after the configuration's own roles.
        score: best score so far.
        threshold: the one in force for the label.
        categories: top categories of the frame with the best score.
        region: the region of the frame with the best score.
        started: capture time of the first frame of the window that started the event.
        last_seen: capture time of the newest frame that agreed.
        at: capture time of the frame (or the moment) that caused this change.
        frames: frames looked at since `started`, that frame included.
        hits: how many of them agreed.
        alert: true on the one change at which the alert rule first holds; at most once in an event.
        boot_id: which boot the monotonic seconds belong to; None for the one it is told in.
        corrects: of an update that only gives times which were not known when they were told: `end` where the event
            had ended by then, else `start`; None of every other change.
        path: where the animal has been; None where single animals are not followed.
        rule: the alert rule that fired with this change; None of a change that raises no alert.
        arrival: of a start, whether somebody came: false of an animal that was there when the trap began to look.
    """

    event_id: str
    phase: Phase
    label: str
    role: Role | None
    score: float
    threshold: float
    categories: tuple[Category, ...]
    region: Region
    started: Moment
    last_seen: Moment
    at: Moment
    frames: int
    hits: int
    alert: bool
    boot_id: str | None = None
    corrects: Phase | None = None
    path: Path | None = None
    rule: FiredRule | None = None
    arrival: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What goes to the broker.

    Attributes:
        topic: full topic name.
        payload: bytes as sent; a repeat is byte-identical.
        qos: 0 or 1.
        retain: whether the broker keeps it for later subscribers.
        content_type: MQTT 5 content type.
        expiry_seconds: MQTT 5 message expiry; None for never.
        correlation_data: MQTT 5 correlation data of an answer; None for none.
    """

    topic: str
    payload: bytes
    qos: int
    retain: bool
    content_type: str = "application/json"
    expiry_seconds: int | None = None
    correlation_data: bytes | None = None
