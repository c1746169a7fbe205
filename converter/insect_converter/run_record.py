"""A training run on disk: what went in, the split, the float weights. An hour of training outlives a failed export."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import importlib.metadata
import io
import json
import os
import platform
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from insect_converter.errors import DatasetError, TrainingError
from insect_converter.split import Part, Split

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from insect_converter.dataset import Dataset, Photograph

RUN_FILE = "run.json"
SPLIT_FILE = "split.csv"
RECIPE_FILE = "recipe.json"
HISTORY_FILE = "history.json"
WEIGHTS_FILE = "float.keras"
_PACKAGES = ("insect-edge", "tensorflow", "tensorflow-cpu", "keras", "numpy", "opencv-python-headless", "scikit-learn")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """What went into a run.

    Attributes:
        recipe: all its values.
        seed: of split and training.
        data: folder of class folders.
        background: folder of pictures of no insect, or None.
        labels: names by index.
        versions: of Python and the packages that matter.
        host: processor and system.
        started: UTC, RFC 3339.
        provenance: where the photographs are from, in the user's words.
        licence: of the photographs, in the user's words.
    """

    recipe: dict[str, Any]
    seed: int
    data: str
    background: str | None
    labels: tuple[str, ...]
    versions: dict[str, str]
    host: str
    started: str
    provenance: str
    licence: str

    def to_json(self) -> str:
        """The text of the run's file."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        # Escaped, since a path may hold bytes that are no UTF-8.
        return json.dumps(fields, indent=2, ensure_ascii=True) + "\n"


def versions() -> dict[str, str]:
    """Python and the packages a run depends on, as installed."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def host() -> str:
    """Processor and system, without the machine's name."""
    return f"{platform.machine()}, {os.cpu_count()} processors, {platform.system()} {platform.release().split('-')[0]}"


def create(folder: Path, record: RunRecord, *, split_text: str) -> None:
    """Make a run's folder and write down what goes in.

    Raises:
        TrainingError: when there is already a run, or the folder cannot be written.
    """
    if (folder / RUN_FILE).exists():
        raise TrainingError(f"{folder}: there is a run in it already: name another folder with --run")
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / RUN_FILE).write_text(record.to_json(), encoding="utf-8")
        (folder / SPLIT_FILE).write_text(split_text, encoding="utf-8")


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn what the disk says while a run's folder is written into one line.

    Raises:
        TrainingError: for any OSError inside.
    """
    try:
        yield
    except OSError as error:
        # HDF5 packs its own story, of several lines, into the text.
        reason = os.strerror(error.errno) if error.errno else str(error).partition("\n")[0]
        raise TrainingError(
            f"{folder}: cannot be written ({reason}): make room or name another folder with --run"
        ) from error


def open_run(folder: Path) -> tuple[RunRecord, str]:
    """Read what went into a run, and the text of its split.

    Raises:
        TrainingError: when it is no run's folder or the run did not finish.
    """
    try:
        content = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
        record = RunRecord(**{**content, "labels": tuple(content["labels"])})
        split_text = (folder / SPLIT_FILE).read_text(encoding="utf-8")
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TrainingError(f"{folder}: no training run ({error}): name the folder that `train` wrote") from error
    if not (folder / WEIGHTS_FILE).is_file():
        raise TrainingError(f"{folder}: the run did not finish, there is no {WEIGHTS_FILE}: train again")
    return record, split_text


def read_split(text: str, dataset: Dataset, *, labels: Sequence[str]) -> Split:
    """Find the photographs of a written split again.

    Args:
        text: as `split.to_csv` wrote it.
        dataset: read from the same folders; there may be more photographs and classes in them by now.
        labels: the run's, whose indices the photographs get.

    Raises:
        DatasetError: when photographs are missing, or the text is no split.
    """
    by_name = {photograph.name: photograph for photograph in dataset.photographs}
    parts: dict[Part, list[Photograph]] = {part: [] for part in Part}
    missing = []
    try:
        for row in csv.DictReader(io.StringIO(text)):
            label, part = labels.index(row["label"]), Part(row["split"])
            if row["name"] in by_name:
                parts[part].append(replace(by_name[row["name"]], label=label))
            else:
                missing.append(row["name"])
    except (KeyError, ValueError) as error:
        raise DatasetError(f"{SPLIT_FILE} of the run is damaged ({error}): bring the file back") from error
    if missing:
        raise DatasetError(
            f"{len(missing)} photographs of the run's split are gone, the first is {missing[0]}: bring them back"
        )
    return Split(
        train=tuple(parts[Part.TRAIN]), validation=tuple(parts[Part.VALIDATION]), test=tuple(parts[Part.TEST]), groups=0
    )


def text_hash(text: str) -> str:
    """SHA-256 of a text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()
