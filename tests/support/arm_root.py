"""A Debian root file system for 64-bit Arm, run by an emulator of its instructions on this machine."""

from __future__ import annotations

import platform
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.debian_root import Recipe, inside

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from support.pi_roots import Release

PROCESSOR = "aarch64"
PROGRAM = "/usr/local/bin/insect-edge"
_FORMATS = Path("/proc/sys/fs/binfmt_misc")
_DESCRIPTION = Path("/usr/lib/binfmt.d/qemu-aarch64.conf")


_PROCESSOR = (
    "processor\t: 0\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd evtstrm crc32 cpuid\nCPU implementer\t: 0x41\n"
    "CPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0xd08\nCPU revision\t: 3\n\n"
)
"""Of an Arm. The emulator lets this machine's /proc/cpuinfo through, in which XNNPACK finds no Arm, and ends."""
CORES = {"Raspberry Pi Zero 2 and 3": "cortex-a53", "Raspberry Pi 4": "cortex-a72", "Raspberry Pi 5": "cortex-a76"}
"""Which the emulator can be. Left to itself it has every extension there is, and qemu 7.2 computes some of them
wrongly: the model's golden vector fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmMachine:
    """A system for Arm, and folders of this machine that it sees.

    Attributes:
        root: its file system, which stays as it is.
        changes: takes what is written.
        shown: folders of this machine, by where they are seen inside.
    """

    root: Path
    changes: Path
    shown: Mapping[str, Path]

    def ask(self, *command: str, core: str = CORES["Raspberry Pi 5"]) -> subprocess.CompletedProcess[str]:
        """Run a command on a processor of that kind, whatever comes of it."""
        processor = self.changes / "cpuinfo"
        processor.write_text(_PROCESSOR, encoding="ascii")
        environment = {"QEMU_CPU": core}
        return inside(
            self.root,
            *command,
            shown=self.shown,
            changes=self.changes,
            processor=processor,
            environment=environment,
        )

    def run(self, *command: str, core: str = CORES["Raspberry Pi 5"]) -> str:
        """Run a command that has to succeed; its standard output."""
        done = self.ask(*command, core=core)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def install(self) -> None:
        """Run the installer, which compiles nothing, imports every compiled part and asks the program for its model."""
        self.run("/mnt/deploy/install.sh", "--wheelhouse", "/mnt/wheels", "--no-start")


def recipe(release: Release) -> Recipe:
    """That release for Arm, with what the installer wants of it."""
    return Recipe(
        name=f"{release.codename}-arm64",
        release=release.codename,
        architecture="arm64",
        packages=("systemd", "python3", "python3-venv", "ca-certificates"),
    )


@contextmanager
def emulated() -> Iterator[None]:
    """Programs for Arm run here; as before afterwards."""
    if platform.machine() == "aarch64":
        yield
        return
    mounted = not (_FORMATS / "register").exists()
    if mounted:
        done = subprocess.run(
            ["mount", "-t", "binfmt_misc", "binfmt_misc", str(_FORMATS)], check=False, capture_output=True
        )
        if done.returncode != 0:
            pytest.skip("programs for another processor cannot be registered here: needs root and binfmt_misc")
    try:
        with _registered():
            yield
    finally:
        if mounted:
            subprocess.run(["umount", str(_FORMATS)], check=False)


@contextmanager
def _registered() -> Iterator[None]:
    known = _FORMATS / "qemu-aarch64"
    if known.exists():
        yield
        return
    if not _DESCRIPTION.exists():
        pytest.skip("no emulator for Arm here: sudo apt install qemu-user-static")
    (_FORMATS / "register").write_text(_DESCRIPTION.read_text(encoding="utf-8").strip(), encoding="utf-8")
    try:
        yield
    finally:
        known.write_text("-1", encoding="utf-8")
