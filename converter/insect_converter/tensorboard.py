"""Curves for TensorBoard in the run's folder, where the package `tensorboard` is installed."""

from __future__ import annotations

import importlib.util
import re
from typing import TYPE_CHECKING, Any

from insect_converter.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from insect_converter.judge import Record

FOLDER = "tensorboard"
"""In the run's folder: `tensorboard --logdir runs` finds it."""


class TensorBoard:
    """Writes the numbers of each record as scalars; does nothing where the package is not there."""

    def __init__(self, folder: Path) -> None:
        """Know where to write; nothing is made before the first record.

        Args:
            folder: of the run.
        """
        self._run = folder
        self._writer: Any = None

    def add(self, records: Iterable[Record], *, member: int) -> None:
        """Write the records of some epochs.

        Args:
            records: of fine-tuning.
            member: which of several runs through the stage this is, from 0.

        Raises:
            TrainingError: when the folder cannot be written.
        """
        if not available():
            return
        import tensorflow as tf  # noqa: PLC0415 - its summaries need the package looked for above

        numbers = [
            (f"fine-tuning {member + 1}/{name}", value, record["epoch"])
            for record in records
            for name, value in record.items()
            if isinstance(value, float)
        ]
        try:
            self._writer = self._writer or tf.summary.create_file_writer(str(self._run / FOLDER))
            with self._writer.as_default():
                for name, value, epoch in numbers:
                    tf.summary.scalar(name, value, step=epoch)
            self._writer.flush()
        except tf.errors.OpError as error:
            # TensorFlow wraps the names of its own functions around the reason.
            reason = re.sub(r"\{\{.*?\}\}|\[Op:.*", "", str(error.message)).strip()
            raise TrainingError(
                f"{self._run / FOLDER}: cannot be written ({reason}): make room, then go on with `train --resume`"
            ) from error


def available() -> bool:
    """Whether TensorFlow can write for it."""
    return importlib.util.find_spec("tensorboard") is not None
