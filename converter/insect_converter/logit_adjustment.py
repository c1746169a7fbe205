"""Take out of the scores how often each label occurred in training: a trap does not see what a collection holds.

Post-hoc logit adjustment (Menon et al., "Long-tail learning via logit adjustment", 2021). A background that is repeated
to be learnt well would otherwise also win where an animal is as likely, and a rare animal lose against a common one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from insect_converter import calibration

if TYPE_CHECKING:
    from numpy.typing import NDArray


def offsets(
    logits: NDArray[np.float32], truth: NDArray[np.int64], *, occurs: NDArray[np.int64], strength: float
) -> NDArray[np.float32]:
    """What is to be added to each logit.

    The logarithm of a label's share is in units of calibrated log-odds; label smoothing and the like leave logits in
    other units, which the temperature converts.

    Args:
        logits: (photographs, labels) of the validation photographs.
        truth: (photographs,) label indices.
        occurs: (labels,) how many views of each an epoch had, at least one.
        strength: 0 leaves the logits, 1 takes the shares out whole.

    Returns:
        (labels,) with a mean of 0.
    """
    shares = np.log(occurs / occurs.sum())
    temperature = calibration.fit_temperature(logits, truth)
    adjusted: NDArray[np.float32] = (strength * temperature * (shares.mean() - shares)).astype(np.float32)
    return adjusted
