"""What a video device offers, with a kernel that answers as videodev2.h says."""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING

import pytest

from insect_edge.adapters import v4l2

if TYPE_CHECKING:
    from pathlib import Path

QUERYCAP, ENUM_FMT = 0x80685600, 0xC0405602
FORMATS = (b"MJPG", b"YUYV", b"YUYV", b"H264")


def kernel(_: int, request: int, content: bytearray) -> int:
    """A driver with four formats, one of them twice."""
    if request == QUERYCAP:
        assert len(content) == 104
        content[16:48] = b"HD Webcam".ljust(32, b"\0")
        return 0
    assert request == ENUM_FMT
    assert len(content) == 64
    index, kind = struct.unpack_from("<II", content)
    assert kind == 1
    if index >= len(FORMATS):
        raise OSError(errno.EINVAL, "no more")
    content[44:48] = FORMATS[index]
    return 0


def test_card_and_formats_are_read(tmp_path: Path) -> None:
    """Each format once, in the driver's order."""
    (tmp_path / "video0").touch()
    assert v4l2.offers(tmp_path / "video0", ioctl=kernel) == ("HD Webcam", ("MJPG", "YUYV", "H264"))


def test_a_file_that_is_no_device_is_an_error(tmp_path: Path) -> None:
    """The real kernel refuses the question."""
    (tmp_path / "video0").touch()
    with pytest.raises(OSError, match="ioctl"):
        v4l2.offers(tmp_path / "video0")
