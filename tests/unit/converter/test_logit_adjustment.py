"""What a model learnt of how often labels occurred can be taken out of its logits."""

from __future__ import annotations

import numpy as np
import pytest

from insect_converter.logit_adjustment import offsets

EVEN = np.array([50, 50, 50])


def answers(*, scale: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and truths drawn from the very scores they stand for."""
    generator = np.random.default_rng(4)
    logits = generator.normal(0, 2, (4000, 3))
    powers = np.exp(logits)
    chances = (powers / powers.sum(axis=1, keepdims=True)).cumsum(axis=1)
    truth = (generator.uniform(size=(4000, 1)) > chances).sum(axis=1)
    return (logits * scale).astype(np.float32), truth


def test_even_labels_are_left_alone() -> None:
    """Where all labels occurred alike there is nothing to take out."""
    logits, truth = answers()
    assert offsets(logits, truth, occurs=EVEN, strength=1.0) == pytest.approx([0.0, 0.0, 0.0], abs=1e-6)


def test_the_common_label_gives_way() -> None:
    """A label that occurred four times as often loses ln 4 against the others; the mean stays."""
    logits, truth = answers()
    added = offsets(logits, truth, occurs=np.array([40, 10, 10]), strength=1.0)
    assert added[1] - added[0] == pytest.approx(np.log(4), rel=0.1)
    assert added[1] == pytest.approx(added[2])
    assert added.mean() == pytest.approx(0.0, abs=1e-6)


def test_half_the_strength_takes_out_half() -> None:
    """The strength is a factor, and nothing is none."""
    logits, truth = answers()
    occurs = np.array([40, 10, 5])
    whole, half, none = (offsets(logits, truth, occurs=occurs, strength=part) for part in (1.0, 0.5, 0.0))
    assert half == pytest.approx(whole / 2)
    assert none == pytest.approx([0.0, 0.0, 0.0])


def test_logits_in_other_units_are_adjusted_in_those() -> None:
    """Timid logits, as label smoothing leaves them, are adjusted by as much less."""
    logits, truth = answers(scale=0.5)
    added = offsets(logits, truth, occurs=np.array([40, 10, 10]), strength=1.0)
    assert added[1] - added[0] == pytest.approx(np.log(4) / 2, rel=0.1)
