"""What the sections of the configuration are made of: their base class, and types that say what they want in words."""

# Annotations stay real objects here: pydantic reads them when the classes are made.

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, Strict, ValidationInfo

from insect_edge.domain import Region
from insect_edge.garden.nuisances import Nuisance
from insect_edge.regions.areas import Area
from insect_edge.video_source import kind_of


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
    """A video file lies relative to the configuration; addresses, numbers and names of cameras are no paths."""
    return str(_resolve(Path(str(device)), info)) if kind_of(device) == "file" else device


def _files(value: Any, info: ValidationInfo) -> tuple[Path, ...]:
    """One path, or several in a list."""
    listed = value if isinstance(value, list | tuple) else [value]
    if not listed or not all(isinstance(path, str | Path) and str(path) for path in listed):
        raise ValueError("neither a path nor a list of paths")
    return tuple(_resolve(Path(path), info) for path in listed)


def _region(value: Any) -> Region | Literal["square", "whole"]:
    if value in ("square", "whole"):
        return "whole" if value == "whole" else "square"
    return _crop(value)


def _crop(value: Any) -> Region:
    if isinstance(value, Region):
        return value
    if not (isinstance(value, list) and len(value) == 4 and all(type(part) in {int, float} for part in value)):  # noqa: PLR2004 - x, y, width, height
        raise ValueError("not four numbers")
    x, y, width, height = (float(part) for part in value)
    return Region(x=x, y=y, width=width, height=height)


def _areas(value: Any) -> tuple[Area, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError("no list")  # noqa: TRY004 - pydantic takes a ValueError for a wrong value
    return tuple(_area(area) for area in value)


def _area(value: Any) -> Area:
    if isinstance(value, Area):
        return value
    if not (isinstance(value, list) and value):
        raise ValueError("neither a rectangle nor a list of corners")
    if not isinstance(value[0], list):
        return Area.of(_crop(value))
    if not all(_is_corner(corner) for corner in value):
        raise ValueError("a corner is not two numbers")
    return Area(tuple((float(x), float(y)) for x, y in value))


def _is_corner(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(type(part) in {int, float} for part in value)  # noqa: PLR2004 - x and y


def _tiles(value: Any) -> tuple[float, ...]:
    listed = value if isinstance(value, list | tuple) else [value]
    if not listed or not all(type(part) in {int, float} and _SMALLEST_TILE <= part <= 1 for part in listed):
        raise ValueError("neither a fraction nor a list of them")
    return tuple(float(part) for part in listed)


_SMALLEST_TILE = 0.05
"""Of the shorter side: there are a thousand tiles of it in a frame."""

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
Nuisances = Annotated[
    tuple[Annotated[Nuisance, Strict(strict=False)], ...],
    Strict(strict=False),
    Must(f"a list of what disturbs the view, empty for nothing: any of {', '.join(Nuisance)}"),
]
VideoDevice = Annotated[
    Annotated[int, Field(ge=0, le=99)] | Text,
    AfterValidator(_device),
    Must(
        "a number, or in quotes a device file, the name of a camera, the address of a stream, or a video file: "
        '0, "/dev/video0"'
    ),
]
BoardCamera = Annotated[
    Annotated[int, Field(ge=0, le=9)] | Text,
    Must('a number from 0 to 9, or in quotes the name of the sensor: 0, "imx708"'),
]
Focus = Annotated[
    Literal["continuous", "once"] | Annotated[float, Field(ge=0, le=50)],
    Must('"continuous", "once", or a number of dioptres from 0 to 50 at which the lens stays'),
]
Crop = Annotated[
    Region,
    PlainValidator(_crop),
    Must("[x, y, width, height] in fractions of the picture, inside it and not empty"),
]
RegionChoice = Annotated[
    Region | Literal["square", "whole"],
    PlainValidator(_region),
    Must('"square", "whole" or [x, y, width, height] in fractions of the frame, inside it and not empty'),
]
Areas = Annotated[
    tuple[Area, ...],
    PlainValidator(_areas),
    Must(
        "a list of rectangles [x, y, width, height] and of polygons [[x, y], [x, y], [x, y]], "
        "in fractions of the frame, inside it and not empty"
    ),
]
Tiles = Annotated[
    tuple[float, ...],
    PlainValidator(_tiles),
    Must("the side of the tiles in fractions of the frame's shorter side, from 0.05 to 1, or a list of them"),
]
