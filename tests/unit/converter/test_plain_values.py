"""Dataclasses are built from plain values strictly."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pytest

from insect_converter.errors import RecipeError
from insect_converter.plain_values import from_plain
from insect_edge.domain import Role


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """Something inside."""

    size: int = 1
    role: Role | None = None


@dataclass(frozen=True, kw_only=True)
class Tree:
    """One field of each type that recipes use."""

    name: str
    height: float = 1.0
    evergreen: bool = False
    span: tuple[float, float] = (0.0, 1.0)
    rings: tuple[int, ...] = ()
    leaf: Leaf = field(default_factory=Leaf)
    leaves: dict[str, Leaf] = field(default_factory=dict)


def test_every_type_is_taken() -> None:
    """Numbers, text, truth, tuples, tables and enumerations come out as the fields' types."""
    content: dict[str, Any] = {
        "name": "oak",
        "height": 20,
        "evergreen": True,
        "span": [1, 2.5],
        "rings": [3, 4, 5],
        "leaf": {"size": 7, "role": None},
        "leaves": {"old": {"role": "pest"}},
    }
    tree = from_plain(Tree, content, place="file")
    assert tree == Tree(
        name="oak",
        height=20.0,
        evergreen=True,
        span=(1.0, 2.5),
        rings=(3, 4, 5),
        leaf=Leaf(size=7),
        leaves={"old": Leaf(role=Role.PEST)},
    )
    assert isinstance(tree.height, float)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "file: name is missing: add it"),
        (
            {"name": "oak", "colour": 1},
            "file: colour: no such key: choose from evergreen, height, leaf, leaves, name, rings, span",
        ),
        ({"name": 3}, "file: name = 3: text in quotes is wanted"),
        ({"name": "oak", "height": "tall"}, "file: height = 'tall': a number is wanted"),
        ({"name": "oak", "height": True}, "file: height = True: a number is wanted"),
        ({"name": "oak", "evergreen": 1}, "file: evergreen = 1: true or false is wanted"),
        ({"name": "oak", "span": [1.0]}, "file: span = [1.0]: a list of 2 numbers is wanted"),
        ({"name": "oak", "span": 1.0}, "file: span = 1.0: a list of 2 numbers is wanted"),
        ({"name": "oak", "rings": 3}, "file: rings = 3: a list of numbers is wanted"),
        ({"name": "oak", "rings": [3, 0.5]}, "file: rings = 0.5: a whole number is wanted"),
        ({"name": "oak", "leaf": 1}, "file: leaf = 1: a table is wanted"),
        ({"name": "oak", "leaf": {"size": 1.5}}, "file: leaf: size = 1.5: a whole number is wanted"),
        ({"name": "oak", "leaf": {"size": True}}, "file: leaf: size = True: a whole number is wanted"),
        ({"name": "oak", "leaves": []}, "file: leaves = []: a table is wanted"),
        (
            {"name": "oak", "leaves": {"old": {"role": "evil"}}},
            "file: leaves: old: role = 'evil': one of pest, beneficial",
        ),
        (
            {"name": "oak", "leaves": {"old": {"kind": 1}}},
            "file: leaves: old: kind: no such key: choose from role, size",
        ),
    ],
)
def test_what_does_not_fit_is_named(content: dict[str, Any], message: str) -> None:
    """Place, value and what is wanted stand in one line."""
    with pytest.raises(RecipeError, match=f"^{re.escape(message)}"):
        from_plain(Tree, content, place="file")


def test_a_table_must_be_a_table() -> None:
    """Something else in the place of the whole is refused, too."""
    with pytest.raises(RecipeError, match="a table is wanted"):
        from_plain(Tree, ["oak"], place="file")
