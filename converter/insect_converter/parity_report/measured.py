"""Everything a parity report says, as plain nouns; `text` and `files` put them into words and columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from insect_converter.parity import Parity
    from insect_converter.parity_report.layers import LayerError
    from insect_converter.parity_report.saturation import Saturation
    from insect_converter.parity_report.statistics import Accuracies, Drift, Flip, RecallChange


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """What was compared.

    Attributes:
        model_id: of the bundle.
        integer_sha256: of its `.tflite`.
        float_file: where the float model was read from.
        float_sha256: of that file.
        float_verified: whether the card names that very file.
        runtime: package and version that ran both.
    """

    model_id: str
    integer_sha256: str
    float_file: str
    float_sha256: str
    float_verified: bool
    runtime: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Which photographs.

    Attributes:
        split: `test` or `all`.
        used: how many were compared.
        asked: how many the bundle's split holds; None where every photograph was asked for.
        missing: of those, the ones that are not there.
        changed: of those, the ones whose content is another one by now.
        unreadable: names of the ones that could not be decoded.
        other_labels: photographs left out since the model does not know their label.
        trained_on: of the used ones, those the model learnt from or was chosen on.
    """

    split: str
    used: int
    asked: int | None
    missing: int
    changed: int
    unreadable: tuple[str, ...]
    other_labels: int
    trained_on: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranges:
    """The representative dataset and the ranges it led to.

    Attributes:
        coverage: representative photographs by label; None where the photographs for training are not there.
        per_label: how many of each were wanted.
        measured_on: how many photographs saturation was measured on.
        input_clipped: share of input values that the input's range cuts off.
        layers: by layer, the worst first; None where the two files have different operators.
    """

    coverage: dict[str, int] | None
    per_label: int
    measured_on: int
    input_clipped: float
    layers: tuple[Saturation, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParityReport:
    """What integer cost.

    Attributes:
        models: what was compared.
        sample: on which photographs.
        accuracies: top-1 with intervals.
        parity: as the gate sees it.
        failures: which budgets are broken; empty where the gate is open.
        same_verdict: share of photographs that amount to the same on the Pi: same label, `unknown` or nothing.
        recalls: by label.
        drift: of the score.
        flips: the photographs with another top category.
        layers: error by layer, the worst first; None where `layers_missing` says why.
        layers_missing: why there is no error by layer, or None.
        ranges: the audit of the representative dataset.
    """

    models: Models
    sample: Sample
    accuracies: Accuracies
    parity: Parity
    failures: tuple[str, ...]
    same_verdict: float
    recalls: tuple[RecallChange, ...]
    drift: Drift
    flips: tuple[Flip, ...]
    layers: tuple[LayerError, ...] | None
    layers_missing: str | None
    ranges: Ranges
