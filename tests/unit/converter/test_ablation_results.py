"""What runs scored is kept a line a run, and shown a line a change, against the recipe as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from insect_converter.ablation import results
from insect_converter.ablation.plan import BASELINE
from insect_converter.ablation.results import Result
from insect_converter.errors import TrainingError

if TYPE_CHECKING:
    from pathlib import Path


def result(change: str, *, seed: int = 1, top1: float = 0.5, auroc: float | None = None) -> Result:
    """A run's scores."""
    return Result(change=change, seed=seed, top1=top1, small=top1 / 2, loss=1 - top1, auroc=auroc, seconds=10.0 * seed)


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    """Names with commas, numbers to the last digit and what was not measured come back; no file is no results."""
    assert results.read(tmp_path) == []
    kept = [result(BASELINE, top1=1 / 3), result('crops, "insets"', auroc=0.1 + 0.2)]
    results.write(tmp_path, kept)
    assert results.read(tmp_path) == kept
    results.write(tmp_path, kept[:1])
    assert results.read(tmp_path) == kept[:1]


@pytest.mark.parametrize(
    "text", ["name\nx\n", "change,seed,top1,small,loss,auroc,seconds\na,one,1,1,1,1,1\n", "a,b\n1\n"]
)
def test_a_damaged_list_is_refused(tmp_path: Path, text: str) -> None:
    """Somebody else's file of that name is not added to."""
    (tmp_path / results.FILE).write_text(text, encoding="utf-8")
    with pytest.raises(TrainingError, match=r"results.csv: not a list of results .*: name another folder with --out"):
        results.read(tmp_path)


def test_a_change_is_held_against_the_runs_of_the_same_seeds() -> None:
    """The difference is that of pairs, with half of its range; a seed without a pair counts in the mean alone."""
    runs = [result(BASELINE, seed=1, top1=0.5), result(BASELINE, seed=2, top1=0.6)]
    runs += [result("mixup", seed=1, top1=0.52), result("mixup", seed=2, top1=0.66), result("mixup", seed=3, top1=0.8)]
    header, base, mixup = results.table(runs).splitlines()
    assert header.split()[0] == "change"
    assert base.split() == ["baseline", "2", "0.550", "0.275", "0.450", "-", "15"]
    assert mixup.split()[:6] == ["mixup", "3", "0.660", "+0.040", "±", "0.020"]
    assert mixup.split()[-2:] == ["-", "20"]


def test_without_a_baseline_there_is_no_difference() -> None:
    """A table of one change alone says what it scored, and the AUROC where there is one."""
    line = results.table([result("mixup", top1=0.52, auroc=0.9)]).splitlines()[1]
    assert line.split() == ["mixup", "1", "0.520", "0.260", "0.480", "0.900", "10"]
