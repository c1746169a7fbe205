"""The command line as a user meets it: in this process for speed, or in one of its own."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from insect_edge import cli

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PROGRAM = (sys.executable, "-c", "import sys; from insect_edge.cli import main; main()")
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Outcome:
    """What a call left behind."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line on standard error of a call that failed, without the program's name."""
        assert self.code == 1, self
        assert "Traceback" not in self.err
        assert self.err.count("\n") == 1, self.err
        assert self.err.startswith("insect-edge: "), self.err
        return self.err.removeprefix("insect-edge: ").rstrip("\n")

    @property
    def usage_error(self) -> str:
        """The last line of a call that was wrong in itself."""
        assert self.code == 2, self
        assert "Traceback" not in self.err
        assert self.out == ""
        return self.err.strip().splitlines()[-1]


def caller(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """A function that runs `insect-edge` with arguments, and bytes on standard input, inside this process."""

    def call(*arguments: object, stdin: bytes = b"") -> Outcome:
        monkeypatch.setattr(sys, "argv", ["insect-edge", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        with pytest.raises(SystemExit) as leave:
            cli.main()
        captured = capsys.readouterr()
        code = leave.value.code
        return Outcome(code=code if isinstance(code, int) else 0, out=captured.out, err=captured.err)

    return call


def process(*arguments: object, program: Sequence[str] = PROGRAM, **options: Any) -> Outcome:
    """The same as a process of its own; `options` are those of `subprocess.run`."""
    encoded = [argument if isinstance(argument, bytes) else str(argument) for argument in (*program, *arguments)]
    options = {"capture_output": True, "timeout": PATIENCE_SECONDS, "check": False} | options
    done = subprocess.run(encoded, **options)  # noqa: PLW1510 # `check` is among the options
    return Outcome(
        code=done.returncode,
        out=(done.stdout or b"").decode(errors="backslashreplace"),
        err=(done.stderr or b"").decode(errors="backslashreplace"),
    )
