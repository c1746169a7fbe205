"""What payloads are made of: fields with their meaning and their bounds.

A type with its rules is the one place where a field is described; `insect_edge.mqtt.schema` makes the files in
`schemas/` of it, mypy holds the code that builds payloads against it, and tests hold the payloads against the files.
"""

# Annotations stay real objects here: the schemas are made from them.

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, TypedDict

from insect_edge.alert_rule import RuleKind
from insect_edge.domain import Phase, Role


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """What a field means, in words, and JSON Schema keywords beyond its type."""

    words: str = ""
    keywords: Mapping[str, Any] = field(default_factory=dict)


NOT_NEGATIVE = {"minimum": 0}
POSITIVE = {"minimum": 1}
NAMED = {"minLength": 1}

Count = Annotated[int, Rule(keywords=NOT_NEGATIVE)]
Score = Annotated[float, Rule("From 0 to 1.", {"minimum": 0, "maximum": 1})]
Fraction = Annotated[float, Rule(keywords={"minimum": 0, "maximum": 1})]
Time = Annotated[
    str | None,
    Rule(
        "UTC, RFC 3339 with milliseconds; null where the clock was not known to be set.",
        {"pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"},
    ),
]
BootId = Annotated[str, Rule("Which boot the monotonic times belong to.")]
DeviceId = Annotated[str, Rule("The device; also a level of its topics.", {"pattern": "^[a-z0-9-]{1,64}$"})]
ClockSynced = Annotated[bool, Rule("Whether the wall clock was known to be set at `at`.")]
RoleOfLabel = Annotated[Role | None, Rule("What the label means to a grower; null where nothing says it.")]
Seconds = Annotated[float | None, Rule(keywords=NOT_NEGATIVE)]
Milliseconds = Annotated[float | None, Rule("Milliseconds; null before it is known.", NOT_NEGATIVE)]
LabelCounts = dict[str, Count]


class Taxon(TypedDict):
    """Where a label stands in the tree of life."""

    order: str | None
    family: str | None
    genus: str | None


class Category(TypedDict):
    """A label with the score it got."""

    index: Annotated[int, Rule("Position in the model's output.", NOT_NEGATIVE)]
    label: str
    score: Score
    role: RoleOfLabel
    taxon: Annotated[Taxon | None, Rule("Where the label stands in the tree of life; null where nothing says it.")]


class Verdict(TypedDict):
    """What one frame amounts to."""

    label: str
    role: RoleOfLabel
    score: Score
    threshold: Score


class Region(TypedDict):
    """Part of the frame, in fractions of its width and height."""

    x: Fraction
    y: Fraction
    width: Fraction
    height: Fraction


class Track(TypedDict):
    """Where one animal has been."""

    track_id: Annotated[str, Rule("The same for as long as the animal stays; never used again.", NAMED)]
    first: Annotated[Region, Rule("Where it was seen first.")]
    last: Annotated[Region, Rule("Where it was seen last.")]
    length: Annotated[float, Rule("Of its way, in frame widths.", NOT_NEGATIVE)]
    seconds: Annotated[float, Rule("From the first sight of it to the last.", NOT_NEGATIVE)]


class FiredRule(TypedDict):
    """The alert rule that fired, and what it saw; of a plain sighting only kind, label and words are not null."""

    kind: Annotated[RuleKind, Rule("What it looks at: each single animal, a count over time, or a rate that grew.")]
    label: Annotated[str, Rule("Whose rule it is.")]
    words: Annotated[str, Rule("All of it in one line.", NAMED)]
    count: Annotated[int | None, Rule("Animals that came since `since`, this one among them.", POSITIVE)]
    value: Annotated[float | None, Rule("What passed the limit: the count, or animals per trap-day.", NOT_NEGATIVE)]
    limit: Annotated[float | None, Rule("What had to be passed.", NOT_NEGATIVE)]
    per: Annotated[
        str | None,
        Rule(
            "The time `value` is of; a trap-day is 24 hours in which the trap looked.",
            {"enum": ["trap-day", "hour", "night", "day", "week", None]},
        ),
    ]
    factor: Annotated[float | None, Rule("How many times the mean had to be reached.", NOT_NEGATIVE)]
    mean: Annotated[float | None, Rule("Animals per trap-day in the days before.", NOT_NEGATIVE)]
    since: Annotated[Time, Rule("From when on animals were counted; null where the clock was not set.")]


class Site(TypedDict):
    """Where the trap stands, in degrees (WGS 84)."""

    name: str | None
    latitude: Annotated[float | None, Rule(keywords={"minimum": -90, "maximum": 90})]
    longitude: Annotated[float | None, Rule(keywords={"minimum": -180, "maximum": 180})]


class Instants(TypedDict):
    """The same instants in seconds of that boot."""

    started: float
    last_seen: float
    at: float


Categories = Annotated[list[Category], Rule("Top categories, best first.", {"minItems": 1, "maxItems": 5})]


class When(TypedDict):
    """One instant on both clocks."""

    at: Time
    clock_synced: ClockSynced
    boot_id: BootId
    monotonic: Annotated[float, Rule("`at` in seconds of that boot.")]


class Who(TypedDict):
    """Who speaks."""

    model_id: str
    device_id: DeviceId


class Identifiers(TypedDict):
    """By what a detection or an alert is known."""

    event_id: Annotated[str, Rule("The same in start, update and end of one event, and in its alert.", NAMED)]
    message_id: Annotated[
        str,
        Rule(
            "`<device_id>-<seq>`; a repeat has the same one and the same bytes.",
            {"pattern": "^[a-z0-9-]{1,64}-[0-9]+$"},
        ),
    ]
    seq: Annotated[int, Rule("Over detections and alerts; never repeats.", POSITIVE)]


class Facts(Who):
    """What a detection and an alert both say of an event."""

    phase: Annotated[Phase, Rule("Which change of the event this is.")]
    label: Annotated[str, Rule("What was judged present.")]
    role: RoleOfLabel
    score: Annotated[Score, Rule("Best so far; of a followed animal: of all looks at it together.")]
    threshold: Annotated[Score, Rule("The one in force for the label.")]
    categories: Categories
    region: Region
    track: Annotated[Track | None, Rule("Where the animal has been; null where single animals are not followed.")]
    frames: Annotated[
        int, Rule("Frames looked at since the start; of a followed animal: how often it was looked at.", POSITIVE)
    ]
    hits: Annotated[int, Rule("How many of them agreed.", POSITIVE)]
    started: Time
    last_seen: Time
    at: Annotated[Time, Rule("When this change happened.")]
    clock_synced: ClockSynced
    corrects: Annotated[
        Phase | None,
        Rule(
            "Of an update that only gives times which were null before, since the clock is set now: `end` where the "
            "event had ended by then, else `start`; null of every other change.",
            {"enum": ["start", "end", None]},
        ),
    ]
    rule: Annotated[
        FiredRule | None, Rule("The alert rule that fired with this change; null of a change that raises no alert.")
    ]
    boot_id: BootId
    monotonic: Instants
    site: Annotated[Site | None, Rule("Where the trap stands; null where it is not configured.")]
