"""The best weights are kept, whatever comes after and before them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from insect_converter.errors import TrainingError
from insect_converter.judge import Judge


class Student:
    """A model that is as good as its examination says, and whose weights are the number of the examination.

    Attributes:
        results: loss and accuracy of each examination.
    """

    def __init__(self, *results: tuple[float, float]) -> None:
        self.results = results
        self._examined = -1

    def evaluate(self, *_: Any, **__: Any) -> list[float]:
        """The next result."""
        self._examined += 1
        return list(self.results[self._examined])

    def get_weights(self) -> list[np.ndarray]:
        """Which examination this was."""
        return [np.array(self._examined)]


def judged(student: Student, *, patience: int = 10) -> Judge:
    """A judge after as many epochs as there are results, or until patience is out."""
    judge = Judge(student, None, patience=patience)  # type: ignore[arg-type]  # the student needs no photographs
    judge.examine_start()
    for epoch in range(1, len(student.results)):
        judge.examine(epoch)
        if judge.patience_is_out:
            break
    return judge


def kept(judge: Judge) -> int:
    """Which examination was the best."""
    return int(judge.best[0])


def test_the_best_epoch_is_kept() -> None:
    """Later and worse epochs do not take its place."""
    assert kept(judged(Student((1.0, 0.5), (1.0, 0.7), (1.0, 0.9), (1.0, 0.8)))) == 2


def test_what_training_starts_from_takes_part() -> None:
    """Where no epoch beats the head alone, the head alone stays."""
    assert kept(judged(Student((1.0, 0.9), (1.0, 0.7), (1.0, 0.8)))) == 0


def test_the_loss_breaks_ties() -> None:
    """Of equal accuracies the surer one is better; a lower loss does not make up for a photograph in a thousand."""
    assert kept(judged(Student((1.0, 0.8), (0.5, 0.8), (0.6, 0.8)))) == 1
    assert kept(judged(Student((1.0, 0.8), (0.3, 0.799)))) == 0


def test_patience_is_out_when_nothing_gets_better() -> None:
    """Epochs since the best of fine-tuning count; the start, which is hard to beat, does not."""
    student = Student((1.0, 0.9), (1.0, 0.1), (1.0, 0.2), (1.0, 0.3), (1.0, 0.2), (1.0, 0.3), (1.0, 0.8))
    judge = judged(student, patience=2)
    assert judge.patience_is_out
    assert kept(judge) == 0
    assert student.results[6] == tuple(student.evaluate())


def test_each_examination_is_told() -> None:
    """Loss, accuracy and whether it is the best so far."""
    judge = Judge(Student((1.0, 0.5), (0.4, 0.75), (0.5, 0.7)), None, patience=3)  # type: ignore[arg-type]  # as above
    judge.examine_start()
    assert judge.examine(1) == (0.4, 0.75, True)
    assert judge.examine(2) == (0.5, 0.7, False)


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_no_number_ends_training(loss: float) -> None:
    """Diverged training says so and what to lower."""
    with pytest.raises(TrainingError, match=rf"epoch 1: the loss is {loss:g}: lower fine_tuning.learning_rate"):
        judged(Student((1.0, 0.5), (loss, 0.1)))


def test_a_start_that_is_no_number_is_beaten_by_any_epoch() -> None:
    """A network whose weights of chance overflow still learns."""
    assert kept(judged(Student((math.nan, 0.5), (1e4, 0.1)))) == 1


@pytest.mark.parametrize("cut", [1, 2, 3, 4])
def test_a_contest_goes_on_where_it_stood(cut: int) -> None:
    """A judge restored after any epoch decides as the one who saw them all."""
    results = (1.0, 0.5), (1.0, 0.7), (1.0, 0.6), (0.9, 0.7), (1.0, 0.65), (1.0, 0.66)
    whole = judged(Student(*results), patience=2)
    before = judged(Student(*results[:cut]), patience=2)
    student = Student(*results)
    student._examined = cut - 1
    after = Judge(student, None, patience=2)  # type: ignore[arg-type]  # as above
    after.restore(before.facts(), before.best)
    for epoch in range(cut, len(results)):
        if after.patience_is_out:
            break
        after.examine(epoch)
    assert (kept(after), after.facts()) == (kept(whole), whole.facts())
