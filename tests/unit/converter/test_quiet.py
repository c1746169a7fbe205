"""What C++ says does not reach the terminal; what Python says afterwards does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from insect_converter.quiet import native_silence

DESCRIPTORS = Path("/proc/self/fd")


def test_native_output_is_swallowed_and_comes_back() -> None:
    """Descriptors 1 and 2 are silent inside and as before outside; buffered lines stay on their side."""
    program = (
        "import os, sys\n"
        "from insect_converter.quiet import native_silence\n"
        "print('before')\n"
        "with native_silence():\n"
        "    os.write(1, b'native'); os.write(2, b'native'); print('inside')\n"
        "print('after'); os.write(2, b'error')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == ("before\nafter\n", "error")


def test_an_exception_passes_and_leaves_no_descriptor(capfd: pytest.CaptureFixture[str]) -> None:
    """The terminal is back after a failure, and nothing stays open."""
    before = len(list(DESCRIPTORS.iterdir()))
    with pytest.raises(ValueError, match="inside"), native_silence():
        raise ValueError("inside")
    os.write(2, b"back")
    assert capfd.readouterr().err == "back"
    assert len(list(DESCRIPTORS.iterdir())) == before
