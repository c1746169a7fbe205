"""The best weights are kept, whatever comes after and before them."""

from __future__ import annotations

import errno
import importlib
import json
import math
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from insect_converter.errors import TrainingError

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType


@pytest.fixture(scope="module")
def judging(tensorflow: None) -> ModuleType:  # noqa: ARG001 - is imported first, silently
    """The module under test."""
    return importlib.import_module("insect_converter.judge")


class Student:
    """A model that is as good as its examination says, and whose weights are the number of the examination.

    Attributes:
        results: loss and accuracy of each examination.
        stop_training: what the judge says of going on.
    """

    def __init__(self, *results: tuple[float, float]) -> None:
        self.results = results
        self.stop_training = False
        self._examined = -1

    def evaluate(self, *_: Any, **__: Any) -> list[float]:
        """The next result."""
        self._examined += 1
        return list(self.results[self._examined])

    def save_weights(self, path: Path) -> None:
        """Write down which examination this was."""
        path.write_text(str(self._examined))


def judged(judging: ModuleType, folder: Path, student: Student, *, patience: int = 10) -> Any:
    """A judge after as many epochs as there are results, or until it says stop."""
    judge = judging.Judge(student, None, folder=folder, patience=patience, steps=10)
    judge.set_model(student)
    judge.on_train_begin()
    for epoch in range(len(student.results) - 1):
        judge.on_train_batch_end(0, {"loss": 1.0})
        judge.on_epoch_end(epoch, {"loss": 1.0, "accuracy": 0.5})
        if student.stop_training:
            break
    judge.on_train_end()
    return judge


def test_the_best_epoch_is_kept(judging: ModuleType, tmp_path: Path) -> None:
    """Later and worse epochs do not overwrite it, and no half-written file stays."""
    judge = judged(judging, tmp_path, Student((1.0, 0.5), (1.0, 0.7), (1.0, 0.9), (1.0, 0.8)))
    assert judge.file.read_text() == "2"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best.weights.h5", "history.json"]


def test_what_training_starts_from_takes_part(judging: ModuleType, tmp_path: Path) -> None:
    """Where no epoch beats the head alone, the head alone stays."""
    assert judged(judging, tmp_path, Student((1.0, 0.9), (1.0, 0.7), (1.0, 0.8))).file.read_text() == "0"


def test_the_loss_breaks_ties(judging: ModuleType, tmp_path: Path) -> None:
    """Of equal accuracies the surer one is better; a lower loss does not make up for a photograph in a thousand."""
    assert judged(judging, tmp_path, Student((1.0, 0.8), (0.5, 0.8), (0.6, 0.8))).file.read_text() == "1"
    assert judged(judging, tmp_path, Student((1.0, 0.8), (0.3, 0.799))).file.read_text() == "0"


def test_training_stops_when_nothing_gets_better(judging: ModuleType, tmp_path: Path) -> None:
    """Patience counts epochs since the best of fine-tuning; the start, which is hard to beat, does not count."""
    student = Student((1.0, 0.9), (1.0, 0.1), (1.0, 0.2), (1.0, 0.3), (1.0, 0.2), (1.0, 0.3), (1.0, 0.8))
    judge = judged(judging, tmp_path, student, patience=2)
    assert student.stop_training
    assert len(judge.records) == 5
    assert judge.file.read_text() == "0"


def test_each_epoch_is_told_and_written_down(
    judging: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line on standard error and a record in the run's history, which says which was the best."""
    judge = judged(judging, tmp_path, Student((1.0, 0.5), (0.4, 0.75), (0.5, 0.7)))
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith("epoch 1: loss 1.0000, accuracy 0.5000, validation accuracy 0.7500 (best), 0 s")
    assert told[1].startswith("epoch 2: loss 1.0000, accuracy 0.5000, validation accuracy 0.7000, 0 s")
    assert json.loads((tmp_path / "history.json").read_text()) == judge.records
    assert [(record["epoch"], record["val_loss"]) for record in judge.records] == [(1, 0.4), (2, 0.5)]


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_no_number_ends_training(judging: ModuleType, tmp_path: Path, loss: float) -> None:
    """Diverged training says so and what to lower, and keeps what was best."""
    with pytest.raises(TrainingError, match=rf"epoch 1: the loss is {loss:g}: lower fine_tuning.learning_rate"):
        judged(judging, tmp_path, Student((1.0, 0.5), (loss, 0.1)))
    assert (tmp_path / "best.weights.h5").read_text() == "0"


def test_a_full_disk_is_one_clear_line(judging: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights that cannot be written end training with the folder and the reason, and the last good ones stay."""
    student = Student((1.0, 0.5), (1.0, 0.6))
    save, calls = Student.save_weights, []

    def full(self: Student, path: Path) -> None:
        calls.append(path)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        save(self, path)

    monkeypatch.setattr(Student, "save_weights", full)
    with pytest.raises(TrainingError, match=r"cannot be written \(No space left on device\): make room"):
        judged(judging, tmp_path, student)
    assert (tmp_path / "best.weights.h5").read_text() == "0"


def test_a_real_model_is_judged(judging: ModuleType, tmp_path: Path) -> None:
    """With Keras around it, the weights that come back are those of the best epoch."""
    keras = importlib.import_module("keras")
    batches = importlib.import_module("insect_converter.batches")
    keras.utils.set_random_seed(1)
    generator = np.random.default_rng(1)
    views = generator.integers(0, 256, size=(40, 4, 4, 3), dtype=np.uint8)
    views[:20, ..., 0] = 255
    targets = np.eye(2, dtype=np.float32)[[0] * 20 + [1] * 20]
    model = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Flatten(), keras.layers.Dense(2)])
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.05), loss, metrics=["accuracy"])
    plain = batches.PlainBatches(views, targets)
    judge = judging.Judge(model, plain, folder=tmp_path, patience=3, steps=12)
    model.fit(plain, epochs=6, shuffle=False, verbose=0, callbacks=[judge])
    model.load_weights(judge.file)
    best = max(judge.records, key=lambda record: record["val_accuracy"] - 1e-3 * record["val_loss"])
    assert model.evaluate(plain, verbose=0) == pytest.approx([best["val_loss"], best["val_accuracy"]])
