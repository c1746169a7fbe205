"""Machines like a Pi's: each Debian release, booted by its own systemd, with the trap installed by the installer."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support import pi_roots
from support.container import Container
from support.debian_root import BUILD, root_of
from support.pi_machine import CONFIGURATION, PiMachine
from support.pi_roots import RELEASES, Release
from support.wheel import built_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

TABLE = pytest.StashKey[dict[str, dict[str, str]]]()


def pytest_configure(config: pytest.Config) -> None:
    """A table of what was measured, release by release."""
    config.stash[TABLE] = {}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave what takes many minutes to `make pi-test`."""
    if BUILD not in os.environ:
        for item in items:
            if item.get_closest_marker("thorough"):
                item.add_marker(pytest.mark.skip(reason="takes minutes: make pi-test runs it"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show it."""
    table = config.stash[TABLE]
    if not table:
        return
    terminalreporter.section("on machines like a Pi's")
    columns = list(table)
    rows = list(dict.fromkeys(name for facts in table.values() for name in facts))
    width = max(map(len, rows))
    terminalreporter.write_line(f"{'':<{width}}  " + "".join(f"{column:<28}" for column in columns))
    for row in rows:
        cells = "".join(f"{table[column].get(row, 'not run'):<28}" for column in columns)
        terminalreporter.write_line(f"{row:<{width}}  {cells}")
    terminalreporter.write_line("not run here: any real board, camera, 64-bit Arm (make arm-test), V4L2")


@pytest.fixture(scope="session", params=RELEASES, ids=lambda release: release.codename)
def release(request: pytest.FixtureRequest) -> Release:
    """Each release whose file system is there."""
    chosen: Release = request.param
    if why := pi_roots.lacking():
        pytest.skip(f"no container can be booted: {why}")
    if BUILD not in os.environ and chosen != RELEASES[0]:
        pytest.skip("one release does between two runs of make pi-test")
    root_of(chosen.recipe)
    if BUILD in os.environ:
        pi_roots.build_wheels(chosen, wheel=request.getfixturevalue("wheel"))
    if not pi_roots.wheels_of(chosen).is_dir():
        pytest.skip(f"no {pi_roots.wheels_of(chosen)}: make pi-test gets them")
    return chosen


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from this tree, without the network."""
    return built_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def boot(release: Release, wheel: Path) -> Callable[[], AbstractContextManager[PiMachine]]:
    """Boots a bare machine of the release: without the trap, with all that an installation takes."""

    @contextmanager
    def booted() -> Iterator[PiMachine]:
        # Not /tmp, which may be in memory, where overlayfs takes no changes.
        with tempfile.TemporaryDirectory(prefix="insect-edge-pi-", dir="/var/tmp") as name:
            folder = Path(name)
            wheels = pi_roots.wheelhouse(release, wheel=wheel, folder=folder / "wheels")
            shutil.copytree(pi_roots.ROOT / "deploy", folder / "deploy")
            (folder / "other").mkdir()
            shared = {f"/srv/{name}": folder / name for name in ("deploy", "other")} | {"/srv/wheels": wheels}
            shared |= {"/srv/needs": pi_roots.wheels_of(release), "/srv/checkout": pi_roots.ROOT}
            with Container(root_of(release.recipe), folder=folder / "machine", shared=shared) as container:
                yield PiMachine(container, other_wheels=folder / "other")

    return booted


@pytest.fixture(scope="session")
def facts(request: pytest.FixtureRequest, release: Release) -> dict[str, str]:
    """The release's column of the table."""
    return request.config.stash[TABLE].setdefault(release.codename, {})


@pytest.fixture(scope="session")
def trap(boot: Callable[[], AbstractContextManager[PiMachine]], facts: dict[str, str]) -> Iterator[PiMachine]:
    """A machine with a broker and the trap, installed and ready."""
    with boot() as machine:
        machine.run("systemctl", "start", "mosquitto.service")
        machine.configure()
        began = time.monotonic()
        done = machine.install()
        assert done.returncode == 0, done.stdout + done.stderr
        facts["installation"] = f"{time.monotonic() - began:.0f} s"
        machine.wait_until_ready()
        yield machine


@pytest.fixture
def ready(trap: PiMachine) -> PiMachine:
    """The trap, put back in order where the test before has left it otherwise."""
    if trap.configuration() != CONFIGURATION or not trap.ready():
        trap.configure()
        trap.restart()
        trap.wait_until_ready()
    return trap
