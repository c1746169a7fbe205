"""What is meant by a camera's `device`: a device file, an address, a video file, or the name of a USB camera."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from insect_edge.errors import CameraError

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal["device", "address", "file", "name"]

_ADDRESS = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_FILE = re.compile(r"/|\.[a-z][a-z0-9]{1,4}$", re.IGNORECASE)
"""A path, or a file name with a suffix; the names of cameras have dots as well (`USB2.0 PC CAMERA`)."""


def kind_of(source: int | str) -> Kind:
    """What a source is, by how it is written."""
    text = str(source)
    if text.isdecimal() or text.startswith("/dev/"):
        return "device"
    if _ADDRESS.match(text):
        return "address"
    return "file" if _FILE.search(text) else "name"


def device_called(name: str, *, found: Sequence[tuple[str, str]]) -> str:
    """The device file of the camera that has this name, or the only one whose name has this in it.

    Args:
        name: as `v4l2-ctl --list-devices` shows it, or a part of it; capitals do not matter.
        found: name and device file of every camera there is.

    Raises:
        CameraError: when there is none, or more than one.
    """
    wanted = name.lower()
    matching = [device for called, device in found if called.lower() == wanted]
    matching = matching or [device for called, device in found if wanted in called.lower()]
    if len(matching) == 1:
        return matching[0]
    seen = ", ".join(f"{called!r} is {device}" for called, device in found) or "none at all"
    if not matching:
        raise CameraError(f"opencv:{name}: no camera of that name ({seen}): plug it in, or correct device")
    raise CameraError(f"opencv:{name}: more than one camera of that name ({seen}): choose one by /dev/v4l/by-path/…")
