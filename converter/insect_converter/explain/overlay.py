"""Draw where a model looked over what it saw."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STRENGTH = 0.7
"""How much of the picture the colour may cover, at most: what was looked at must stay visible."""


def overlay(view: NDArray[np.uint8], heat: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A picture with warm light where the model looked, and dimmed where it did not.

    The colours are those of the inferno map, which rises evenly in lightness: it reads in grey, and without red or
    green.

    Args:
        view: (height, width, 3) uint8, B, G, R.
        heat: (rows, columns) in [0, 1].

    Returns:
        (height, width, 3) uint8, B, G, R.
    """
    height, width = view.shape[:2]
    smooth = np.clip(cv2.resize(heat, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1)
    colours = cv2.applyColorMap((64 + 191 * smooth).astype(np.uint8), cv2.COLORMAP_INFERNO)
    share = (_STRENGTH * smooth)[..., np.newaxis]
    dimmed = view * (0.55 + 0.45 * smooth)[..., np.newaxis]
    return cast("NDArray[np.uint8]", (dimmed * (1 - share) + colours * share).astype(np.uint8))


def as_shown(view: NDArray[np.uint8], *, color_order: str) -> NDArray[np.uint8]:
    """The pixels that a model is given, in B, G, R: what people look at.

    Args:
        view: (height, width, channels) uint8 as `insect_edge.preprocess.to_model_pixels` made it.
        color_order: of the model's contract: `rgb`, `bgr` or `grey`.
    """
    if color_order == "bgr":
        return view
    code = cv2.COLOR_GRAY2BGR if color_order == "grey" else cv2.COLOR_RGB2BGR
    return cast("NDArray[np.uint8]", cv2.cvtColor(view, code))
