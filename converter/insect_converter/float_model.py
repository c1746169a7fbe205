"""The float model behind a bundle: found, held against the card, opened. The Pi never needs it; comparing does."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from insect_converter.errors import FloatModelError
from insect_converter.quiet import native_silence
from insect_converter.run_record import WEIGHTS_FILE

if TYPE_CHECKING:
    from pathlib import Path

    from insect_edge.card import ModelCard

CARD_KEY = "float_sha256"
"""Where a card says which float model it was made from: the SHA-256 of `float.keras`, in hex."""
_KERAS, _TFLITE = ".keras", ".tflite"


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatModel:
    """A float model's file.

    Attributes:
        path: a `.keras` file, or a float `.tflite`.
        sha256: of the file, in hex.
        verified: whether the card names this very file.
    """

    path: Path
    sha256: str
    verified: bool

    @property
    def is_keras(self) -> bool:
        """Whether layers can be looked into and the file converted; a `.tflite` can only be run."""
        return self.path.suffix == _KERAS


def locate(*, run: Path | None, file: Path | None, card: ModelCard, force: bool) -> FloatModel:
    """Find the float model without opening it.

    Args:
        run: folder of the finished run that the bundle comes from; or None.
        file: a `.keras` or float `.tflite` file; or None.
        card: of the bundle.
        force: take a file although the card names another one.

    Raises:
        FloatModelError: when neither is named, it is not there, or it is another model than the card says.
    """
    if run is None and file is None:
        raise FloatModelError(
            f"{card.model_id}: a bundle holds no float model, and this needs it: name the run that `train` wrote "
            f"with --run, or its {WEIGHTS_FILE} (or a float .tflite) with --float"
        )
    path = file if file is not None else _weights_of(run)
    if path.suffix not in (_KERAS, _TFLITE):
        raise FloatModelError(f"{path}: neither {_KERAS} nor {_TFLITE}: name the {WEIGHTS_FILE} that `train` wrote")
    found, said = file_hash(path), card.details.get(CARD_KEY)
    comparable = said is not None and path.suffix == _KERAS
    if comparable and found != said and not force:
        raise FloatModelError(
            f"{path}: sha256 is {found[:12]}…, the card of {card.model_id} says {str(said)[:12]}…: "
            "it is the float model of another run: name the right one, or compare all the same with --force"
        )
    return FloatModel(path=path, sha256=found, verified=comparable and found == said)


def file_hash(path: Path) -> str:
    """SHA-256 of a file, in hex.

    Raises:
        FloatModelError: when it cannot be read.
    """
    try:
        with path.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise FloatModelError(f"{path}: cannot be read ({error.strerror}): check the name") from error


def open_keras(found: FloatModel) -> Any:
    """The Keras model; TensorFlow is imported here.

    Raises:
        TrainingError: when the file is damaged.
    """
    with native_silence():
        import tensorflow  # noqa: F401, ICN001, PLC0415 - seconds, and all that can be refused has been by now
    from insect_converter import backbone  # noqa: PLC0415 - needs TensorFlow

    return backbone.load_model(found.path)


def read_tflite(found: FloatModel) -> bytes:
    """The bytes of a float `.tflite`.

    Raises:
        FloatModelError: when it cannot be read.
    """
    try:
        return found.path.read_bytes()
    except OSError as error:
        raise FloatModelError(f"{found.path}: cannot be read ({error.strerror}): check the name") from error


def _weights_of(run: Path | None) -> Path:
    assert run is not None  # noqa: S101 - the caller made sure; for the type checker
    path = run / WEIGHTS_FILE
    if not path.is_file():
        raise FloatModelError(f"{run}: there is no {WEIGHTS_FILE} in it: name the folder of a finished run")
    return path
