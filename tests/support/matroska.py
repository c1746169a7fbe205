"""A video file whose frames come when they come, as cameras write that record only movement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

# Elements by their numbers in the Matroska specification, RFC 9559.
_HEADER, _DOCUMENT_TYPE = 0x1A45DFA3, 0x4282
_SEGMENT, _INFORMATION, _TRACKS, _TRACK, _CLUSTER = 0x18538067, 0x1549A966, 0x1654AE6B, 0xAE, 0x1F43B675
_TIME_UNIT, _NUMBER, _UNIQUE, _KIND, _CODEC = 0x2AD7B1, 0xD7, 0x73C5, 0x83, 0x86
_VIDEO, _WIDTH, _HEIGHT, _CLUSTER_TIME, _BLOCK = 0xE0, 0xB0, 0xBA, 0xE7, 0xA3
_MILLISECOND_NS = 1_000_000
_KEY_FRAME = 0x80


def write_video(path: Path, frames: Iterable[tuple[int, NDArray[np.uint8]]]) -> None:
    """Write motion JPEG with the time of each frame in milliseconds."""
    blocks, size = b"", (0, 0)
    for milliseconds, pixels in frames:
        size = (pixels.shape[1], pixels.shape[0])
        head = b"\x81" + (0).to_bytes(2, "big") + bytes([_KEY_FRAME])
        block = _element(_BLOCK, head + cv2.imencode(".jpg", pixels)[1].tobytes())
        blocks += _element(_CLUSTER, _element(_CLUSTER_TIME, milliseconds) + block)
    video = _element(_VIDEO, _element(_WIDTH, size[0]) + _element(_HEIGHT, size[1]))
    track = _element(_NUMBER, 1) + _element(_UNIQUE, 1) + _element(_KIND, 1) + _element(_CODEC, b"V_MJPEG") + video
    information = _element(_INFORMATION, _element(_TIME_UNIT, _MILLISECOND_NS))
    segment = information + _element(_TRACKS, _element(_TRACK, track)) + blocks
    path.write_bytes(_element(_HEADER, _element(_DOCUMENT_TYPE, b"matroska")) + _element(_SEGMENT, segment))


def _element(number: int, content: bytes | int) -> bytes:
    if isinstance(content, int):
        content = content.to_bytes(8, "big")
    name = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return name + (1 << 56 | len(content)).to_bytes(8, "big") + content
