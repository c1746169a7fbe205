"""Looking again, closer and from farther away: what tells an animal from a chance likeness. Pure.

Who looks at a hundred parts of a picture sees an animal in one of them by chance: a model that errs in one picture of
a thousand then errs in one of ten. A likeness seldom survives another look from nearer or farther, while an animal
does. So nothing is named by one look among many: the model's answers to several are averaged, and the mean
must be surer than a single look at a picture has to be.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from insect_edge.domain import UNKNOWN, Region, Role, Verdict
from insect_edge.regions.merge import intersection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from insect_edge.domain import Classification

ZOOMS = (1.0, 0.75, 1.3)
"""Sides of the squares that are looked at, in sides of the first."""
CANDIDATES = 3
"""How many places of one picture are looked at again."""
APART = 0.2
"""Places that share more of the smaller one are one place."""
FILLING = 0.85
"""Presence from which on an animal may fill the picture, although nobody can say which."""
NOTHING = 0.3
"""Presence below which there is no part of an animal, either."""
WORTH_ANOTHER = 0.5
"""Presence from which on a place is looked at again."""
PRESENCE = 0.99
"""What the mean of several looks must come to before it is an animal."""
NAME = 0.7
"""And the best label's score, before it is that label's name."""
SCORE = 0.9
"""The same of the best label's score, of a model whose card does not say how to tell an animal from none."""


def presence(seen: Classification) -> float:
    """How sure the model is that any animal is there, in [0, 1], whether or not its card says how to tell."""
    if seen.evidence is not None:
        return seen.evidence.presence
    best = seen.categories[0]
    return 1 - best.score if best.label.role is Role.BACKGROUND else best.score


def named(seen: Classification) -> bool:
    """Whether the verdict is a label's."""
    return seen.verdict is not None and seen.verdict.role is not Role.UNKNOWN


def small(animal: Region, whole: Classification, parts: Sequence[Classification]) -> bool:
    """Whether an animal is a small one in a wide picture, and not a leg or a wing of one that fills it.

    Where the whole does not show an animal it is; else it is when nothing is to be seen in the parts without it.

    Args:
        animal: where it is.
        whole: the look at the whole picture.
        parts: looks at tiles that cover the picture.
    """
    if presence(whole) < FILLING:
        return True
    return all(presence(part) < NOTHING for part in parts if intersection(part.region, animal) == 0)


def sure(seen: Classification) -> bool:
    """Whether several looks together are an animal, named or not, although there were many places to look at."""
    if seen.verdict is None:
        return False
    return seen.categories[0].score >= SCORE if seen.evidence is None else seen.evidence.presence >= PRESENCE


def careful(seen: Classification) -> Classification:
    """The same with its name withheld where it is not clear enough for one of many places: an animal, but unknown."""
    if seen.evidence is None or not named(seen) or seen.categories[0].score >= NAME:
        return seen
    unknown = Verdict(label=UNKNOWN, role=Role.UNKNOWN, score=seen.evidence.presence, threshold=PRESENCE)
    return replace(seen, verdict=unknown)


def candidates(looked: Sequence[Classification], *, most: int) -> list[Classification]:
    """The places most like an animal's, each once, the likeliest first."""
    kept: list[Classification] = []
    for seen in sorted(looked, key=presence, reverse=True):
        if len(kept) == most or presence(seen) < WORTH_ANOTHER:
            break
        if not any(_one_place(seen.region, other.region) for other in kept):
            kept.append(seen)
    return kept


def centred(seen: Classification, looked: Sequence[Classification], *, frame_width: int, frame_height: int) -> Region:
    """The square of a look moved to where the animal is, as far as the looks that overlap it tell.

    Args:
        seen: one of `looked`.
        looked: squares of several sizes; those of the same size count, each by its presence.
        frame_width: in pixels.
        frame_height: in pixels.
    """
    region = seen.region
    near = [other for other in looked if other.region.width == region.width and _one_place(region, other.region)]
    total = sum(presence(other) for other in near)
    x, y = (
        sum(presence(other) * at for other, at in zip(near, corners, strict=True)) / total
        for corners in ([other.region.x for other in near], [other.region.y for other in near])
    )
    moved = Region(x=min(x, 1 - region.width), y=min(y, 1 - region.height), width=region.width, height=region.height)
    return resized(moved, 1.0, frame_width=frame_width, frame_height=frame_height)


def around(region: Region, *, frame_width: int, frame_height: int) -> tuple[Region, ...]:
    """The squares about the middle of a square one that are looked at together, itself first, each once."""
    views = (resized(region, factor, frame_width=frame_width, frame_height=frame_height) for factor in ZOOMS[1:])
    return tuple(dict.fromkeys((region, *views)))


def resized(region: Region, factor: float, *, frame_width: int, frame_height: int) -> Region:
    """A square about the same middle with its sides so many times as long, moved to lie inside the frame."""
    side = round(min(max(region.width * frame_width * factor, 1), frame_width, frame_height))
    left = (region.x + region.width / 2) * frame_width - side / 2
    top = (region.y + region.height / 2) * frame_height - side / 2
    left, top = (min(max(at, 0), room - side) for at, room in ((left, frame_width), (top, frame_height)))
    return Region(x=left / frame_width, y=top / frame_height, width=side / frame_width, height=side / frame_height)


def _one_place(one: Region, other: Region) -> bool:
    smaller = min(one.width * one.height, other.width * other.height)
    return intersection(one, other) > APART * smaller
