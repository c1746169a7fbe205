"""What a failed import means, in a sentence."""

from __future__ import annotations

import pytest

from insect_edge.doctor.findings import Level
from insect_edge.doctor.libraries import Attempt, Library, judge_import

OPENCV = Library(name="opencv", module="cv2", advice="pip install opencv-python-headless")
NUMPY_1 = """\
A module that was compiled using NumPy 1.x cannot be run in
NumPy 2.2.4 as it may crash.
Traceback (most recent call last):
AttributeError: _ARRAY_API not found
ImportError: numpy.core.multiarray failed to import
"""


def test_what_can_be_imported_is_told_with_its_version() -> None:
    """The last line that the child said is the version."""
    finding = judge_import(OPENCV, Attempt(code=0, output="greetings\n4.11.0.86\n"))
    assert (finding.level, finding.text) == (Level.OK, "4.11.0.86")


@pytest.mark.parametrize(
    ("attempt", "says", "advises"),
    [
        (Attempt(code=-4), "instructions that this processor does not have", "64-bit"),
        (Attempt(code=-9), "was killed", "memory"),
        (Attempt(code=-11), "crashed (SIGSEGV)", "pip install opencv"),
        (Attempt(code=-200), "crashed (signal 200)", "pip install opencv"),
        (Attempt(code=None, seconds=60), "not come to an end within 60 s", "hangs"),
        (Attempt(code=1, errors=NUMPY_1), "compiled for another numpy (compiled using NumPy", "constraints"),
        (
            Attempt(code=1, errors="ValueError: numpy.dtype size changed, may indicate binary incompatibility."),
            "another numpy (numpy.dtype size changed)",
            "constraints",
        ),
        (
            Attempt(code=1, errors="RuntimeError: module compiled against ABI version 0x1000009 but this version of"),
            "another numpy (compiled against ABI",
            "constraints",
        ),
        (
            Attempt(code=1, errors="ImportError: libGL.so.1: cannot open shared object file: No such file"),
            "lacks the system's libGL.so.1",
            "apt-file search libGL.so.1",
        ),
        (
            Attempt(code=1, errors="ImportError: /lib/libc.so.6: version `GLIBC_2.38' not found (required by"),
            "made for a newer system (GLIBC_2.38)",
            "older version",
        ),
        (Attempt(code=1, errors="ImportError: x.so: wrong ELF class: ELFCLASS32"), "32 and 64 bit", "pip install"),
        (Attempt(code=1, errors="ModuleNotFoundError: No module named 'cv2'"), "is not installed", "pip install"),
        (Attempt(code=3, errors="Traceback\nOSError: strange\n\n"), "OSError: strange", "pip install"),
        (Attempt(code=3), "ended with exit code 3", "pip install"),
    ],
)
def test_each_way_to_fail_has_its_own_sentence(attempt: Attempt, says: str, advises: str) -> None:
    """A broken library is told by what breaks it, and the remedy fits that."""
    finding = judge_import(OPENCV, attempt)
    assert finding.level is Level.FAILURE
    assert says in finding.text
    assert advises in (finding.remedy or "")
