"""Everything that was measured on a model, float and integer side by side: for the card, and as people read it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from insect_converter import calibration, evaluate, parity
from insect_converter.split import Part
from insect_edge.domain import Role
from insect_edge.postprocess import softmax

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from insect_edge.card import ModelCard


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """What a model answered to one set of photographs.

    Attributes:
        logits: (photographs, labels).
        truth: (photographs,) label indices.
    """

    logits: NDArray[np.float32]
    truth: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured on the test photographs.

    Attributes:
        floating: metrics of the float model.
        integer: metrics of the integer model.
        parity: the two compared; its calibration error is of validation and test photographs together.
        calibration_error_before: of the integer model without temperature.
        verdicts: shares as `evaluate.verdict_shares` gives them, of the integer model.
        table: of the integer model, as scikit-learn prints it.
    """

    floating: evaluate.Metrics
    integer: evaluate.Metrics
    parity: parity.Parity
    calibration_error_before: float
    verdicts: dict[str, float]
    table: str


def background_of(card: ModelCard) -> list[int]:
    """Indices of the labels that are background."""
    return [label.index for label in card.labels if label.role is Role.BACKGROUND]


def compute(
    floating: Mapping[Part, Outputs], integer: Mapping[Part, Outputs], *, card: ModelCard, seed: int
) -> Figures:
    """Measure both models.

    Args:
        floating: answers of the float model to the validation and test photographs.
        integer: answers of the integer model to the same.
        card: with temperature and thresholds fitted.
        seed: of the cross-validation.
    """
    names, background = [label.name for label in card.labels], background_of(card)
    before, after = floating[Part.TEST], integer[Part.TEST]
    both = [integer[part] for part in (Part.VALIDATION, Part.TEST)]
    error = calibration.cross_validated_error(
        np.concatenate([outputs.logits for outputs in both]),
        np.concatenate([outputs.truth for outputs in both]),
        seed=seed,
    )
    return Figures(
        floating=evaluate.measure(before.logits, before.truth, labels=names, background=background),
        integer=evaluate.measure(after.logits, after.truth, labels=names, background=background),
        parity=parity.compare(before.logits, after.logits, after.truth, calibration_error=error),
        calibration_error_before=calibration.calibration_error(softmax(after.logits, temperature=1.0), after.truth),
        verdicts=evaluate.verdict_shares(softmax(after.logits, temperature=card.temperature), after.truth, card.labels),
        table=evaluate.table(after.logits, after.truth, labels=names),
    )


def for_card(figures: Figures, *, float_bytes: int, integer_bytes: int) -> dict[str, Any]:
    """The figures as plain values, with the sizes of both files in bytes."""
    return {
        "test_photographs": figures.integer.photographs,
        "float": asdict(figures.floating),
        "int8": asdict(figures.integer),
        "parity": asdict(figures.parity),
        "verdicts": figures.verdicts,
        "calibration_error_before_temperature": figures.calibration_error_before,
        "size_bytes": {"float": float_bytes, "int8": integer_bytes},
    }


def describe(figures: Figures) -> str:
    """The figures as a person reads them."""
    rows = [
        f"{'test photographs':<28}{figures.integer.photographs:>10}",
        f"{'':<28}{'float':>10}{'int8':>10}",
        *(
            f"{name:<28}{getattr(figures.floating, key):>10.4f}{getattr(figures.integer, key):>10.4f}"
            for name, key in (
                ("top-1", "top1"),
                ("top-1 of the insects", "insect_top1"),
                ("top-5", "top5"),
                ("macro F1", "macro_f1"),
            )
        ),
        f"{'agreement':<28}{figures.parity.agreement:>20.4f}",
        f"{'top-1 drop, 95 % bound':<28}{figures.parity.top1_drop:>10.4f}{figures.parity.top1_drop_bound:>10.4f}",
        f"{'calibration error, before':<28}{figures.calibration_error_before:>20.4f}",
        f"{'calibration error, after':<28}{figures.parity.expected_calibration_error:>20.4f}",
        *(f"{'verdicts: ' + name.replace('_', ' '):<28}{share:>20.4f}" for name, share in figures.verdicts.items()),
    ]
    return "\n".join([*rows, "", "int8, per label:", figures.table.rstrip()])
