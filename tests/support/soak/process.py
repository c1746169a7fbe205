"""A daemon process whose every line is stamped as it comes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from support.processes import resident_mebibytes, written_bytes
from support.programs import clean_environment
from support.soak.evidence import Life, Line, Sample
from support.tools import DEADLINE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

STOP_SECONDS = 20.0
"""For a clean stop on a busy machine; what takes longer is killed, and told."""


class Daemon:
    """`insect-edge run`, from its start on.

    Attributes:
        life: what is known of it.
    """

    def __init__(self, configuration: Path, *, environment: Mapping[str, str], damaged: bool) -> None:
        folder = configuration.parent
        self._process = subprocess.Popen(
            [sys.executable, "-m", "insect_edge", "run", "--config", str(configuration)],
            cwd=folder,
            env={**clean_environment(folder), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        self.life = Life(started=time.monotonic(), damaged=damaged)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def sample(self) -> None:
        """Note what the kernel accounts it with; harmless once it is gone."""
        pid = self._process.pid
        with suppress(OSError, StopIteration):
            self.life.samples.append(
                Sample(
                    at=time.monotonic(),
                    resident_mebibytes=resident_mebibytes(pid),
                    descriptors=len(os.listdir(f"/proc/{pid}/fd")),  # noqa: PTH208 # /proc is no place for paths
                    written_bytes=written_bytes(pid),
                )
            )

    def end(self, number: signal.Signals) -> None:
        """End it with a signal; with what it did by itself where that came first."""
        if self.runs:
            self.sample()
            self._process.send_signal(number)
            ending = number.name
            try:
                code = self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                code, ending = self._process.wait(), f"{ending}, not heeded"
            # Before the program has set its own, a signal does what it does to every program.
            if number is signal.SIGTERM and code and not (code == -number and not self.life.lines):
                ending = f"{ending}, exit code {code}"
        else:
            ending = f"by itself, exit code {self._process.wait()}"
        self.life.ended, self.life.ending = time.monotonic(), ending
        self._reader.join(DEADLINE_SECONDS)

    def wait_for(self, text: str, *, seconds: float) -> bool:
        """Wait for a line that contains `text`; returns whether it came while the daemon ran."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.runs:
            if any(text in line.text for line in self.life.lines):
                return True
            time.sleep(0.02)
        return False

    def _read(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr:
            for line in self._process.stderr:
                self.life.lines.append(Line(at=time.monotonic(), text=line.rstrip("\n")))
