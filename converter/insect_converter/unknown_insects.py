"""Photographs of insects a model does not know: half to learn or to choose from, half to report on.

Which half one is in follows from its content alone, so that whatever else lies in the folder, and however often it is
asked, a photograph that was learnt from is never reported on, nor is a copy of it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from insect_converter import evaluate, pictures, progress
from insect_converter.dataset import SUFFIXES
from insect_converter.errors import DatasetError
from insect_edge.adapters.pictures import decode_picture, read_picture_bytes
from insect_edge.card import CENTRED_SQUARE
from insect_edge.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from insect_converter.recipes import Recipe
    from insect_edge.classifier import Classifier

MINIMUM = 20
"""Photographs under which a share of them says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownOutputs:
    """What a model answered to insects it does not know, each (photographs, labels).

    Attributes:
        fitting: of the first half; None where the model has learnt from it.
        reporting: of the second half.
    """

    fitting: NDArray[np.float32] | None
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


def for_training(folder: Path | None, recipe: Recipe) -> tuple[NDArray[np.uint8], ...]:
    """What training is to see of a folder, as `to_learn` gives it; nothing where the recipe does not want it.

    Raises:
        DatasetError: as `find`.
    """
    if not recipe.learns_unknown:
        return ()
    if folder is None:
        progress.say("no photographs of unknown insects to learn from: name their folder with --unknown")
        return ()
    return to_learn(find(folder), shorter_side=recipe.shorter_side, crop=recipe.crop)


def to_learn(paths: Sequence[Path], *, shorter_side: int, crop: str = CENTRED_SQUARE) -> tuple[NDArray[np.uint8], ...]:
    """The first half, ready to be learnt from: (height, width, 3) uint8, B, G, R.

    Args:
        paths: as `find` gave them.
        shorter_side: pixels; larger ones are reduced to it.
        crop: of the input contract.
    """
    found = _half(paths, first=True, shorter_side=shorter_side, crop=crop)
    progress.say(f"{len(found)} of {len(paths)} photographs of unknown insects to learn from, under no name")
    return found


def to_report(paths: Sequence[Path], *, shorter_side: int, crop: str = CENTRED_SQUARE) -> tuple[NDArray[np.uint8], ...]:
    """The second half, which nothing is learnt from; arguments and result are those of `to_learn`."""
    return _half(paths, first=False, shorter_side=shorter_side, crop=crop)


def answer(classifier: Classifier, paths: Sequence[Path], *, learnt: bool) -> UnknownOutputs | None:
    """Ask the model about every photograph that can be read.

    Args:
        classifier: of the integer model.
        paths: as `find` gave them.
        learnt: whether the model has learnt from the first half, see `to_learn`.

    Returns:
        None where there are none, or too few could be read, which is said.
    """
    if not paths:
        return None
    answers: dict[bool, list[NDArray[np.float32]]] = {True: [], False: []}
    for stranger in _strangers(paths):
        answers[stranger.of_first_half].append(evaluate.logits_of(classifier, [stranger.pixels])[0])
    first, second = answers[True], answers[False]
    if len(first) + len(second) < MINIMUM or not first or not second:
        progress.say(
            f"only {len(first) + len(second)} photographs of unknown insects can be read, {len(second)} of them "
            "to report on: going on without them"
        )
        return None
    return UnknownOutputs(fitting=None if learnt else np.stack(first), reporting=np.stack(second))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stranger:
    pixels: NDArray[np.uint8]
    of_first_half: bool


def _half(paths: Sequence[Path], *, first: bool, shorter_side: int, crop: str) -> tuple[NDArray[np.uint8], ...]:
    return tuple(
        pictures.compact(stranger.pixels, shorter_side=shorter_side, crop=crop)
        for stranger in _strangers(paths)
        if stranger.of_first_half is first
    )


def _strangers(paths: Sequence[Path]) -> Iterator[_Stranger]:
    """What can be read; after an hour of training one broken file is no reason to stop."""
    with progress.bar(total=len(paths), description="unknown insects") as bar:
        for path in paths:
            bar.update()
            try:
                content = read_picture_bytes(path)
                pixels = decode_picture(content, name=str(path))
            except ImageError as error:
                progress.say(f"left out: {error}")
            else:
                yield _Stranger(pixels=pixels, of_first_half=hashlib.sha256(content).digest()[0] % 2 == 0)
