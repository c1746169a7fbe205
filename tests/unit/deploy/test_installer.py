"""The installer as far as it goes without a machine to install on: what it knows, says and would do."""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
INSTALLER = DEPLOY / "install.sh"
WHEEL = "insect_edge-0.2.0-py3-none-any.whl"
OS_RELEASES = {
    "bookworm": 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=debian\n',
    "trixie": 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nVERSION_CODENAME=trixie\nID=debian\n',
    "bullseye": 'PRETTY_NAME="Debian GNU/Linux 11 (bullseye)"\nVERSION_CODENAME=bullseye\nID=debian\n',
    "raspbian": 'PRETTY_NAME="Raspbian GNU/Linux 12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=raspbian\n',
    "noble": 'PRETTY_NAME="Ubuntu 24.04 LTS"\nID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\n',
    "fedora": 'NAME="Fedora Linux"\nID=fedora\n',
}
APT_CACHE = """
case $LC_ALL in C) word=Candidate ;; *) word=Installationskandidat ;; esac
case " PACKAGES " in *" $2 "*) echo "  $word: 1.0" ;; *) echo "  $word: (none)" ;; esac
seq -f '     %.0f http://deb.debian.org/debian trixie/main arm64 Packages' 20000
"""
"""Speaks German unless told otherwise, and says more than fits into a pipe."""


def dry_run(
    folder: Path,
    *options: str,
    system: str = "trixie",
    architecture: str = "arm64",
    packages: str = "",
    installer: Path = INSTALLER,
    meanwhile: str = ":",
) -> subprocess.CompletedProcess[str]:
    """The installer on a made-up system, where it only says what it would do.

    Args:
        folder: for the made-up files.
        options: beside --dry-run.
        system: one of `OS_RELEASES`.
        architecture: as dpkg says it.
        packages: what apt could install beside what is there.
        installer: which copy of it.
        meanwhile: a command that is run while it runs.
    """
    (programs := folder / "programs").mkdir(exist_ok=True)
    answers = {
        "dpkg": f"{meanwhile}; echo {architecture}",
        "dpkg-query": '[ "$3" != python3-picamera2 ] && echo installed',
        "apt-cache": APT_CACHE.replace("PACKAGES", packages),
        "systemctl": "echo 'systemd 257 (257.9)'",
        "getent": "exit 2",
    }
    for name, script in answers.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    (folder / "os-release").write_text(OS_RELEASES[system], encoding="utf-8")
    (folder / WHEEL).touch()
    return subprocess.run(
        ["bash", str(installer), "--dry-run", "--upgrade", "--wheel", str(folder / WHEEL), *options],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": f"{programs}:/usr/sbin:/usr/bin:/sbin:/bin", "OS_RELEASE": str(folder / "os-release")},
    )


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck: apt-get install shellcheck")
def test_the_scripts_are_clean() -> None:
    """ShellCheck finds nothing in any script of deploy, parts that are read in included."""
    command = ["shellcheck", "--external-sources", "--check-sourced", str(INSTALLER), str(DEPLOY / "bootstrap.sh")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.stdout == ""


def test_it_may_be_changed_while_it_runs(tmp_path: Path) -> None:
    """Bash reads a script as it goes; here not a line of what is written into it meanwhile is run."""
    copy = shutil.copytree(DEPLOY, tmp_path / "deploy") / "install.sh"
    whole = dry_run(tmp_path).stdout
    changed = dry_run(tmp_path, installer=copy, meanwhile=f"yes 'echo CHANGED' | head -n 5000 >>{copy}")
    assert "CHANGED" in copy.read_text(encoding="utf-8")
    assert (changed.returncode, changed.stdout) == (0, whole)


@pytest.mark.parametrize(("system", "python"), [("bookworm", "3.11"), ("trixie", "3.13")])
def test_both_releases_are_known(tmp_path: Path, system: str, python: str) -> None:
    """Each gets its own Python and its own constraints, and the camera's packages where there are any."""
    done = dry_run(tmp_path, system=system, packages="python3-picamera2")
    assert done.returncode == 0, done.stderr
    assert f"arm64, Python {python}" in done.stdout
    assert f"constraints-{system}.txt" in done.stdout
    assert (DEPLOY / f"constraints-{system}.txt").is_file()
    assert "there is no python3-picamera2 here" not in done.stdout
    update, install = (done.stdout.index(f"apt-get {what}") for what in ("update", "install"))
    assert update < install
    assert "--no-install-recommends python3-picamera2" in done.stdout
    assert "would run: mv -T /opt/insect-edge/.current.new /opt/insect-edge/current" in done.stdout


def test_plain_debian_lacks_the_camera(tmp_path: Path) -> None:
    """Where there is no python3-picamera2 it goes on without, and says what that means."""
    done = dry_run(tmp_path, architecture="amd64")
    assert done.returncode == 0, done.stderr
    assert "there is no python3-picamera2 here" in done.stdout
    assert done.stdout.index("apt-get update") < done.stdout.index("there is no python3-picamera2 here")
    assert "apt-get install" not in done.stdout


def test_a_wheelhouse_needs_no_network(tmp_path: Path) -> None:
    """Apt is asked for what it has, and not sent to look for more."""
    done = dry_run(tmp_path, "--wheelhouse", str(tmp_path), packages="python3-picamera2")
    assert done.returncode == 0, done.stderr
    assert "apt-get update" not in done.stdout
    assert "--no-install-recommends python3-picamera2" in done.stdout


@pytest.mark.parametrize(
    ("system", "architecture", "says"),
    [
        ("bullseye", "arm64", "this system is debian bullseye: only"),
        ("noble", "arm64", "this system is ubuntu noble: only"),
        ("fedora", "arm64", "this system is fedora : only"),
        ("raspbian", "armhf", "this is a 32-bit system (armhf)"),
        ("trixie", "riscv64", "no wheels of the LiteRT runtime for riscv64"),
    ],
)
def test_what_it_does_not_know_it_refuses(tmp_path: Path, system: str, architecture: str, says: str) -> None:
    """Another system or processor gets one sentence and exit code 2."""
    done = dry_run(tmp_path, system=system, architecture=architecture)
    assert done.returncode == 2
    assert says in done.stderr
    assert "would" not in done.stdout


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--colour",), "--colour: no such option"),
        (("--purge",), "--purge goes with --uninstall only"),
        (("--wheel", "/nowhere.whl"), "/nowhere.whl: no such file or folder"),
        (("--wheelhouse", "/nowhere"), "/nowhere: no such file or folder"),
        (("--wheel",), "--wheel needs a path"),
        (("--wheel", "/usr"), "/usr: no wheel of insect-edge"),
        (("--wheel", "/bin/sh"), "/bin/sh: no wheel of insect-edge"),
    ],
)
def test_wrong_options_are_told(tmp_path: Path, options: tuple[str, ...], says: str) -> None:
    """Nothing is guessed."""
    done = dry_run(tmp_path, *options)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_everything_the_installer_takes_from_the_wheel_is_in_it() -> None:
    """Whatever lies in deploy for an installation travels with the wheel."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    kinds = ("*.service", "constraints-*.txt", "insect-edge-*.conf", "install*", "mosquitto.*", "README.md")
    for path in (path for kind in kinds for path in DEPLOY.glob(kind)):
        assert included[f"deploy/{path.name}"] == f"insect_edge/deploy/{path.name}"
