"""Write a model bundle so that it is there whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
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
    from collections.abc import Mapping

    from insect_edge.domain import Classification

_WIDTH, _HEIGHT = 320, 240
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
    refuse_existing(folder)
    card = replace(card, sha256=hashlib.sha256(content).hexdigest())
    temporary = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        _write_synced(temporary / model_bundle.MODEL_FILE, content)
        labels = "".join(f"{label.name}\n" for label in card.labels)
        for name, text in {
            model_bundle.LABELS_FILE: labels,
            model_bundle.CARD_FILE: cards.to_json(card),
            **extra,
        }.items():
            _write_synced(temporary / name, text.encode())
        _verify(temporary)
        temporary.chmod(0o755)
        # Not replace(): that would silently take the place of an empty folder made meanwhile.
        temporary.rename(folder)
        _sync_folder(folder.parent)
    except OSError as error:
        raise ModelError(
            f"{folder}: the bundle cannot be written ({error.strerror}): make room or name another place"
        ) from error
    finally:
        if temporary is not None and temporary.exists():
            shutil.rmtree(temporary, ignore_errors=True)


def refuse_existing(folder: Path) -> None:
    """Make sure that nothing is overwritten.

    Raises:
        ModelError: when there is something at that place.
    """
    if folder.exists():
        raise ModelError(f"{folder}: there is something already: a bundle never overwrites, name a new folder")


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
