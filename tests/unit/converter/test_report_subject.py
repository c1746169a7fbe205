"""A bundle, a bare model or a run: each says what it knows, and what does not belong together is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("tqdm", reason="the converter's extra is not installed")

from insect_converter.errors import TrainingError
from insect_converter.report.subject import open_subject
from insect_edge.errors import InsectEdgeError, ModelError
from support import report_world, tiny_model
from support.report_world import HISTORY, NAMES, World

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A small garden whose run has finished; nobody looks into its float model here."""
    built = report_world.build(tmp_path)
    (built.run / "float.keras").touch()
    return built


def test_a_bundle_alone_knows_its_split(world: World) -> None:
    """Card, model and split are there; the run's things are not."""
    subject = open_subject(world.bundle, run=None, float_file=None)
    assert subject.card.model_id == "painted-v1"
    assert subject.content is not None
    assert subject.split_text == (world.bundle / "split.csv").read_text()
    assert (subject.history, subject.floating, subject.record) == (None, None, None)


def test_a_bundle_with_its_run_knows_all(world: World) -> None:
    """History and float model come from the run; a float model named beside it wins."""
    subject = open_subject(world.bundle, run=world.run, float_file=None)
    assert subject.history == HISTORY
    assert subject.floating is not None
    assert subject.floating.path == world.run / "float.keras"
    assert subject.record is not None
    other = world.home / "other.keras"
    other.touch()
    found = open_subject(world.bundle, run=world.run, float_file=other).floating
    assert found is not None
    assert found.path == other


def test_another_float_model_than_the_cards_is_refused(world: World) -> None:
    """Where the card says which file it was made from, no other is taken."""
    card = json.loads((world.bundle / "card.json").read_text())
    (world.bundle / "card.json").write_text(json.dumps({**card, "float_sha256": "00"}))
    with pytest.raises(TrainingError, match=r"float\.keras: not the float model that painted-v1 was made from"):
        open_subject(world.bundle, run=world.run, float_file=None)


def test_a_run_alone_gets_a_card_from_its_recipe(world: World) -> None:
    """Labels, roles and input are the recipe's; there is no integer model and no temperature."""
    subject = open_subject(world.run, run=None, float_file=None)
    assert [label.name for label in subject.card.labels] == list(NAMES)
    assert (subject.card.input.width, subject.card.temperature) == (32, 1.0)
    assert subject.content is None
    assert subject.floating is not None


def test_a_bare_model_has_no_split(world: World) -> None:
    """A `.tflite` with a label file is a subject too."""
    path = tiny_model.write_bare(world.home / "bare.tflite")
    subject = open_subject(path, run=None, float_file=None)
    assert (subject.split_text, subject.card.model_id) == (None, "bare")


def test_another_run_is_refused(world: World) -> None:
    """Other labels, or another split than the card's, are not the run that made the bundle."""
    split = (world.run / "split.csv").read_text()
    (world.run / "split.csv").write_text(split.replace(",train,", ",test,", 1))
    with pytest.raises(TrainingError, match="run: its split is not that of painted-v1: name the run that made"):
        open_subject(world.bundle, run=world.run, float_file=None)
    record = json.loads((world.run / "run.json").read_text())
    (world.run / "run.json").write_text(json.dumps({**record, "labels": ["a", "b"]}))
    with pytest.raises(TrainingError, match="run: its labels are not those of painted-v1"):
        open_subject(world.bundle, run=world.run, float_file=None)


def test_what_is_none_of_them_is_one_clear_line(world: World) -> None:
    """No place, no run, no float file, a damaged history."""
    with pytest.raises(ModelError, match="nowhere"):
        open_subject(world.home / "nowhere", run=None, float_file=None)
    with pytest.raises(
        ModelError, match=r"data: neither a bundle \(no card.json\) nor a run \(no run.json\): name the"
    ):
        open_subject(world.data, run=None, float_file=None)
    with pytest.raises(TrainingError, match="nowhere: no training run"):
        open_subject(world.bundle, run=world.home / "nowhere", float_file=None)
    with pytest.raises(InsectEdgeError, match=r"f\.keras: cannot be read"):
        open_subject(world.bundle, run=None, float_file=world.home / "f.keras")
    (world.run / "history.json").write_text("[1]")
    with pytest.raises(TrainingError, match=r"history\.json: damaged"):
        open_subject(world.bundle, run=world.run, float_file=None)
    (world.run / "history.json").write_bytes(b"\xff")
    with pytest.raises(ModelError, match=r"history\.json: cannot be read \(not UTF-8 text\)"):
        open_subject(world.bundle, run=world.run, float_file=None)
