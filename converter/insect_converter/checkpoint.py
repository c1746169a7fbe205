"""Where training stands, in one file that is always whole: what `train --resume` goes on from."""

from __future__ import annotations

import io
import json
import os
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from insect_converter import run_record
from insect_converter.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

FILE = "checkpoint.npz"
_FACTS = "facts"
_SEPARATOR = "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Where training stands.

    Attributes:
        facts: plain values: member, epoch, records, scores.
        arrays: lists of arrays by what they are: variables of the model, of the optimizer, best weights.
    """

    facts: dict[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, list[NDArray[Any]]] = field(default_factory=dict)


def write(folder: Path, checkpoint: Checkpoint) -> None:
    """Put a checkpoint in the place of the one before it: whatever happens, one of the two is there and whole.

    Raises:
        TrainingError: when it cannot be written.
    """
    named = {
        f"{name}{_SEPARATOR}{number}": array
        for name, arrays in checkpoint.arrays.items()
        for number, array in enumerate(arrays)
    }
    # Bytes, since numpy has no text that is not padded; no pickle, which nobody should have to trust.
    named[_FACTS] = np.frombuffer(json.dumps(checkpoint.facts).encode(), dtype=np.uint8)
    temporary = folder / f"writing.{FILE}"
    with run_record.writing(folder):
        with temporary.open("wb") as file:
            np.savez(file, **named)  # type: ignore[arg-type]  # its stubs take the names for its own options
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / FILE)


def read(folder: Path) -> Checkpoint | None:
    """The checkpoint of a run; None where there is none yet.

    Raises:
        TrainingError: when it is damaged.
    """
    try:
        content = (folder / FILE).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise TrainingError(f"{folder / FILE}: cannot be read ({error.strerror}): check its permissions") from error
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            facts = json.loads(stored[_FACTS].tobytes())
            arrays: dict[str, list[NDArray[Any]]] = {}
            for key in stored.files:
                name, separator, _ = key.rpartition(_SEPARATOR)
                if separator:
                    arrays.setdefault(name, []).append(stored[key])
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise TrainingError(
            f"{folder / FILE}: damaged ({error}): delete it to begin this run's training anew"
        ) from error
    return Checkpoint(facts=facts, arrays=arrays)


def remove(folder: Path) -> None:
    """Take the checkpoint away, and what a killed write may have left."""
    for name in (FILE, f"writing.{FILE}"):
        (folder / name).unlink(missing_ok=True)
