"""What a board can hold, measured on its own camera, model and broker."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from insect_edge.commands import bench
from support.mosquitto import free_port
from support.mosquitto import running as broker_running
from support.trap import Trap

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e


def test_every_stage_is_measured(tmp_path: Path) -> None:
    """On the configured camera, model and broker; the trap's own outbox is not touched."""
    with broker_running(tmp_path / "broker") as broker:
        trap = Trap(tmp_path / "trap", port=broker.port)
        arguments = ["--config", str(trap.configuration), "--frames", "5"]
        outcome = CliRunner().invoke(bench.command, [*arguments, "--json"], standalone_mode=False)
        facts = json.loads(outcome.stdout)
        page = CliRunner().invoke(bench.command, arguments, standalone_mode=False).stdout
    assert list(facts["stages"]) == [
        "capture",
        "preprocess",
        "inference",
        "postprocess",
        "policy",
        "outbox",
        "publish",
    ]
    assert all(stage["count"] == 5 and stage["median_ms"] > 0 for stage in facts["stages"].values())
    assert facts["step"]["median_ms"] >= facts["stages"]["inference"]["median_ms"]
    assert facts["holds"] > 0
    assert page.splitlines()[-1].startswith("this board holds ")
    assert not (trap.folder / "outbox").exists()
    assert [path.name for path in trap.folder.iterdir() if path.name.startswith(".")] == []


def test_it_goes_on_without_a_broker(tmp_path: Path) -> None:
    """Why nothing was published is told; everything else is measured, also on a drawn garden."""
    trap = Trap(tmp_path, port=free_port(), camera={"simulated.width": 320, "simulated.height": 240})
    arguments = ["--config", str(trap.configuration), "--frames", "5", "--simulated"]
    page = CliRunner().invoke(bench.command, arguments, standalone_mode=False).stdout
    assert page.startswith("simulated:garden 320x240, tiny-garden-v1 on ")
    assert "nobody listens there" in page
    assert any(line.split() == ["publish", "-", "-"] for line in page.splitlines())


@pytest.mark.parametrize("mode", ["contrast", "motion"])
def test_searching_is_measured_as_the_daemon_does_it(mode: str, tmp_path: Path) -> None:
    """Finding, each look and following on a drawn sheet or bed, and the fullest picture there may be."""
    scene = {"contrast": "sheet", "motion": "bed-4"}[mode]
    camera: dict[str, Any] = {
        "source": "simulated",
        "rate": 20,
        "files.path": None,
        "files.loop": None,
        "simulated.scene": scene,
        "simulated.width": 640,
        "simulated.height": 360,
    }
    with broker_running(tmp_path / "broker") as broker:
        trap = Trap(tmp_path / "trap", port=broker.port, camera=camera, regions={"mode": mode, "max_crops": 4})
        arguments = ["--config", str(trap.configuration), "--frames", "10"]
        facts = json.loads(CliRunner().invoke(bench.command, [*arguments, "--json"], standalone_mode=False).stdout)
    stages, search = facts["stages"], facts["search"]
    assert list(stages) == [
        *("capture", "finding", "preprocess", "inference", "postprocess", "following", "outbox", "publish")
    ]
    assert all(stages[name]["count"] == 10 for name in ("capture", "finding", "following", "outbox", "publish"))
    assert stages["inference"]["count"] == round(10 * search["looks"]) + 10 * search["crowded"]["looks"]
    assert (search["mode"], search["settled"], search["crowded"]["looks"]) == (mode, True, 4)
    # What rests was looked at before, while the scene was learned, and is not due again within half a second.
    assert 0 <= search["looks"] <= 4
    assert search["crowded"]["holds"] > 0
    assert facts["step"]["median_ms"] >= stages["finding"]["median_ms"]
