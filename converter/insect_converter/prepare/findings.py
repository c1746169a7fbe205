"""What cleaning found: kinds, one finding a photograph, and the list of them as a file."""

from __future__ import annotations

import csv
import enum
import io
import os
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

COLUMNS = ("kind", "kept", "name", "label", "path", "detail")


class Kind(enum.StrEnum):
    """What may be the matter with a photograph."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    TRUNCATED = "truncated"
    WRONG_EXTENSION = "wrong extension"
    NOT_CALLED_A_PICTURE = "not called a picture"
    TINY = "tiny"
    EXACT_DUPLICATE = "exact duplicate"
    TWO_LABELS = "same picture under two labels"
    ALIKE_TWO_LABELS = "near-duplicate under two labels"
    NEAR_DUPLICATE = "near-duplicate"
    SHOWN_IN_HELD_BACK = "shows what is held back"
    CLASS_TOO_SMALL = "class too small"
    CLASS_TOO_LARGE = "class too large"


WHAT_IS_DONE = {
    Kind.MISSING: "left out",
    Kind.UNREADABLE: "left out",
    Kind.TRUNCATED: "left out",
    Kind.WRONG_EXTENSION: "kept: the content counts",
    Kind.NOT_CALLED_A_PICTURE: "passed over",
    Kind.TINY: "left out",
    Kind.EXACT_DUPLICATE: "left out, one of each is kept",
    Kind.TWO_LABELS: "left out under both, since one is wrong",
    Kind.ALIKE_TWO_LABELS: "kept in one part: look at them",
    Kind.NEAR_DUPLICATE: "kept in one part",
    Kind.SHOWN_IN_HELD_BACK: "left out: the data came divided",
    Kind.CLASS_TOO_SMALL: "left out with the class",
    Kind.CLASS_TOO_LARGE: "left out by lot",
}
"""Nothing is ever deleted: what is left out is only not in the list."""
KEPT = frozenset({Kind.WRONG_EXTENSION, Kind.ALIKE_TWO_LABELS, Kind.NEAR_DUPLICATE})
"""Kinds whose photographs are in the manifest all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing about one photograph.

    Attributes:
        kind: what.
        name: the photograph's, as in the manifest; empty for a file that was no photograph.
        label: its class; empty for the same.
        path: where it lies.
        detail: why, or which other photographs are concerned.
    """

    kind: Kind
    name: str
    label: str
    path: Path
    detail: str


def lines(findings: Sequence[Finding]) -> list[str]:
    """A line a kind that occurs: how many, and what was done with them."""
    counts = Counter(finding.kind for finding in findings)
    return [f"{counts[kind]:>7,} {kind}, {WHAT_IS_DONE[kind]}" for kind in Kind if counts[kind]]


def to_csv(findings: Sequence[Finding], *, kept: frozenset[str]) -> bytes:
    """All findings by kind, then name.

    Args:
        findings: in any order.
        kept: names of the photographs that are in the manifest.
    """
    order = {kind: number for number, kind in enumerate(Kind)}
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for finding in sorted(findings, key=lambda finding: (order[finding.kind], finding.name, str(finding.path))):
        is_kept = "yes" if finding.kind in KEPT and finding.name in kept else "no"
        writer.writerow((finding.kind.value, is_kept, finding.name, finding.label, finding.path, finding.detail))
    # Paths that are no UTF-8 keep their bytes.
    return os.fsencode(buffer.getvalue())
