"""How far from the truth a wrong answer is in the tree of life. Pure."""

from __future__ import annotations

import enum
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from insect_edge.domain import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from insect_edge.domain import Label

RANKS = ("order", "family", "genus")


class Level(enum.StrEnum):
    """The lowest rank that a wrong answer shares with the truth, or why there is none to tell."""

    GENUS = "same genus"
    FAMILY = "same family"
    ORDER = "same order"
    OTHER_ORDER = "another order"
    NOT_STATED = "not told: the card has no taxon for one of the two"
    MISSED = "an animal taken for background"
    IMAGINED = "background taken for an animal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The photographs of one order or family.

    Attributes:
        name: of the order or family.
        labels: names of the labels in it.
        photographs: how many.
        right: how many got their own label.
        right_group: how many got a label of the same order or family.
    """

    name: str
    labels: tuple[str, ...]
    photographs: int
    right: int
    right_group: int


def level(truth: Label, said: Label) -> Level:
    """At which taxonomic level an answer goes wrong.

    Args:
        truth: the photograph's label.
        said: another one.
    """
    if Role.BACKGROUND in {truth.role, said.role}:
        return Level.MISSED if said.role is Role.BACKGROUND else Level.IMAGINED
    if _shared(truth, said, "genus"):
        return Level.GENUS
    if _shared(truth, said, "family"):
        return Level.FAMILY
    if not (rank_of(truth, "order") and rank_of(said, "order")):
        return Level.NOT_STATED
    return Level.ORDER if _shared(truth, said, "order") else Level.OTHER_ORDER


def levels(labels: Sequence[Label], wrong: Iterable[tuple[int, int]]) -> dict[Level, int]:
    """How many errors fall at each level; those at which none falls are left out.

    Args:
        labels: by index.
        wrong: true index and answered index of each error.
    """
    counts = Counter(level(labels[truth], labels[said]) for truth, said in wrong)
    return {name: counts[name] for name in Level if counts[name]}


def groups(labels: Sequence[Label], answers: Iterable[tuple[int, int]], *, rank: str) -> list[Group]:
    """Accuracy per order or family, by name; labels of which the card does not tell it are left out.

    Args:
        labels: by index.
        answers: true index and answered index of each photograph.
        rank: one of `RANKS`.
    """
    pairs = [(labels[truth], labels[said]) for truth, said in answers]
    names = {name for label in labels if (name := rank_of(label, rank)) is not None}
    return [
        Group(
            name=name,
            labels=tuple(label.name for label in labels if rank_of(label, rank) == name),
            photographs=_count(pairs, name, rank, lambda _truth, _said: True),
            right=_count(pairs, name, rank, lambda truth, said: truth == said),
            right_group=_count(pairs, name, rank, lambda truth, said: rank_of(said, rank) == rank_of(truth, rank)),
        )
        for name in sorted(names)
    ]


def rank_of(label: Label, rank: str) -> str | None:
    """A label's order, family or genus, where the card tells it."""
    value: str | None = getattr(label.taxon, rank) if label.taxon is not None else None
    return value


def _shared(truth: Label, said: Label, rank: str) -> bool:
    return rank_of(truth, rank) is not None and rank_of(truth, rank) == rank_of(said, rank)


def _count(pairs: Iterable[tuple[Label, Label]], name: str, rank: str, holds: Callable[[Label, Label], bool]) -> int:
    return sum(rank_of(truth, rank) == name and holds(truth, said) for truth, said in pairs)
