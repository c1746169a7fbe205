"""Looks at a region of a frame and says what is there."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from insect_edge import golden, postprocess, preprocess, rejection
from insect_edge.domain import Classification
from insect_edge.errors import InferenceError, ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from insect_edge.card import Golden, ModelCard
    from insect_edge.domain import Evidence, Frame, Region
    from insect_edge.protocols import Interpreter

TOP = 5
_CLASSIFIER_RANKS = (1, 2)
_TYPES = ("uint8", "int8", "float32")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """What the model answered to one region, before anyone has judged it.

    Attributes:
        output: (labels,) float32, dequantized; logits where the card says so.
        region: what the model was shown.
        inference_ms: milliseconds inside the interpreter.
    """

    output: NDArray[np.float32]
    region: Region
    inference_ms: float


class Classifier:
    """A model ready to be asked; holds no state between frames."""

    def __init__(
        self,
        interpreter: Interpreter,
        card: ModelCard,
        *,
        top: int = TOP,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Bind an interpreter to the card that explains it.

        Args:
            interpreter: with the model loaded.
            card: of that model.
            top: how many categories a classification carries.
            timer: seconds, for `inference_ms`.

        Raises:
            ModelError: when the two do not fit, or the card's golden vector does not come out.
        """
        check_fit(interpreter, card)
        self._interpreter = interpreter
        self._own_card = self._card = card
        self._top = top
        self._timer = timer
        self._animals = rejection.animals(card.labels)
        self._table = preprocess.quantization_table(card.input, interpreter.input)
        if card.golden is not None:
            self._check_golden(card.golden)

    @property
    def card(self) -> ModelCard:
        """The card of the model in use."""
        return self._card

    @property
    def own_card(self) -> ModelCard:
        """The card this was made with, whatever roles and thresholds have been set since."""
        return self._own_card

    def configure(self, card: ModelCard) -> None:
        """Use the roles and thresholds of `card`, which is `own_card` otherwise, from the next frame on."""
        self._card = card
        self._animals = rejection.animals(card.labels)

    @property
    def interpreter(self) -> Interpreter:
        """The interpreter in use."""
        return self._interpreter

    def classify(self, frame: Frame, *, region: Region | None = None) -> Classification:
        """Classify one region of a frame; what the card looks at by default when none is given.

        Raises:
            InferenceError: when the runtime fails.
        """
        return self.classify_pixels(frame.pixels, region=region)

    def classify_pixels(self, pixels: NDArray[np.uint8], *, region: Region | None = None) -> Classification:
        """The same for bare pixels: (height, width, 3) uint8 in B, G, R order."""
        return self.judge((self.look(pixels, region=region),))

    def look(self, pixels: NDArray[np.uint8], *, region: Region | None = None) -> Look:
        """What the model answers to one region; the centred square, or what the card says, when none is given.

        Raises:
            InferenceError: when the runtime fails.
        """
        region = preprocess.look_at(pixels, region=region, crop=self._card.input.crop)
        tensor = preprocess.to_tensor(pixels, region=region, contract=self._card.input, table=self._table)
        started = self._timer()
        output = self._interpreter.invoke(tensor)
        inference_ms = (self._timer() - started) * 1e3
        with np.errstate(invalid="ignore"):  # told where it is judged, as an error
            real = postprocess.dequantize(output, self._interpreter.output)
        return Look(output=real, region=region, inference_ms=inference_ms)

    def judge(self, looks: Sequence[Look]) -> Classification:
        """One classification of one or more looks at the same thing: by the mean of what the model answered.

        Args:
            looks: at least one; the first says which region it is of.

        Raises:
            InferenceError: when the answer is no number.
        """
        with np.errstate(invalid="ignore"):  # told below, as an error
            real = looks[0].output if len(looks) == 1 else np.mean([look.output for look in looks], axis=0)
            scores = postprocess.scores_of(real, card=self._card)
        if not np.isfinite(scores).all():
            raise InferenceError(f"{self._card.model_id}: the model answers with what is no number")
        categories = postprocess.top_categories(scores, self._card.labels, count=self._top)
        evidence = self._evidence(real, scores)
        return Classification(
            categories=categories,
            verdict=postprocess.verdict_of(categories[0], evidence=evidence, rejection=self._card.rejection),
            region=looks[0].region,
            inference_ms=sum(look.inference_ms for look in looks),
            evidence=evidence,
        )

    def classify_regions(self, pixels: NDArray[np.uint8], regions: Iterable[Region]) -> tuple[Classification, ...]:
        """Classify several regions of one picture, in their order; equal ones are looked at once.

        One after the other: as batches the same looks take 3 % less time (MobileNetV2, int8, one x86-64 core), but up
        to 10 MiB more, and nobody could stop between two of them when a frame's time is up. Nor is preprocessing
        shared where they overlap: it is a hundredth to a tenth of a look, and a region's answer must not depend on what
        else is looked at.

        Args:
            pixels: (height, width, 3) uint8 in B, G, R order.
            regions: any number.

        Raises:
            InferenceError: when the runtime fails.
        """
        wanted = tuple(regions)
        looked = {region: self.classify_pixels(pixels, region=region) for region in dict.fromkeys(wanted)}
        return tuple(looked[region] for region in wanted)

    def _evidence(self, real: NDArray[np.float32], scores: NDArray[np.float32]) -> Evidence | None:
        card = self._card
        if card.rejection is None:
            return None
        return rejection.evidence_of(
            real, scores, rejection=card.rejection, temperature=card.temperature, among=self._animals
        )

    def logits(self, pixels: NDArray[np.uint8], *, region: Region | None = None) -> NDArray[np.float32]:
        """The model's dequantized output for one region, before temperature and softmax: (labels,) float32."""
        tensor = preprocess.to_tensor(pixels, region=region, contract=self._card.input, table=self._table)
        return postprocess.dequantize(self._interpreter.invoke(tensor), self._interpreter.output)

    def _check_golden(self, expected: Golden) -> None:
        picture = golden.draw(seed=expected.seed, width=expected.width, height=expected.height)
        try:
            best = self.classify_pixels(picture).categories[0]
        except InferenceError as error:
            raise ModelError(f"{error} (on the golden vector): the bundle is damaged: copy it again") from error
        if best.label.index != expected.index or not abs(best.score - expected.score) <= expected.tolerance:
            wanted = self._card.labels[expected.index].name
            raise ModelError(
                f"{self._card.model_id}: the golden vector gave {best.label.name} {best.score:.3f}, the card says "
                f"{wanted} {expected.score:.3f} within {expected.tolerance:g}: {self._interpreter.runtime} computes it "
                "wrongly, or the bundle is damaged: copy it again or upgrade the runtime"
            )


def check_fit(interpreter: Interpreter, card: ModelCard) -> None:
    """Hold a model's tensors against its card.

    Raises:
        ModelError: when it is no classifier of pictures, or has another number of outputs than labels.
    """
    shape, outputs = interpreter.input.shape, interpreter.output.shape
    types = interpreter.input.dtype, interpreter.output.dtype
    if len(outputs) not in _CLASSIFIER_RANKS:
        raise ModelError(f"{card.model_id}: output {outputs}: no classifier, which has one output a label")
    if not set(types) <= set(_TYPES):
        raise ModelError(
            f"{card.model_id}: input and output are {' and '.join(types)}: convert the model to {', '.join(_TYPES)}"
        )
    wanted = (1, card.input.height, card.input.width, card.input.channels)
    if shape != wanted:
        raise ModelError(f"{card.model_id}: the model's input is {shape}, the card says {wanted}: not its card")
    if len(card.labels) != outputs[-1]:
        raise ModelError(
            f"{card.model_id}: {len(card.labels)} labels for {outputs[-1]} outputs: "
            "use the label file that came with the model, one label a line"
        )
