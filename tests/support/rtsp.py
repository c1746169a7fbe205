"""A network camera that speaks RTSP: GStreamer's server, in a process of its own."""

from __future__ import annotations

import shutil
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.tcp import free_port

if TYPE_CHECKING:
    from insect_edge.domain import Frame

_SCRIPT = Path(__file__).with_name("rtsp_server.py")
_PYTHON = "/usr/bin/python3"
"""Debian's, for which it packages GStreamer's bindings."""
_PARTS = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
_PACKAGES = "gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-base gstreamer1.0-plugins-good"
_BITS, _FIELD = 16, 20


class RtspServer:
    """Serves numbered frames until stopped; can be started again at the same address.

    Args:
        login: user and password, where one is wanted.
    """

    def __init__(self, *login: str) -> None:
        self._login = login
        self._port = free_port()
        self._process: subprocess.Popen[str] | None = None
        self.start()

    @property
    def address(self) -> str:
        """Where the stream is, with the login."""
        login = f"{':'.join(self._login)}@" if self._login else ""
        return f"rtsp://{login}127.0.0.1:{self._port}/live"

    def start(self) -> None:
        """Serve."""
        self._process = subprocess.Popen(
            [_PYTHON, str(_SCRIPT), str(self._port), *self._login],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "serving\n"

    def freeze(self) -> None:
        """Say nothing any more, on connections that stay."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def stop(self) -> None:
        """Be switched off."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def skip_without_gstreamer() -> None:
    """Skip the test where there is no such server."""
    there = Path(_PYTHON).exists() and shutil.which("gst-inspect-1.0") is not None
    if not there and subprocess.run([_PYTHON, "-c", _PARTS], check=False, capture_output=True).returncode != 0:
        pytest.skip(f"needs GStreamer's RTSP server: sudo apt install {_PACKAGES} gstreamer1.0-plugins-ugly")


def number_of(frame: Frame) -> int:
    """The number a frame shows, as much of it as sixteen fields hold."""
    fields = frame.pixels[frame.height // 2, _FIELD // 2 :: _FIELD, 1]
    return sum(1 << bit for bit in range(_BITS) if fields[bit] > 128)
