"""The sections with photographs: which ones are shown, and what is said below each."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from insect_converter.report import thumbnails, uniqueness
from insect_converter.report.section import Section
from insect_converter.split import Part

if TYPE_CHECKING:
    from insect_converter.dataset import Photograph
    from insect_converter.report.findings import Findings, Look
    from insect_converter.report.measured import Answers
    from insect_converter.report.thumbnails import Thumbnail
    from insect_converter.report.uniqueness import Pair

NO_FLOAT = (
    "This needs the float model, which training kept in its run: name the run with --run, or the file with --float."
)
_SIDE, _LARGE_SIDE = 112, 168
_SAMPLES, _LEAST_SAMPLES, _ALL_SAMPLES = 6, 2, 160
_MISTAKES = 20
_FLIPS = 10
_UNUSUAL, _TORN, _REPEATED = 10, 6, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A photograph and what was answered.

    Attributes:
        picture: small.
        name: of the photograph.
        truth: its label's name.
        said: the answer's; None where nothing was asked.
        score: of the answer.
        part: what it was used for; None for a test photograph.
    """

    picture: Thumbnail
    name: str
    truth: str
    said: str | None = None
    score: float | None = None
    part: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """A photograph to which both forms of the model give different answers."""

    shown: Shown
    floating: str
    floating_score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Where the model looked, as the page shows it; `truth` is None where the answer is right."""

    shown: Shown
    said: Thumbnail
    truth: Thumbnail | None


def samples(findings: Findings) -> Section:
    """Some photographs of each label, by a hash of their names: neither the best nor the worst."""
    part = Part.TRAIN if findings.found.parts[Part.TRAIN] else Part.TEST
    each = max(_LEAST_SAMPLES, min(_SAMPLES, _ALL_SAMPLES // len(findings.labels)))
    rows = []
    for label in findings.labels:
        own = [photograph for photograph in findings.found.parts[part] if photograph.label == label.index]
        chosen = sorted(own, key=_rank)[:each]
        rows.append((label, [_shown(findings, photograph, side=_SIDE) for photograph in chosen]))
    return Section(key="samples", title="What it was shown", content={"rows": rows, "trained": part is Part.TRAIN})


def mistakes(findings: Findings) -> Section:
    """The wrong answers with the highest scores."""
    answers = findings.answers
    positions = worst(answers)
    if not positions:
        return Section.without("mistakes", "Its worst mistakes", "There is none: every test photograph got its label.")
    return Section(
        key="mistakes",
        title="Its worst mistakes",
        content={
            "shown": [_answered(findings, position) for position in positions[:_MISTAKES]],
            "all": len(positions),
        },
    )


def looks(findings: Findings) -> Section:
    """Where the model looked, for some right and some wrong answers."""
    title = "Where it looks"
    if findings.learnt is None:
        return Section.without("looks", title, NO_FLOAT)
    if findings.learnt.looks is None:
        return Section.without("looks", title, " ".join(findings.learnt.reasons))
    seen = [_seen(findings, look) for look in findings.learnt.looks]
    return Section(
        key="looks",
        title=title,
        content={
            "right": [one for one in seen if one.truth is None],
            "wrong": [one for one in seen if one.truth is not None],
        },
    )


def flips(findings: Findings) -> Section:
    """What integer arithmetic changed."""
    title = "What int8 changed"
    if not findings.integer:
        return Section.without(
            "flips",
            title,
            "This page is about a run, which has no integer model yet: `insect-converter export` makes it.",
        )
    if findings.learnt is None:
        return Section.without("flips", title, NO_FLOAT)
    integer, floating = findings.answers, findings.learnt.floating
    different = np.flatnonzero(integer.said != floating.said)
    ordered = sorted(different.tolist(), key=lambda position: -float(integer.best[position]))
    return Section(
        key="flips",
        title=title,
        content={
            "flips": [_flip(findings, floating, position) for position in ordered[:_FLIPS]],
            "all": len(ordered),
            "of": len(integer.truth),
            "lost": int((floating.right & ~integer.right).sum()),
            "won": int((integer.right & ~floating.right).sum()),
            "float_right": int(floating.right.sum()),
            "int8_right": int(integer.right.sum()),
            "drift": float(np.abs(integer.best - floating.best).mean()),
        },
    )


def unusual(findings: Findings) -> Section:
    """The photographs farthest from all others, and those that are nearly the same."""
    title = "Unlike all others, and twice the same"
    if findings.learnt is None:
        return Section.without("unusual", title, NO_FLOAT)
    neighbours = findings.learnt.neighbours
    if neighbours is None:
        return Section.without("unusual", title, " ".join(findings.learnt.reasons))
    every = findings.found.every
    # Pictures of anything at all are all unlike each other: they would crowd the odd animals out.
    animals = [number for number, (_, one) in enumerate(every) if one.label not in findings.background]
    pairs = uniqueness.repeated(neighbours)
    torn = [pair for pair in pairs if _torn(findings, pair)]
    return Section(
        key="unusual",
        title=title,
        content={
            "unusual": [
                (_filed(findings, position), float(neighbours.distance[position]))
                for position in uniqueness.unusual(neighbours, among=animals, count=_UNUSUAL)
            ],
            "torn": [_paired(findings, pair) for pair in torn[:_TORN]],
            "repeated": [_paired(findings, pair) for pair in pairs if pair not in torn][:_REPEATED],
            "of": len(every),
        },
    )


def worst(answers: Answers) -> list[int]:
    """Positions of the wrong answers, the surest first."""
    wrong = np.flatnonzero(~answers.right)
    return [int(position) for position in wrong[np.argsort(-answers.best[wrong], kind="stable")]]


def worth_a_look(answers: Answers, *, each: int) -> list[int]:
    """Positions for Grad-CAM: the surest right answer of each of the weakest labels, then the worst mistakes.

    Args:
        answers: to the test photographs.
        each: how many right and how many wrong ones, at most.
    """
    surest: dict[int, int] = {}
    for position in np.argsort(-answers.best, kind="stable").tolist():
        if answers.right[position]:
            surest.setdefault(int(answers.truth[position]), position)

    def recall(label: int) -> float:
        return float(answers.right[answers.truth == label].mean())

    right = [surest[label] for label in sorted(surest, key=lambda label: (recall(label), label))]
    return right[:each] + worst(answers)[:each]


def _seen(findings: Findings, look: Look) -> Seen:
    shown = _answered(findings, look.position)
    drawn = thumbnails.of_pixels(look.view, side=_LARGE_SIDE, says=f"{shown.truth}, as the model sees it")
    return Seen(
        shown=Shown(picture=drawn, name=shown.name, truth=shown.truth, said=shown.said, score=shown.score),
        said=thumbnails.of_pixels(look.said, side=_LARGE_SIDE, says=f"where the model looked for {shown.said}"),
        truth=None
        if look.truth is None
        else thumbnails.of_pixels(look.truth, side=_LARGE_SIDE, says=f"where the model looked for {shown.truth}"),
    )


def _flip(findings: Findings, floating: Answers, position: int) -> Flip:
    return Flip(
        shown=_answered(findings, position),
        floating=findings.names[int(floating.said[position])],
        floating_score=float(floating.best[position]),
    )


def _answered(findings: Findings, position: int) -> Shown:
    answers, photograph = findings.answers, findings.found.test[position]
    truth, said = findings.names[photograph.label], findings.names[int(answers.said[position])]
    return Shown(
        picture=thumbnails.of_file(photograph.path, side=_LARGE_SIDE, says=f"photograph of {truth}, called {said}"),
        name=photograph.name,
        truth=truth,
        said=said,
        score=float(answers.best[position]),
    )


def _torn(findings: Findings, pair: Pair) -> bool:
    """Whether two photographs differ in what they are used for, or in their label."""
    (one, first), (other, second) = findings.found.every[pair.first], findings.found.every[pair.second]
    return one is not other or first.label != second.label


def _paired(findings: Findings, pair: Pair) -> tuple[Shown, Shown, float]:
    return _filed(findings, pair.first), _filed(findings, pair.second), pair.distance


def _filed(findings: Findings, position: int) -> Shown:
    part, photograph = findings.found.every[position]
    return _shown(findings, photograph, side=_LARGE_SIDE, part=part.value)


def _shown(findings: Findings, photograph: Photograph, *, side: int, part: str | None = None) -> Shown:
    truth = findings.names[photograph.label]
    picture = thumbnails.of_file(photograph.path, side=side, says=f"photograph of {truth}")
    return Shown(picture=picture, name=photograph.name, truth=truth, part=part)


def _rank(photograph: Photograph) -> str:
    return hashlib.sha256(photograph.name.encode("utf-8", "surrogateescape")).hexdigest()
