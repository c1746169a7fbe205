"""Photographs of insects the model does not know are found, asked about and divided."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the converter's extra is not installed")

from insect_converter import unknown_insects
from insect_converter.errors import DatasetError
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
            write_picture(folder / name / f"{number}.png", tiny_model.picture(name))
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


def test_each_folder_is_divided_evenly(tmp_path: Path, classifier: Classifier) -> None:
    """Both halves have as many of each kind, and the same seed divides the same way."""
    paths = unknown_insects.find(photographs(tmp_path, red=14, green=10))
    found = unknown_insects.answer(classifier, paths, seed=1)
    assert found is not None
    assert np.bincount(found.fitting.argmax(axis=1)).tolist() == [0, 7, 5]
    assert np.bincount(found.reporting.argmax(axis=1)).tolist() == [0, 7, 5]
    first, again = (unknown_insects._first_halves(paths, seed=3).tolist() for _ in range(2))
    assert first == again
    assert first != unknown_insects._first_halves(paths, seed=4).tolist()


def test_broken_photographs_are_left_out(
    tmp_path: Path, classifier: Classifier, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each is named; where too few are left, that is said and nothing is made up."""
    folder = photographs(tmp_path, red=12, green=10)
    (folder / "lacewing" / "3.png").write_bytes(b"no picture")
    paths = unknown_insects.find(folder)
    found = unknown_insects.answer(classifier, paths, seed=1)
    assert found is not None
    assert len(found.fitting) + len(found.reporting) == 21
    assert "3.png" in capsys.readouterr().err
    for path in paths[:5]:
        path.write_bytes(b"no picture")
    assert unknown_insects.answer(classifier, paths, seed=1) is None
    assert "only 17 photographs of unknown insects can be read" in capsys.readouterr().err
