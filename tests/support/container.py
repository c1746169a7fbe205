"""A machine of its own: a Debian root file system booted by its real systemd in a container, without network."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

BOOT_SECONDS = 120.0
COMMAND_SECONDS = 300.0
POLL_SECONDS = 0.2


class Container:
    """Boots a copy of a root file system that is thrown away at the end; the root itself stays as it is.

    Args:
        root: the file system, which is only read.
        folder: for what changes; on a file system that overlayfs takes.
        shared: folders of this machine, by the path at which the container sees them, read-only.
    """

    def __init__(self, root: Path, *, folder: Path, shared: dict[str, Path]) -> None:
        self._root = root
        self._folder = folder
        self._shared = shared
        self._place = folder / "root"
        self._process: subprocess.Popen[bytes] | None = None
        self._leader = ""

    def __enter__(self) -> Self:
        for name in ("root", "changes", "work"):
            (self._folder / name).mkdir(parents=True)
        # Volatile: what is thrown away need not be written through to the disk first, which takes most of the time.
        layers = f"lowerdir={self._root},upperdir={self._folder}/changes,workdir={self._folder}/work,volatile"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, str(self._place)], check=True)
        try:
            self._boot()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end()

    def path(self, inside: str) -> Path:
        """Where a file of the container lies on this machine."""
        return self._place / inside.lstrip("/")

    def write(self, inside: str, text: str, *, mode: int = 0o644) -> None:
        """Make a file in the container."""
        path = self.path(inside)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)

    def ask(self, *command: str, timeout: float = COMMAND_SECONDS) -> subprocess.CompletedProcess[str]:
        """Run a command as root in the container, whatever comes of it."""
        return subprocess.run(
            ["nsenter", "--target", self._leader, "--all", "--", *command],
            check=False,
            capture_output=True,
            text=True,
            timeout=timeout,
            env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
        )

    def run(self, *command: str, timeout: float = COMMAND_SECONDS) -> str:
        """Run a command that has to succeed; its standard output."""
        done = self.ask(*command, timeout=timeout)
        assert done.returncode == 0, f"{' '.join(command)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout.strip()

    def wait_until(self, what: str, holds: Callable[[], bool], *, seconds: float = 60.0) -> None:
        """Ask again and again; fails when it does not come true."""
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                journal = self.ask("journalctl", "--unit", "insect-edge", "--no-pager", "--lines", "40").stdout
                pytest.fail(f"never: {what}\n{journal}")
            time.sleep(POLL_SECONDS)

    def _boot(self) -> None:
        # Machines cloned from one root are told apart by this, and a daemon by it.
        self.write("/etc/machine-id", "")
        self.write("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n")
        shared = [f"--bind-ro={folder}:{inside}" for inside, folder in self._shared.items()]
        command = ["systemd-nspawn", "--quiet", "--boot", f"--directory={self._place}", "--private-network"]
        command += ["--register=no", "--keep-unit", "--hostname=trap", "--link-journal=no", *shared]
        with (self._folder / "console.log").open("wb") as console:
            # A machine that still has the older hierarchy beside it gives the container the newer one all the same.
            environment = os.environ | {"UNIFIED_CGROUP_HIERARCHY": "1"}
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=console, stderr=console, env=environment
            )
        process = self._process
        deadline = time.monotonic() + BOOT_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            self._leader = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").strip()
            if self._leader and self.ask("systemctl", "is-system-running").stdout.strip() in {"running", "degraded"}:
                return
            time.sleep(POLL_SECONDS)
        console_text = (self._folder / "console.log").read_text(encoding="utf-8", errors="replace")
        pytest.fail(f"{self._root.name} does not boot:\n{console_text[-4000:]}")

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.terminate()  # which has the container's systemd shut down
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        subprocess.run(["umount", str(self._place)], check=True)
        shutil.rmtree(self._folder, ignore_errors=True)
