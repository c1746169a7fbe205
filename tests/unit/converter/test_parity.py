"""The gate: what integer may cost."""

from __future__ import annotations

import numpy as np
import pytest

from insect_converter.parity import Parity, compare

GOOD = {"top1_drop": 0.0, "top1_drop_bound": -0.01, "agreement": 0.99, "expected_calibration_error": 0.02}


def answers(right: int, wrong: int) -> np.ndarray:
    """Logits of two labels, the first of which is the truth of every photograph."""
    return np.array([[1.0, 0.0]] * right + [[0.0, 1.0]] * wrong, dtype=np.float32)


def compared(before: np.ndarray, after: np.ndarray) -> Parity:
    """Compare where label 0 is always right."""
    return compare(before, after, np.zeros(len(before), dtype=np.int64), calibration_error=0.0)


def test_the_same_answers_open_the_gate() -> None:
    """Nothing lost, full agreement."""
    parity = compared(answers(90, 10), answers(90, 10))
    assert (parity.top1_drop, parity.top1_drop_bound, parity.agreement) == (0.0, 0.0, 1.0)
    assert parity.failures() == []


def test_the_drop_and_its_bound_are_those_of_a_paired_difference() -> None:
    """4 lost and 1 won of 1000: drop 0.003, less 1.645 standard errors of the paired changes."""
    before, after = answers(999, 1), answers(999, 1)
    after[:4], after[-1] = [0.0, 1.0], [1.0, 0.0]
    parity = compared(before, after)
    changes = np.array([1] * 4 + [-1] + [0] * 995)
    bound = changes.mean() - 1.6448536 * changes.std(ddof=1) / np.sqrt(1000)
    assert parity.top1_drop == pytest.approx(0.003)
    assert parity.top1_drop_bound == pytest.approx(bound)
    assert parity.agreement == pytest.approx(0.995)
    assert parity.failures() == []


def test_a_drop_that_may_be_chance_passes_and_a_certain_one_does_not() -> None:
    """One photograph of 100 is chance; 12 of 1000 are more than half a point beyond it."""
    assert compared(answers(100, 0), answers(99, 1)).failures() == []
    failures = compared(answers(1000, 0), answers(988, 12)).failures()
    assert len(failures) == 1
    assert "the top-1 drop is above 0.005 beyond chance (bound 0.00" in failures[0]


def test_integer_may_be_better() -> None:
    """A negative drop opens the gate."""
    parity = compared(answers(98, 2), answers(100, 0))
    assert parity.top1_drop == pytest.approx(-0.02)
    assert parity.failures() == []


def test_one_photograph_has_no_spread() -> None:
    """A single photograph gives a drop and a bound, not a division by nothing."""
    parity = compared(answers(1, 0), answers(0, 1))
    assert (parity.top1_drop, parity.top1_drop_bound) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("field", "held", "broken", "message"),
    [
        ("top1_drop_bound", 0.005, 0.0051, "the top-1 drop is above 0.005 beyond chance (bound 0.0051)"),
        ("top1_drop", 0.015, 0.0151, "the top-1 drop 0.0151 is above 0.015"),
        ("agreement", 0.97, 0.9699, "agreement 0.9699 is below 0.97"),
        ("expected_calibration_error", 0.05, 0.0501, "calibration error 0.0501 is above 0.05"),
    ],
)
def test_each_budget_closes_the_gate_alone(field: str, held: float, broken: float, message: str) -> None:
    """At the budget the gate is open, beyond it shut, with the figure and the budget in the reason."""
    assert Parity(**GOOD | {field: held}).failures() == []
    assert Parity(**GOOD | {field: broken}).failures() == [message]


def test_all_reasons_are_told() -> None:
    """Several budgets broken are several reasons."""
    assert len(Parity(top1_drop=1, top1_drop_bound=1, agreement=0, expected_calibration_error=1).failures()) == 4
