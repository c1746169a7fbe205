"""The releases that Raspberry Pi OS is made from, each as a root file system, and the wheels it takes to install there.

Wheels are got once, with pip, and kept beside the file systems; tests find them there or are skipped, and the make
targets that may take minutes make them first.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from support.debian_root import Recipe, cache

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]
PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "udev", "procps", "python3", "ca-certificates", "openssl"),
    *("mosquitto", "mosquitto-clients"),
)
"""What a Pi has anyway, and a broker."""
CACHED = ("python3-venv", "python3-numpy")
"""What the installer gets with apt, and what a Pi's camera stack brings: in apt's cache, as there is no network."""
_BUILD_WHEEL = "hatchling>=1.24"
"""What pyproject.toml asks for where the installer builds the wheel itself, from a checkout."""
_GLIBC = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014")


@dataclass(frozen=True, kw_only=True)
class Release:
    """One Debian release.

    Attributes:
        codename: its name.
        python: the version it has.
    """

    codename: str
    python: str

    @property
    def recipe(self) -> Recipe:
        """A machine that a trap is installed on."""
        return Recipe(
            name=self.codename, release=self.codename, packages=PACKAGES, cached=CACHED, disabled=("mosquitto.service",)
        )


RELEASES = (Release(codename="trixie", python="3.13"), Release(codename="bookworm", python="3.11"))


def lacking() -> str | None:
    """Why no container can be booted here; None where it can."""
    if os.geteuid() != 0:
        return "needs root"
    missing = [tool for tool in ("systemd-nspawn", "nsenter", "mount") if shutil.which(tool) is None]
    return f"needs {', '.join(missing)}: apt-get install systemd-container" if missing else None


def wheels_of(release: Release, *, processor: str = platform.machine()) -> Path:
    """Where the wheels of everything but the project itself lie; other needs make another place."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needs = repr(project["dependencies"]) + _constraints(release).read_text(encoding="utf-8") + _BUILD_WHEEL
    digits = hashlib.sha256(needs.encode()).hexdigest()[:8]
    return cache() / f"wheels-{release.codename}-{processor}-{digits}"


def build_wheels(release: Release, *, wheel: Path, processor: str = platform.machine()) -> None:
    """Get the wheels that the project's own needs on that release and processor, where there are none yet."""
    place = wheels_of(release, processor=processor)
    if place.is_dir():
        return
    unfinished = place.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    kinds = [f"--platform={name}_{processor}" for name in _GLIBC]
    kinds += ["--implementation=cp", f"--python-version={release.python}"]
    _download(str(wheel), f"--constraint={_constraints(release)}", *kinds, folder=unfinished)
    _download(_BUILD_WHEEL, *kinds, folder=unfinished)
    (unfinished / wheel.name).unlink()
    unfinished.rename(place)


def wheelhouse(release: Release, *, wheel: Path, folder: Path, processor: str = platform.machine()) -> Path:
    """A folder with everything an installation without network takes."""
    folder.mkdir(parents=True)
    for path in (wheel, *wheels_of(release, processor=processor).iterdir()):
        shutil.copy(path, folder / path.name)
    return folder


def _constraints(release: Release) -> Path:
    return ROOT / "deploy" / f"constraints-{release.codename}.txt"


def _download(*what: str, folder: Path) -> None:
    command: Sequence[str] = (sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:", *what)
    done = subprocess.run([*command, f"--dest={folder}"], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
