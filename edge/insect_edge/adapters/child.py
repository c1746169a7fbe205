"""Runs something dangerous in a process of its own: a library that may crash, a driver that may never return."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from insect_edge.doctor.libraries import Attempt

if TYPE_CHECKING:
    from collections.abc import Sequence

_AFTER_KILL_SECONDS = 2.0
"""A process inside a driver that hangs cannot even be killed: it is left behind."""
_MOST_LETTERS = 1_000_000


def python(*arguments: str, seconds: float) -> Attempt:
    """Run this Python with arguments, and no module from the folder that happens to be the current one; see `run`."""
    return run([sys.executable, "-P", *arguments], seconds=seconds)


def run(command: Sequence[str], *, seconds: float) -> Attempt:
    """Run a command in a session of its own, at most for so long; it and its children are killed then."""
    try:
        child = subprocess.Popen(  # noqa: S603 # our own program, or one of the system's with constant arguments
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        return Attempt(code=127, errors=f"{command[0]}: {error.strerror}")
    try:
        output, errors = child.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        _kill(child)
        return Attempt(code=None, seconds=seconds)
    return Attempt(code=child.returncode, output=output[-_MOST_LETTERS:], errors=errors[-_MOST_LETTERS:])


def answer_of(attempt: Attempt) -> dict[str, Any] | None:
    """The JSON object on the last line of what a child said; None where it crashed or said something else."""
    lines = attempt.output.strip().splitlines()
    if attempt.code != 0 or not lines:
        return None
    try:
        answer = json.loads(lines[-1])
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _kill(child: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.communicate(timeout=_AFTER_KILL_SECONDS)
    for stream in (child.stdout, child.stderr):
        if stream is not None:
            stream.close()
