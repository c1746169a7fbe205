"""Root file systems of the releases that Raspberry Pi OS is made from, and the wheels an installation there takes.

Made once, with debootstrap and pip, which takes minutes and the network; kept in $PI_TEST_CACHE, else in
~/.cache/insect-edge/pi. Tests find them there or are skipped; `make pi-test` makes them first.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
MIRROR = "http://deb.debian.org/debian"
PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "udev", "procps", "python3", "ca-certificates", "openssl"),
    *("mosquitto", "mosquitto-clients"),
)
"""What a Pi has anyway, and a broker."""
CACHED = ("python3-venv", "python3-numpy")
"""What the installer gets with apt, and what a Pi's camera stack brings: in apt's cache, as there is no network."""
_PLATFORMS = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014")


@dataclass(frozen=True, kw_only=True)
class Release:
    """One Debian release.

    Attributes:
        codename: its name.
        python: the version it has.
    """

    codename: str
    python: str


RELEASES = (Release(codename="trixie", python="3.13"), Release(codename="bookworm", python="3.11"))


def cache() -> Path:
    """Where all of it is kept."""
    return Path(os.environ.get("PI_TEST_CACHE") or Path.home() / ".cache" / "insect-edge" / "pi")


def lacking() -> str | None:
    """Why no container can be booted here; None where it can."""
    if os.geteuid() != 0:
        return "needs root"
    missing = [tool for tool in ("systemd-nspawn", "nsenter", "mount") if shutil.which(tool) is None]
    return f"needs {', '.join(missing)}: apt-get install systemd-container" if missing else None


def root_of(release: Release) -> Path:
    """Where the file system lies, once it is made; other packages make another one."""
    recipe = hashlib.sha256(" ".join((*PACKAGES, *CACHED)).encode()).hexdigest()[:8]
    return cache() / f"{release.codename}-{recipe}"


def wheels_of(release: Release) -> Path:
    """Where the wheels of everything but the project itself lie."""
    return cache() / f"wheels-{release.codename}"


def present(release: Release) -> bool:
    """Whether both are there."""
    return root_of(release).is_dir() and wheels_of(release).is_dir()


def build_root(release: Release) -> None:
    """Make the file system where there is none yet."""
    place = root_of(release)
    if place.is_dir():
        return
    unfinished = place.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    include = f"--include={','.join(PACKAGES)}"
    _quietly("debootstrap", "--variant=minbase", include, release.codename, str(unfinished), MIRROR)
    for archive in (unfinished / "var/cache/apt/archives").glob("*.deb"):
        archive.unlink()
    # Names are resolved as here; the container gets by without.
    shutil.copy("/etc/resolv.conf", unfinished / "etc/resolv.conf")
    apt = ("chroot", str(unfinished), "apt-get", "--quiet", "--quiet")
    _quietly(*apt, "update")
    _quietly(*apt, "install", "--yes", "--no-install-recommends", "--download-only", *CACHED)
    (unfinished / "etc/resolv.conf").unlink()
    _quietly("chroot", str(unfinished), "systemctl", "disable", "mosquitto.service")
    unfinished.rename(place)


def build_wheels(release: Release, *, wheel: Path) -> None:
    """Get the wheels that the project's own needs on that release and processor, where there are none yet."""
    place = wheels_of(release)
    if place.is_dir():
        return
    unfinished = place.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    kinds = [f"--platform={name}_{platform.machine()}" for name in _PLATFORMS]
    kinds += ["--implementation=cp", f"--python-version={release.python}", "--only-binary=:all:"]
    constraints = f"--constraint={ROOT}/deploy/constraints-{release.codename}.txt"
    _quietly(
        sys.executable, "-m", "pip", "download", "--quiet", *kinds, constraints, f"--dest={unfinished}", str(wheel)
    )
    (unfinished / wheel.name).unlink()
    unfinished.rename(place)


def wheelhouse(release: Release, *, wheel: Path, folder: Path) -> Path:
    """A folder with everything an installation without network takes."""
    folder.mkdir(parents=True)
    for path in (wheel, *wheels_of(release).iterdir()):
        shutil.copy(path, folder / path.name)
    return folder


def _quietly(*command: str) -> None:
    """Run it; what it says is shown where it fails."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout[-4000:]}")
