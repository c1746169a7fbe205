"""The installer on real releases: twice is once, versions side by side, back again, and gone without a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.pi_machine import TOPICS, UNIT, PiMachine, repacked

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

pytestmark = [pytest.mark.pi, pytest.mark.thorough]

PROBED = "insect_edge/commands/run.py"
"""Imported by the installer in a process of its own."""
NOT_OURS = tuple(
    f"/{name}"
    for name in (
        "dev",
        "proc",
        "run",
        "srv",
        "sys",
        "tmp",
        "var/cache",
        "var/lib/apt",
        "var/lib/systemd",
        "var/log",
        "var/tmp",
    )
)
"""Where a running Debian writes by itself."""


def version(machine: PiMachine) -> str:
    """Of the program in use."""
    return machine.run("insect-edge", "--version").split()[-1]


def files(machine: PiMachine) -> set[str]:
    """Every path there is, but those that change by themselves, the daemon's own data among them."""
    pruned = [part for folder in NOT_OURS for part in ("-path", folder, "-prune", "-o")]
    found = machine.run("find", "/", "-xdev", *pruned, "-print").splitlines()
    return {path for path in found if not path.startswith("/var/lib/insect-edge/")}


def test_what_it_takes(ready: PiMachine, facts: dict[str, str]) -> None:
    """Size and import time of what was installed."""
    size = ready.run("du", "-sm", "/opt/insect-edge/").split()[0]
    facts["installed size"] = f"{size} MiB"
    python = "/opt/insect-edge/current/bin/python"
    code = "import time; began = time.monotonic(); import insect_edge.commands.run; print(time.monotonic() - began)"
    facts["import time"] = f"{float(ready.run(python, '-c', code)):.1f} s"
    versions = "import numpy, cv2, sys; print(sys.version.split()[0], numpy.__version__, cv2.__version__)"
    facts["Python, numpy, OpenCV"] = ready.run(python, "-c", versions)
    assert ready.run("insect-edge", "check-config", "/etc/insect-edge/insect-edge.toml")


def test_a_second_run_changes_nothing(ready: PiMachine) -> None:
    """The same installation again leaves every file and the running process as they are."""
    before, process = files(ready), ready.show("MainPID")
    done = ready.install()
    assert done.returncode == 0, done.stderr
    assert "is installed already" in done.stdout
    assert sorted(files(ready) ^ before) == []
    assert ready.show("MainPID") == process


def test_a_dry_run_changes_nothing(ready: PiMachine) -> None:
    """Whatever would be done is only said."""
    before = files(ready)
    for options in ((), ("--upgrade",), ("--uninstall", "--purge")):
        done = ready.install("--dry-run", *options)
        assert done.returncode == 0, done.stderr
    assert "would run: rm -rf /opt/insect-edge" in done.stdout
    assert sorted(files(ready) ^ before) == []
    assert ready.active()


def test_upgrade_and_rollback(ready: PiMachine, wheel: Path) -> None:
    """Another version takes over and is ready; going back and forth brings each back."""
    old = version(ready)
    newer = repacked(wheel, folder=ready.other_wheels, version="9.9.1").name
    refused = ready.install("--wheel", f"/srv/other/{newer}")
    assert refused.returncode == 1
    assert "add --upgrade" in refused.stderr
    done = ready.install("--upgrade", "--wheel", f"/srv/other/{newer}")
    assert done.returncode == 0, done.stderr
    assert (version(ready), ready.run("readlink", "/opt/insect-edge/previous")) == ("9.9.1", old)
    assert ready.ready()
    for expected in (old, "9.9.1", old):
        done = ready.install("--rollback")
        assert done.returncode == 0, done.stderr
        assert version(ready) == expected
        assert ready.says(f"insect-edge {expected}, device trap")
    assert ready.ready()


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (
            "\nimport os, signal\nos.kill(os.getpid(), signal.SIGILL)\n",
            "processor instructions that this machine lacks",
        ),
        ("\nraise ImportError('numpy.core.multiarray failed to import')\n", "numpy.core.multiarray failed to import"),
    ],
    ids=["illegal-instruction", "abi"],
)
def test_a_version_that_cannot_be_loaded_is_not_used(ready: PiMachine, wheel: Path, changed: str, says: str) -> None:
    """Compiled parts that do not fit this machine become a sentence, and the old version goes on undisturbed."""
    old, process, before = version(ready), ready.show("MainPID"), files(ready)
    broken = repacked(wheel, folder=ready.other_wheels, version="9.9.2", changes={PROBED: changed}).name
    done = ready.install("--upgrade", "--wheel", f"/srv/other/{broken}")
    assert done.returncode == 1
    assert says in done.stderr
    assert (version(ready), ready.show("MainPID")) == (old, process)
    assert sorted(files(ready) ^ before) == []


def test_a_version_that_does_not_get_ready_is_taken_back(ready: PiMachine, wheel: Path) -> None:
    """A new version that ends at its start makes way for the old one, which is ready again."""
    old = version(ready)
    changes = {PROBED: "\ndef run(config, **_):\n    raise SystemExit('no good')\n"}
    broken = repacked(wheel, folder=ready.other_wheels, version="9.9.3", changes=changes).name
    done = ready.install("--upgrade", "--wheel", f"/srv/other/{broken}")
    assert done.returncode == 1, done.stdout
    assert f"{old} is back in its place" in done.stderr
    assert version(ready) == old
    ready.wait_until_ready()


def test_a_version_that_refuses_the_configuration_is_not_used(ready: PiMachine, wheel: Path) -> None:
    """A configuration the new version does not take is found before anything is switched."""
    process = ready.show("MainPID")
    other = repacked(wheel, folder=ready.other_wheels, version="9.9.4").name
    ready.configure(ready.configuration() + "colour = 1\n")
    done = ready.install("--upgrade", "--wheel", f"/srv/other/{other}")
    assert done.returncode == 1
    assert "[mqtt] colour = 1: unknown key" in done.stderr
    assert ready.show("MainPID") == process


def test_it_leaves_nothing_but_what_it_says(boot: Callable[[], AbstractContextManager[PiMachine]]) -> None:
    """It uses numpy as the system has it; gone, only configuration, data and user are left, then not even those.

    The second time from a checkout, of which the wheel is built first. What the broker retains of the trap goes last.
    """
    with boot() as machine:
        machine.run("apt-get", "install", "--yes", "--no-install-recommends", "python3-venv", "python3-numpy")
        machine.run("systemctl", "start", "mosquitto.service")
        before, accounts = files(machine), machine.run("getent", "passwd")
        machine.configure()
        assert machine.install().returncode == 0
        machine.container.wait_until("the service is ready", machine.active)
        # As the camera libraries of a Pi want it.
        where = machine.run("/opt/insect-edge/current/bin/python", "-c", "import numpy; print(numpy.__file__)")
        assert where.startswith("/usr/lib/python3/dist-packages/")
        done = machine.install("--uninstall")
        assert done.returncode == 0, done.stderr
        assert "kept: /etc/insect-edge, /var/lib/insect-edge" in done.stdout
        kept = {path for path in files(machine) - before if not path.startswith("/etc/insect-edge")}
        assert kept == {"/var/lib/insect-edge"}
        assert machine.ask("systemctl", "cat", UNIT).returncode != 0
        assert f"{TOPICS}/availability" in machine.retained()
        done = machine.install_from_checkout("--no-start")
        assert done.returncode == 0, done.stderr
        assert "building the wheel" in done.stdout
        assert machine.run("insect-edge", "--version")
        done = machine.install("--uninstall", "--purge")
        assert done.returncode == 0, done.stderr
        assert machine.retained() == set()
        assert sorted(files(machine) - before) == []
        assert machine.run("getent", "passwd") == accounts
