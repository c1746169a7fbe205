"""A disk of a few megabytes, where the machine allows to make one."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BLOCK = 4096


@contextmanager
def small_disk(place: Path, *, size_bytes: int, on_blocks: bool = False) -> Iterator[Path]:
    """A file system of its own in the folder `place`; skips the test where nobody may mount one.

    Args:
        place: made.
        size_bytes: of the disk.
        on_blocks: an ext4 in a file beside `place`, as an SD card has it, instead of one in memory.
    """
    place.mkdir()
    if os.geteuid() != 0 or shutil.which("mount") is None or (on_blocks and shutil.which("mkfs.ext4") is None):
        pytest.skip("mounting a small disk needs root")
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(place)]
    if on_blocks:
        image = place.with_suffix(".img")
        with image.open("wb") as file:
            file.truncate(size_bytes)
        subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
        command = ["mount", "-o", "loop", str(image), str(place)]
    made = subprocess.run(command, capture_output=True, check=False)
    if made.returncode:
        pytest.skip(f"no small disk can be mounted here: {made.stderr.decode(errors='replace').strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path) -> Path:
    """A file that takes all the room there is."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for step in (256 * _BLOCK, _BLOCK):
            with suppress(OSError):
                while file.write(bytes(step)):
                    pass
    return filler
