"""The model: whether it answers rightly, how fast, and on which kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from insect_edge.doctor.findings import Finding, failure, good, warning
from insect_edge.doctor.libraries import Attempt, why_it_ended

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST = 0.9
"""Of the operators that XNNPACK should take; conversions at both ends of an int8 graph are left to plain kernels."""
_SHARE = 0.8
"""Of the time between two frames that inference may take: the rest is reading, storing and sending."""


def judge_model(attempt: Attempt, answer: Mapping[str, Any] | None, *, rate: float) -> tuple[Finding, ...]:
    """What the child process that loaded the model says.

    Args:
        attempt: how it ended.
        answer: what it said; None where that was no answer.
        rate: frames a second the configuration asks for.
    """
    if answer is None:
        text, remedy = why_it_ended(attempt, advice="copy the bundle again, or install the runtime again")
        return (failure("model", f"loading it {text}", remedy),)
    if "error" in answer:
        return (failure("model", str(answer["error"]), None),)
    return (*_choice(answer), _bundle(answer), _runtime(answer), _speed(answer, rate=rate))


def _choice(answer: Mapping[str, Any]) -> tuple[Finding, ...]:
    if answer["given_up"] is None:
        return ()
    name, reason = answer["given_up"]
    remedy = "choose one again with insect-edge model use"
    return (warning("choice", f"{name} was chosen and given up: {reason}", remedy, model=name, reason=reason),)


def _bundle(answer: Mapping[str, Any]) -> Finding:
    digest, labels = answer["sha256"], answer["labels"]
    text = f"{answer['model_id']}, {labels} labels, sha256 {digest[:12]} as on its card" if digest else ""
    text = text or f"{answer['model_id']}, {labels} labels"
    facts = {name: answer[name] for name in ("model_id", "sha256", "labels", "golden", "path", "signed")}
    if not answer["golden"]:
        remedy = "make a bundle of it with insect-converter"
        return warning("model", f"{text}, a bare file: nothing tells whether it is whole", remedy, **facts)
    signed = ", signature verified" if answer["signed"] else ""
    return good("model", f"{text}, golden vector answered{signed}", **facts)


def _runtime(answer: Mapping[str, Any]) -> Finding:
    taken, operators = answer["taken"], answer["operators"]
    facts = {"runtime": answer["runtime"], "delegate": answer["delegate"], "taken": taken, "operators": operators}
    text = str(answer["runtime"])
    if answer["delegate"] is None:
        remedy = "install ai-edge-litert 2.1 or later, and an int8 model with per-channel weights"
        return warning("runtime", f"{text}, plain kernels: XNNPACK did not take the model", remedy, **facts)
    said = f"{text}, {answer['delegate']} took {taken} of {operators} operators"
    if taken < _MOST * operators:
        return warning("runtime", said, "convert the model with operators that it knows: the others are slow", **facts)
    return good("runtime", said, **facts)


def _speed(answer: Mapping[str, Any], *, rate: float) -> Finding:
    took, slowest, count = answer["inference_ms"], answer["inference_p95_ms"], answer["inferences"]
    text = f"{took:.1f} ms a picture (median of {count}, 95 % within {slowest:.1f} ms)"
    facts = {"median_ms": took, "p95_ms": slowest, "inferences": count, "rate": rate}
    if took >= _SHARE * 1e3 / rate:
        remedy = f"set [camera] rate to {_SHARE * 1e3 / took:.2g} or less, or use a smaller model"
        return failure("inference", f"{text}: too slow for [camera] rate = {rate:g}", remedy, **facts)
    return good("inference", f"{text}, enough for [camera] rate = {rate:g}", **facts)
