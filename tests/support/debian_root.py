"""Debian root file systems made with debootstrap, kept in the user's cache, and commands run inside them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from support import pi_roots

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

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
        python_packages: for its own Python, from where pip is set up to find them.
        files: small files to be written, by their path inside.
    """

    name: str
    release: str
    architecture: str = "amd64"
    packages: Sequence[str] = ()
    python_packages: Sequence[str] = ()
    files: Mapping[str, str] = field(default_factory=dict)


def root_of(recipe: Recipe) -> Path:
    """The root file system, built where that is allowed; the test is skipped where there can be none."""
    digits = hashlib.sha256(repr(recipe).encode()).hexdigest()[:8]
    root = pi_roots.cache() / f"{recipe.name}-{digits}"
    if root.is_dir():
        if os.geteuid() != 0:
            pytest.skip("only root can enter a root file system")
        return root
    if BUILD not in os.environ:
        pytest.skip(f"no {recipe.name} file system in {pi_roots.cache()}: make pi-test and arm-test build theirs")
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
    mounts += [f"mount -t proc proc {place}/proc", f"mount -t tmpfs tmpfs {place}/run"]
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
    making.mkdir(parents=True)
    log = root.with_name(f"{root.name}.log")
    with log.open("w", encoding="utf-8") as output:
        packages = f"--include={','.join(recipe.packages)}" if recipe.packages else "--include=ca-certificates"
        architecture = f"--arch={recipe.architecture}"
        _run(
            ["debootstrap", "--variant=minbase", architecture, packages, recipe.release, str(making), pi_roots.MIRROR],
            output,
        )
    shutil.copy("/etc/resolv.conf", making / "etc" / "resolv.conf")
    for place, text in recipe.files.items():
        (making / place).parent.mkdir(parents=True, exist_ok=True)
        (making / place).write_text(text, encoding="utf-8")
    if recipe.python_packages:
        _install(making, recipe.python_packages, log=log)
    making.rename(root)
    return root


def _install(root: Path, packages: Sequence[str], *, log: Path) -> None:
    named = next((os.environ[name] for name in _AUTHORITIES if os.environ.get(name)), None)
    environment = {}
    if named:
        shutil.copy(named, root / _AUTHORITIES_INSIDE)
        environment = dict.fromkeys(_AUTHORITIES, f"/{_AUTHORITIES_INSIDE}")
    pip = ("python3", "-m", "pip", "install", "--quiet", "--no-input", "--no-cache-dir", "--break-system-packages")
    done = inside(root, *pip, "--root-user-action=ignore", *packages, environment=environment)
    with log.open("a", encoding="utf-8") as output:
        output.write(done.stdout + done.stderr)
    assert done.returncode == 0, done.stdout + done.stderr


def _run(command: Sequence[str], output: object) -> None:
    done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False)  # type: ignore[call-overload]
    assert done.returncode == 0, f"{command[0]} failed: see {pi_roots.cache()}"
