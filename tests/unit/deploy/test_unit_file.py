"""The unit file: systemd takes it, it leaves little exposed, and it agrees with the program."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from insect_edge.composition.folders import outbox_folder
from insect_edge.config.file import CREDENTIAL, TLS_CREDENTIALS
from insect_edge.config.sections import Config
from insect_edge.errors import EXIT_CONFIG
from insect_edge.health.pace import WATCHDOG_FRAMES

DEPLOY = Path(__file__).parents[3] / "deploy"
UNIT = DEPLOY / "insect-edge.service"
MOST_EXPOSED = 1.7
MEASURED = (252, 257)
"""Versions of systemd, those of Bookworm and Trixie, of which the unit says how exposed it is."""


def systemd_version() -> int:
    """Of the systemd here; 0 where there is none."""
    if shutil.which("systemd-analyze") is None:
        return 0
    done = subprocess.run(["systemd-analyze", "--version"], check=False, capture_output=True, text=True)
    found = re.match(r"systemd (\d+)", done.stdout)
    return int(found[1]) if found else 0


VERSION = systemd_version()
needs_systemd = pytest.mark.skipif(min(MEASURED) > VERSION, reason="needs systemd-analyze 252 or later")


class Settings(dict[str, str]):
    """Settings of a section; one that is given several times has all its values, one a line."""

    def __setitem__(self, key: str, value: str) -> None:
        """Keep what is there."""
        both = value if not isinstance(value, list) or key not in self else [*self[key], *value]
        super().__setitem__(key, both)


def settings(path: Path) -> configparser.SectionProxy:
    """The section [Service]."""
    parser = configparser.RawConfigParser(strict=False, dict_type=Settings)
    parser.optionxform = str  # type: ignore[assignment,method-assign] # names are written as systemd knows them
    parser.read(path, encoding="utf-8")
    return parser["Service"]


@needs_systemd
def test_little_is_exposed() -> None:
    """`systemd-analyze security` finds no more than what the unit explains."""
    command = ["systemd-analyze", "security", "--offline=yes", "--no-pager", str(UNIT)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = re.search(r"exposure level for insect-edge.service: (\d+\.\d+)", done.stdout)
    assert found, done.stdout
    assert float(found[1]) <= MOST_EXPOSED
    if VERSION in MEASURED:
        assert f"says {found[1]}" in UNIT.read_text(encoding="utf-8")


@needs_systemd
def test_systemd_takes_every_line(tmp_path: Path) -> None:
    """The oldest systemd in use, and any newer one, knows every setting of the unit."""
    unit = tmp_path / UNIT.name
    # The program is not installed where the tests run.
    text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", UNIT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    unit.write_text(text, encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], check=False, capture_output=True, text=True)
    assert [line for line in done.stderr.splitlines() if "insect-edge" in line] == []


def test_the_watchdog_is_patient_enough() -> None:
    """With the default configuration the daemon finds nothing to complain about WatchdogSec."""
    slowest = max(1 / Config().camera.rate, 1 / Config().camera.dark_rate)
    assert float(settings(UNIT)["WatchdogSec"]) >= WATCHDOG_FRAMES * slowest


def test_a_bad_configuration_ends_it_for_good() -> None:
    """The exit code that prevents a restart is the one the program ends with."""
    assert settings(UNIT)["RestartPreventExitStatus"] == str(EXIT_CONFIG)


def test_every_secret_has_its_credential() -> None:
    """What the program looks for as a credential is what systemd hands over, from where the manual says it lies."""
    wanted = {CREDENTIAL, *TLS_CREDENTIALS.values()}
    given = dict(line.split(":") for line in settings(UNIT)["LoadCredential"].splitlines())
    assert given == {name: f"insect-edge.{name}" for name in wanted}


def test_the_firmware_is_allowed_by_its_path() -> None:
    """Its number is given as the kernel likes, so /proc/devices has no group of that name to allow."""
    allowed = settings(UNIT)["DeviceAllow"].splitlines()
    assert "/dev/vcio rw" in allowed
    assert not [line for line in allowed if line.startswith("char-vcio")]


def test_state_lies_where_the_program_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The outbox lies in the folder that systemd makes and leaves writable."""
    folder = f"/var/lib/{settings(UNIT)['StateDirectory']}"
    monkeypatch.setenv("STATE_DIRECTORY", folder)
    assert outbox_folder(Config()) == Path(folder) / "outbox"


def test_every_relaxation_is_explained() -> None:
    """The reasons in the unit add up to what is missing to perfect confinement."""
    text = UNIT.read_text(encoding="utf-8")
    for name in ("PrivateDevices", "PrivateNetwork", "IPAddressDeny", "AF_NETLINK", "AF_UNIX", "ProcSubset"):
        assert any(name in line for line in text.splitlines() if line.startswith("#"))
