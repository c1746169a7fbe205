"""Clock, disk, heat and supply."""

from __future__ import annotations

from dataclasses import replace

import pytest

from insect_edge.doctor.findings import Level
from insect_edge.doctor.machine import Disk, Mount, judge_clock, judge_disk, judge_heat, judge_supply, mount_of
from insect_edge.health.report import Board, Throttling

MOUNTS = """\
22 1 179:2 / / rw,noatime shared:1 - ext4 /dev/mmcblk0p2 rw
30 22 0:25 / /var rw - tmpfs tmpfs rw,size=4k
31 30 8:1 / /var/lib\\040x ro,relatime - ext4 /dev/sda1 rw
32 22 8:2 / /mnt rw - ext4 /dev/sdb1 ro,errors=remount-ro
garbage
"""
CARD = Mount(point="/", kind="ext4", source="/dev/mmcblk0p2", read_only=False)
DISK = Disk(folder="/var/lib/insect-edge", free_bytes=8 * 2**30, mount=CARD, journal="persistent")


@pytest.mark.parametrize(
    ("folder", "source", "read_only"),
    [
        ("/home/pi", "/dev/mmcblk0p2", False),
        ("/variety", "/dev/mmcblk0p2", False),
        ("/var", "tmpfs", False),
        ("/var/lib x/deep", "/dev/sda1", True),
        ("/mnt", "/dev/sdb1", True),
    ],
)
def test_a_folder_lies_on_the_innermost_mount(folder: str, source: str, *, read_only: bool) -> None:
    """The mount or the file system may be the one that is read-only; a space in a name comes as an octal number."""
    mount = mount_of(folder, MOUNTS)
    assert mount is not None
    assert (mount.source, mount.read_only) == (source, read_only)


def test_without_mounts_nobody_knows() -> None:
    """A kernel that does not tell is no reason to fail."""
    assert mount_of("/var", "") is None
    assert judge_disk(replace(DISK, mount=None)).level is Level.OK


@pytest.mark.parametrize(
    ("disk", "level", "says"),
    [
        (DISK, Level.OK, "8.0 GiB free for /var/lib/insect-edge (ext4 on /dev/mmcblk0p2); the journal is on the disk"),
        (replace(DISK, journal="volatile"), Level.OK, "the journal is in memory"),
        (replace(DISK, mount=replace(CARD, read_only=True)), Level.FAILURE, "mounted read-only"),
        (replace(DISK, mount=replace(CARD, kind="tmpfs")), Level.WARNING, "in memory, lost with a power cut"),
        (
            replace(DISK, mount=replace(CARD, kind="overlay"), raspberry_pi=True),
            Level.WARNING,
            "loses all at a restart",
        ),
        (replace(DISK, mount=replace(CARD, kind="overlay")), Level.OK, "overlay on"),
        (replace(DISK, free_bytes=50 * 2**20), Level.WARNING, "50.0 MiB free"),
        (replace(DISK, free_bytes=1000), Level.FAILURE, "full"),
    ],
)
def test_what_is_stored_must_fit_and_stay(disk: Disk, level: Level, says: str) -> None:
    """A disk that forgets is worth a word, one that cannot be written is a failure."""
    finding = judge_disk(disk)
    assert finding.level is level
    assert says in finding.text


@pytest.mark.parametrize(
    ("celsius", "level"),
    [(None, Level.SKIPPED), (55.0, Level.OK), (70.0, Level.WARNING), (80.0, Level.WARNING), (95.0, Level.WARNING)],
)
def test_heat_is_told_before_it_slows_the_board_down(celsius: float | None, level: Level) -> None:
    """There is a word already ten degrees below the firmware's limit."""
    assert judge_heat(Board(temperature_celsius=celsius)).level is level


@pytest.mark.parametrize(
    ("bits", "level", "says"),
    [
        (0x0, Level.OK, "strong enough"),
        (0x50005, Level.FAILURE, "under-voltage now"),
        (0x50000, Level.WARNING, "under-voltage since it was switched on"),
        (0x4, Level.WARNING, "slowed down now (throttled)"),
        (0x80000, Level.WARNING, "slowed down since it was switched on (soft limit)"),
    ],
)
def test_the_supply_is_judged_by_what_the_firmware_says(bits: int, level: Level, says: str) -> None:
    """Under-voltage now fails, for it damages cards; what is over is a warning."""
    finding = judge_supply(Board(throttling=Throttling.from_bits(bits)))
    assert finding.level is level
    assert says in finding.text


def test_only_a_raspberry_pi_tells_of_its_supply() -> None:
    """Elsewhere that is not checked, and said so."""
    assert judge_supply(Board()).level is Level.SKIPPED


@pytest.mark.parametrize(("synced", "level"), [(True, Level.OK), (False, Level.WARNING)])
def test_a_clock_that_is_not_set_costs_times_not_alerts(level: Level, *, synced: bool) -> None:
    """It is a warning: everything else works without."""
    assert judge_clock(synced=synced).level is level
