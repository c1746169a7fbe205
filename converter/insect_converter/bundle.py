"""Write a model bundle so that it is there whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from insect_edge import card as cards
from insect_edge import golden, model_bundle
from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.classifier import Classifier
from insect_edge.domain import Role
from insect_edge.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from insect_edge.domain import Classification

_WIDTH, _HEIGHT = 200, 150
_SEEDS = range(1, 65)


def choose_golden(classifier: Classifier, other: Classifier) -> cards.Golden:
    """Pick the drawn picture that tells a working model best from a broken one.

    Among many it is one that gets a label other than the background (what a broken model would answer to everything)
    with a score that hardly moves between two renderings of the same model: the integer and the float one.
    """

    def answers(seed: int) -> tuple[Classification, Classification]:
        picture = golden.draw(seed=seed, width=_WIDTH, height=_HEIGHT)
        return classifier.classify_pixels(picture), other.classify_pixels(picture)

    def merit(seed: int) -> tuple[bool, float]:
        integer, floating = (answer.categories[0] for answer in answers(seed))
        steady = integer.score - 3 * abs(integer.score - floating.score)
        same = integer.label.index == floating.label.index
        return integer.label.role is not Role.BACKGROUND and same and steady > 0, steady if same else -1.0

    seed = max(_SEEDS, key=merit)
    best = answers(seed)[0].categories[0]
    return cards.Golden(seed=seed, width=_WIDTH, height=_HEIGHT, index=best.label.index, score=round(best.score, 4))


def write(folder: Path, *, content: bytes, card: cards.ModelCard, extra: Mapping[str, str]) -> None:
    """Write, verify and put in place.

    Args:
        folder: must not exist; its parent is made.
        content: of the `.tflite`.
        card: with its golden vector; the hash is filled in here.
        extra: further text files by name.

    Raises:
        ModelError: when the folder exists, cannot be written, or what was written does not verify.
    """
    check_place(folder)
    card = replace(card, sha256=hashlib.sha256(content).hexdigest())
    with _told(folder), tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        # One below, since the scratch folder itself has to stay for its own removal.
        whole = Path(scratch) / folder.name
        whole.mkdir()
        _write_synced(whole / model_bundle.MODEL_FILE, content)
        _write_labels(whole / model_bundle.LABELS_FILE, tuple(label.name for label in card.labels))
        for name, text in {model_bundle.CARD_FILE: cards.to_json(card), **extra}.items():
            _write_synced(whole / name, text.encode())
        _verify(whole)
        _sync_folder(whole)
        # A folder with anything in it that was made meanwhile makes this fail.
        whole.rename(folder)
        _sync_folder(folder.parent)


def check_place(folder: Path) -> None:
    """Make sure that a bundle could be written: before an hour of training, not only after it.

    Args:
        folder: of the bundle; its parent is made.

    Raises:
        ModelError: when there is something at that place, or the parent takes no files.
    """
    refuse_existing(folder)
    with _told(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent).cleanup()


def refuse_existing(folder: Path) -> None:
    """Make sure that nothing is overwritten.

    Raises:
        ModelError: when there is something at that place.
    """
    if os.path.lexists(folder):
        raise ModelError(f"{folder}: there is something already: a bundle never overwrites, name a new folder")


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Turn what the disk says into one line."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise ModelError(
            f"{folder}: the bundle cannot be written ({reason}): make room or name another place"
        ) from error


def _write_labels(path: Path, names: tuple[str, ...]) -> None:
    _write_synced(path, "".join(f"{name}\n" for name in names).encode())
    if model_bundle.read_labels(path) != names:
        # Names that all begin with a number are read as a numbered list, so that is what they become.
        _write_synced(path, "".join(f"{number} {name}\n" for number, name in enumerate(names)).encode())


def _verify(folder: Path) -> None:
    opened = model_bundle.open_model(folder)
    interpreter = LiteRtInterpreter(opened.content, name=opened.name)
    Classifier(interpreter, opened.card_for(interpreter))


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
