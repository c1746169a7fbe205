"""What is said of a picture: for people, and as JSON for programs. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from insect_edge.domain import UNKNOWN, Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from insect_edge.domain import Category, Classification, Evidence, Region, Verdict
    from insect_edge.regions.pictures import Picture
    from insect_edge.sightings import Sighting

_DECIMALS = 6
"""Of a fraction of the picture: far below a pixel."""


def line(source: str, model_id: str, classification: Classification) -> str:
    """One JSON object."""
    # Escaped, it can be written whatever the terminal's encoding is and whatever bytes a file is called by.
    return json.dumps(_object(source, model_id, classification, inference_ms=classification.inference_ms))


def line_of_regions(source: str, model_id: str, picture: Picture) -> str:
    """The same with everything that was found on the picture; the first keys are the picture's own answer."""
    answer = _object(source, model_id, picture.answer, inference_ms=picture.inference_ms)
    found = {
        "mode": picture.mode,
        "looks": picture.looks,
        "skipped": picture.skipped,
        "region": _region(picture.answer.region),
        "regions": [_sighting(sighting) for sighting in picture.sightings],
    }
    return json.dumps(answer | found)


def block(source: str, classification: Classification) -> str:
    """For people: verdict, table, time."""
    head = f"{source}: {_said(classification)}  ({classification.inference_ms:.1f} ms inference)"
    return "\n".join([head, *_table(classification.categories), ""])


def block_of_regions(source: str, picture: Picture) -> str:
    """The same, and the animals found, with where they are."""
    head = f"{source}: {_said(picture.answer)}  ({_looks(picture.looks)}, {picture.inference_ms:.1f} ms inference)"
    return "\n".join([head, *_table(picture.answer.categories), *_found(picture), ""])


def _looks(count: int) -> str:
    return "1 look" if count == 1 else f"{count} looks"


def _found(picture: Picture) -> list[str]:
    animals = [
        (seen.verdict, sighting.proposal.region)
        for sighting in picture.sightings
        if (seen := sighting.classification) is not None and seen.verdict is not None
    ]
    named = sum(verdict.role is not Role.UNKNOWN for verdict, _ in animals)
    rest = f", {picture.skipped} not looked at" if picture.skipped else ""
    nothing = len(picture.sightings) - len(animals)
    summary = f"  regions: {named} named, {len(animals) - named} unknown, {nothing} without a verdict{rest}"
    if not animals:
        return [summary]
    width = max(len("label"), *(len(verdict.label) for verdict, _ in animals))
    title = f"  {'':>4}  {'label':<{width}}  score      x      y  width  height"
    return [summary, title, *(_row(rank, *animal, width=width) for rank, animal in enumerate(animals, start=1))]


def _row(rank: int, verdict: Verdict, region: Region, *, width: int) -> str:
    where = f"{region.x:5.3f}  {region.y:5.3f}  {region.width:5.3f}   {region.height:5.3f}"
    return f"  {rank:>4}  {verdict.label:<{width}}  {verdict.score:5.3f}  {where}"


def _table(categories: Sequence[Category]) -> list[str]:
    width = max(len("label"), *(len(category.label.name) for category in categories))
    rows = [
        f"  {rank:>4}  {category.label.name:<{width}}  {category.score:5.3f}"
        for rank, category in enumerate(categories, start=1)
    ]
    return [f"  {'rank':>4}  {'label':<{width}}  score", *rows]


def _said(classification: Classification) -> str:
    verdict = classification.verdict
    if verdict is None:
        return "no verdict"
    if verdict.label == UNKNOWN:
        return "something unknown"
    return f"{verdict.label} ({verdict.role})" if verdict.role else verdict.label


def _object(source: str, model_id: str, classification: Classification, *, inference_ms: float) -> dict[str, Any]:
    head = {"source": source, "model_id": model_id, "inference_ms": round(inference_ms, 3)}
    return head | _judged(classification)


def _sighting(sighting: Sighting) -> dict[str, Any]:
    proposal, seen = sighting.proposal, sighting.classification
    where = {
        "region": _region(proposal.region),
        "origin": proposal.origin,
        "strength": round(proposal.strength, _DECIMALS),
    }
    if seen is None:
        return {**where, "shown": None, "verdict": None, "categories": []}
    return {**where, "shown": _region(seen.region), **_judged(seen)}


def _judged(classification: Classification) -> dict[str, Any]:
    verdict = classification.verdict
    return {
        "verdict": {
            "label": verdict.label,
            "role": verdict.role,
            "score": round(verdict.score, 6),
            "threshold": verdict.threshold,
        }
        if verdict
        else None,
        **({"evidence": _evidence(evidence)} if (evidence := classification.evidence) else {}),
        "categories": [_category(category) for category in classification.categories],
    }


def _evidence(evidence: Evidence) -> dict[str, float]:
    return {"presence": round(evidence.presence, 6), "familiarity": round(evidence.familiarity, 4)}


def _category(category: Category) -> dict[str, Any]:
    label, taxon = category.label, category.label.taxon
    return {
        "index": label.index,
        "label": label.name,
        "score": round(category.score, 6),
        "role": label.role,
        "taxon": {"order": taxon.order, "family": taxon.family, "genus": taxon.genus} if taxon else None,
    }


def _region(region: Region) -> dict[str, float]:
    names = ("x", "y", "width", "height")
    return {name: round(getattr(region, name), _DECIMALS) for name in names}
