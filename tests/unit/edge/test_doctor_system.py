"""Whether this program was made for what it runs on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from insect_edge.doctor.findings import Level
from insect_edge.doctor.system import System, judge_system, os_release

BOOKWORM = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n# remark\nVERSION_CODENAME=bookworm\nBROKEN="\n'
PI = System(
    release=os_release(BOOKWORM),
    raspberry_pi_os=True,
    machine="aarch64",
    pointer_bits=64,
    python=(3, 11, 2),
    board="Raspberry Pi 4 Model B Rev 1.4",
)


def levels(system: System) -> dict[str, Level]:
    """How bad each of the findings is."""
    return {finding.check: finding.level for finding in judge_system(system)}


def test_a_raspberry_pi_is_what_it_was_made_for() -> None:
    """64-bit Raspberry Pi OS of a known release is without a remark, and told from plain Debian."""
    assert set(levels(PI).values()) == {Level.OK}
    assert judge_system(PI)[0].text == "Raspberry Pi OS, Debian GNU/Linux 12 (bookworm)"


def test_an_os_release_file_is_read_as_a_shell_would() -> None:
    """Quotes are taken off, remarks and broken lines left out."""
    assert os_release(BOOKWORM) == {
        "PRETTY_NAME": "Debian GNU/Linux 12 (bookworm)",
        "ID": "debian",
        "VERSION_CODENAME": "bookworm",
    }


@pytest.mark.parametrize(
    ("release", "level"),
    [
        ({"ID": "debian", "VERSION_CODENAME": "trixie"}, Level.OK),
        ({"ID": "raspbian", "VERSION_CODENAME": "bookworm"}, Level.OK),
        ({"ID": "debian", "VERSION_CODENAME": "bullseye"}, Level.WARNING),
        ({"ID": "fedora"}, Level.WARNING),
        ({}, Level.WARNING),
    ],
)
def test_other_systems_may_work_and_nobody_knows(release: dict[str, str], level: Level) -> None:
    """Only the releases there are constraints for are without a remark."""
    assert levels(replace(PI, release=release))["system"] is level


@pytest.mark.parametrize(
    ("machine", "bits", "python", "level", "says"),
    [
        ("aarch64", 32, (3, 11, 2), Level.WARNING, "this processor can run it"),
        ("armv7l", 32, (3, 11, 2), Level.WARNING, "use a board with a 64-bit processor"),
        ("armv7l", 32, (3, 13, 5), Level.FAILURE, "no runtime at all"),
        ("riscv64", 64, (3, 13, 5), Level.WARNING, "not tested"),
        ("x86_64", 64, (3, 13, 5), Level.OK, "x86_64, 64-bit"),
    ],
)
def test_32_bit_is_told_what_it_lacks(
    *, machine: str, bits: int, python: tuple[int, int, int], level: Level, says: str
) -> None:
    """Whether the board could do better decides what is advised."""
    finding = judge_system(replace(PI, machine=machine, pointer_bits=bits, python=python))[1]
    assert finding.level is level
    assert says in f"{finding.text} {finding.remedy}"


@pytest.mark.parametrize(
    ("board", "level"),
    [
        (None, Level.OK),
        ("Raspberry Pi Zero 2 W Rev 1.0", Level.OK),
        ("Raspberry Pi Zero W Rev 1.1", Level.WARNING),
        ("Raspberry Pi Model B Plus Rev 1.2", Level.WARNING),
    ],
)
def test_boards_of_the_first_generation_are_too_slow(board: str | None, level: Level) -> None:
    """A Zero is no Zero 2."""
    assert levels(replace(PI, board=board))["board"] is level


def test_an_old_python_fails() -> None:
    """What the program cannot be run by is told."""
    assert levels(replace(PI, python=(3, 9, 2)))["python"] is Level.FAILURE
