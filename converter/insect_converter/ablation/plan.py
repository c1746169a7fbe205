"""A plan says which recipe is the measure, and what is changed in it, one thing at a time."""

from __future__ import annotations

import enum
import importlib.resources
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from insect_converter import recipes
from insect_converter.errors import RecipeError
from insect_converter.plain_values import from_plain

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

BASELINE = "baseline"
"""Name of the recipe as it is."""


class Need(enum.StrEnum):
    """What a change needs beside the photographs."""

    LEAVE_OUT = "leave-out"
    """A list of photographs that are not learnt from."""
    TEACHER = "teacher"
    """Finished runs whose models' scores are learnt as well."""
    UNKNOWN = "unknown"
    """Photographs of unknown insects, half of which may be learnt from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """One change.

    Attributes:
        name: of the change, as the table has it.
        set: values of the recipe, as `train --set` takes them.
        needs: what must be at hand for it; without, it is left out of the table.
    """

    name: str
    set: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is measured.

    Attributes:
        recipe: name of the one that is changed.
        set: values that are changed in it throughout, such as to make it small.
        switch: the changes.
    """

    recipe: str
    set: tuple[str, ...] = ()
    switch: tuple[Switch, ...] = ()

    def switches(self) -> tuple[Switch, ...]:
        """The recipe as it is, and each change."""
        return (Switch(name=BASELINE), *self.switch)

    def recipe_of(self, switch: Switch) -> recipes.Recipe:
        """The recipe with one change.

        Raises:
            RecipeError: when there is no such recipe, or a value makes no sense.
        """
        return recipes.load(self.recipe, (*self.set, *switch.set))


def names() -> list[str]:
    """The plans in the package."""
    return sorted(entry.name.removesuffix(".toml") for entry in _folder().iterdir() if entry.name.endswith(".toml"))


def load(name: str) -> Plan:
    """A plan of the package by name, or one's own by the path of its file; every recipe in it is looked at.

    Raises:
        RecipeError: when there is none, or it has a key that means nothing or a value that makes no sense.
    """
    try:
        content = tomllib.loads(_text(name))
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{name}: not TOML: {error}") from error
    plan: Plan = from_plain(Plan, _with_types(content), place=name)
    named = [switch.name for switch in plan.switches()]
    twice = sorted({each for each in named if named.count(each) > 1})
    if twice:
        raise RecipeError(f"{name}: two changes are called {twice[0]!r}: give each a name of its own")
    for switch in plan.switches():
        plan.recipe_of(switch)
    return plan


def _text(name: str) -> str:
    if not name.endswith(".toml"):
        if name not in names():
            raise RecipeError(
                f"plan {name}: there is none of that name: choose one of {', '.join(names())}, or a .toml file"
            )
        return (_folder() / f"{name}.toml").read_text(encoding="utf-8")
    try:
        return Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise RecipeError(f"{name}: cannot be read ({reason}): check the path of the plan") from error


def _with_types(content: dict[str, Any]) -> dict[str, Any]:
    """TOML's lists of tables as they are; a plan without any change has none."""
    return {"switch": [], **content}


def _folder() -> Traversable:
    return importlib.resources.files("insect_converter") / "ablation" / "plans"
