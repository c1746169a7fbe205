"""Sort out what cannot or should not be learnt from; nothing on the disk is touched."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from insect_converter import likeness, split
from insect_converter.errors import DatasetError
from insect_converter.prepare.findings import Finding, Kind
from insect_edge.picture_header import read_header

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from insect_converter.dataset import Dataset, Photograph
    from insect_converter.prepare.inspection import Facts, Trouble

FORMATS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".png": "PNG",
    ".gif": "GIF",
    ".bmp": "BMP",
    ".webp": "WebP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}
"""What a suffix promises."""
_HEADER_BYTES = 1 << 16
_NAMES_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """Photographs that are left, and what was found.

    Attributes:
        dataset: the photographs to use.
        findings: about these and those that are left out.
    """

    dataset: Dataset
    findings: tuple[Finding, ...]


def clean(
    dataset: Dataset, facts: Mapping[Path, Facts], troubles: Mapping[Path, Trouble], *, minimum_side: int
) -> Cleaned:
    """Leave out what cannot be read, is tiny, is there twice or contradicts itself.

    Args:
        dataset: all photographs that are on the disk.
        facts: by path, of those that can be read.
        troubles: by path, of the others.
        minimum_side: pixels; pictures whose shorter side is below it are left out.
    """
    findings, left = [], []
    for item in dataset.photographs:
        if item.path in troubles:
            findings.append(finding(dataset, item, troubles[item.path].kind, troubles[item.path].reason))
            continue
        known = facts[item.path]
        if known.format not in {"", FORMATS.get(item.path.suffix.lower(), known.format)}:
            findings.append(finding(dataset, item, Kind.WRONG_EXTENSION, f"is {known.format}"))
        if min(known.width, known.height) < minimum_side:
            findings.append(finding(dataset, item, Kind.TINY, f"{known.width}x{known.height} pixels"))
        else:
            left.append(item)
    of_content: dict[str, list[Photograph]] = {}
    for item in left:
        of_content.setdefault(facts[item.path].sha256, []).append(item)
    kept = []
    for copies in of_content.values():
        chosen, found = _one_of(dataset, copies)
        kept.extend(chosen)
        findings.extend(found)
    return Cleaned(dataset=replace(dataset, photographs=_ordered(kept)), findings=tuple(findings))


def grouped(dataset: Dataset, facts: Mapping[Path, Facts]) -> Cleaned:
    """Give near-duplicates and named groups that hang together one name, so that nobody has to find them again.

    Where the data came divided, photographs of training that show what lies in test or validation are left out.
    """
    near = likeness.alike([facts[item.path] for item in dataset.photographs])
    leaks = split.leaks(dataset.photographs, near=near)
    findings = [
        finding(
            dataset,
            dataset.photographs[position],
            Kind.SHOWN_IN_HELD_BACK,
            f"given to {dataset.photographs[position].split}, alike: {dataset.photographs[held].name}",
        )
        for position, held in leaks.items()
    ]
    kept = [item if position not in leaks else None for position, item in enumerate(dataset.photographs)]
    alike: dict[int, list[Photograph]] = {}
    for item, first in zip(kept, near, strict=True):
        if item is not None:
            alike.setdefault(first, []).append(item)
    findings += [found for members in alike.values() if len(members) > 1 for found in _alike(dataset, members)]
    named = [
        replace(item, group=_group_name(members, facts))
        for members in likeness.groups(kept, near=near)
        for item in members
    ]
    return Cleaned(dataset=replace(dataset, photographs=_ordered(named)), findings=tuple(findings))


def strangers(paths: Iterable[Path]) -> list[Finding]:
    """Findings about files that are not called like pictures; those that are pictures inside are told."""
    found = []
    for path in paths:
        try:
            with path.open("rb") as file:
                header = read_header(file.read(_HEADER_BYTES))
        except OSError:
            header = None
        detail = f"is {header.format} inside: give it that ending" if header else ""
        found.append(Finding(kind=Kind.NOT_CALLED_A_PICTURE, name="", label="", path=path, detail=detail))
    return found


def refuse_same_names(dataset: Dataset) -> None:
    """Make sure that each name means one photograph.

    Raises:
        DatasetError: when two files of different content have one name.
    """
    names: set[str] = set()
    for item in dataset.photographs:
        if item.name in names:
            raise DatasetError(f"{item.path}: another photograph is called {item.name}, too: correct the list")
        names.add(item.name)


def finding(dataset: Dataset, item: Photograph, kind: Kind, detail: str) -> Finding:
    """A finding about a photograph of a dataset."""
    return Finding(kind=kind, name=item.name, label=dataset.labels[item.label], path=item.path, detail=detail)


def _one_of(dataset: Dataset, copies: Sequence[Photograph]) -> tuple[list[Photograph], list[Finding]]:
    """Of the same file several times: the one furthest from training, or none where the labels differ."""
    first, *others = sorted(copies, key=lambda item: (split.nearness(item), item.name))
    labels = sorted({dataset.labels[item.label] for item in copies})
    if len(labels) == 1:
        return [first], [_second(dataset, item, first) for item in others]
    detail = f"as {' and '.join(labels)}: {_names(copies)}"
    return [], [finding(dataset, item, Kind.TWO_LABELS, detail) for item in (first, *others)]


def _second(dataset: Dataset, item: Photograph, kept: Photograph) -> Finding:
    """A copy: by itself a waste, but where the data came divided between the two it would be learnt by heart."""
    torn = None not in {item.split, kept.split} and item.split is not kept.split
    if torn:
        return finding(dataset, item, Kind.SHOWN_IN_HELD_BACK, f"given to {item.split}, the same file as {kept.name}")
    return finding(dataset, item, Kind.EXACT_DUPLICATE, f"the same file as {kept.name}")


def _alike(dataset: Dataset, members: Sequence[Photograph]) -> list[Finding]:
    kind = Kind.NEAR_DUPLICATE if len({item.label for item in members}) == 1 else Kind.ALIKE_TWO_LABELS
    return [finding(dataset, item, kind, f"alike: {_names(members)}") for item in members]


def _names(items: Sequence[Photograph]) -> str:
    shown = ", ".join(item.name for item in items[:_NAMES_SHOWN])
    return shown if len(items) <= _NAMES_SHOWN else f"{shown} and {len(items) - _NAMES_SHOWN} more"


def _group_name(members: Sequence[Photograph], facts: Mapping[Path, Facts]) -> str | None:
    names = sorted({item.group for item in members if item.group is not None})
    if names:
        return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    return f"alike-{min(facts[item.path].sha256 for item in members)[:12]}" if len(members) > 1 else None


def _ordered(items: Iterable[Photograph]) -> tuple[Photograph, ...]:
    return tuple(sorted(items, key=lambda item: (item.label, item.name)))
