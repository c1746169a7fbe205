"""The best weights are kept, whatever comes after and before them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from insect_converter.errors import TrainingError
from insect_converter.judge import Examination, Judge, examine
from insect_converter.recipe_parts import Keep


class Student:
    """A model that is as good as its examination says, and whose weights are the number of the examination.

    Attributes:
        results: loss and score of each examination.
    """

    def __init__(self, *results: tuple[float, float]) -> None:
        self.results = results
        self._examined = -1

    def examined(self) -> Examination:
        """The next result."""
        self._examined += 1
        loss, score = self.results[self._examined]
        return examination(loss=loss, score=score)

    def get_weights(self) -> list[np.ndarray]:
        """Which examination this was."""
        return [np.array(self._examined)]


def examination(*, loss: float, score: float) -> Examination:
    """One result; the accuracy decides nothing."""
    return Examination(loss=loss, accuracy=0.5, score=score)


def judge_of(student: Student, *, patience: int, keep: Keep = Keep.BEST) -> Judge:
    """A judge who has examined nothing yet."""
    return Judge(student, examination=student.examined, patience=patience, keep=keep)


def judged(student: Student, *, patience: int = 10, keep: Keep = Keep.BEST) -> Judge:
    """A judge after as many epochs as there are results, or until patience is out."""
    judge = judge_of(student, patience=patience, keep=keep)
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


def test_the_last_epoch_is_kept_where_the_recipe_says_so() -> None:
    """However it did; patience still counts epochs that were no better."""
    student = Student((1.0, 0.5), (1.0, 0.9), (1.0, 0.7), (1.0, 0.6))
    judge = judged(student, patience=2, keep=Keep.LAST)
    assert kept(judge) == 3
    assert judge.patience_is_out


def test_a_model_is_as_good_as_its_calibrated_answers() -> None:
    """Being too sure is mended by a temperature and costs nothing; being wrong does."""
    truth = np.array([0, 1, 2, 0, 1, 2, 0, 1])
    targets = np.eye(3, dtype=np.float32)[truth]
    sure = 4.0 * targets
    sure[0] = (0.0, 1.0, 0.0)

    def examined(logits: np.ndarray) -> Examination:
        class Model:
            loss = staticmethod(lambda wanted, said: np.abs(wanted - said).mean())

            def predict(self, validation: Any, **_: Any) -> np.ndarray:
                assert validation.targets is targets
                return logits

        class Views:
            pass

        views: Any = Views()
        views.targets = targets
        return examine(Model(), views)

    plain, surer = examined(sure), examined(5 * sure)
    assert plain.accuracy == surer.accuracy == 7 / 8
    assert plain.loss == pytest.approx(np.abs(targets - sure).mean())
    assert surer.score == pytest.approx(plain.score, abs=1e-4)
    worse = sure.copy()
    worse[1] = (0.0, 0.0, 4.0)
    assert examined(worse).score < plain.score
    broken = examined(np.full_like(sure, math.nan))
    assert (broken.score, broken.accuracy) == (-math.inf, 0.0)
    assert math.isnan(broken.loss)


def test_patience_is_out_when_nothing_gets_better() -> None:
    """Epochs since the best of fine-tuning count; the start, which is hard to beat, does not."""
    student = Student((1.0, 0.9), (1.0, 0.1), (1.0, 0.2), (1.0, 0.3), (1.0, 0.2), (1.0, 0.3), (1.0, 0.8))
    judge = judged(student, patience=2)
    assert judge.patience_is_out
    assert kept(judge) == 0
    assert student.results[6][1] == student.examined().score


def test_each_examination_is_told() -> None:
    """How it went, and whether it is the best so far."""
    judge = judge_of(Student((1.0, 0.5), (0.4, 0.75), (0.5, 0.7)), patience=3)
    judge.examine_start()
    assert judge.examine(1) == (examination(loss=0.4, score=0.75), True)
    assert judge.examine(2) == (examination(loss=0.5, score=0.7), False)


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_no_number_ends_training(loss: float) -> None:
    """Diverged training says so and what to lower."""
    with pytest.raises(TrainingError, match=rf"epoch 1: the loss is {loss:g}: lower fine_tuning.learning_rate"):
        judged(Student((1.0, 0.5), (loss, 0.1)))


def test_a_start_that_is_no_number_is_beaten_by_any_epoch() -> None:
    """A network whose weights of chance overflow still learns."""
    assert kept(judged(Student((math.nan, -math.inf), (1e4, -9.0)))) == 1


@pytest.mark.parametrize("cut", [1, 2, 3, 4])
def test_a_contest_goes_on_where_it_stood(cut: int) -> None:
    """A judge restored after any epoch decides as the one who saw them all."""
    results = (1.0, 0.5), (1.0, 0.7), (1.0, 0.6), (0.9, 0.7), (1.0, 0.65), (1.0, 0.66)
    whole = judged(Student(*results), patience=2)
    before = judged(Student(*results[:cut]), patience=2)
    student = Student(*results)
    student._examined = cut - 1
    after = judge_of(student, patience=2)
    after.restore(before.facts(), before.best)
    for epoch in range(cut, len(results)):
        if after.patience_is_out:
            break
        after.examine(epoch)
    assert (kept(after), after.facts()) == (kept(whole), whole.facts())
