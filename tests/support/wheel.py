"""The wheel of this tree."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_REPOSITORY = Path(__file__).parents[2]


def built_wheel(folder: Path) -> Path:
    """Built into a folder, without the network."""
    pytest.importorskip("hatchling", reason="the wheel is built with hatchling: pip install 'insect-edge[test]'")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--wheel-dir", str(folder), str(_REPOSITORY)], check=True)
    (wheel,) = folder.glob("insect_edge-*.whl")
    return wheel
