"""What the machine says of itself, read from files like its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from insect_edge.adapters import board
from insect_edge.adapters.board import BoardProbe, throttling
from insect_edge.health.report import Board, Throttling

if TYPE_CHECKING:
    from pathlib import Path


def written(path: Path, text: str) -> None:
    """A file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="ascii")


def program(path: Path, script: str) -> str:
    """An executable shell script."""
    written(path, f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def asked(probe: BoardProbe) -> Board:
    """What it says once the firmware's answer is there."""
    probe.look()
    assert probe._asking is not None
    probe._asking.join(30)
    return probe.look()


def test_everything_that_the_files_say(tmp_path: Path) -> None:
    """Temperature in thousandths of a degree, memory in pages and KiB, the firmware's bits in hex, free bytes."""
    written(tmp_path / "sys/class/thermal/thermal_zone0/temp", "48312\n")
    written(tmp_path / "sys/devices/platform/soc/soc:firmware/get_throttled", "50005\n")
    written(tmp_path / "proc/self/statm", "300000 20000 5000 1 0 100 0\n")
    written(tmp_path / "proc/meminfo", "MemTotal: 1000000 kB\nMemAvailable:  262144 kB\n")
    found = BoardProbe(tmp_path, system=tmp_path / "sys", processes=tmp_path / "proc").look()
    assert found.temperature_celsius == 48.312
    assert found.memory_available_bytes == 256 * 1024 * 1024
    assert found.memory_bytes is not None
    assert found.memory_bytes % 20_000 == 0
    assert found.disk_free_bytes is not None
    assert found.disk_free_bytes > 0
    assert (found.under_voltage, found.slowed_down) == (True, True)


def test_a_machine_that_tells_nothing(tmp_path: Path) -> None:
    """Each unknown is None, and nothing is raised."""
    nowhere = tmp_path / "nowhere"
    assert BoardProbe(nowhere, system=nowhere, processes=nowhere, vcgencmd=str(nowhere)).look() == Board()


def test_this_machine_tells_its_memory(tmp_path: Path) -> None:
    """On Linux the process's own memory, the machine's and the disk's free bytes are known."""
    found = BoardProbe(tmp_path).look()
    assert found.memory_bytes is not None
    assert found.memory_bytes > 10_000_000
    assert found.memory_available_bytes
    assert found.disk_free_bytes


def test_the_firmware_is_asked_by_its_program_at_most_once_a_minute(tmp_path: Path) -> None:
    """Where the kernel has no file for it, vcgencmd answers in the background, however often one looks."""
    vcgencmd = program(tmp_path / "vcgencmd", f'echo "$1" >> {tmp_path}/calls; echo throttled=0x80008')
    probe = BoardProbe(tmp_path, system=tmp_path, vcgencmd=vcgencmd)
    found = asked(probe)
    for _ in range(10):
        probe.look()
    assert found.throttling == Throttling(soft_limit=True, soft_limit_occurred=True)
    assert (tmp_path / "calls").read_text(encoding="ascii") == "get_throttled\n"


def test_an_answer_of_long_ago_is_asked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the minute the firmware is asked again, and what it does not say any more is not told any more."""
    monkeypatch.setattr(board, "FIRMWARE_SECONDS", 0.0)
    vcgencmd = program(tmp_path / "vcgencmd", "echo throttled=0x1; chmod -x $0")
    probe = BoardProbe(tmp_path, system=tmp_path, vcgencmd=vcgencmd)
    probe.look()
    assert probe._asking is not None
    probe._asking.join(30)
    first = probe.look()
    probe._asking.join(30)
    assert first.under_voltage
    assert probe.look().throttling is None


@pytest.mark.parametrize(
    ("text", "bits"),
    [("0", 0), ("50005\n", 0x50005), ("throttled=0x50005\n", 0x50005), ("throttled=0xe0002", 0xE0002)],
)
def test_both_ways_of_saying_it(text: str, bits: int) -> None:
    """The kernel's file and the program write the same bits differently."""
    assert throttling(text) == Throttling.from_bits(bits)


@pytest.mark.parametrize("text", ["", "VCHI initialization failed", "error=1 error_msg=Command not registered"])
def test_what_is_no_answer_is_none(text: str) -> None:
    """A firmware that does not answer is not known to be well."""
    assert throttling(text) is None


def test_the_bits() -> None:
    """The lower half is now, the upper half since the board was switched on."""
    assert Throttling.from_bits(0b0001 | 0b0100 << 16) == Throttling(under_voltage=True, throttled_occurred=True)
    assert Throttling.from_bits(0b1010 | 0b0001 << 16) == Throttling(
        frequency_capped=True, soft_limit=True, under_voltage_occurred=True
    )
