"""Photographs of insects a model does not know: half to choose the rejection score by, half to report on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from insect_converter import evaluate, progress
from insect_converter.dataset import SUFFIXES
from insect_converter.errors import DatasetError
from insect_edge.adapters.pictures import read_picture
from insect_edge.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from insect_edge.classifier import Classifier

MINIMUM = 20
"""Photographs under which a share of them says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownOutputs:
    """What a model answered to insects it does not know, each (photographs, labels)."""

    fitting: NDArray[np.float32]
    reporting: NDArray[np.float32]


def find(folder: Path | None) -> tuple[Path, ...]:
    """The photographs in a folder and its subfolders, whatever those are called; none for no folder.

    Raises:
        DatasetError: when there is no such folder, or too few photographs are in it.
    """
    if folder is None:
        return ()
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder: name the one with photographs of unknown insects")
    # A name that begins with a dot is a file manager's or an archive's, not a photograph's.
    files = (path for path in folder.rglob("[!.]*") if path.suffix.lower() in SUFFIXES and path.is_file())
    found = tuple(sorted(files))
    if len(found) < MINIMUM:
        raise DatasetError(
            f"{folder}: {len(found)} photographs of unknown insects, at least {MINIMUM} are needed: add some"
        )
    return found


def answer(classifier: Classifier, paths: Sequence[Path], *, seed: int) -> UnknownOutputs | None:
    """Ask the model about every photograph that can be read.

    Args:
        classifier: of the integer model.
        paths: as `find` gave them.
        seed: of the division; each folder is divided evenly.

    Returns:
        None where there are none, or too few could be read, which is said.
    """
    if not paths:
        return None
    readable: list[Path] = []
    with progress.bar(total=len(paths), description="unknown insects") as bar:
        rows = [evaluate.logits_of(classifier, [picture])[0] for picture in _pictures(paths, readable, bar=bar)]
    if len(rows) < MINIMUM:
        progress.say(f"only {len(rows)} photographs of unknown insects can be read: going on without them")
        return None
    first, logits = _first_halves(readable, seed=seed), np.stack(rows)
    return UnknownOutputs(fitting=logits[first], reporting=logits[~first])


def _pictures(paths: Sequence[Path], readable: list[Path], *, bar: Any) -> Iterator[NDArray[np.uint8]]:
    """What can be read, noted in `readable`; after an hour of training one broken file is no reason to stop."""
    for path in paths:
        bar.update()
        try:
            picture = read_picture(path)
        except ImageError as error:
            progress.say(f"left out: {error}")
        else:
            readable.append(path)
            yield picture


def _first_halves(paths: Sequence[Path], *, seed: int) -> NDArray[np.bool_]:
    """Which photographs are of the first half: every second of each folder, after shuffling."""
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(paths))
    folders = sorted(order, key=lambda position: str(paths[position].parent))
    first = np.zeros(len(paths), dtype=np.bool_)
    first[folders[::2]] = True
    return first
