"""A checkpoint is whole at any moment and comes back as it was."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import numpy as np
import pytest

from insect_converter import checkpoint
from insect_converter.checkpoint import Checkpoint
from insect_converter.errors import TrainingError

if TYPE_CHECKING:
    from pathlib import Path

STANDING = Checkpoint(
    facts={"epoch": 3, "records": [{"loss": 0.1}], "judge": {"best_score": -np.inf}, "note": "Käfer"},
    arrays={
        "model": [np.arange(12, dtype=np.float32).reshape(3, 4), np.array(7, dtype=np.int64)],
        "member 0": [np.full(2, index, dtype=np.float32) for index in range(11)],
    },
)


def test_a_checkpoint_comes_back(tmp_path: Path) -> None:
    """Facts and arrays, in their order, shapes and types, from one file."""
    checkpoint.write(tmp_path, STANDING)
    again = checkpoint.read(tmp_path)
    assert again is not None
    assert again.facts == STANDING.facts
    assert list(again.arrays) == list(STANDING.arrays)
    for name, arrays in STANDING.arrays.items():
        for one, other in zip(arrays, again.arrays[name], strict=True):
            assert (one.dtype, one.tolist()) == (other.dtype, other.tolist())
    assert [path.name for path in tmp_path.iterdir()] == [checkpoint.FILE]


def test_there_may_be_none(tmp_path: Path) -> None:
    """A run that was killed before its first epoch has no checkpoint, which is no error."""
    assert checkpoint.read(tmp_path) is None


def test_a_write_that_fails_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is one clear line, and the last checkpoint stays whole."""
    checkpoint.write(tmp_path, STANDING)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TrainingError, match=r"cannot be written \(No space left on device\): make room"):
        checkpoint.write(tmp_path, Checkpoint(facts={"epoch": 4}))
    again = checkpoint.read(tmp_path)
    assert again is not None
    assert again.facts["epoch"] == 3


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_damaged_file_is_one_clear_line(tmp_path: Path, share: float) -> None:
    """A file cut short is named, with what to do."""
    checkpoint.write(tmp_path, STANDING)
    path = tmp_path / checkpoint.FILE
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(TrainingError, match=r"checkpoint\.npz: damaged \(.*\): delete it to begin") as caught:
        checkpoint.read(tmp_path)
    assert "\n" not in str(caught.value)


def test_nothing_is_left_of_it(tmp_path: Path) -> None:
    """What a finished run does not need goes, with what a killed write left."""
    checkpoint.write(tmp_path, STANDING)
    (tmp_path / f"writing.{checkpoint.FILE}").touch()
    checkpoint.remove(tmp_path)
    checkpoint.remove(tmp_path)
    assert list(tmp_path.iterdir()) == []
