"""Ask the models: every answer comes through the classifier of the Pi, every millisecond from this machine."""

from __future__ import annotations

import platform
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from insect_converter import evaluate, progress
from insect_edge import preprocess, rejection
from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.adapters.pictures import read_picture
from insect_edge.classifier import Classifier
from insect_edge.postprocess import scores_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from insect_converter.dataset import Photograph
    from insect_edge.card import ModelCard

_WARM_UPS = 5
_ROUNDS = 100
_PROCESSORS = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What one form of a model answered to the test photographs.

    Attributes:
        logits: (photographs, labels), or scores where the graph itself ends in them.
        scores: (photographs, labels), each row summing to 1; calibrated by the card's temperature.
        truth: (photographs,) label indices.
    """

    logits: NDArray[np.float32]
    scores: NDArray[np.float32]
    truth: NDArray[np.int64]

    @property
    def said(self) -> NDArray[np.int64]:
        """(photographs,) index of the top category."""
        said: NDArray[np.int64] = self.logits.argmax(axis=1).astype(np.int64)
        return said

    @property
    def best(self) -> NDArray[np.float32]:
        """(photographs,) score of the top category."""
        best: NDArray[np.float32] = self.scores.max(axis=1)
        return best

    @property
    def right(self) -> NDArray[np.bool_]:
        """(photographs,) whether the top category is right."""
        right: NDArray[np.bool_] = self.said == self.truth
        return right


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """How long one form of the model takes, and how large it is.

    Attributes:
        name: `int8` or `float`.
        size: of the file in bytes.
        inference: median milliseconds inside the interpreter.
        inference_p95: 95 of 100 are faster than this.
        whole: median milliseconds from decoded photograph to categories.
        runtime: package and version.
    """

    name: str
    size: int
    inference: float
    inference_p95: float
    whole: float
    runtime: str


def load(content: bytes, card: ModelCard, *, name: str) -> Classifier:
    """A form of the model, on one thread as the Pi runs it by default.

    The golden vector is that of the integer model; the float one is not held against it.

    Raises:
        ModelError: when model and card do not fit.
    """
    return Classifier(
        LiteRtInterpreter(content, name=f"{card.model_id} {name}", threads=1),
        card if name == "int8" else replace(card, golden=None),
    )


def ask(classifier: Classifier, photographs: Sequence[Photograph], *, name: str) -> Answers:
    """A model's answers to photographs, straight from the files at full size: the way of `insect-edge classify`."""
    with progress.bar(total=len(photographs), description=f"asking {name}") as bar:
        pictures = (read_picture(photograph.path) for photograph in photographs)
        logits = evaluate.logits_of(classifier, pictures, on_each=bar.update)
    truth = np.array([photograph.label for photograph in photographs], dtype=np.int64)
    return Answers(logits=logits, scores=scores_of(logits, card=classifier.card), truth=truth)


def nameable(answers: Answers, card: ModelCard) -> NDArray[np.bool_]:
    """(photographs,) whether each could get a name, whatever its score: by the card's rejection, where it has one."""
    limits, among = card.rejection, rejection.animals(card.labels)
    if limits is None:
        return np.ones(len(answers.truth), dtype=np.bool_)
    familiar = rejection.familiarity(
        answers.logits, answers.scores, score=limits.score, temperature=card.temperature, among=among
    )
    there = np.minimum(1, rejection.presence(answers.scores, among))
    possible: NDArray[np.bool_] = (there >= limits.presence) & (familiar >= limits.threshold)
    return possible


def time_model(
    classifier: Classifier,
    photograph: Photograph,
    *,
    name: str,
    size: int,
    timer: Callable[[], float] = time.perf_counter,
) -> Speed:
    """Take the time of some classifications of one photograph, decoded before.

    Args:
        classifier: of the model.
        photograph: to look at again and again.
        name: `int8` or `float`.
        size: of the model's file in bytes.
        timer: seconds.
    """
    pixels = read_picture(photograph.path)
    region = preprocess.look_at(pixels, region=None, crop=classifier.card.input.crop)
    whole, inside = [], []
    for turn in range(_WARM_UPS + _ROUNDS):
        started = timer()
        classification = classifier.classify_pixels(pixels, region=region)
        if turn >= _WARM_UPS:
            whole.append((timer() - started) * 1e3)
            inside.append(classification.inference_ms)
    return Speed(
        name=name,
        size=size,
        inference=float(np.median(inside)),
        inference_p95=float(np.percentile(inside, 95)),
        whole=float(np.median(whole)),
        runtime=classifier.interpreter.runtime,
    )


def processor() -> str:
    """What this machine's processor calls itself."""
    try:
        lines = _PROCESSORS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.lower().startswith(("model name", "model\t"))]
    named = [name for name in names if name and not name.isdigit()]
    return named[0] if named else platform.processor() or platform.machine()
