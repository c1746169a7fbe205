"""What a video device offers, asked of the kernel directly: OpenCV does not tell.

Source: the kernel's userspace API, videodev2.h: VIDIOC_QUERYCAP and VIDIOC_ENUM_FMT.
"""

from __future__ import annotations

import fcntl
import os
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_QUERYCAP, _ENUM_FMT = 0x8068_5600, 0xC040_5602
_CAPABILITY = struct.Struct("<16s32s32s3I12x")
_DESCRIPTION = struct.Struct("<3I32sI16x")
_CAPTURE = 1
"""V4L2_BUF_TYPE_VIDEO_CAPTURE."""
_MOST_FORMATS = 64


def offers(path: Path, *, ioctl: Callable[[int, int, bytearray], int] = fcntl.ioctl) -> tuple[str, tuple[str, ...]]:
    """The name of a device's card and the pixel formats it can deliver (`MJPG`, `YUYV`).

    Args:
        path: of the device file.
        ioctl: asks the kernel; like `fcntl.ioctl`.

    Raises:
        OSError: when it cannot be opened or is no video device.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        capability = bytearray(_CAPABILITY.size)
        ioctl(descriptor, _QUERYCAP, capability)
        card = _CAPABILITY.unpack(capability)[1].split(b"\0")[0].decode(errors="replace")
        return card, tuple(dict.fromkeys(_formats(descriptor, ioctl)))
    finally:
        os.close(descriptor)


def _formats(descriptor: int, ioctl: Callable[[int, int, bytearray], int]) -> list[str]:
    found = []
    for index in range(_MOST_FORMATS):
        asked = bytearray(_DESCRIPTION.pack(index, _CAPTURE, 0, b"", 0))
        try:
            ioctl(descriptor, _ENUM_FMT, asked)
        except OSError:  # EINVAL: there are no more
            break
        code = _DESCRIPTION.unpack(asked)[4]
        found.append(struct.pack("<I", code & 0x7FFF_FFFF).decode(errors="replace").strip())
    return found
