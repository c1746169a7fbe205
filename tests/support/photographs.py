"""Drawn photographs, and the ways in which files from the world differ from what their names promise."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

COLOURS = {"aphid": (40, 180, 60), "ladybird": (30, 30, 210), "mantis": (210, 120, 30)}
"""Of the animals, in B, G, R."""
WIDTH, HEIGHT = 128, 112


def draw(label: str, *, seed: int, width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    """A shape in the label's colour on coarse grey noise, or noise alone: (height, width, 3) uint8 in B, G, R order."""
    generator = np.random.default_rng((seed, *label.encode()))
    noise = generator.integers(100, 160, size=(7, 8, 1), dtype=np.uint8).repeat(3, axis=2)
    picture = cv2.resize(noise, (width, height), interpolation=cv2.INTER_LINEAR)
    if label in COLOURS:
        centre = tuple(int(generator.integers(2 * side // 5, 3 * side // 5)) for side in (width, height))
        axes = tuple(int(generator.integers(side // 3, side // 2)) for side in (width, height))
        colour = tuple(int(np.clip(value + generator.integers(-20, 20), 0, 255)) for value in COLOURS[label])
        cv2.ellipse(picture, centre, axes, float(generator.integers(180)), 0, 360, colour, thickness=-1)
    return picture.astype(np.uint8, copy=False)


def encoded(pixels: NDArray[np.uint8], suffix: str = ".jpg") -> bytes:
    """The bytes of a picture file."""
    done, data = cv2.imencode(suffix, pixels)
    assert done
    return data.tobytes()


def with_alpha(pixels: NDArray[np.uint8]) -> bytes:
    """A PNG with an alpha channel, half of whose margin is transparent."""
    alpha = np.full(pixels.shape[:2], 255, dtype=np.uint8)
    alpha[:4] = 128
    return encoded(np.dstack([pixels, alpha]), ".png")


def grey(pixels: NDArray[np.uint8]) -> bytes:
    """A JPEG of one channel."""
    return encoded(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False))


def with_palette(pixels: NDArray[np.uint8]) -> bytes:
    """A PNG of 216 colours in a palette (PNG specification, colour type 3), which OpenCV cannot write."""
    steps = np.array([(red * 51, green * 51, blue * 51) for red in range(6) for green in range(6) for blue in range(6)])
    levels = (pixels[:, :, ::-1].astype(np.int64) + 25) // 51
    indices = (levels @ [36, 6, 1]).astype(np.uint8)
    rows = np.hstack([np.zeros((len(indices), 1), dtype=np.uint8), indices])
    size = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", size), (b"PLTE", steps.astype(np.uint8).tobytes()), (b"IDAT", zlib.compress(rows.tobytes())))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in (*chunks, (b"IEND", b"")))


def rotated(pixels: NDArray[np.uint8]) -> bytes:
    """A JPEG whose pixels lie on their side and whose Exif tag (orientation 6) says to turn them back."""
    jpeg = encoded(np.ascontiguousarray(np.rot90(pixels)))
    directory = struct.pack("<HHHIHHI", 1, 0x0112, 3, 1, 6, 0, 0)
    exif = b"Exif\x00\x00II*\x00" + struct.pack("<I", 8) + directory
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]


def truncated(pixels: NDArray[np.uint8]) -> bytes:
    """The first half of a JPEG."""
    data = encoded(pixels)
    return data[: len(data) // 2]


AS_THEY_COME: dict[str, Callable[[NDArray[np.uint8]], bytes]] = {
    "alpha.png": with_alpha,
    "grey.jpg": grey,
    "palette.png": with_palette,
    "really-a-jpeg.png": encoded,
    "on-its-side.jpg": rotated,
}
"""Files of every honest kind, by a name that suits them."""


def write_classes(folder: Path, *, each: int) -> None:
    """Draw a folder of class folders, one an animal, with `each` photographs `000.jpg`, `001.jpg` and so on."""
    for label in COLOURS:
        write_class(folder / label, label=label, count=each)


def write_class(folder: Path, *, label: str, count: int) -> None:
    """Draw one class folder."""
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"{number:03}.jpg").write_bytes(encoded(draw(label, seed=number)))


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
