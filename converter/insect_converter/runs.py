"""Training runs on disk as figures: to list them, and to see in what two of them differ. Needs no TensorFlow."""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from insect_converter import recipes, run_record
from insect_converter.errors import RecipeError, TrainingError

if TYPE_CHECKING:
    from pathlib import Path

    from insect_converter.run_record import RunRecord

SCORES = (
    ("int8 top-1", ("int8", "top1")),
    ("int8 top-1 of the insects", ("int8", "insect_top1")),
    ("int8 macro F1", ("int8", "macro_f1")),
    ("float top-1", ("float", "top1")),
    ("agreement", ("parity", "agreement")),
    ("calibration error", ("parity", "expected_calibration_error")),
    ("size in bytes", ("size_bytes", "int8")),
)
"""What is compared of the bundles: its name here, and where it stands among the metrics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run's folder.

    Attributes:
        folder: of the run.
        record: what went in.
        history: records of stages and epochs so far.
        scores: of its bundle; empty where there is none yet.
        photographs: in its split.
        finished: whether the float model is there.
    """

    folder: Path
    record: RunRecord
    history: list[dict[str, Any]]
    scores: dict[str, Any]
    photographs: int
    finished: bool

    @property
    def epochs(self) -> list[dict[str, Any]]:
        """Records of fine-tuning."""
        return [record for record in self.history if record.get("stage") == "fine-tuning"]

    @property
    def seconds_per_epoch(self) -> list[float]:
        """Of fine-tuning; what an epoch record holds are the seconds since the stage began."""
        seconds, before = [], 0.0
        for record in self.epochs:
            before = 0.0 if record["epoch"] == 1 else before
            seconds.append(float(record["seconds"]) - before)
            before = float(record["seconds"])
        return seconds

    @property
    def seconds(self) -> float:
        """Of all training."""
        head = [float(record["seconds"]) for record in self.history if record.get("stage") == "head"]
        return sum(head) + sum(self.seconds_per_epoch)

    @property
    def validation_accuracy(self) -> float | None:
        """The best there was."""
        return max((record["val_accuracy"] for record in self.history if "val_accuracy" in record), default=None)

    @property
    def state(self) -> str:
        """How far it is, in words."""
        if self.scores:
            return "exported"
        if self.finished:
            return "trained"
        plan = self.record.recipe.get("fine_tuning", {})
        done, wanted = len(self.epochs), plan.get("epochs", 0) * plan.get("members", 1)
        return f"epoch {done} of {wanted}" if done else "begun"

    def score(self, path: tuple[str, str]) -> float | None:
        """One of `SCORES`, where the bundle has it."""
        value = self.scores.get("metrics", {}).get(path[0], {}).get(path[1])
        return None if value is None else float(value)


def read(folder: Path) -> Run:
    """A run, finished or not.

    Raises:
        TrainingError: when the folder is none, or a file in it is damaged.
    """
    record, split_text = run_record.open_started(folder)
    return Run(
        folder=folder,
        record=record,
        history=_json(folder / run_record.HISTORY_FILE, default=[]),
        scores=_json(folder / run_record.SCORES_FILE, default={}),
        photographs=max(0, len(split_text.splitlines()) - 1),
        finished=(folder / run_record.WEIGHTS_FILE).is_file(),
    )


def find(folder: Path) -> tuple[list[Run], list[str]]:
    """The runs in a folder (or the folder itself, where it is one), oldest first.

    Returns:
        The runs, and why others could not be read.

    Raises:
        TrainingError: when there is no such folder.
    """
    if not folder.is_dir():
        raise TrainingError(f"{folder}: no such folder: name the one that holds the runs")
    found, problems = [], []
    for place in (folder, *sorted(folder.iterdir())):
        if (place / run_record.RUN_FILE).is_file():
            try:
                found.append(read(place))
            except TrainingError as error:
                problems.append(str(error))
    return sorted(found, key=lambda run: run.record.started), problems


def summary(run: Run) -> dict[str, Any]:
    """A run as plain values."""
    waited = [record["waited_seconds"] for record in run.epochs if "waited_seconds" in record]
    return {
        "run": run.folder.resolve().name,
        "state": run.state,
        "started": run.record.started,
        "recipe": run.record.recipe.get("name"),
        "changes": list(run.record.changes),
        "seed": run.record.seed,
        "photographs": run.photographs,
        "data_sha256": run.record.data_sha256,
        "epochs": len(run.epochs),
        "seconds": round(run.seconds, 1),
        "seconds_per_epoch": round(statistics.median(run.seconds_per_epoch), 2) if run.epochs else None,
        "waited_seconds": round(sum(waited), 2) if waited else None,
        "val_accuracy": run.validation_accuracy,
        "scores": {name: run.score(path) for name, path in SCORES},
    }


def compare(one: Run, other: Run) -> dict[str, Any]:
    """In what two runs differ: what went in, and what came out.

    Returns:
        `recipe`, `origin`: by key the two values, where they differ; `result`: by name the two values, of all.
    """
    origins = [
        {
            "seed": run.record.seed,
            "data": run.record.data,
            "data_sha256": run.record.data_sha256,
            "photographs": run.photographs,
            "labels": ", ".join(run.record.labels),
            "host": run.record.host,
            **_flat({"versions": run.record.versions}),
        }
        for run in (one, other)
    ]
    summaries = [summary(run) for run in (one, other)]
    results = ("state", "epochs", "seconds", "seconds_per_epoch", "waited_seconds", "val_accuracy")
    return {
        "runs": [entry["run"] for entry in summaries],
        "recipe": _differences(_values(one), _values(other)),
        "origin": _differences(*origins),
        "result": {name: [entry[name] for entry in summaries] for name in results}
        | {name: values for name, _ in SCORES if any(values := [entry["scores"][name] for entry in summaries])},
    }


def _values(run: Run) -> dict[str, Any]:
    """The recipe's values by dotted key, with those that had no name yet when the run was made."""
    try:
        values = recipes.from_dict(run.record.recipe, source=str(run.folder)).as_dict()
    except RecipeError:
        # Of another version of the program: what is written down still tells the difference.
        values = run.record.recipe
    # Through JSON, as a record comes from the disk: its lists are not the tuples of a recipe.
    plain = json.loads(json.dumps(values))
    return _flat({key: value for key, value in plain.items() if key != "expected"})


def _differences(one: dict[str, Any], other: dict[str, Any]) -> dict[str, list[Any]]:
    keys = [*one, *(key for key in other if key not in one)]
    return {key: [one.get(key), other.get(key)] for key in keys if one.get(key) != other.get(key)}


def _flat(values: dict[str, Any], *, before: str = "") -> dict[str, Any]:
    """Tables within tables as dotted keys, as `--set` takes them."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        flat |= _flat(value, before=f"{before}{key}.") if isinstance(value, dict) else {f"{before}{key}": value}
    return flat


def _json(path: Path, *, default: Any) -> Any:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return default
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path}: cannot be read ({error}): delete it, it is a record only") from error
    if not isinstance(value, type(default)):
        raise TrainingError(f"{path}: not what `train` writes: delete it, it is a record only")
    return value
