"""Pixels → a picture file, there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import cv2

from insect_edge.errors import ImageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TEMPORARY = ".insect-edge-"
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
    data = _encoded(suffix, pixels)
    if data is None:
        raise ImageError(f"{path}: {pixels.shape[1]}x{pixels.shape[0]} pixels cannot be encoded as {suffix}: use .png")
    try:
        put_in_place(path, data)
    except OSError as error:
        raise ImageError(f"{path}: cannot be written ({error.strerror}): check the folder") from error


def _encoded(suffix: str, pixels: NDArray[np.uint8]) -> bytes | None:
    try:
        encoded, data = cv2.imencode(suffix, pixels)
    except cv2.error:  # JPEG ends at 65,500 pixels a side, WebP at 16,383
        return None
    return data.tobytes() if encoded else None


def put_in_place(path: Path, data: bytes) -> None:
    """Write a file that is there whole or not at all, also after a power cut; an existing one is replaced.

    Raises:
        OSError: when it cannot be written.
    """
    descriptor, name = tempfile.mkstemp(prefix=_TEMPORARY, dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        # mkstemp makes files for the owner alone; a picture is for whoever may read the folder.
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def sweep(folder: Path) -> None:
    """Remove what a killed process left half-written in a folder that is the program's own; it may be missing."""
    for leftover in folder.glob(f"{_TEMPORARY}*"):
        with suppress(OSError):
            leftover.unlink()
