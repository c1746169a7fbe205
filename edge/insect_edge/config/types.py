"""What the sections of the configuration are made of: their base class, and types that say what they want in words."""

# Annotations stay real objects here: pydantic reads them when the classes are made.

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, Strict, ValidationInfo

from insect_edge.domain import Region


@dataclass(frozen=True, slots=True)
class Must:
    """What a value must be, in words, where the type and range alone do not say it."""

    words: str


@dataclass(frozen=True, slots=True)
class Unit:
    """What a number counts."""

    name: str


class Conflict(NamedTuple):
    """Keys that do not go together: the first is the one shown with its value."""

    keys: tuple[str, ...]
    advice: str


class Section(BaseModel):
    """A table of the file: unknown keys are errors, values are taken as they are written."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    def conflicts(self) -> Iterator[Conflict]:
        """Keys of this section that do not go together."""
        yield from ()


def _resolve(path: Path, info: ValidationInfo) -> Path:
    folder = (info.context or {}).get("folder", Path())
    return Path(folder) / path.expanduser()


def _device(device: int | str, info: ValidationInfo) -> int | str:
    """A video file lies relative to the configuration; addresses and numbers are no paths."""
    if isinstance(device, int) or "://" in device or device.isdecimal():
        return device
    return str(_resolve(Path(device), info))


def _files(value: Any, info: ValidationInfo) -> tuple[Path, ...]:
    """One path, or several in a list."""
    listed = value if isinstance(value, list | tuple) else [value]
    if not listed or not all(isinstance(path, str | Path) and str(path) for path in listed):
        raise ValueError("neither a path nor a list of paths")
    return tuple(_resolve(Path(path), info) for path in listed)


def _region(value: Any) -> Region | Literal["square", "whole"]:
    if value in ("square", "whole"):
        return "whole" if value == "whole" else "square"
    if isinstance(value, Region):
        return value
    if not (isinstance(value, list) and len(value) == 4 and all(type(part) in {int, float} for part in value)):  # noqa: PLR2004 - x, y, width, height
        raise ValueError("not four numbers")
    x, y, width, height = (float(part) for part in value)
    return Region(x=x, y=y, width=width, height=height)


Seconds = Annotated[float, Unit("seconds")]
Text = Annotated[str, Field(min_length=1, max_length=200)]
File = Annotated[Path, Strict(strict=False), AfterValidator(_resolve), Must("a path in quotes")]
Files = Annotated[
    tuple[Path, ...], PlainValidator(_files), Must('a path in quotes, or a list of them: ["monday", "tuesday/1.jpg"]')
]
Pixels = Annotated[int, Field(ge=32, le=10_000), Unit("pixels")]
Labels = Annotated[tuple[Text, ...], Strict(strict=False), Must('a list of labels: ["slug", "snail"]')]
Faults = Annotated[
    tuple[
        Annotated[
            str, Field(pattern=r"^(hang|stuck|frozen|black|disconnected) [0-9]+(\.[0-9]+)?-([0-9]+(\.[0-9]+)?)?$")
        ],
        ...,
    ],
    Strict(strict=False),
    Must('a list of breakdowns with the seconds they last: ["frozen 60-90", "black 120-180", "hang 600-"]'),
]
VideoDevice = Annotated[
    Annotated[int, Field(ge=0, le=99)] | Text,
    AfterValidator(_device),
    Must('a number, or in quotes a device file, the address of a stream, or a video file: 0, "/dev/video0"'),
]
RegionChoice = Annotated[
    Region | Literal["square", "whole"],
    PlainValidator(_region),
    Must('"square", "whole" or [x, y, width, height] in fractions of the frame, inside it and not empty'),
]
