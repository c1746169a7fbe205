"""Photographs of insects the model does not know are found, asked about and divided."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the converter's extra is not installed")

from insect_converter import unknown_insects
from insect_converter.errors import DatasetError
from insect_converter.recipes import FineTuning, Recipe
from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.adapters.picture_writer import write_picture
from insect_edge.classifier import Classifier
from support import tiny_model

if TYPE_CHECKING:
    from pathlib import Path


def photographs(folder: Path, *, red: int, green: int) -> Path:
    """Painted strangers in two folders."""
    for name, count in (("lily-beetle", red), ("lacewing", green)):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            picture = tiny_model.picture(name)
            # No two alike: which half one is in follows from its content.
            picture[0, 0] = (number, number, number)
            write_picture(folder / name / f"{number}.png", picture)
    return folder


@pytest.fixture
def classifier() -> Classifier:
    """The tiny garden model, which tells red from green."""
    content = tiny_model.classifier_model()
    return Classifier(LiteRtInterpreter(content, name="tiny"), tiny_model.card(content))


def test_photographs_are_found_in_all_folders(tmp_path: Path) -> None:
    """Subfolders count, other files and what an archive left behind do not."""
    folder = photographs(tmp_path, red=12, green=8)
    (folder / "lacewing" / "notes.txt").touch()
    (folder / "lacewing" / "._1.png").touch()
    assert len(unknown_insects.find(folder)) == 20
    assert unknown_insects.find(None) == ()


def test_too_few_or_none_are_told(tmp_path: Path) -> None:
    """A folder that is not there and one with too few photographs are refused in one line each."""
    with pytest.raises(DatasetError, match="nowhere: no such folder"):
        unknown_insects.find(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match="3 photographs of unknown insects, at least 20 are needed"):
        unknown_insects.find(photographs(tmp_path, red=2, green=1))


def test_a_photograph_is_always_in_the_same_half(tmp_path: Path, classifier: Classifier) -> None:
    """About as many are in each, a copy is where its original is, and what else lies there changes nothing."""
    folder = photographs(tmp_path, red=40, green=40)
    paths = unknown_insects.find(folder)
    found = unknown_insects.answer(classifier, paths, learnt=False)
    assert found is not None
    assert found.fitting is not None
    assert len(found.fitting) + len(found.reporting) == 80
    assert 25 < len(found.fitting) < 55
    few = unknown_insects.answer(classifier, paths[::3], learnt=False)
    assert few is not None
    assert few.fitting is not None
    assert {tuple(row) for row in few.fitting.tolist()} <= {tuple(row) for row in found.fitting.tolist()}
    shutil.copytree(folder / "lacewing", folder / "copies")
    doubled = unknown_insects.answer(classifier, unknown_insects.find(folder), learnt=False)
    again = unknown_insects.answer(classifier, unknown_insects.find(folder / "copies"), learnt=False)
    assert doubled is not None
    assert again is not None
    assert len(doubled.reporting) == len(found.reporting) + len(again.reporting)


def test_what_is_learnt_from_is_not_reported_on(tmp_path: Path, classifier: Classifier) -> None:
    """The first half is for training, in the size training wants; of the second alone scores are told."""
    paths = unknown_insects.find(photographs(tmp_path, red=40, green=40))
    free = unknown_insects.answer(classifier, paths, learnt=False)
    learnt = unknown_insects.answer(classifier, paths, learnt=True)
    assert free is not None
    assert free.fitting is not None
    assert learnt is not None
    assert learnt.fitting is None
    assert np.array_equal(learnt.reporting, free.reporting)
    views = unknown_insects.to_learn(paths, shorter_side=16)
    assert len(views) == len(free.fitting)
    assert {view.shape for view in views} == {(16, 16, 3)}
    others = unknown_insects.to_report(paths, shorter_side=16)
    assert len(others) == len(free.reporting)


def test_broken_photographs_are_left_out(
    tmp_path: Path, classifier: Classifier, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each is named; where too few are left, that is said and nothing is made up."""
    folder = photographs(tmp_path, red=12, green=10)
    (folder / "lacewing" / "3.png").write_bytes(b"no picture")
    paths = unknown_insects.find(folder)
    found = unknown_insects.answer(classifier, paths, learnt=False)
    assert found is not None
    assert found.fitting is not None
    assert len(found.fitting) + len(found.reporting) == 21
    assert "3.png" in capsys.readouterr().err
    for path in paths[:5]:
        path.write_bytes(b"no picture")
    assert unknown_insects.answer(classifier, paths, learnt=False) is None
    assert "only 17 photographs of unknown insects can be read" in capsys.readouterr().err


def test_copies_of_one_photograph_are_no_two_halves(
    tmp_path: Path, classifier: Classifier, capsys: pytest.CaptureFixture[str]
) -> None:
    """All are in one half, so there is nothing to report on, or nothing to choose by: it is said."""
    folder = photographs(tmp_path, red=1, green=0)
    for number in range(1, 30):
        shutil.copy(folder / "lily-beetle" / "0.png", folder / "lily-beetle" / f"{number}.png")
    assert unknown_insects.answer(classifier, unknown_insects.find(folder), learnt=False) is None
    assert "only 30 photographs of unknown insects can be read" in capsys.readouterr().err


def test_only_a_recipe_that_wants_them_gets_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a folder that is said, and training goes on without."""
    folder = photographs(tmp_path, red=12, green=12)
    plain = Recipe(name="plain", image_size=32, shorter_side=32, fine_tuning=FineTuning(image_size=32))
    wanting = replace(plain, fine_tuning=replace(plain.fine_tuning, unknown_repeat=1))
    assert unknown_insects.for_training(folder, plain) == ()
    assert unknown_insects.for_training(folder, replace(wanting, fine_tuning=FineTuning(epochs=0))) == ()
    assert capsys.readouterr().err == ""
    assert unknown_insects.for_training(None, wanting) == ()
    assert "no photographs of unknown insects to learn from" in capsys.readouterr().err
    assert 0 < len(unknown_insects.for_training(folder, wanting)) < 24
