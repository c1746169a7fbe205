"""Debian root file systems, and commands run inside them.

Each is made once, with debootstrap, apt and pip, which takes minutes and the network; kept in $PI_TEST_CACHE, else in
~/.cache/insect-edge/pi. Tests find it there or are skipped; the make targets that may take minutes make it first.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MIRROR = "http://deb.debian.org/debian"
BUILD = "PI_TEST_BUILD"
"""Set by the make targets that may take minutes to build one; everywhere else only what is in the cache is used."""
_VARIABLES = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/root",
}
_AUTHORITIES = ("PIP_CERT", "SSL_CERT_FILE")
"""What names the certificate authorities of a network that has its own."""
_AUTHORITIES_INSIDE = "root/authorities.pem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a root file system consists of.

    Attributes:
        name: of the folder in the cache, before a few digits of what the rest amounts to.
        release: of Debian.
        architecture: Debian's name for it.
        packages: of Debian, beside the smallest system.
        cached: packages of Debian that are not installed, but that apt has at hand without the network.
        python_packages: for its own Python, from where pip is set up to find them.
        files: small files to be written, by their path inside.
        disabled: services that do not start by themselves.
    """

    name: str
    release: str
    architecture: str = "amd64"
    packages: Sequence[str] = ()
    cached: Sequence[str] = ()
    python_packages: Sequence[str] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    disabled: Sequence[str] = ()


def cache() -> Path:
    """Where all of it is kept."""
    return Path(os.environ.get("PI_TEST_CACHE") or Path.home() / ".cache" / "insect-edge" / "pi")


def root_of(recipe: Recipe) -> Path:
    """The root file system, built where that is allowed; the test is skipped where there can be none."""
    digits = hashlib.sha256(repr(recipe).encode()).hexdigest()[:8]
    root = cache() / f"{recipe.name}-{digits}"
    if root.is_dir():
        if os.geteuid() != 0:
            pytest.skip("only root can enter a root file system")
        return root
    if BUILD not in os.environ:
        pytest.skip(f"no {recipe.name} file system in {cache()}: make pi-test and arm-test build theirs")
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        pytest.skip("needs root and debootstrap: sudo apt install debootstrap")
    return _built(recipe, root)


def inside(
    root: Path,
    *command: str,
    shown: Mapping[str, Path] | None = None,
    environment: Mapping[str, str] | None = None,
    changes: Path | None = None,
    processor: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command in it, with a /proc of its own and folders of this machine mounted read-only.

    Args:
        root: what `root_of` gave.
        command: and its arguments.
        shown: folders of this machine, by where they are seen inside.
        environment: variables it gets; nothing of this machine's.
        changes: an empty folder that takes what is written, so that the root stays as it is; for as long as the folder
            is given, and on a file system that overlayfs takes. None for writing into the root itself.
        processor: a file to be seen as /proc/cpuinfo, beside this machine's /sys.
    """
    place, mounts = (root, []) if changes is None else _layered(root, changes)
    mounts += [f"mount -t proc proc {place}/proc", f"mount -t tmpfs tmpfs {place}/run", f"mkdir {place}/run/lock"]
    mounts.append(f"mount --rbind /dev {place}/dev")
    if processor is not None:
        mounts += [f"mount -t sysfs -o ro sysfs {place}/sys", f"mount --bind {processor} {place}/proc/cpuinfo"]
    for seen, folder in (shown or {}).items():
        inner = place / seen
        mounts.append(f"mkdir -p {inner} && mount --bind {folder} {inner} && mount -o remount,bind,ro {inner}")
    pairs = [f"{name}={value}" for name, value in (_VARIABLES | dict(environment or {})).items()]
    script = " && ".join(mounts) + ' && exec "$@"'
    wrapped = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script, "sh"]
    return subprocess.run(
        [*wrapped, "env", "--ignore-environment", *pairs, "chroot", str(place), *command],
        capture_output=True,
        text=True,
        check=False,
    )


def _layered(root: Path, changes: Path) -> tuple[Path, list[str]]:
    """Where the root lies with the changes over it, and how it gets there."""
    written, work, whole = (changes / name for name in ("written", "work", "whole"))
    for folder in (written, work, whole):
        folder.mkdir(exist_ok=True)
    return whole, [f"mount -t overlay overlay -o lowerdir={root},upperdir={written},workdir={work} {whole}"]


def _built(recipe: Recipe, root: Path) -> Path:
    """Build it beside its place and move it there when it is whole."""
    making = root.with_name(f"{root.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    for name in ("empty", "work", "whole", "written"):
        (making / name).mkdir(parents=True)
    with root.with_name(f"{root.name}.log").open("w", encoding="utf-8") as log, _hurried(making) as whole:
        packages = f"--include={','.join(recipe.packages or ('ca-certificates',))}"
        architecture = f"--arch={recipe.architecture}"
        _run("debootstrap", "--variant=minbase", architecture, packages, recipe.release, str(whole), MIRROR, log=log)
        for archive in (whole / "var/cache/apt/archives").glob("*.deb"):
            archive.unlink()
        # Names are resolved as here for as long as it is made; afterwards it gets by without.
        shutil.copy("/etc/resolv.conf", whole / "etc" / "resolv.conf")
        _fill(whole, recipe, log=log)
        (whole / "etc" / "resolv.conf").unlink()
    (making / "written").rename(root)
    shutil.rmtree(making, ignore_errors=True)
    return root


@contextmanager
def _hurried(making: Path) -> Iterator[Path]:
    """Where what is written into `making` need not be seen onto the disk at once.

    dpkg waits for the disk after every package, which on a busy machine takes most of the time. What is half made is
    thrown away, so nothing is lost.
    """
    layers = f"lowerdir={making}/empty,upperdir={making}/written,workdir={making}/work,volatile"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, str(making / "whole")], check=True)
    try:
        yield making / "whole"
    finally:
        # What debootstrap mounted and left behind where it failed goes with it.
        subprocess.run(["umount", "--recursive", str(making / "whole")], check=True)


def _fill(root: Path, recipe: Recipe, *, log: IO[str]) -> None:
    for place, text in recipe.files.items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_text(text, encoding="utf-8")
    inner = ("chroot", str(root), "env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8")
    if recipe.cached:
        _run(*inner, "apt-get", "-qq", "update", log=log)
        options = ("--yes", "--no-install-recommends", "--download-only")
        _run(*inner, "apt-get", "-qq", "install", *options, *recipe.cached, log=log)
    if recipe.disabled:
        _run(*inner, "systemctl", "disable", *recipe.disabled, log=log)
    if recipe.python_packages:
        _install(root, recipe.python_packages, log=log)


def _install(root: Path, packages: Sequence[str], *, log: IO[str]) -> None:
    named = next((os.environ[name] for name in _AUTHORITIES if os.environ.get(name)), None)
    environment = {}
    if named:
        shutil.copy(named, root / _AUTHORITIES_INSIDE)
        environment = dict.fromkeys(_AUTHORITIES, f"/{_AUTHORITIES_INSIDE}")
    pip = ("python3", "-m", "pip", "install", "--quiet", "--no-input", "--no-cache-dir", "--break-system-packages")
    done = inside(root, *pip, "--root-user-action=ignore", *packages, environment=environment)
    log.write(done.stdout + done.stderr)
    assert done.returncode == 0, done.stdout + done.stderr


def _run(*command: str, log: IO[str]) -> None:
    done = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, f"{command[0]} failed: see {log.name}"
