"""Everything that was measured on a model, float and integer side by side: for the card, and as people read it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from insect_converter import calibration, evaluate, parity, rejection
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
        reliability: diagrams `before` and `after` temperature, of the integer model on validation and test photographs
            together, the latter cross-validated.
        verdicts: shares as `evaluate.verdict_shares` gives them, of the integer model.
        thresholds: what each label's threshold leaves, as `evaluate.named_shares` gives it, on the validation
            photographs, where it was fitted, and on the test photographs.
        rejection: as `rejection.measure` gives it; empty where the card has none.
        table: of the integer model, as scikit-learn prints it.
    """

    floating: evaluate.Metrics
    integer: evaluate.Metrics
    parity: parity.Parity
    calibration_error_before: float
    reliability: dict[str, list[calibration.ReliabilityBin]]
    verdicts: dict[str, float]
    thresholds: dict[Part, dict[str, dict[str, float | None]]]
    rejection: dict[str, Any]
    table: str


def background_of(card: ModelCard) -> list[int]:
    """Indices of the labels that are background."""
    return [label.index for label in card.labels if label.role is Role.BACKGROUND]


def compute(
    floating: Mapping[Part, Outputs],
    integer: Mapping[Part, Outputs],
    *,
    card: ModelCard,
    seed: int,
    unknown: NDArray[np.float32] | None = None,
) -> Figures:
    """Measure both models.

    Args:
        floating: answers of the float model to the validation and test photographs.
        integer: answers of the integer model to the same.
        card: with temperature and thresholds fitted.
        seed: of the cross-validation.
        unknown: (photographs, labels), answers of the integer model to insects it does not know; None where there are
            none.
    """
    names, background = [label.name for label in card.labels], background_of(card)
    before, after = floating[Part.TEST], integer[Part.TEST]
    logits, truth = _together(integer)
    calibrated = calibration.cross_validated_scores(logits, truth, seed=seed)
    error = calibration.calibration_error(calibrated, truth)
    verdicts = {part: evaluate.verdicts_of(integer[part].logits, card) for part in (Part.VALIDATION, Part.TEST)}
    return Figures(
        floating=evaluate.measure(before.logits, before.truth, labels=names, background=background),
        integer=evaluate.measure(after.logits, after.truth, labels=names, background=background),
        parity=parity.compare(before.logits, after.logits, after.truth, calibration_error=error),
        calibration_error_before=calibration.calibration_error(softmax(after.logits, temperature=1.0), after.truth),
        reliability={
            "before": calibration.reliability(softmax(logits, temperature=1.0), truth),
            "after": calibration.reliability(calibrated, truth),
        },
        verdicts=evaluate.verdict_shares(verdicts[Part.TEST], after.truth, card.labels),
        thresholds={
            part: evaluate.named_shares(given, integer[part].truth, card.labels) for part, given in verdicts.items()
        },
        rejection=rejection.measure(card, after, unknown=unknown) if card.rejection else {},
        table=evaluate.table(after.logits, after.truth, labels=names),
    )


def _together(integer: Mapping[Part, Outputs]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Logits and truth of the validation and the test photographs."""
    both = [integer[part] for part in (Part.VALIDATION, Part.TEST)]
    return np.concatenate([one.logits for one in both]), np.concatenate([one.truth for one in both])


def for_card(figures: Figures, *, float_bytes: int, integer_bytes: int) -> dict[str, Any]:
    """The figures as plain values, with the sizes of both files in bytes."""
    return {
        "test_photographs": figures.integer.photographs,
        "float": asdict(figures.floating),
        "int8": asdict(figures.integer),
        "parity": asdict(figures.parity),
        "verdicts": figures.verdicts,
        "thresholds": {str(part): table for part, table in figures.thresholds.items()},
        "rejection": figures.rejection,
        "reliability": {name: [asdict(entry) for entry in bins] for name, bins in figures.reliability.items()},
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
        *_rejection_rows(figures.rejection),
    ]
    return "\n".join([*rows, "", "int8, per label:", figures.table.rstrip()])


def _rejection_rows(measured: dict[str, Any]) -> list[str]:
    """How far animals stand apart from background, and known insects from unknown ones."""
    apart = {"animals from background": measured["presence"]} if "presence" in measured else {}
    apart |= {f"known by {name}": found for name, found in measured.get("scores", {}).items()}
    if not apart:
        return []
    shares = {name: share for name, share in measured.get("unknown_insects", {}).items() if name != "photographs"}
    return [
        f"{'':<28}{'AUROC':>10}{'FPR95':>10}",
        *(f"{name:<28}{found['auroc']:>10.4f}{found['fpr_at_95_tpr']:>10.4f}" for name, found in apart.items()),
        *(f"{'unknown insects: ' + name:<28}{share:>20.4f}" for name, share in shares.items()),
    ]
