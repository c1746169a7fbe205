"""Pixels → JPEG, for snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2

from insect_edge.errors import ImageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

QUALITY = 85
"""Above this JPEG grows quickly and shows an insect no better."""


def encode_jpeg(pixels: NDArray[np.uint8], *, width: int) -> bytes:
    """A JPEG at most `width` pixels wide of (height, width, 3) uint8 pixels in B, G, R order.

    Raises:
        ImageError: when OpenCV cannot encode them.
    """
    height_now, width_now = pixels.shape[:2]
    if width_now > width:
        size = (width, max(1, round(height_now * width / width_now)))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(pixels.dtype, copy=False)
    encoded, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not encoded:
        raise ImageError(f"a frame of {width_now}x{height_now} pixels cannot be encoded as JPEG: check the camera")
    return bytes(data)
