"""A real daemon process with a real configuration file, for benchmarks."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STOP_SECONDS = 20.0


@contextmanager
def daemon(
    folder: Path, configuration: str, *, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `insect-edge run` while the context lasts; SIGTERM at its end, and a failure when that is not heeded."""
    path = folder / "daemon.toml"
    path.write_text(configuration, encoding="utf-8")
    command = [sys.executable, "-m", "insect_edge", "run", "--config", str(path)]
    process = subprocess.Popen(command, env=environment)
    try:
        yield process
        assert process.poll() is None, f"the daemon ended by itself with {process.returncode}"
        process.terminate()
        assert process.wait(STOP_SECONDS) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
