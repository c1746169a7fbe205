"""Views made of two: the network learns to tell how much of which animal there is, and trusts single pixels less."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MIXUP_ALPHA = 0.2
"""Of the Beta distribution: mostly one of the two, as in the paper's ImageNet runs."""


def mixup(
    views: NDArray[np.uint8], targets: NDArray[np.float32], *, generator: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Each view blended with another of the batch, the targets likewise (Zhang et al., "mixup", 2018).

    Args:
        views: (batch, size, size, 3) uint8.
        targets: (batch, labels), each row a distribution.
        generator: seeded by the caller.

    Returns:
        New arrays of the same shapes.
    """
    share = generator.beta(_MIXUP_ALPHA, _MIXUP_ALPHA)
    partner = generator.permutation(len(views))
    blended = np.rint(share * views + (1 - share) * views[partner]).astype(np.uint8)
    return blended, _blend(targets, partner, share=share)


def cutmix(
    views: NDArray[np.uint8], targets: NDArray[np.float32], *, generator: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Each view with a rectangle of another of the batch, the targets by area (Yun et al., "CutMix", 2019).

    Args and result are those of `mixup`.
    """
    side = views.shape[1]
    # A uniform share of the area; its square root of the side.
    half = side * np.sqrt(generator.uniform()) / 2
    middle = generator.uniform(0, side, size=2)
    low, high = (np.clip(np.rint(middle + reach), 0, side).astype(int) for reach in (-half, half))
    partner = generator.permutation(len(views))
    patched = views.copy()
    patched[:, low[0] : high[0], low[1] : high[1]] = views[partner, low[0] : high[0], low[1] : high[1]]
    return patched, _blend(targets, partner, share=1 - float(np.prod(high - low)) / side**2)


def _blend(targets: NDArray[np.float32], partner: NDArray[np.int64], *, share: float) -> NDArray[np.float32]:
    blended: NDArray[np.float32] = (share * targets + (1 - share) * targets[partner]).astype(np.float32)
    return blended
