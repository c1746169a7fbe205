"""What the runs scored: kept as a file, a line a run, and shown as a table, a line a change."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from insect_converter import run_tables, whole_file
from insect_converter.ablation.plan import BASELINE
from insect_converter.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

FILE = "results.csv"
_NOTHING = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Of one run.

    Attributes:
        change: its name.
        seed: of the training; the photographs are divided alike in all runs.
        top1: see `measured.Scores`, as for `small`, `loss` and `auroc`.
        small: see there.
        loss: see there.
        auroc: see there.
        seconds: of processor time that the training took, whatever else the machine had to do.
    """

    change: str
    seed: int
    top1: float
    small: float
    loss: float
    auroc: float | None
    seconds: float


def read(folder: Path) -> list[Result]:
    """What has been measured so far; nothing where there is no such file.

    Raises:
        TrainingError: when the file is damaged.
    """
    path = folder / FILE
    if not path.is_file():
        return []
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
        return [_result(row) for row in rows]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise TrainingError(f"{path}: not a list of results ({error}): name another folder with --out") from error


def write(folder: Path, results: Sequence[Result]) -> None:
    """All of them, in place of what was there.

    Raises:
        TrainingError: when the disk refuses.
    """
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, [field.name for field in fields(Result)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(result) for result in results)
    whole_file.write(folder / FILE, buffer.getvalue().encode(), replace=True)


def table(results: Sequence[Result]) -> str:
    """A line a change: the mean of its runs, and how far it is from the baseline's runs of the same seeds."""
    rows = [("change", "runs", "top-1", "against it", "small", "against it", "loss", "against it", "AUROC", "CPU s")]
    for change in dict.fromkeys(result.change for result in results):
        own = [result for result in results if result.change == change]
        rows.append(
            (
                change,
                str(len(own)),
                *_pair(own, results, lambda result: result.top1),
                *_pair(own, results, lambda result: result.small),
                *_pair(own, results, lambda result: result.loss),
                _mean([result.auroc for result in own]),
                f"{sum(result.seconds for result in own) / len(own):.0f}",
            )
        )
    return run_tables.table(rows, left=1)


def _pair(own: Sequence[Result], results: Sequence[Result], value: Callable[[Result], float]) -> tuple[str, str]:
    """A value's mean, and its mean difference from the baseline with half of the differences' range."""
    base = {result.seed: value(result) for result in results if result.change == BASELINE}
    differences = [value(result) - base[result.seed] for result in own if result.seed in base]
    mean = _mean([value(result) for result in own])
    if not differences or own[0].change == BASELINE:
        return mean, ""
    half = (max(differences) - min(differences)) / 2
    return mean, f"{sum(differences) / len(differences):+.3f} ± {half:.3f}"


def _mean(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{sum(known) / len(known):.3f}" if known else _NOTHING


def _result(row: dict[str, str]) -> Result:
    return Result(
        change=row["change"],
        seed=int(row["seed"]),
        top1=float(row["top1"]),
        small=float(row["small"]),
        loss=float(row["loss"]),
        auroc=float(row["auroc"]) if row["auroc"] else None,
        seconds=float(row["seconds"]),
    )
