"""What the user sees at the end: classes, counts and the split in percent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from insect_converter.parts import Part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from insect_converter.split import Split

ORDER = (Part.TRAIN, Part.TEST, Part.VALIDATION)
"""In which parts are asked for and shown."""
_BAR = 24


def counts(split: Split, labels: Sequence[str]) -> dict[str, dict[Part, int]]:
    """Photographs per class and part."""
    table = {label: dict.fromkeys(ORDER, 0) for label in labels}
    for part in ORDER:
        for photograph in split.part(part):
            table[labels[photograph.label]][part] += 1
    return table


def table(numbers: Mapping[str, Mapping[Part, int]]) -> list[str]:
    """A line a class, the largest first, with a bar; then all together."""
    totals = {label: sum(row.values()) for label, row in numbers.items()}
    width = max(len("class"), *map(len, numbers))
    lines = [f"{'class':<{width}}  {'total':>7}" + "".join(f"{part.value:>12}" for part in ORDER)]
    for label in sorted(totals, key=lambda label: (-totals[label], label)):
        bar = "█" * max(1, round(_BAR * totals[label] / max(totals.values())))
        lines.append(_row(label, numbers[label], width=width) + f"  {bar}")
    whole = {part: sum(row[part] for row in numbers.values()) for part in ORDER}
    return [*lines, _row("all", whole, width=width)]


def shares(numbers: Mapping[str, Mapping[Part, int]], *, asked: str) -> str:
    """The split in percent beside what was asked for."""
    whole = {part: sum(row[part] for row in numbers.values()) for part in ORDER}
    total = sum(whole.values())
    got = ", ".join(f"{part.value} {100 * whole[part] / total:.1f} %" for part in ORDER)
    return f"split: {got} ({asked})"


def _row(name: str, row: Mapping[Part, int], *, width: int) -> str:
    return f"{name:<{width}}  {sum(row.values()):>7,}" + "".join(f"{row[part]:>12,}" for part in ORDER)
