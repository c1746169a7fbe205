"""What quantization cost: float against integer on the same photographs, and the gate that decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIGNIFICANT_DROP = 0.005
"""The gate shuts when top-1 fell by more than this beyond chance (one-sided 95 %)."""
LARGEST_DROP = 0.015
"""The gate shuts when top-1 fell by more than this, chance or not."""
LEAST_AGREEMENT = 0.97
LARGEST_CALIBRATION_ERROR = 0.05
_Z_95 = 1.6448536269514722
"""95 % quantile of the normal distribution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """Float against integer.

    Attributes:
        top1_drop: float top-1 less integer top-1.
        top1_drop_bound: the drop is larger than this with 95 % certainty.
        agreement: share of photographs that get the same first category from both.
        expected_calibration_error: of the integer model after temperature scaling.
    """

    top1_drop: float
    top1_drop_bound: float
    agreement: float
    expected_calibration_error: float

    def failures(self) -> list[str]:
        """Why the gate stays shut; empty when it opens."""
        checks = (
            (
                self.top1_drop_bound > SIGNIFICANT_DROP,
                f"the top-1 drop is above {SIGNIFICANT_DROP:.3f} beyond chance (bound {self.top1_drop_bound:.4f})",
            ),
            (self.top1_drop > LARGEST_DROP, f"the top-1 drop {self.top1_drop:.4f} is above {LARGEST_DROP:.3f}"),
            (self.agreement < LEAST_AGREEMENT, f"agreement {self.agreement:.4f} is below {LEAST_AGREEMENT:.2f}"),
            (
                self.expected_calibration_error > LARGEST_CALIBRATION_ERROR,
                f"calibration error {self.expected_calibration_error:.4f} is above {LARGEST_CALIBRATION_ERROR:.2f}",
            ),
        )
        return [reason for failed, reason in checks if failed]


def compare(
    float_logits: NDArray[np.float32],
    integer_logits: NDArray[np.float32],
    truth: NDArray[np.int64],
    *,
    calibration_error: float,
) -> Parity:
    """Compare the outputs of both models for the same photographs.

    The bound is that of a paired difference: each photograph contributes -1, 0 or 1, and the mean of those is taken as
    normal, which holds from some dozens of photographs on.

    Args:
        float_logits: (photographs, labels).
        integer_logits: (photographs, labels).
        truth: (photographs,) label indices.
        calibration_error: of the integer model, from `calibration.cross_validated_error`.
    """
    float_said, integer_said = float_logits.argmax(axis=1), integer_logits.argmax(axis=1)
    change = (float_said == truth).astype(np.float64) - (integer_said == truth)
    error = float(change.std(ddof=1) / np.sqrt(len(change))) if len(change) > 1 else 0.0
    return Parity(
        top1_drop=float(change.mean()),
        top1_drop_bound=float(change.mean()) - _Z_95 * error,
        agreement=float(np.mean(float_said == integer_said)),
        expected_calibration_error=calibration_error,
    )
