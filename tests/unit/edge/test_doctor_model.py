"""The model, as the child process that loaded it tells of it."""

from __future__ import annotations

from typing import Any

import pytest

from insect_edge.doctor.findings import Level
from insect_edge.doctor.libraries import Attempt
from insect_edge.doctor.model import judge_model

WELL = Attempt(code=0)
ANSWER: dict[str, Any] = {
    "model_id": "garden-v1",
    "path": "/models/garden-v1",
    "sha256": "ab" * 32,
    "labels": 13,
    "golden": True,
    "signed": False,
    "given_up": None,
    "runtime": "ai-edge-litert 2.3.0",
    "delegate": "XNNPACK",
    "taken": 64,
    "operators": 66,
    "inferences": 20,
    "inference_ms": 12.0,
    "inference_p95_ms": 15.0,
}


def judged(*, rate: float = 1.0, **changes: Any) -> dict[str, tuple[Level, str]]:
    """Each finding on an answer that differs so."""
    return {
        finding.check: (finding.level, f"{finding.text}: {finding.remedy}")
        for finding in judge_model(WELL, ANSWER | changes, rate=rate)
    }


def test_a_sound_model_is_told_in_three_lines() -> None:
    """What it is, what it runs on, how fast."""
    found = judged(signed=True)
    assert {level for level, _ in found.values()} == {Level.OK}
    assert "sha256 abababababab as on its card, golden vector answered, signature verified" in found["model"][1]
    assert "XNNPACK took 64 of 66 operators" in found["runtime"][1]
    assert "12.0 ms a picture (median of 20, 95 % within 15.0 ms)" in found["inference"][1]


@pytest.mark.parametrize(
    ("changes", "check", "level", "says"),
    [
        ({"golden": False, "sha256": None}, "model", Level.WARNING, "nothing tells whether it is whole"),
        ({"given_up": ["b", "it broke"]}, "choice", Level.WARNING, "b was chosen and given up: it broke: choose one"),
        ({"delegate": None, "taken": 0}, "runtime", Level.WARNING, "XNNPACK did not take the model"),
        ({"taken": 30}, "runtime", Level.WARNING, "took 30 of 66"),
        ({"inference_ms": 900.0}, "inference", Level.FAILURE, "set [camera] rate to 0.89 or less"),
    ],
)
def test_what_is_not_well_is_told(changes: dict[str, Any], check: str, level: Level, says: str) -> None:
    """Slow kernels are a warning, a rate that cannot be held is a failure with the rate that can."""
    found = judged(**changes)
    assert found[check][0] is level
    assert says in found[check][1]


def test_the_same_model_may_be_too_slow_for_another_rate() -> None:
    """Speed is judged by what the configuration asks for."""
    assert judged(rate=10)["inference"][0] is Level.OK
    assert judged(rate=80)["inference"][0] is Level.FAILURE


@pytest.mark.parametrize(
    ("attempt", "answer", "says"),
    [
        (Attempt(code=-4), None, "loading it uses instructions"),
        (Attempt(code=None, seconds=60), None, "within 60 s"),
        (WELL, {"error": "x: sha256 is 1, the card says 2: copy it again"}, "the card says 2"),
    ],
)
def test_a_model_that_cannot_be_loaded_is_one_line(attempt: Attempt, answer: dict[str, Any] | None, says: str) -> None:
    """A crash, a hang and our own refusal each become one failure."""
    (finding,) = judge_model(attempt, answer, rate=1.0)
    assert finding.level is Level.FAILURE
    assert says in finding.text
