"""What makes a Debian Trixie one that has picamera2, as Raspberry Pi OS has it ready-made."""

from __future__ import annotations

PACKAGES = (
    # PiDNG and python-prctl come as sources.
    *("python3", "python3-dev", "gcc", "libcap-dev"),
    *("python3-pip", "python3-numpy", "python3-libcamera", "ca-certificates"),
)
PICAMERA2 = "picamera2==0.3.38"
PYKMS = "usr/local/lib/python3.13/dist-packages/pykms.py"
"""Imported by picamera2's preview windows; Debian does not have it."""
NO_WINDOWS = """
class _Anything(type):
    def __getattr__(cls, name):
        return name


class PixelFormat(metaclass=_Anything):
    pass
"""
"""Nothing here opens a window."""
VIRTUAL_CAMERA = """

import mmap
import sys

import libcamera
from picamera2.allocators.allocator import Allocator, Sync
from picamera2.allocators.libcameraallocator import LibcameraAllocator

RAW, ANY = libcamera.StreamRole.Raw, libcamera.StreamRole.Viewfinder
asked = libcamera.Camera.generate_configuration


class Mapped(Sync):
    def __init__(self, allocator, buffer, write):
        super().__init__(allocator, buffer, write)
        self.planes = buffer.planes

    def __enter__(self):
        self._Sync__mm = mmap.mmap(self.planes[0].fd, sum(plane.length for plane in self.planes))
        return self._Sync__mm


class BuffersOfLibcamera(LibcameraAllocator):
    def __init__(self):
        Allocator.__init__(self)
        self.sync = Mapped

    def allocate(self, libcamera_config, use_case):
        (opened,) = sys.modules["picamera2.picamera2"].Picamera2._cm.cameras.values()
        self.camera = opened.camera
        super().allocate(libcamera_config, use_case)


def generate_configuration(camera, roles):
    return asked(camera, [ANY if role == RAW else role for role in roles])


libcamera.Camera.generate_configuration = generate_configuration
sys.modules["picamera2.picamera2"].DmaAllocator = BuffersOfLibcamera
"""
"""What picamera2 needs for libcamera's virtual camera, beside `NO_WINDOWS`.

Of its two allocators picamera2 takes the one for a Pi's memory, in one plane each; the virtual camera writes brightness
and colours into two, as the other one makes them, and in libcamera 0.4.0 does not say how much it has written. And
asked for raw streams it answers nothing, where a USB camera answers with all it has.
"""
