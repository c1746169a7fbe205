"""The wheel as people install it: whole, without ballast, and able to work from wherever it lies."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import cv2
import pytest

from support import tiny_model
from support.programs import running

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
MODEL = "insect_edge/models/garden-pests-v2"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from this tree, without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    pytest.importorskip("hatchling", reason="the wheel is built with hatchling: pip install 'insect-edge[test]'")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--wheel-dir", str(folder), str(ROOT)], check=True, timeout=120)
    (built,) = folder.glob("insect_edge-*-py3-none-any.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    """Its files."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_it_has_everything_a_program_needs(names: set[str]) -> None:
    """All modules, the default model, the schemas, the recipes and the example configuration are there."""
    for package in (ROOT / "edge" / "insect_edge", ROOT / "converter" / "insect_converter"):
        files = {path.relative_to(package.parent) for path in package.rglob("*") if path.is_file()}
        assert {str(file) for file in files if not any(part.startswith((".", "__pyc")) for part in file.parts)} <= names
    assert {f"{MODEL}/{name}" for name in ("model.tflite", "labels.txt", "card.json")} <= names
    assert "insect_edge/insect-edge.example.toml" in names
    assert {f"insect_edge/deploy/{name}" for name in ("install.sh", "insect-edge.service")} <= names
    assert any(name.startswith("insect_edge/mqtt/schemas/") for name in names)
    assert any(name.startswith("insect_converter/recipes/") for name in names)
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_it_has_nothing_else(names: set[str]) -> None:
    """Tests, photographs and caches stay at home."""
    kinds = {Path(name).suffix for name in names if ".dist-info/" not in name}
    assert kinds <= {
        *(".py", ".typed", ".toml", ".json", ".txt", ".tflite", ".csv", ".md", ".jinja", ".css"),
        *(".sh", ".service", ".conf", ".acl"),
    }
    tops = {name.split("/", maxsplit=1)[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"insect_edge", "insect_converter"}
    assert not any(part.startswith((".", "__pyc", "test")) for name in names for part in Path(name).parts)


def test_it_works_where_it_is_unpacked(wheel: Path, tmp_path: Path) -> None:
    """Unpacked anywhere it classifies with the model it brought, and accepts the example configuration it brought."""
    place = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
    card = place / MODEL / "card.json"
    # So that it cannot be any other copy of the model that answers.
    card.write_text(
        json.dumps(json.loads(card.read_text(encoding="utf-8")) | {"model_id": "unpacked"}), encoding="utf-8"
    )
    assert cv2.imwrite(str(tmp_path / "card.png"), tiny_model.picture("lacewing"))
    environment = {"PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
    with running("classify", "card.png", "--json", folder=tmp_path, environment=environment) as classify:
        assert classify.wait() == 0, str(classify)
    assert json.loads(classify.output[0])["model_id"] == "unpacked"
    example = str(place / "insect_edge" / "insect-edge.example.toml")
    with running("check-config", example, folder=tmp_path, environment=environment) as check:
        assert check.wait() == 0, str(check)
    assert check.output[0] == f"{example}: ok"
    assert any(line.startswith("model   unpacked; ") for line in check.output)
