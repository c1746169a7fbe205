"""From a region of a frame to a model's input tensor: the only preprocessing in the repository.

The daemon, `classify`, the representative dataset of the converter and its evaluation all come through here, so a
model is trained, calibrated and measured on exactly the pixels it will see on the Pi.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

from insect_edge.card import CENTRED_SQUARE, WHOLE_FRAME
from insect_edge.domain import Region

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from insect_edge.card import InputContract
    from insect_edge.tensors import TensorSpec

_MUCH = 2
"""Times the size from which on enlarging is bicubic."""


def look_at(pixels: NDArray[np.uint8], *, region: Region | None, crop: str = CENTRED_SQUARE) -> Region:
    """The region that is looked at when none is given: by the contract's `crop` the centred square, or all there is."""
    if region is not None:
        return region
    if crop == WHOLE_FRAME:
        return Region(x=0.0, y=0.0, width=1.0, height=1.0)
    height, width = pixels.shape[:2]
    return Region.centred_square(frame_width=width, frame_height=height)


def crop(pixels: NDArray[np.uint8], region: Region) -> NDArray[np.uint8]:
    """A view (no copy) of a region, rounded to whole pixels, at least one each way.

    Args:
        pixels: (height, width, channels) uint8.
        region: in fractions of the frame.
    """
    height, width = pixels.shape[:2]
    left = min(round(region.x * width), width - 1)
    top = min(round(region.y * height), height - 1)
    right = max(left + 1, min(round((region.x + region.width) * width), width))
    bottom = max(top + 1, min(round((region.y + region.height) * height), height))
    return pixels[top:bottom, left:right]


def resize(pixels: NDArray[np.uint8], *, width: int, height: int) -> NDArray[np.uint8]:
    """Resize with antialiasing, quickly.

    Plain bilinear interpolation of a large picture skips pixels, and what it skips comes back as moiré on wings and
    legs. Area averaging is right but slow at odd ratios, and fast where the ratio is exactly two, for which OpenCV has
    vector code (720 to 224 on one x86-64 core: 2.1 ms by area alone, 0.4 ms so). Hence: halve each axis until less
    than four times the target is left, go bilinearly (at a ratio under two, where it skips nothing) to twice the
    target, and halve once more.

    Enlarging is bilinear, too, but bicubic where it is to more than twice the size. Of 220 photographs shrunk to 26,
    40, 56 and 80 pixels, which is what small animals in a wide frame have, `garden-pests-v2` then names 57, 79, 88 and
    92 % right, bilinearly 52, 76, 83 and 91 %. Up to twice the size it is as models have been trained and measured.

    Args:
        pixels: (height, width, channels) uint8.
        width: of the result, in pixels.
        height: of the result, in pixels.

    Returns:
        (height, width, channels) uint8; the same colour order.
    """
    while (steps := _steps(pixels, width=width, height=height)) != (1, 1):
        down, across = steps
        rows, columns = pixels.shape[0] // down, pixels.shape[1] // across
        # An odd last row or column is dropped (1/1000 of the picture): the fast path needs the exact ratio.
        pixels = _resize(pixels[: rows * down, : columns * across], (columns, rows), cv2.INTER_AREA)
    if pixels.shape[0] > height or pixels.shape[1] > width:
        return _resize(_resize(pixels, (2 * width, 2 * height), cv2.INTER_LINEAR), (width, height), cv2.INTER_AREA)
    far = _MUCH * pixels.shape[0] < height and _MUCH * pixels.shape[1] < width
    return _resize(pixels, (width, height), cv2.INTER_CUBIC if far else cv2.INTER_LINEAR)


def _steps(pixels: NDArray[np.uint8], *, width: int, height: int) -> tuple[int, int]:
    """By how much rows and columns are to be divided next: 2 or 1 each."""
    return 2 if pixels.shape[0] >= 4 * height else 1, 2 if pixels.shape[1] >= 4 * width else 1


def _resize(pixels: NDArray[np.uint8], size: tuple[int, int], method: int) -> NDArray[np.uint8]:
    return cast("NDArray[np.uint8]", cv2.resize(pixels, size, interpolation=method))


def to_model_pixels(pixels: NDArray[np.uint8], *, region: Region | None, contract: InputContract) -> NDArray[np.uint8]:
    """Crop, resize and order the colours of a region as a model wants them, still as 8-bit pixels.

    Args:
        pixels: (height, width, 3) uint8 in B, G, R order, as `Frame.pixels`.
        region: None for what the contract looks at by default.
        contract: of the model.

    Returns:
        (contract.height, contract.width, contract.channels) uint8.
    """
    part = crop(pixels, look_at(pixels, region=region, crop=contract.crop))
    small = resize(part, width=contract.width, height=contract.height)
    if contract.color_order == "bgr":
        return small
    grey = contract.color_order == "grey"
    ordered = cast("NDArray[np.uint8]", cv2.cvtColor(small, cv2.COLOR_BGR2GRAY if grey else cv2.COLOR_BGR2RGB))
    return ordered[:, :, np.newaxis] if grey else ordered


def normalize(pixels: NDArray[np.uint8], contract: InputContract) -> NDArray[np.float32]:
    """Real values of 8-bit pixels: (pixel - mean) / standard deviation."""
    return (pixels.astype(np.float32) - np.float32(contract.mean)) / np.float32(contract.std)


def quantization_table(contract: InputContract, spec: TensorSpec) -> NDArray[np.generic]:
    """The quantized value of each of the 256 pixel values, so that quantizing a picture is one table look-up.

    q = round(real / scale) + zero_point, clamped to the type's range (the TFLite quantization specification).

    Returns:
        (256,) of the tensor's type; for a float tensor the real values.
    """
    real = normalize(np.arange(256, dtype=np.uint8), contract)
    if spec.dtype == "float32":
        return real
    limits = np.iinfo(spec.dtype)
    steps = np.rint(real.astype(np.float64) / spec.scale) + spec.zero_point
    table: NDArray[np.generic] = np.clip(steps, limits.min, limits.max).astype(spec.dtype)
    return table


def quantize(pixels: NDArray[np.uint8], table: NDArray[np.generic]) -> NDArray[np.generic]:
    """Look every pixel up in a table from `quantization_table`."""
    looked_up = cast("NDArray[np.generic]", cv2.LUT(pixels, cast("NDArray[np.uint8]", table)))
    # OpenCV drops the last axis of a grey picture.
    return looked_up.reshape(pixels.shape)


def to_tensor(
    pixels: NDArray[np.uint8],
    *,
    region: Region | None,
    contract: InputContract,
    table: NDArray[np.generic],
) -> NDArray[np.generic]:
    """The whole way from a frame's pixels to an input tensor of shape (1, height, width, channels)."""
    return quantize(to_model_pixels(pixels, region=region, contract=contract), table)[np.newaxis]
