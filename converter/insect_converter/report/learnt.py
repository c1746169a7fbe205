"""What only the float weights tell: their answers, where they look, and what is alike to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from insect_converter import float_model, progress, quantize
from insect_converter.errors import TrainingError
from insect_converter.explain import gradcam, network, overlay
from insect_converter.report import measured, uniqueness
from insect_converter.report.findings import Learnt, Look
from insect_converter.report.pictured import worth_a_look
from insect_edge import preprocess
from insect_edge.adapters.pictures import read_picture

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from insect_converter.float_model import FloatModel
    from insect_converter.report.measured import Answers
    from insect_converter.report.uniqueness import Neighbours
    from insect_converter.split_photographs import Found
    from insect_edge.card import InputContract, ModelCard

_LOOKS = 6
"""Right answers and wrong ones each."""
_CLOSED = "A .tflite file answers, but its layers cannot be looked into: name the Keras file that training kept."


def learn(file: FloatModel, card: ModelCard, found: Found, *, integer: Answers | None) -> Learnt:
    """Ask the float model everything that the page tells of it.

    Args:
        file: as `train` kept it, or a float `.tflite`, which answers but cannot be looked into.
        card: of the same model.
        found: the photographs.
        integer: the integer model's answers, whose mistakes are looked at; None where there is no such model.

    Raises:
        InsectEdgeError: when the file is no model of that card.
    """
    progress.say("asking the float model the same")
    model = network.fitting(file.path, card) if file.is_keras else None
    content = _converted(model) if model is not None else float_model.read_tflite(file)
    classifier = measured.load(content, card, name="float")
    floating = measured.ask(classifier, found.test, name="float")
    speed = measured.time_model(classifier, found.test[0], name="float", size=len(content))
    if model is None:
        return Learnt(floating=floating, speed=speed, looks=None, neighbours=None, reasons=(_CLOSED,))
    reasons: list[str] = []
    return Learnt(
        floating=floating,
        speed=speed,
        looks=_looks(model, card.input, found, answers=integer or floating, reasons=reasons),
        neighbours=_neighbours(model, card.input, found, reasons=reasons),
        reasons=tuple(reasons),
    )


def _converted(model: Any) -> bytes:
    with quantize.saved(model) as folder:
        return quantize.to_float(folder)


def _looks(
    model: Any, contract: InputContract, found: Found, *, answers: Answers, reasons: list[str]
) -> tuple[Look, ...] | None:
    positions = worth_a_look(answers, each=_LOOKS)
    try:
        return tuple(_look(model, contract, found, answers=answers, position=position) for position in positions)
    except TrainingError as error:
        reasons.append(f"{error}.")
        return None


def _look(model: Any, contract: InputContract, found: Found, *, answers: Answers, position: int) -> Look:
    pixels = read_picture(found.test[position].path)
    view = preprocess.to_model_pixels(pixels, region=None, contract=contract)
    real, seen = preprocess.normalize(view, contract), overlay.as_shown(view, color_order=contract.color_order)
    said, truth = int(answers.said[position]), int(answers.truth[position])

    def drawn(label: int) -> NDArray[np.uint8]:
        return overlay.overlay(seen, gradcam.gradcam(model, real, label=label).values)

    return Look(position=position, view=seen, said=drawn(said), truth=None if said == truth else drawn(truth))


def _neighbours(model: Any, contract: InputContract, found: Found, *, reasons: list[str]) -> Neighbours | None:
    photographs = [photograph for _, photograph in found.every]
    if len(photographs) < 2:  # noqa: PLR2004 - a neighbour takes two
        reasons.append("There is only one photograph.")
        return None
    with progress.bar(total=len(photographs), description="features") as bar:

        def views() -> Iterator[NDArray[np.float32]]:
            for photograph in photographs:
                pixels = read_picture(photograph.path)
                yield preprocess.normalize(preprocess.to_model_pixels(pixels, region=None, contract=contract), contract)
                bar.update()

        try:
            return uniqueness.nearest(gradcam.features(model, views()))
        except TrainingError as error:
            reasons.append(f"{error}.")
            return None
