"""Open and verify a model bundle, or a bare `.tflite` with its labels."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from insect_edge import card as cards
from insect_edge.errors import ModelError

if TYPE_CHECKING:
    from insect_edge.protocols import Interpreter

MODEL_FILE = "model.tflite"
LABELS_FILE = "labels.txt"
CARD_FILE = "card.json"
DEFAULT_MODEL = "garden-pests-v2"

_TFLITE_IDENTIFIER = b"TFL3"
_IMAGE_RANK = 4
_CLASSIFIER_RANKS = (1, 2)
_LEADING_INDEX = re.compile(r"^(\d{1,9})[\s:,]+(?=\S)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelBundle:
    """A model read into memory, its hash already checked.

    Attributes:
        name: for messages.
        content: the bytes of the `.tflite`.
        card: None for a bare file, whose card `bare_card` makes once it is loaded.
        labels: names by output index; empty for a bare file without a label file.
    """

    name: str
    content: bytes
    card: cards.ModelCard | None
    labels: tuple[str, ...]

    def card_for(self, interpreter: Interpreter) -> cards.ModelCard:
        """The bundle's card, or for a bare file what the file itself says.

        Raises:
            ModelError: when a bare file is no classifier of pictures.
        """
        return self.card if self.card is not None else bare_card(self, interpreter)


def default_path() -> Path:
    """Where the default bundle lies: inside the installed package, or in `models/` beside an editable install.

    Raises:
        ModelError: when it is in neither.
    """
    package = Path(__file__).resolve().parent
    places = [package / "models" / DEFAULT_MODEL, package.parents[1] / "models" / DEFAULT_MODEL]
    for place in places:
        if (place / CARD_FILE).is_file():
            return place
    raise ModelError(f"the default model {DEFAULT_MODEL} is not installed (looked in {places[0]}): install again")


def open_model(path: Path, *, labels: Path | None = None) -> ModelBundle:
    """Read a bundle folder or a bare `.tflite` file.

    Args:
        path: of either.
        labels: a label file, one a line, with or without leading numbers; for a bare file, by default a file
            `labels.txt` or `<model name>_labels.txt` beside it.

    Raises:
        ModelError: when it is not there, is damaged, or does not verify.
    """
    if _is_folder(path):
        if labels is not None:
            raise ModelError(f"{path}: a bundle brings its own labels: leave {labels} out, or name a .tflite file")
        return _open_bundle(path)
    content = _read(path)
    if content[4:8] != _TFLITE_IDENTIFIER:
        raise ModelError(f"{path}: not a TFLite model: name a .tflite file or a bundle folder")
    label_file = labels if labels is not None else _labels_beside(path)
    names = read_labels(label_file) if label_file is not None else ()
    return ModelBundle(name=path.stem, content=content, card=None, labels=names)


def read_labels(path: Path) -> tuple[str, ...]:
    """Label names, one a line; leading numbers are taken off where every line has its own line number.

    Raises:
        ModelError: when the file cannot be read or is empty.
    """
    try:
        lines = _read(path).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ModelError(f"{path}: not UTF-8 text ({error.reason}): save the labels as UTF-8") from error
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise ModelError(f"{path}: no labels in it: write one label a line")
    numbers = [int(found.group(1)) for line in lines if (found := _LEADING_INDEX.match(line))]
    if numbers in (list(range(len(lines))), list(range(1, len(lines) + 1))):
        lines = [_LEADING_INDEX.sub("", line) for line in lines]
    return tuple(line.strip() for line in lines)


def bare_card(bundle: ModelBundle, interpreter: Interpreter) -> cards.ModelCard:
    """A card from what a bare file itself says.

    Pixels go into a quantized input as they are (0..255, shifted for int8), which is how such models are made
    whatever their nominal scale; into a float input in [-1, 1], as MobileNet and Teachable Machine models want.

    Raises:
        ModelError: when it is no classifier of pictures, or the labels do not match its outputs.
    """
    shape, outputs = interpreter.input.shape, interpreter.output.shape
    if len(shape) != _IMAGE_RANK or shape[3] not in (1, 3) or len(outputs) not in _CLASSIFIER_RANKS:
        raise ModelError(
            f"{bundle.name}: input {shape}, output {outputs}: no classifier of pictures, "
            "which has an input (1, height, width, 3) and one output a label"
        )
    if not bundle.labels:
        raise ModelError(f"{bundle.name}: a bare .tflite needs its labels: name their file with --labels")
    return cards.ModelCard(
        model_id=bundle.name,
        labels=cards.bare_labels(list(bundle.labels)),
        input=_bare_contract(interpreter),
        activation=interpreter.activation,
        sha256=hashlib.sha256(bundle.content).hexdigest(),
    )


def _bare_contract(interpreter: Interpreter) -> cards.InputContract:
    spec = interpreter.input
    mean = std = 127.5
    if spec.dtype == "uint8":
        mean, std = float(spec.zero_point), 1 / spec.scale
    elif spec.dtype == "int8":
        mean, std = float(spec.zero_point) + 128.0, 1 / spec.scale
    color_order = "grey" if spec.shape[3] == 1 else "rgb"
    return cards.InputContract(width=spec.shape[2], height=spec.shape[1], color_order=color_order, mean=mean, std=std)


def _open_bundle(folder: Path) -> ModelBundle:
    card = cards.from_json(_read(folder / CARD_FILE).decode(errors="replace"), source=str(folder / CARD_FILE))
    content = _read(folder / MODEL_FILE)
    found = hashlib.sha256(content).hexdigest()
    if found != card.sha256:
        raise ModelError(
            f"{folder}: sha256 is {found[:12]}…, the card says {str(card.sha256)[:12]}…: copy the bundle again"
        )
    names = read_labels(folder / LABELS_FILE)
    if names != tuple(label.name for label in card.labels):
        raise ModelError(f"{folder}: {LABELS_FILE} and {CARD_FILE} name different labels: copy the bundle again")
    return ModelBundle(name=card.model_id, content=content, card=card, labels=names)


def _labels_beside(path: Path) -> Path | None:
    beside = [path.with_name(f"{path.stem}_labels.txt"), path.with_name("labels.txt")]
    return next((candidate for candidate in beside if _is_file(candidate)), None)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that is too long, a parent that may not be entered: reading it tells why
        return False


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ModelError(f"{path}: no such file: check the path") from error
    except IsADirectoryError as error:
        raise ModelError(f"{path}: a folder, where a file is wanted: check the path") from error
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}): check its name and permissions") from error
