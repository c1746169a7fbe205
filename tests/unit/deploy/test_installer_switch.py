"""The switch from one version to another, with versions that are folders and a systemd that answers as it is told."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[3] / "deploy"
SYSTEMCTL = """#!/bin/sh
case $1 in
--version) echo 'systemd 252 (252.39)' ;;
show) cat {folder}/state ;;
restart)
    basename "$(readlink {folder}/opt/current)" >>{folder}/restarts
    {restart}
    ;;
esac
"""
# The functions and the environment of the installer without what it does at once, and all its places in a folder.
INSTALLER = """
set -euo pipefail
HERE={deploy}
RELEASES={folder}/opt CONFIGURATION={folder}/etc UNIT={folder}/etc/unit.service DROP_IN={folder}/etc/unit.d/50.conf
dry='' unfinished='' index=()
. <(sed -n '/^[a-z_]*() *{{/,/^}}/p; /^export /p' "$HERE/install.sh")
. "$HERE/installer/system.sh"
. "$HERE/installer/release.sh"
. "$HERE/installer/service.sh"
has_systemd() {{ true; }}
trap 'exit 1' INT TERM HUP
"""


class Machine:
    """Versions in a folder, and the installer's functions on them."""

    def __init__(self, folder: Path) -> None:
        """Nothing installed, the service active."""
        self.releases = folder / "opt"
        self.unit = folder / "etc" / "unit.service"
        self._folder = folder
        self.releases.mkdir()
        (folder / "programs").mkdir()
        self.systemd()

    def systemd(self, *, state: str = "active", restart: str = "exit 0") -> None:
        """The service's state, and what a restart does."""
        (self._folder / "state").write_text(state, encoding="utf-8")
        program = self._folder / "programs" / "systemctl"
        program.write_text(SYSTEMCTL.format(folder=self._folder, restart=restart), encoding="utf-8")
        program.chmod(0o755)

    def release(self, name: str, *, python: str = "exit 0") -> Path:
        """A whole version; its Python does what is said."""
        release = self.releases / name
        deploy = release / "lib" / "python3.11" / "site-packages" / "insect_edge" / "deploy"
        deploy.mkdir(parents=True)
        (deploy / "insect-edge.service").write_text(f"# {name}\n", encoding="utf-8")
        (release / "bin").mkdir()
        (release / "bin" / "python").write_text(f"#!/bin/sh\n{python}\n", encoding="utf-8")
        (release / "bin" / "python").chmod(0o755)
        (release / "complete").touch()
        return release

    def start(self, script: str) -> subprocess.Popen[str]:
        """Begin to run something with the installer's functions."""
        program = INSTALLER.format(deploy=DEPLOY, folder=self._folder) + script
        path = f"{self._folder}/programs:{os.environ['PATH']}"
        return subprocess.Popen(
            ["bash", "-c", program],
            env={"PATH": path},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def run(self, script: str) -> tuple[int, str]:
        """Run something with the installer's functions: its exit code and all it says."""
        process = self.start(script)
        output, errors = process.communicate(timeout=60)
        return process.returncode, output + errors

    def links(self) -> dict[str, str]:
        """What `current` and `previous` mean."""
        return {link.name: str(link.readlink()) for link in self.releases.iterdir() if link.is_symlink()}

    def restarts(self) -> list[str]:
        """The versions that were current when the service was started again."""
        path = self._folder / "restarts"
        return path.read_text(encoding="utf-8").split() if path.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Versions 1.1 to 1.3, of which 1.2 is in use after 1.1."""
    machine = Machine(tmp_path)
    for name in ("1.1", "1.2", "1.3"):
        machine.release(name)
    (machine.releases / "current").symlink_to("1.2")
    (machine.releases / "previous").symlink_to("1.1")
    return machine


def test_a_version_that_gets_ready_stays(machine: Machine) -> None:
    """The one before is kept, the one before that is not."""
    code, says = machine.run('activate "$RELEASES/1.3"; remove_old_releases')
    assert (code, says) == (0, "")
    assert machine.links() == {"current": "1.3", "previous": "1.2"}
    assert not (machine.releases / "1.1").exists()
    assert machine.unit.read_text(encoding="utf-8") == "# 1.3\n"
    assert list(machine.unit.parent.iterdir()) == [machine.unit]


@pytest.mark.parametrize("before", ["1.1", None])
def test_a_version_that_does_not_get_ready_leaves_all_as_it_was(machine: Machine, before: str | None) -> None:
    """The version before included, where there was one."""
    machine.systemd(restart='[ "$(readlink $(dirname $0)/../opt/current)" != 1.3 ]')
    if before is None:
        (machine.releases / "previous").unlink()
    links = machine.links()
    code, says = machine.run('activate "$RELEASES/1.3"')
    assert code == 1
    assert "1.2 is back in its place" in says
    assert machine.links() == links
    assert machine.restarts() == ["1.3", "1.2"]
    assert machine.unit.read_text(encoding="utf-8") == "# 1.2\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_switch_is_not_interrupted(machine: Machine, number: signal.Signals) -> None:
    """Whoever loses patience or the connection while it waits gets the old version back nonetheless."""
    machine.systemd(restart='[ "$(readlink $(dirname $0)/../opt/current)" != 1.3 ] || { sleep 1; exit 1; }')
    process = machine.start('activate "$RELEASES/1.3"')
    for stream in (process.stdout, process.stderr):
        assert stream is not None
        stream.close()
    deadline = time.monotonic() + 30
    while not machine.restarts() and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, number)
    assert process.wait(timeout=60) == 1
    assert machine.links() == {"current": "1.2", "previous": "1.1"}
    assert machine.restarts() == ["1.3", "1.2"]


def test_a_lost_supply_leaves_the_way_back(machine: Machine) -> None:
    """The version that worked is kept by the next installation, whatever became of the one that was tried."""
    machine.systemd(restart="kill -9 $PPID")
    assert machine.run('activate "$RELEASES/1.3"')[0] == -signal.SIGKILL
    machine.systemd()
    assert machine.run('activate "$RELEASES/1.3"; remove_old_releases')[0] == 0
    assert machine.links() == {"current": "1.3", "previous": "1.2"}
    assert machine.run("do_rollback")[0] == 0
    assert machine.links() == {"current": "1.2", "previous": "1.3"}


@pytest.mark.parametrize(
    ("state", "restarts"), [("active", ["1.1"]), ("activating", ["1.1"]), ("failed", ["1.1"]), ("inactive", [])]
)
def test_a_rollback_starts_what_is_not_stopped(machine: Machine, state: str, restarts: list[str]) -> None:
    """A version that fails is what one goes back from; a service that was stopped stays so."""
    machine.systemd(state=state)
    code, says = machine.run("do_rollback")
    assert code == 0, says
    assert machine.links() == {"current": "1.1", "previous": "1.2"}
    assert machine.restarts() == restarts


def test_no_rollback_to_what_is_not_whole(machine: Machine) -> None:
    """What ran goes on."""
    (machine.releases / "1.1" / "complete").unlink()
    code, says = machine.run("do_rollback")
    assert code == 1
    assert "1.1 is not whole" in says
    assert machine.links() == {"current": "1.2", "previous": "1.1"}
    assert machine.restarts() == []


def test_no_module_from_the_current_folder_is_run(machine: Machine, tmp_path: Path) -> None:
    """As root, a file that lies where somebody calls the installer would be too much."""
    (tmp_path / "colorsys.py").write_text("print('from here')", encoding="utf-8")
    assert machine.run(f"cd {tmp_path}; python3 -c 'import colorsys'; python3 -m colorsys") == (0, "")


def test_a_version_for_another_python_is_made_anew(machine: Machine) -> None:
    """As after the system went from Bookworm to Trixie: the files are there, and cannot be imported."""
    script = "dry=yes wheel=wheel codename=trixie release=$RELEASES/{}; make_release"
    assert "1.3 is installed already" in machine.run(script.format("1.3"))[1]
    machine.release("1.4", python="exit 1")
    assert "would install: wheel" in machine.run(script.format("1.4"))[1]
