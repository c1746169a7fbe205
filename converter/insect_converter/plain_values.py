"""Dataclasses from the plain values of TOML and JSON, strictly: unknown and missing keys and wrong types are errors."""

from __future__ import annotations

import dataclasses
import enum
import types
import typing
from typing import Any

from insect_converter.errors import RecipeError


def from_plain(kind: Any, value: Any, *, place: str) -> Any:
    """Turn plain values into what a type says.

    Args:
        kind: a dataclass, or the type of one of its fields: a number, text, enumeration, tuple, dictionary or
            `X | None`.
        value: as TOML or JSON gives it.
        place: where it stands, for messages.

    Raises:
        RecipeError: naming the place, the value and what is wanted.
    """
    if typing.get_origin(kind) is types.UnionType:
        return None if value is None else from_plain(typing.get_args(kind)[0], value, place=place)
    if dataclasses.is_dataclass(kind) and isinstance(value, dict):
        return _build(kind, value, place=place)
    if typing.get_origin(kind) in (dict, tuple):
        return _container(kind, value, place=place)
    return _leaf(kind, value, place=place)


def _build(kind: Any, content: dict[str, Any], *, place: str) -> Any:
    hints = typing.get_type_hints(kind)
    for key in content:
        if key not in hints:
            raise RecipeError(f"{place}: {key}: no such key: choose from {', '.join(sorted(hints))}")
    for field in dataclasses.fields(kind):
        if field.name not in content and field.default is field.default_factory is dataclasses.MISSING:
            raise RecipeError(f"{place}: {field.name} is missing: add it")
    return kind(**{key: from_plain(hints[key], value, place=f"{place}: {key}") for key, value in content.items()})


def _container(kind: Any, value: Any, *, place: str) -> Any:
    arguments = typing.get_args(kind)
    if typing.get_origin(kind) is dict and isinstance(value, dict):
        return {key: from_plain(arguments[1], item, place=f"{place}: {key}") for key, item in value.items()}
    if typing.get_origin(kind) is tuple and arguments[-1] is Ellipsis and isinstance(value, list | tuple):
        return tuple(from_plain(arguments[0], item, place=place) for item in value)
    if typing.get_origin(kind) is tuple and isinstance(value, list | tuple) and len(value) == len(arguments):
        return tuple(from_plain(kind, item, place=place) for kind, item in zip(arguments, value, strict=True))
    raise RecipeError(f"{place} = {value!r}: {_wanted(kind)} is wanted")


def _leaf(kind: Any, value: Any, *, place: str) -> Any:
    if isinstance(kind, enum.EnumType) and value in list(kind):
        return kind(value)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is kind:
        return value
    raise RecipeError(f"{place} = {value!r}: {_wanted(kind)} is wanted")


def _wanted(kind: Any) -> str:
    if isinstance(kind, enum.EnumType):
        return f"one of {', '.join(map(str, kind))}"
    if typing.get_origin(kind) is tuple:
        arguments = typing.get_args(kind)
        return "a list of numbers" if arguments[-1] is Ellipsis else f"a list of {len(arguments)} numbers"
    return {int: "a whole number", float: "a number", str: "text in quotes", bool: "true or false"}.get(kind, "a table")
