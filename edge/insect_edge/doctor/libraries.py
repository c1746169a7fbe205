"""Compiled libraries: what a child process that imported one of them left behind, in a sentence."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass

from insect_edge.doctor.findings import Finding, failure, good

_CAUSES = (
    (
        re.compile(
            r"(numpy\.(?:dtype|ufunc|ndarray) size changed|compiled (?:against|using) (?:API|ABI|NumPy) ?\S*|"
            r"_ARRAY_API not found|numpy\.(?:_?core)\.multiarray failed)"
        ),
        "was compiled for another numpy ({})",
        "install it with the constraints file of this release, which holds numpy",
    ),
    (
        re.compile(r"(lib\S+\.so[.\d]*): cannot open shared object file"),
        "lacks the system's {}",
        "install the package that has it (apt-file search {})",
    ),
    (
        re.compile(r"version `?(GLIBC(?:XX)?_[\d.]+)'? not found"),
        "was made for a newer system ({})",
        "upgrade the system, or install an older version of it",
    ),
    (re.compile(r"(wrong ELF class)"), "was made for another word size ({}: 32 and 64 bit are mixed)", None),
    (re.compile(r"No module named '([^']+)'"), "is not installed (no module {})", None),
)
"""What a failed import says, what that means, and the remedy where it is not to install the library."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """One library that comes compiled.

    Attributes:
        name: for people.
        module: what is imported.
        advice: how it is installed.
    """

    name: str
    module: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """How a child process ended.

    Attributes:
        code: its exit code, negative for a signal; None when it was still running after `seconds`.
        output: what it said.
        errors: what it said on standard error.
        seconds: how long it was waited for.
    """

    code: int | None
    output: str = ""
    errors: str = ""
    seconds: float = 0.0

    @property
    def last_error(self) -> str:
        """The last line on standard error, where Python names what was raised."""
        lines = [line.strip() for line in self.errors.splitlines() if line.strip()]
        return lines[-1] if lines else ""


def judge_import(library: Library, attempt: Attempt) -> Finding:
    """Whether a library can be imported here."""
    if attempt.code == 0:
        version = attempt.output.strip().splitlines()[-1] if attempt.output.strip() else "?"
        return good(library.name, version, version=version)
    text, remedy = why_it_ended(attempt, advice=library.advice)
    return failure(library.name, text, remedy)


def why_it_ended(attempt: Attempt, *, advice: str) -> tuple[str, str]:
    """What became of a child process that failed, and what to do.

    Args:
        attempt: how it ended.
        advice: how what it tried is installed.
    """
    if attempt.code is None:
        return f"did not come to an end within {attempt.seconds:g} s", "the machine is overloaded, or a driver hangs"
    if attempt.code < 0:
        return _signalled(-attempt.code, advice=advice)
    for pattern, meaning, remedy in _CAUSES:
        if found := pattern.search(attempt.errors):
            return meaning.format(found[1]), advice if remedy is None else remedy.format(found[1])
    return attempt.last_error or f"ended with exit code {attempt.code}", advice


def _signalled(number: int, *, advice: str) -> tuple[str, str]:
    if number == signal.SIGILL:
        what = "uses instructions that this processor does not have (SIGILL)"
        return what, "install the version made for this processor, or the 64-bit system"
    if number == signal.SIGKILL:
        return "was killed (SIGKILL)", "most likely memory ran out: stop other programs"
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    return f"crashed ({name})", advice
