"""The state of the machine: its clock, its disk, its heat and its supply."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from insect_edge.doctor.findings import Finding, failure, good, skipped, warning
from insect_edge.health.judgement import DISK_FULL_BYTES, DISK_LOW_BYTES
from insect_edge.health.words import size

if TYPE_CHECKING:
    from collections.abc import Iterable

    from insect_edge.health.report import Board

HOT_CELSIUS = 80.0
"""From here on a Raspberry Pi's firmware slows the processor down."""
WARM_CELSIUS = 70.0
MEMORY_FILE_SYSTEMS = frozenset({"tmpfs", "ramfs"})
_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """Where a folder lies.

    Attributes:
        point: the folder the file system is mounted at.
        kind: of file system: `ext4`.
        source: the device: `/dev/mmcblk0p2`.
        read_only: whether nothing can be written.
    """

    point: str
    kind: str
    source: str
    read_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """Where the daemon keeps what must outlive it.

    Attributes:
        folder: the state folder, or the nearest one above it that there is.
        free_bytes: for ordinary users.
        mount: None where the kernel does not tell.
        journal: `volatile`, `persistent`, or None where systemd does not keep one.
        raspberry_pi: whether the board is one, on which an overlay is a read-only card's.
    """

    folder: str
    free_bytes: int
    mount: Mount | None = None
    journal: str | None = None
    raspberry_pi: bool = False


def mount_of(folder: str, mountinfo: str) -> Mount | None:
    """The file system a folder lies on.

    Args:
        folder: an absolute path without links.
        mountinfo: what /proc/self/mountinfo says (proc(5), section mountinfo).
    """
    best: Mount | None = None
    for line in mountinfo.splitlines():
        before, separator, after = line.partition(" - ")
        fields, rest = before.split(), after.split()
        if not separator or len(fields) < 6 or len(rest) < 3:  # noqa: PLR2004 - as proc(5) numbers them
            continue
        point = _OCTAL.sub(lambda found: chr(int(found[1], 8)), fields[4])
        inside = folder == point or folder.startswith(point.rstrip("/") + "/")
        # Later lines are mounted over earlier ones.
        if inside and (best is None or len(point) >= len(best.point)):
            read_only = "ro" in fields[5].split(",") or "ro" in rest[2].split(",")
            best = Mount(point=point, kind=rest[0], source=rest[1], read_only=read_only)
    return best


def judge_disk(disk: Disk) -> Finding:
    """Whether what is stored will still be there after a power cut, and will fit."""
    mount = disk.mount
    text = f"{size(disk.free_bytes)} free for {disk.folder}"
    if mount is not None:
        text += f" ({mount.kind} on {mount.source})"
    if disk.journal is not None:
        text += "; the journal is in memory" if disk.journal == "volatile" else "; the journal is on the disk"
    facts = {
        "folder": disk.folder,
        "free_bytes": disk.free_bytes,
        "file_system": mount.kind if mount else None,
        "read_only": mount.read_only if mount else None,
        "journal": disk.journal,
    }
    if mount is not None and mount.read_only:
        remedy = "switch the read-only mode off, or check the card: a damaged one is mounted so"
        return failure("disk", f"{text}, mounted read-only: nothing can be queued", remedy, **facts)
    if disk.free_bytes < DISK_FULL_BYTES:
        return failure("disk", f"{text}: full", "delete what is not needed", **facts)
    if mount is not None and mount.kind in MEMORY_FILE_SYSTEMS:
        return warning("disk", f"{text}: in memory, lost with a power cut", "put the outbox onto a disk", **facts)
    if mount is not None and mount.kind == "overlay" and disk.raspberry_pi:
        remedy = "put the outbox onto a partition of its own, or switch the overlay off in raspi-config"
        return warning("disk", f"{text}: an overlay, which loses all at a restart", remedy, **facts)
    if disk.free_bytes < DISK_LOW_BYTES:
        return warning("disk", f"{text}: little", "delete what is not needed, before a log fills it", **facts)
    return good("disk", text, **facts)


def judge_clock(*, synced: bool) -> Finding:
    """Whether the wall clock is known to be set."""
    if synced:
        return good("clock", "set", synced=True)
    remedy = "let it reach a time server (timedatectl), or fit a clock battery; until then detections have no time"
    return warning("clock", "not known to be set", remedy, synced=False)


def judge_heat(board: Board) -> Finding:
    """How hot the processor is."""
    celsius = board.temperature_celsius
    if celsius is None:
        return skipped("temperature", "this machine does not tell it")
    text, facts = f"{celsius:.0f} °C", {"celsius": celsius}
    if celsius >= HOT_CELSIUS:
        remedy = "give it shade, air or a heat sink; it slows down"
        return warning("temperature", f"{text}: too hot", remedy, **facts)
    if celsius >= WARM_CELSIUS:
        remedy = f"at {HOT_CELSIUS:.0f} °C it slows down: give it shade or air before summer"
        return warning("temperature", f"{text}: warm", remedy, **facts)
    return good("temperature", text, **facts)


def judge_supply(board: Board) -> Finding:
    """Whether the supply is strong enough, and the processor as fast as it can be."""
    found = board.throttling
    if found is None:
        return skipped("supply", "only a Raspberry Pi's firmware tells")
    names = ("under_voltage", "frequency_capped", "throttled", "soft_limit")
    now = [name for name in names if getattr(found, name)]
    before = [name for name in names if getattr(found, f"{name}_occurred") and name not in now]
    facts = {"now": now, "since_power_on": before}
    supply = "use the board's own supply and a short, thick cable: a weak one damages cards"
    if found.under_voltage:
        return failure("supply", "under-voltage now", supply, **facts)
    if found.under_voltage_occurred:
        return warning("supply", "under-voltage since it was switched on", supply, **facts)
    if now:
        return warning("supply", f"slowed down now ({_words(now)})", "cool it", **facts)
    if before:
        return warning("supply", f"slowed down since it was switched on ({_words(before)})", "cool it", **facts)
    return good("supply", "strong enough, never slowed down since it was switched on", **facts)


def _words(names: Iterable[str]) -> str:
    return ", ".join(name.replace("_", " ") for name in names)
