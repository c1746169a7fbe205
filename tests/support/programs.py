"""The product's own command line as real processes, whose output is read as it comes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEADLINE_SECONDS = 30.0
"""How long anything is waited for on a busy machine; never slept through."""
_FOREIGN = ("CREDENTIALS_DIRECTORY", "JOURNAL_STREAM", "NOTIFY_SOCKET", "STATE_DIRECTORY", "XDG_STATE_HOME")
"""What a service manager around the tests would tell the program."""
_MARK = "INSECT_EDGE_TEST_PROGRAM"
"""Inherited by children, so that they are found when their parent is gone."""


def clean_environment(folder: Path) -> dict[str, str]:
    """What a program is to know of its surroundings: nothing of a service manager, and `folder` for its home."""
    return {name: value for name, value in os.environ.items() if name not in _FOREIGN} | {"HOME": str(folder)}


class Program:
    """`insect-edge ARGUMENTS` in a session of its own, as in a terminal of its own.

    Attributes:
        output: lines of its standard output so far.
        errors: lines of its standard error so far; the log goes there.
    """

    def __init__(self, *arguments: str, folder: Path, environment: dict[str, str] | None = None) -> None:
        self.output: list[str] = []
        self.errors: list[str] = []
        self._changed = threading.Condition()
        self._mark = uuid.uuid4().hex
        own = clean_environment(folder) | {_MARK: self._mark}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "insect_edge", *arguments],
            cwd=folder,
            env=own | (environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        streams = ((self._process.stdout, self.output), (self._process.stderr, self.errors))
        self._open_streams = len(streams)
        self._readers = [threading.Thread(target=self._read, args=pair, daemon=True) for pair in streams]
        for reader in self._readers:
            reader.start()

    def __str__(self) -> str:
        """Everything it said."""
        return "\n".join([f"exit code {self._process.poll()}", "--- output", *self.output, "--- errors", *self.errors])

    def wait_for_line(self, text: str, *, count: int = 1) -> list[str]:
        """The lines that contain `text`, once there are `count`; fails when they do not come."""

        def found() -> list[str]:
            return [line for line in self.output + self.errors if text in line]

        with self._changed:
            self._changed.wait_for(lambda: len(found()) >= count or not self._open_streams, DEADLINE_SECONDS)
            if len(found()) < count:
                pytest.fail(f"not {count} times {text!r}:\n{self}")
            return found()

    def wait_for_more(self, text: str, *, count: int = 1) -> None:
        """Wait for so many more lines that contain `text`."""
        with self._changed:
            before = sum(text in line for line in self.output + self.errors)
        self.wait_for_line(text, count=before + count)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the program alone."""
        self._process.send_signal(number)

    def send_to_group(self, number: signal.Signals) -> None:
        """Send a signal to the program and its children, as a terminal does on Ctrl-C."""
        os.killpg(self._process.pid, number)

    def wait(self) -> int:
        """Its exit code, once it has ended and all its output is here; fails when it does not end."""
        try:
            code = self._process.wait(DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            pytest.fail(f"still running:\n{self}")
        for reader in self._readers:
            reader.join(DEADLINE_SECONDS)
        assert not self._open_streams, f"a child of it goes on writing:\n{self}"
        return code

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait; the exit code."""
        started = time.monotonic()
        self.send(number)
        code = self.wait()
        print(f"{number.name}: ended after {time.monotonic() - started:.2f} s")  # noqa: T201 # for whoever runs -s
        return code

    def processes(self) -> list[psutil.Process]:
        """What runs of it and of its children and theirs, in whatever session."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def close(self) -> None:
        """End it and its children, however they are."""
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait(DEADLINE_SECONDS)
        for reader in self._readers:
            reader.join(DEADLINE_SECONDS)

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get(_MARK) == self._mark
        except psutil.Error:
            # Gone meanwhile, or of another user.
            return False

    def _read(self, stream: IO[str], lines: list[str]) -> None:
        with stream:
            for line in stream:
                with self._changed:
                    lines.append(line.rstrip("\n"))
                    self._changed.notify_all()
        with self._changed:
            self._open_streams -= 1
            self._changed.notify_all()


@contextmanager
def running(*arguments: str, folder: Path, environment: dict[str, str] | None = None) -> Iterator[Program]:
    """A started program, ended at the end of the block if it has not ended by itself."""
    program = Program(*arguments, folder=folder, environment=environment)
    try:
        yield program
    finally:
        program.close()
