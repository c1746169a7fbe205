"""Processes that may crash or hang."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from insect_edge.adapters import child
from insect_edge.doctor.libraries import Attempt

if TYPE_CHECKING:
    from pathlib import Path


def test_what_a_child_says_is_taken() -> None:
    """Output, errors and exit code, each by itself."""
    found = child.python("-c", "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)", seconds=60)
    assert (found.code, found.output, found.errors) == (3, "out\n", "err\n")


def test_a_child_takes_no_module_from_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies where somebody happens to stand is not run, least of all as root."""
    (tmp_path / "colorsys.py").write_text("print('from here')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for arguments in (("-c", "import colorsys"), ("-m", "colorsys")):
        assert child.python(*arguments, seconds=60) == Attempt(code=0)


def test_a_child_that_crashes_leaves_its_signal() -> None:
    """An instruction that the processor does not have kills the child alone."""
    found = child.python("-c", f"import os; os.kill(os.getpid(), {int(signal.SIGILL)})", seconds=60)
    assert found.code == -signal.SIGILL


def test_a_child_that_hangs_is_killed_with_its_children() -> None:
    """Whoever inherited its output does not hold up the answer either."""
    program = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])"
    found = child.python("-c", f"{program}; time.sleep(600)", seconds=1.0)
    assert (found.code, found.seconds) == (None, 1.0)


def test_a_program_that_is_not_there_is_told() -> None:
    """As a shell would count it."""
    found = child.run(["/nowhere/to/be/found"], seconds=1)
    assert (found.code, found.last_error) == (127, "/nowhere/to/be/found: No such file or directory")


@pytest.mark.parametrize(
    ("attempt", "answer"),
    [
        (Attempt(code=0, output='INFO greetings\n{"a": 1}\n\n'), {"a": 1}),
        (Attempt(code=1, output='{"a": 1}'), None),
        (Attempt(code=0, output="hello"), None),
        (Attempt(code=0, output="[1]"), None),
        (Attempt(code=0), None),
        (Attempt(code=None), None),
    ],
)
def test_the_answer_is_on_the_last_line(attempt: Attempt, answer: dict[str, int] | None) -> None:
    """Anything else is no answer."""
    assert child.answer_of(attempt) == answer
