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
HISTORY_FILE = "history.json"
SCORES_FILE = "scores.json"
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
        changes: what `--set` changed in the recipe, as it was written.
        out: folder of the bundle that is to be made.
        backbone_weights: file of pretrained weights, or None for Keras' download or none at all.
        data_sha256: of names, labels and contents of all photographs, whatever part they are in; empty where unknown.
        unknown: folder of photographs of insects the model is not to know, or None.
        teachers: folder and float model's SHA-256 of each run whose model taught this one.
        members: folder and float model's SHA-256 of each run that this one combines; empty for one that was trained.
        averaged: whether the members' weights were averaged, which leaves one network, or else their answers.
        leaks_kept: how many photographs show what is held back and were learnt from all the same.
        float_sha256: of the float model's file, in hex; None until the run has finished.
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
    changes: tuple[str, ...] = ()
    out: str | None = None
    backbone_weights: str | None = None
    data_sha256: str = ""
    unknown: str | None = None
    teachers: tuple[tuple[str, str], ...] = ()
    members: tuple[tuple[str, str], ...] = ()
    averaged: bool = False
    leaks_kept: int = 0
    float_sha256: str | None = None

    def to_json(self) -> str:
        """The text of the run's file."""
        # The float model comes later, and its hash from its file.
        fields = {name: getattr(self, name) for name in self.__slots__ if name != "float_sha256"}
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
    refuse_existing(folder)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / SPLIT_FILE).write_text(split_text, encoding="utf-8")
        # Last, and at once: a folder with this file is a run that can be gone on with.
        _replace(folder / RUN_FILE, record.to_json())


def refuse_existing(folder: Path) -> None:
    """A run is not written over another.

    Raises:
        TrainingError: when there is already one.
    """
    if (folder / RUN_FILE).exists():
        raise TrainingError(f"{folder}: there is a run in it already: name another folder with --run")


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


def write_history(folder: Path, records: Sequence[dict[str, Any]]) -> None:
    """Put the records of all stages and epochs so far into a run's folder.

    Raises:
        TrainingError: when it cannot be written.
    """
    with writing(folder):
        _replace(folder / HISTORY_FILE, json.dumps(records, indent=1) + "\n")


def write_scores(folder: Path, scores: dict[str, Any]) -> None:
    """Put what the exported bundle scored into a run's folder, in the place of an earlier bundle's.

    Raises:
        TrainingError: when it cannot be written.
    """
    with writing(folder):
        _replace(folder / SCORES_FILE, json.dumps(scores, indent=1) + "\n")


def save_model(folder: Path, model: Any) -> None:
    """Put the float model into a run's folder; it is there whole or not at all.

    Raises:
        TrainingError: when it cannot be written.
    """
    temporary = folder / f"writing.{WEIGHTS_FILE}"
    with writing(folder):
        model.save(temporary)
        temporary.replace(folder / WEIGHTS_FILE)


def float_hash(run: Path) -> str:
    """SHA-256 of a run's float model, in hex.

    Raises:
        TrainingError: when there is none.
    """
    try:
        with (run / WEIGHTS_FILE).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise TrainingError(
            f"{run / WEIGHTS_FILE}: cannot be read ({error.strerror}): finish the run with `train --resume`"
        ) from error


def open_run(folder: Path) -> tuple[RunRecord, str]:
    """Read what went into a finished run, and the text of its split.

    Raises:
        TrainingError: when it is no run's folder or the run did not finish.
    """
    record, split_text = open_started(folder)
    if not (folder / WEIGHTS_FILE).is_file():
        raise TrainingError(
            f"{folder}: the run did not finish, there is no {WEIGHTS_FILE}: go on with `train --resume {folder}`"
        )
    return replace(record, float_sha256=float_hash(folder)), split_text


def open_started(folder: Path) -> tuple[RunRecord, str]:
    """Read what went into a run, finished or not, and the text of its split.

    Raises:
        TrainingError: when it is no run's folder.
    """
    try:
        content = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
        lists = {name: tuple(content[name]) for name in ("labels", "changes") if name in content}
        others = {
            name: tuple((str(path), str(sha256)) for path, sha256 in content.get(name, ()))
            for name in ("teachers", "members")
        }
        record = RunRecord(**{**content, **lists, **others})
        split_text = (folder / SPLIT_FILE).read_text(encoding="utf-8")
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise TrainingError(f"{folder}: no training run ({error}): name the folder that `train` wrote") from error
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


def data_hash(split_text: str) -> str:
    """SHA-256 of the photographs of a split, in hex: names, labels and contents, not what part they are in."""
    rows = sorted((row["name"], row["label"], row["sha256"]) for row in csv.DictReader(io.StringIO(split_text)))
    return text_hash("\n".join(",".join(row) for row in rows))


def _replace(path: Path, text: str) -> None:
    """Write a file that is whole at any moment, whatever there was before."""
    temporary = path.with_name(f"writing.{path.name}")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
