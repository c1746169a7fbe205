"""The float model behind a bundle is found, and another one's is refused."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from insect_converter import float_model
from insect_converter.errors import FloatModelError
from support import tiny_model

if TYPE_CHECKING:
    from pathlib import Path

    from insect_edge.card import ModelCard

CONTENT = b"weights"


def card(**details: Any) -> ModelCard:
    """A card that says so much."""
    made = tiny_model.card(tiny_model.classifier_model(), golden_vector=False)
    return replace(made, details=details)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run with a float model."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "float.keras").write_bytes(CONTENT)
    return folder


def test_a_run_brings_its_float_model(run: Path) -> None:
    """The run's file is taken; whether the card names it is known."""
    found = float_model.locate(run=run, file=None, card=card(), force=False)
    assert (found.path, found.sha256) == (run / "float.keras", hashlib.sha256(CONTENT).hexdigest())
    assert (found.is_keras, found.verified) == (True, False)
    said = card(float_sha256=found.sha256)
    assert float_model.locate(run=None, file=found.path, card=said, force=False).verified


def test_another_float_model_is_refused_unless_forced(run: Path) -> None:
    """A hash that is not the card's is told with both beginnings; force takes the file, unverified."""
    said = card(float_sha256="0123456789abcdef")
    with pytest.raises(
        FloatModelError, match=r"float.keras: sha256 is 9a129038d9a0…, the card of .* says 0123456789ab…"
    ):
        float_model.locate(run=run, file=None, card=said, force=False)
    assert not float_model.locate(run=run, file=None, card=said, force=True).verified


def test_a_tflite_file_has_no_hash_on_the_card(tmp_path: Path) -> None:
    """The card names the Keras file alone, so a float `.tflite` is neither refused nor verified."""
    file = tmp_path / "float.tflite"
    file.write_bytes(CONTENT)
    found = float_model.locate(run=None, file=file, card=card(float_sha256="0123"), force=False)
    assert (found.verified, found.is_keras) == (False, False)
    assert float_model.read_tflite(found) == CONTENT


def test_what_is_missing_is_one_line_with_a_way_out(run: Path, tmp_path: Path) -> None:
    """No name, no file, no run and no model are told apart."""
    with pytest.raises(
        FloatModelError, match=r"a bundle holds no float model, and this needs it: name the run .* --run"
    ):
        float_model.locate(run=None, file=None, card=card(), force=False)
    with pytest.raises(FloatModelError, match=r"nothing: there is no float.keras in it: name the folder of a finished"):
        float_model.locate(run=tmp_path / "nothing", file=None, card=card(), force=False)
    with pytest.raises(FloatModelError, match=r"gone.keras: cannot be read \(No such file or directory\)"):
        float_model.locate(run=None, file=tmp_path / "gone.keras", card=card(), force=False)
    with pytest.raises(FloatModelError, match=r"run.json: neither .keras nor .tflite"):
        float_model.locate(run=None, file=run / "run.json", card=card(), force=False)
