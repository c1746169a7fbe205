"""What is wrong with a configuration, in one line a problem: section, key, value, and what to do about it."""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass
from types import UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

from insect_edge.config.sections import Config
from insect_edge.config.types import Must, Section, Unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

Place = tuple[str | int, ...]
"""Section and key; a number is which of several tables, a label that looks like one stays a text."""

LONGEST_VALUE = 60
SECRETS = ("pass", "pwd", "secret", "token", "credential")
_LOGIN = re.compile(r"://.*@")
"""In an address: a password may have any character in it, so that the last @ counts."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to correct.

    Attributes:
        location: section, key and, inside a table of labels, the label; of several tables, its number from 0.
        value: as in the file; None where nothing is to be shown.
        advice: what is wrong and what to do.
    """

    location: Place
    value: Any
    advice: str

    def __str__(self) -> str:
        """Section, key = value: advice."""
        *tables, key = self.location
        of_several = bool(tables) and isinstance(tables[-1], int)
        if isinstance(self.value, dict) and not of_several:
            return f"{_table(self.location)}: {self.advice}"
        if isinstance(key, int):
            return f"{_table(self.location)}: {_shown(self.value)}: {self.advice}"
        section = f"{_table(tables)}{': ' if of_several else ' '}" if tables else ""
        shown = "" if self.value is None or _secret(key) else f" = {_shown(self.value)}"
        return f"{section}{key}{shown}: {self.advice}"


def _table(parts: Sequence[str | int]) -> str:
    """`[policy.roles]`; of several tables of one name `[[alerts.thresholds]] 2`, counted from 1."""
    *names, last = map(str, parts)
    if isinstance(parts[-1], int):
        return f"[[{'.'.join(names)}]] {parts[-1] + 1}"
    return f"[{'.'.join((*names, last))}]"


def written(value: Any) -> str:
    """A value as TOML writes it."""
    return json.dumps(value, ensure_ascii=False, default=str)


def _shown(value: Any) -> str:
    """A value as TOML writes it, cut where it is long."""
    text = _LOGIN.sub("://…@", written(value))
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


def validation_problem(details: ErrorDetails) -> Problem:
    """One of pydantic's errors in our words."""
    location = details["loc"]
    if details["type"] == "extra_forbidden":
        return Problem(location, details["input"], _unknown_key(location, value=details["input"]))
    field_location, field = _field(location)
    if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
        name = ".".join(map(str, field_location))
        return Problem(field_location, details["input"], f"{name} is a section: write [{name}] on a line of its own")
    rest = location[len(field_location) :]
    inside = field_location + tuple(part for part in rest if _is_label(field, part) or _is_number(field, part))
    return Problem(inside, details["input"], f"must be {_wanted(field)}{_nearest(details['input'], _choices(field))}")


def conflict_problems(config: Config, *, tables: Mapping[str, Any], known: set[Place]) -> Iterator[Problem]:
    """The keys that do not go together, leaving out those that have a problem already."""
    for location, section in _sections(config, ()):
        for conflict in section.conflicts():
            places = [location + _place(key) for key in conflict.keys]
            if not any(place[:depth] in known for place in places for depth in range(1, len(place) + 1)):
                yield Problem(places[0], _value(config, tables=tables, location=places[0]), conflict.advice)


def _place(key: str) -> Place:
    """Where the key of a conflict is, which never names a label."""
    return tuple(int(part) if part.isdigit() else part for part in key.split("."))


def did_you_mean(word: str, choices: list[str]) -> str:
    """`: did you mean "x"?` where a choice is near to the word, else nothing."""
    near = difflib.get_close_matches(word.lower(), choices, n=1, cutoff=0.6)
    return f': did you mean "{near[0]}"?' if near else ""


def _secret(key: str) -> bool:
    return any(word in key.lower() for word in SECRETS) and not key.endswith("_file")


def _unknown_key(location: Place, *, value: Any) -> str:
    *tables, key = (part for part in location if isinstance(part, str))
    model = _model(tuple(tables))
    if _secret(key):
        return "unknown key: no secret belongs in this file: write it alone into a file and name that in password_file"
    what = "unknown section" if isinstance(value, dict) else "unknown key"
    suggestion = did_you_mean(key, list(model.model_fields))
    if suggestion:
        return what + suggestion
    elsewhere = [".".join(place) for place, section in _models(Config, ()) if place and key in section.model_fields]
    if elsewhere:
        return f"{what}: it belongs in [{elsewhere[0]}]"
    return f"{what}: take it out, or choose one of {', '.join(model.model_fields)}"


def _models(model: type[Section], location: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], type[Section]]]:
    yield location, model
    for name, field in model.model_fields.items():
        if (inner := _section(field)) is not None:
            yield from _models(inner, (*location, name))


def _section(field: FieldInfo) -> type[Section] | None:
    """What a field's table, or each of its tables, is; None where it has none."""
    kind = get_args(field.annotation)[0] if get_origin(field.annotation) is tuple else field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, Section) else None


def _model(location: tuple[str, ...]) -> type[Section]:
    return dict(_models(Config, ()))[location]


def _sections(section: Section, location: Place) -> Iterator[tuple[Place, Section]]:
    yield location, section
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, Section):
            yield from _sections(value, (*location, name))
        elif isinstance(value, tuple):
            for number, item in enumerate(value):
                if isinstance(item, Section):
                    yield from _sections(item, (*location, name, number))


def _field(location: Place) -> tuple[Place, FieldInfo]:
    """The field a location lies in, and where that is."""
    model: type[Section] = Config
    field: FieldInfo | None = None
    for depth, part in enumerate(location, start=1):
        if isinstance(part, int):
            continue
        field = model.model_fields[part]
        inner = _section(field)
        if inner is None or (inner is not field.annotation and len(location) <= depth + 1):
            return location[:depth], field
        model = inner
    if field is None:
        raise AssertionError("an error of the whole file has no field; tomllib always gives a table")
    return location, field


def _is_label(field: FieldInfo, part: str | int) -> bool:
    """Whether part of a location is a label of a table, not one of pydantic's own marks."""
    return get_origin(field.annotation) is dict and part != "[key]"


def _is_number(field: FieldInfo, part: str | int) -> bool:
    """Whether it is which of several tables is meant."""
    return isinstance(part, int) and _section(field) is not None


def _choices(field: FieldInfo) -> list[Any]:
    return list(get_args(field.annotation)) if get_origin(field.annotation) is Literal else []


def _nearest(value: Any, choices: list[Any]) -> str:
    return (
        did_you_mean(value, [choice for choice in choices if isinstance(choice, str)]) if isinstance(value, str) else ""
    )


def _wanted(field: FieldInfo) -> str:
    """What a field wants, in words."""
    kinds, marks = _unwrapped(field.annotation)
    marks = [*field.metadata, *marks]
    if said := [mark.words for mark in marks if isinstance(mark, Must)]:
        return said[0]
    if choices := _choices(field):
        return f"one of {', '.join(written(choice) for choice in choices)}"
    if bool in kinds:
        return "true or false, without quotes"
    if str in kinds:
        return "a text in quotes, not empty"
    units = [f" of {mark.name}" for mark in marks if isinstance(mark, Unit)]
    return f"{'a whole number' if int in kinds else 'a number'}{''.join(units)}{_range(marks)}"


def _unwrapped(annotation: Any) -> tuple[set[Any], list[Any]]:
    """The types an annotation allows, and the marks on them: `Annotated[int, m] | None` is {int, NoneType}, [m]."""
    if hasattr(annotation, "__metadata__"):
        kinds, marks = _unwrapped(annotation.__origin__)
        return kinds, [*annotation.__metadata__, *marks]
    if get_origin(annotation) not in {Union, UnionType}:
        return {annotation}, []
    parts = [_unwrapped(part) for part in get_args(annotation)]
    return {kind for kinds, _ in parts for kind in kinds}, [mark for _, marks in parts for mark in marks]


def _range(marks: list[Any]) -> str:
    """The bounds of a number, in words."""
    bounds = {name: getattr(mark, name) for mark in marks for name in ("ge", "gt", "le") if hasattr(mark, name)}
    if "gt" in bounds:
        return f" above {bounds['gt']} and at most {bounds['le']}"
    return f" from {bounds['ge']} to {bounds['le']}"


def _value(config: Config, *, tables: Mapping[str, Any], location: Place) -> Any:
    """The value as written in the file, else the default in force."""
    written_value: Any = tables
    default: Any = config
    for part in location:
        if isinstance(part, int):
            written_value, default = written_value[part], default[part]
            continue
        written_value = written_value.get(part) if isinstance(written_value, dict) else None
        default = getattr(default, part)
    return default if written_value is None else written_value
