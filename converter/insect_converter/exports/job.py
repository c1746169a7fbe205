"""From a bundle to the files that were asked for: all of them, checked, or none."""

from __future__ import annotations

import contextlib
import enum
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from insect_converter import float_model, progress
from insect_converter.errors import ExportError, FloatModelError
from insect_converter.exports import c_header, onnx_file, tflite_metadata
from insect_edge import model_bundle
from insect_edge.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from insect_edge.card import ModelCard

FOLDER = "exports"
"""Where the files lie in a bundle: what is verified there is `model.tflite`, so they do no harm."""


class Format(enum.StrEnum):
    """What can be written."""

    TFLITE_METADATA = "tflite-metadata"
    C_HEADER = "c-header"
    ONNX = "onnx"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """What is wanted.

    Attributes:
        bundle: its folder.
        formats: which.
        out: folder for the files; None for `exports` in the bundle.
        run: of the bundle; ONNX is made from its float model.
        float_file: instead of a run.
        force: take a float model although the card names another one.
    """

    bundle: Path
    formats: frozenset[Format]
    out: Path | None
    run: Path | None
    float_file: Path | None
    force: bool


_SUFFIXES = {Format.TFLITE_METADATA: ".tflite", Format.ONNX: ".onnx", Format.C_HEADER: ".h"}


def refuse_missing_packages(formats: Collection[Format]) -> None:
    """Make sure that what the formats need is installed, before any work.

    Raises:
        ExportError: naming what is not.
    """
    if Format.ONNX in formats:
        onnx_file.refuse_missing_packages()


def write(options: ExportOptions) -> list[Path]:
    """Write further formats of a bundle's model.

    Returns:
        The files.

    Raises:
        InsectEdgeError: with one line that says what to do; nothing is written then.
    """
    refuse_missing_packages(options.formats)
    opened = model_bundle.open_model(options.bundle)
    if opened.card is None:
        raise ModelError(f"{options.bundle}: a bare model has no card: name a bundle's folder")
    folder = options.bundle / FOLDER if options.out is None else options.out
    stem = re.sub(r"[^\w.-]", "_", opened.card.model_id)
    places = {kind: folder / f"{stem}{_SUFFIXES[kind]}" for kind in Format if kind in options.formats}
    _refuse_existing(places.values())
    made = {place: _make(kind, opened.content, opened.card, options) for kind, place in places.items()}
    _write(made)
    for place in made:
        progress.say(f"wrote {place}")
    return list(made)


def _make(kind: Format, content: bytes, card: ModelCard, options: ExportOptions) -> bytes:
    if kind is Format.TFLITE_METADATA:
        return tflite_metadata.make(content, card)
    if kind is Format.C_HEADER:
        return c_header.make(content, card).encode()
    return _onnx(card, options)


def _onnx(card: ModelCard, options: ExportOptions) -> bytes:
    found = float_model.locate(run=options.run, file=options.float_file, card=card, force=options.force)
    if not found.is_keras:
        raise FloatModelError(f"{found.path}: ONNX is made from the Keras model: name the run, or its float.keras")
    progress.say("converting the float model to ONNX")
    return onnx_file.make(float_model.open_keras(found), card)


def _refuse_existing(places: Collection[Path]) -> None:
    for place in places:
        if place.exists() or place.is_symlink():
            raise ExportError(f"{place}: there is something already: take it away, or name another folder with --out")


def _write(made: Mapping[Path, bytes]) -> None:
    folder = next(iter(made)).parent
    with _told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".exports-", dir=folder) as scratch:
            for place, content in made.items():
                (Path(scratch) / place.name).write_bytes(content)
            for place in made:
                (Path(scratch) / place.name).rename(place)


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise ExportError(f"{folder}: cannot be written ({reason}): make room or name another place") from error
