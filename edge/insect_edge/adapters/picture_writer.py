"""Pixels → a picture file, there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import cv2

from insect_edge.errors import ImageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")


def write_picture(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Encode by the file's suffix and put it in place atomically.

    Args:
        path: an existing file is replaced.
        pixels: (height, width, 3) uint8 in B, G, R order.

    Raises:
        ImageError: when the suffix is not known or the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ImageError(f"{path}: cannot write this kind of picture: name it {path.stem or 'picture'}.png")
    encoded, data = cv2.imencode(suffix, pixels)
    if not encoded:
        raise ImageError(f"{path}: {pixels.shape[1]}x{pixels.shape[0]} pixels cannot be encoded as {suffix}: use .png")
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data.tobytes())
        # mkstemp makes files for the owner alone; a picture is for whoever may read the folder.
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        raise ImageError(f"{path}: cannot be written ({error.strerror}): check the folder") from error
