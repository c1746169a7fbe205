"""The job of `insect-converter suspects`: from photographs to a ranked list and a page of thumbnails."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from insect_converter import dataset, progress
from insect_converter.errors import DatasetError
from insect_converter.likeness import joined, near_duplicates
from insect_converter.suspects import files, folds, listing, look, page, ranking
from insect_converter.suspects.store import FeatureStore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from insect_converter.dataset import Dataset
    from insect_converter.suspects.listing import Row
    from insect_converter.suspects.look import Backbone, Seen

LIST_FILE = "suspects.csv"
LEAVE_OUT_FILE = "leave_out.csv"
PAGE_FILE = "suspects.html"
FEATURES_FILE = "features.npz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user asked for; see the command's help."""

    data: Path
    background: Path | None
    backbone_weights: Path | None
    folds: int
    seed: int
    show: int
    out: Path
    force: bool


def run(options: Options) -> None:
    """Photographs to `suspects.csv`, `leave_out.csv` and `suspects.html`; the photographs stay as they are.

    Raises:
        InsectEdgeError: with one line that says what to do.
        OSError: when the disk refuses.
    """
    _refuse_existing(options)
    found = dataset.read(options.data, background=options.background)
    for label, count in found.counts().items():
        folds.refuse_few(label, count, what="photographs", folds=options.folds)
    key = look.key_of(options.backbone_weights)
    _make_place(options.out)
    store = FeatureStore(options.out / FEATURES_FILE, key=key)
    seen = _see(found, look.pretrained(options.backbone_weights), store)
    suspects = _rank(seen, found.labels, options)
    rows = listing.rows(suspects, seen.photographs, found.labels)
    with progress.bar(total=min(options.show, len(rows)), description="thumbnails") as bar:
        tiles = page.thumbnails(rows[: options.show], on_each=bar.update)
    counted = [row for row in rows if row.counted]
    counts = dataset.Dataset(labels=found.labels, photographs=tuple(seen.photographs)).counts()
    _write(options.out / LIST_FILE, listing.to_csv(rows))
    _write(options.out / LEAVE_OUT_FILE, listing.to_csv(counted))
    _write(options.out / PAGE_FILE, page.render(tiles, rows=rows, photographs=counts))
    _tell(rows, counted, photographs=len(seen.photographs), out=options.out)


def _refuse_existing(options: Options) -> None:
    """What is there may have been gone through by hand."""
    for name in () if options.force else (LIST_FILE, LEAVE_OUT_FILE, PAGE_FILE):
        if os.path.lexists(options.out / name):
            raise DatasetError(
                f"{options.out / name}: is there already, from an earlier run: name another folder, "
                "or say --force to write it anew"
            )


def _make_place(folder: Path) -> None:
    """Find out that nothing can be written before the long work, not after it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryDirectory(prefix=".suspects-", dir=folder).cleanup()
    except OSError as error:
        reason = error.strerror or error
        raise DatasetError(f"{folder}: cannot be written ({reason}): make room or name another folder") from error


def _see(found: Dataset, backbone: Backbone, store: FeatureStore) -> Seen:
    with progress.bar(total=len(found.photographs), description="features") as bar:
        seen = look.see(found.photographs, backbone=backbone, store=store, on_each=bar.update)
    for reason in seen.unreadable.values():
        progress.say(f"left out: {reason}")
    progress.say(f"{len(seen.photographs)} photographs; {len(seen.unreadable)} unreadable left out")
    return seen


def _rank(seen: Seen, labels: Sequence[str], options: Options) -> list[ranking.Suspect]:
    given = [photograph.label for photograph in seen.photographs]
    near = near_duplicates([features.difference_hash for features in seen.features])
    groups = joined(near=near, names=[photograph.group for photograph in seen.photographs])
    divided = folds.divide(given, groups, names=labels, folds=options.folds, seed=options.seed)
    with progress.bar(total=len(divided), description="folds") as bar:
        scores = folds.out_of_fold(seen.vectors(), given, divided, on_each=bar.update)
    right = sum(row.argmax() == label for row, label in zip(scores, given, strict=True))
    progress.say(f"out of fold, {right / len(given):.1%} of the photographs get the label they have")
    return ranking.rank(scores, given)


def _write(path: Path, text: str) -> None:
    with files.whole(path) as file:
        file.write(text.encode())


def _tell(rows: Sequence[Row], counted: Sequence[Row], *, photographs: int, out: Path) -> None:
    progress.say(
        f"{len(rows)} of {photographs} photographs look like another class; "
        f"confident learning estimates {len(counted)} to be mislabelled"
    )
    progress.say(f"wrote {out / PAGE_FILE}: look through it, then train with --leave-out {out / LEAVE_OUT_FILE}")
