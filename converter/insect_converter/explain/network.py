"""The float model to be explained, and the card that says what it wants to see and what its outputs mean."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import keras

from insect_converter import backbone
from insect_converter.errors import TrainingError
from insect_edge.card import InputContract, ModelCard, bare_labels

if TYPE_CHECKING:
    from pathlib import Path

    from insect_converter.explain.plan import Plan

_IMAGE_RANK = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A float Keras model with one output a label, and the card of the same labels and input."""

    model: Any
    card: ModelCard


def load(plan: Plan) -> Network:
    """Load a planned model.

    Raises:
        TrainingError: when it cannot be loaded or does not fit what explains it.
    """
    if plan.card is not None:
        return Network(model=fitting(plan.float_file, plan.card), card=plan.card)
    model = backbone.load_model(plan.float_file)
    card = _bare_card(model, plan.names, name=plan.float_file.stem)
    _refuse_other(model, card, plan.float_file)
    return Network(model=model, card=card)


def fitting(float_file: Path, card: ModelCard) -> Any:
    """A float Keras model that has the card's input and labels.

    Raises:
        TrainingError: when it cannot be loaded or is another one.
    """
    model = backbone.load_model(float_file)
    _refuse_other(model, card, float_file)
    return model


def _bare_card(model: Any, names: tuple[str, ...], *, name: str) -> ModelCard:
    """A card from what the model itself says.

    One that rescales pixels itself wants them as they are; others get them in [-1, 1], as MobileNet wants them.
    """
    shape = tuple(model.input_shape) if len(model.inputs) == 1 else ()
    if len(shape) != _IMAGE_RANK or shape[3] not in (1, 3) or None in shape[1:]:
        raise TrainingError(
            f"{name}: input {shape}: a model of pictures has one input (None, height, width, 3) of fixed size"
        )
    contract = InputContract(width=shape[2], height=shape[1], color_order="grey" if shape[3] == 1 else "rgb")
    if any(isinstance(layer, keras.layers.Rescaling) for layer in model.layers):
        contract = replace(contract, mean=0.0, std=1.0)
    return ModelCard(model_id=name, labels=bare_labels(list(names)), input=contract, activation="logits")


def _refuse_other(model: Any, card: ModelCard, file: Path) -> None:
    wanted = (card.input.height, card.input.width, card.input.channels)
    fits = len(model.inputs) == 1 and all(
        side in (None, want) for side, want in zip(model.input_shape[1:], wanted, strict=True)
    )
    if not fits or model.output_shape[-1] != len(card.labels):
        raise TrainingError(
            f"{file}: {model.output_shape[-1]} outputs for pictures {model.input_shape[1:]}, the card says "
            f"{len(card.labels)} labels for {wanted}: name the bundle or the labels that belong to it"
        )
