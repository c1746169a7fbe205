"""The one picture decoder of the product: bytes or a file → pixels, or one clear line why not.

What a file is called does not matter, its content decides. Size and completeness are judged by the header before the
decoder allocates anything.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO

import cv2
import numpy as np

from insect_edge.adapters import opencv_log
from insect_edge.errors import ImageError
from insect_edge.picture_header import PictureHeader, read_header

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

MAXIMUM_MEGAPIXELS = 128
_MAXIMUM_PIXELS = MAXIMUM_MEGAPIXELS * 1_000_000
_MAXIMUM_BYTES = 512 << 20
"""More than the largest allowed picture takes uncompressed (128 megapixels of three bytes: 366 MiB)."""
_CHANNELS, _CHANNELS_WITH_ALPHA = 3, 4

opencv_log.silence()


def read_picture(path: Path) -> NDArray[np.uint8]:
    """Read and decode one file.

    Returns:
        (height, width, 3) uint8 in B, G, R order, upright, transparency composited on white.

    Raises:
        ImageError: no such file, a folder, not readable, or whatever `decode_picture` refuses.
    """
    return decode_picture(read_picture_bytes(path), name=str(path))


def read_picture_bytes(path: Path) -> bytes:
    """The content of one file, as long as it could be a picture.

    Raises:
        ImageError: no such file, a folder, not readable, or larger than any picture that is accepted.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            data = file.read(_MAXIMUM_BYTES + 1) if size <= _MAXIMUM_BYTES else b""
    except FileNotFoundError:
        raise ImageError(f"{path}: no such file: check the name") from None
    except IsADirectoryError:
        raise ImageError(f"{path} is a folder: give pictures, for instance {path}/*.jpg") from None
    except (OSError, ValueError) as error:  # ValueError: a name with a null byte
        reason = getattr(error, "strerror", None) or error
        raise ImageError(f"{path}: cannot be read ({reason}): check its permissions and its disk") from None
    if max(size, len(data)) > _MAXIMUM_BYTES:  # a device tells no size
        raise _too_long(str(path))
    return data


def read_picture_stream(stream: BinaryIO, *, name: str) -> NDArray[np.uint8]:
    """Read a stream to its end and decode what came.

    Raises:
        ImageError: when more comes than any picture that is accepted has, or whatever `decode_picture` refuses.
    """
    data = stream.read(_MAXIMUM_BYTES + 1)
    if len(data) > _MAXIMUM_BYTES:
        raise _too_long(name)
    return decode_picture(data, name=name)


def _too_long(name: str) -> ImageError:
    return ImageError(f"{name}: over {_MAXIMUM_BYTES >> 20} MiB: too large for a picture: make it smaller")


def decode_picture(data: bytes, *, name: str) -> NDArray[np.uint8]:
    """Decode one picture: JPEG, PNG, GIF, BMP, WebP, TIFF, and what else the installed OpenCV knows.

    Grey becomes three equal channels, 16 bits become 8, CMYK is converted, Exif orientation is applied,
    transparency is composited on white; of several pictures in one file the first counts.

    Args:
        data: the file's content.
        name: what to call it in an error.

    Returns:
        (height, width, 3) uint8 in B, G, R order.

    Raises:
        ImageError: empty, no picture, truncated, damaged, or over 128 megapixels.
    """
    header = read_header(data)
    _refuse_unusable(header, data, name=name)
    pixels = _decode(data, alpha=header is not None and header.alpha)
    if pixels is None:
        kind = "not a picture that can be read" if header is None else f"its {header.format} data cannot be decoded"
        raise ImageError(f"{name}: {kind}: give a whole JPEG, PNG, BMP, WebP or TIFF file")
    _refuse_too_large(width=pixels.shape[1], height=pixels.shape[0], name=name)
    return pixels if header is None else _upright(pixels, orientation=header.orientation)


def _refuse_unusable(header: PictureHeader | None, data: bytes, *, name: str) -> None:
    if not data:
        raise ImageError(f"{name}: the file is empty: copy it again")
    if header is None:
        return
    _refuse_too_large(width=header.width, height=header.height, name=name)
    if not header.complete:
        raise ImageError(
            f"{name}: truncated: the {header.format} data ends early after {len(data)} bytes: copy it again"
        )
    if header.damaged:
        raise ImageError(f"{name}: damaged: a checksum of the {header.format} data does not hold: copy it again")


def _refuse_too_large(*, width: int, height: int, name: str) -> None:
    if width * height > _MAXIMUM_PIXELS:
        raise ImageError(
            f"{name}: {width}x{height} is {width * height / 1e6:.0f} megapixels, over the limit of "
            f"{MAXIMUM_MEGAPIXELS}: make it smaller"
        )


def _decode(data: bytes, *, alpha: bool) -> NDArray[np.uint8] | None:
    flags = cv2.IMREAD_UNCHANGED if alpha else cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except (cv2.error, MemoryError):
        return None
    if pixels is None or pixels.size == 0:
        return None
    return _as_colour(pixels) if alpha else pixels.astype(np.uint8, copy=False)


def _as_colour(pixels: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Three 8-bit channels from whatever came unchanged out of a file that may hold transparency."""
    wide = pixels.dtype == np.uint16
    narrow = (pixels.astype(np.uint16) >> 8 if wide else pixels).astype(np.uint8, copy=False)
    if narrow.ndim == 2 or narrow.shape[2] == 1:  # noqa: PLR2004 # two axes: grey
        return cv2.cvtColor(narrow, cv2.COLOR_GRAY2BGR).astype(np.uint8, copy=False)
    return _on_white(narrow) if narrow.shape[2] == _CHANNELS_WITH_ALPHA else narrow


def _on_white(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    alpha = pixels[..., _CHANNELS:].astype(np.uint16)
    if int(alpha.min()) == np.iinfo(np.uint8).max:
        return np.ascontiguousarray(pixels[..., :_CHANNELS])
    mixed = pixels[..., :_CHANNELS] * alpha + 255 * (255 - alpha)
    return ((mixed + 127) // 255).astype(np.uint8)


def _upright(pixels: NDArray[np.uint8], *, orientation: int) -> NDArray[np.uint8]:
    """Undo how the camera was held (Exif 2.32, tag 0x0112): 5 to 8 lie on their side, the even half is mirrored."""
    if orientation == 1:
        return pixels
    sideways = orientation >= 5  # noqa: PLR2004
    if sideways:
        pixels = pixels.swapaxes(0, 1)
    if orientation in {3, 4, 7, 8}:
        pixels = pixels[::-1]
    if orientation in {2, 3, 6, 7}:
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
