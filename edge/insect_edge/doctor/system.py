"""The operating system, the processor and the board: whether this program was made for them."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from insect_edge.doctor.findings import Finding, failure, good, warning

if TYPE_CHECKING:
    from collections.abc import Mapping

RELEASES = {"bookworm": "12", "trixie": "13"}
"""Debian's releases, and Raspberry Pi OS' of the same name, that there are constraints for."""
_MADE_FOR = "Raspberry Pi OS or Debian, 12 Bookworm or 13 Trixie"
_ARCHITECTURES = ("aarch64", "arm64", "x86_64", "amd64")
_POINTER_64 = 64
_NO_RUNTIME_32 = (3, 12)
"""From this Python on neither runtime has a wheel for a 32-bit Arm."""
_NO_NEON = ("Raspberry Pi Zero W", "Raspberry Pi Zero Rev", "Raspberry Pi Model", "Raspberry Pi Compute Module Rev")
"""Boards of the first generation as the device tree calls them: ARMv6."""


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """What this program runs on.

    Attributes:
        release: the keys of /etc/os-release; empty where there is none.
        raspberry_pi_os: whether it is Raspberry Pi OS, whose 64-bit variant calls itself Debian.
        machine: the kernel's word for the processor: `aarch64`.
        pointer_bits: of this Python: 32 or 64.
        python: its version.
        board: what the device tree calls it; None elsewhere.
    """

    release: Mapping[str, str] = field(default_factory=dict)
    raspberry_pi_os: bool = False
    machine: str
    pointer_bits: int
    python: tuple[int, int, int]
    board: str | None = None


def os_release(text: str) -> dict[str, str]:
    """The keys of an os-release file, as os-release(5) writes them."""
    found = {}
    for line in text.splitlines():
        name, separator, value = line.strip().partition("=")
        if separator and not name.startswith("#"):
            try:
                words = shlex.split(value)
            except ValueError:  # a quote that does not end
                continue
            found[name] = words[0] if words else ""
    return found


def judge_system(system: System) -> tuple[Finding, ...]:
    """The operating system, the architecture, Python and the board, one finding each."""
    return (_operating_system(system), _architecture(system), _python(system), _board(system))


def _operating_system(system: System) -> Finding:
    release = system.release
    name = release.get("PRETTY_NAME") or release.get("NAME") or "an unknown system"
    codename = release.get("VERSION_CODENAME", "")
    facts = {"name": name, "codename": codename, "raspberry_pi_os": system.raspberry_pi_os}
    if system.raspberry_pi_os:
        name = f"Raspberry Pi OS, {name}"
    if release.get("ID") in {"debian", "raspbian"} and codename in RELEASES:
        return good("system", name, **facts)
    return warning("system", f"{name} is none of those it is tested on", f"use {_MADE_FOR}", **facts)


def _architecture(system: System) -> Finding:
    machine, bits = system.machine, system.pointer_bits
    text, facts = f"{machine}, {bits}-bit programs", {"machine": machine, "bits": bits}
    if bits < _POINTER_64:
        lacks = "no LiteRT, so no XNNPACK for int8 models (tens of times slower), and numpy below 2"
        if system.python >= _NO_RUNTIME_32:
            return failure(
                "processor", f"{text}: no runtime at all for this Python", "install the 64-bit system", **facts
            )
        remedy = (
            "install the 64-bit system: this processor can run it"
            if machine in _ARCHITECTURES
            else "use a board with a 64-bit processor (Raspberry Pi 3, Zero 2 or later)"
        )
        return warning("processor", f"{text}: {lacks}", remedy, **facts)
    if machine not in _ARCHITECTURES:
        return warning("processor", f"{text}: not tested", "use a 64-bit Arm or x86 processor", **facts)
    return good("processor", text, **facts)


def _python(system: System) -> Finding:
    version = ".".join(map(str, system.python))
    if system.python < (3, 11, 0):
        return failure("python", f"Python {version}", "use Python 3.11 or later", version=version)
    return good("python", f"Python {version}", version=version)


def _board(system: System) -> Finding:
    board = system.board
    if board is None:
        return good("board", "no board that names itself, so no Raspberry Pi", model=None)
    if board.startswith(_NO_NEON):
        return warning(
            "board", f"{board} has a processor of the first generation", "use a Zero 2, 3 or later", model=board
        )
    return good("board", board, model=board)
