"""The rules of the house, held against the code."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EDGE = ROOT / "edge" / "insect_edge"
CONVERTER = ROOT / "converter" / "insect_converter"
TESTS = ROOT / "tests"

LONGEST_FILE = 300
LONGEST_FUNCTION = 40

PURE = (
    "alert_rule",
    "annotate",
    "annotate_regions",
    "answers",
    "card",
    "config/alerts",
    "config/camera",
    "config/labels",
    "config/parse",
    "config/problems",
    "config/regions",
    "config/sections",
    "config/settings",
    "control/changes",
    "control/rate",
    "control/requests",
    "control/trial",
    "doctor/broker",
    "doctor/camera",
    "doctor/findings",
    "doctor/libraries",
    "doctor/machine",
    "doctor/model",
    "doctor/service",
    "doctor/system",
    "domain",
    "errors",
    "garden/arrivals",
    "garden/itinerary",
    "garden/motion",
    "garden/noise",
    "garden/nuisances",
    "garden/sight",
    "golden",
    "health/dark_pictures",
    "health/frames",
    "health/judgement",
    "health/liveliness",
    "health/pace",
    "health/report",
    "health/words",
    "journal",
    "label_places",
    "models/switching",
    "mqtt/asyncapi",
    "mqtt/clearing",
    "mqtt/counts",
    "mqtt/fields",
    "mqtt/health_payload",
    "mqtt/home_assistant",
    "mqtt/messages",
    "mqtt/parts",
    "mqtt/payload_types",
    "mqtt/payloads",
    "mqtt/reading",
    "mqtt/replies",
    "mqtt/topics",
    "mqtt/visit",
    "pipeline",
    "policy/alerting",
    "policy/animal",
    "policy/arrivals",
    "policy/correction",
    "policy/daylight",
    "policy/life",
    "policy/memory",
    "policy/pooling",
    "policy/restart",
    "policy/rules",
    "policy/state",
    "policy/stored_arrivals",
    "policy/stored_values",
    "policy/thresholds",
    "policy/tracks",
    "postprocess",
    "preprocess",
    "protocols",
    "rejection",
    "sightings",
    "snapshots/keeping",
    "snapshots/picture",
    "systemd",
    "tally/day",
    "tally/recent",
    "timekeeping",
    "video_source",
    *(
        f"{path.parent.name}/{path.stem}"
        for name in ("regions", "tracking")
        for path in sorted((EDGE / name).glob("*.py"))
    ),
)
"""Modules that compute and nothing else."""
IMPURE_IMPORTS = frozenset(
    {"io", "os", "paho", "pathlib", "random", "shutil", "socket", "sqlite3", "subprocess", "tempfile", "tensorflow"}
    | {"threading", "time"}
)
HOMES = {
    "ai_edge_litert": ("adapters/litert",),
    "amqtt": ("adapters/amqtt",),
    "cryptography": ("adapters/ed25519",),
    "libcamera": ("adapters/picamera2",),
    "paho": ("adapters/paho",),
    "picamera2": ("adapters/picamera2",),
    "pydantic": ("config/",),
    "sqlite3": ("outbox/",),
    "systemd": ("adapters/systemd",),
    "tflite_runtime": ("adapters/litert",),
}
"""Which file (or files of that beginning) a dependency may be imported by."""
COMPOSITION_ROOT = ("cli", "commands/", "composition/", "adapters/")


def modules(package: Path) -> list[Path]:
    """Every module of a package."""
    return sorted(package.rglob("*.py"))


def name_of(path: Path) -> str:
    """A module's path below its package, without the suffix."""
    package = EDGE if path.is_relative_to(EDGE) else CONVERTER
    return path.relative_to(package).with_suffix("").as_posix()


def imports(path: Path) -> set[str]:
    """Dotted names a module imports when it runs; not those for the type checker alone."""
    found = set()
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.dump(statement.test):
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def roots(path: Path) -> set[str]:
    """Top-level packages a module imports."""
    return {name.split(".")[0] for name in imports(path)}


@pytest.mark.parametrize("path", modules(EDGE), ids=name_of)
def test_the_edge_never_imports_the_converter_or_its_libraries(path: Path) -> None:
    """The Pi program needs neither the converter nor a training framework."""
    assert not roots(path) & {"insect_converter", "tensorflow", "keras", "sklearn", "scipy", "tqdm"}


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_import_nothing_that_touches_the_world(name: str) -> None:
    """A pure module has no clock, disk, network or device to reach for."""
    path = EDGE / f"{name}.py"
    assert not roots(path) & IMPURE_IMPORTS
    assert not any(imported.startswith("insect_edge.adapters") for imported in imports(path))


@pytest.mark.parametrize("path", modules(EDGE), ids=name_of)
def test_each_dependency_has_one_home(path: Path) -> None:
    """A third-party package is imported by its adapter and by nothing else."""
    for package in roots(path) & set(HOMES):
        assert name_of(path).startswith(HOMES[package]), f"{package} belongs in {HOMES[package]}"


@pytest.mark.parametrize("path", modules(EDGE), ids=name_of)
def test_only_the_composition_root_knows_adapters(path: Path) -> None:
    """Adapters are chosen in one place; the core sees protocols."""
    uses = any(imported.startswith("insect_edge.adapters") for imported in imports(path))
    assert not uses or name_of(path).startswith(COMPOSITION_ROOT)


@pytest.mark.parametrize("path", [*modules(EDGE), *modules(CONVERTER), *modules(TESTS)], ids=lambda path: path.stem)
def test_files_and_functions_stay_readable(path: Path) -> None:
    """No file has outgrown one job, no function one thought."""
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE, "this file asks to be two"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{node.name} in line {node.lineno} has {length} lines"


def test_every_command_is_there_and_no_other() -> None:
    """The table of sub-commands and the modules that hold them agree."""
    from insect_edge.cli import COMMANDS  # noqa: PLC0415 - so that the other rules need nothing installed

    found = {path.stem.replace("_", "-") for path in (EDGE / "commands").glob("*.py") if path.stem != "__init__"}
    assert found == set(COMMANDS)


@pytest.mark.parametrize("path", sorted(TESTS.rglob("test_*.py")), ids=lambda path: path.stem)
def test_every_test_says_in_one_sentence_what_holds(path: Path) -> None:
    """Each test has a docstring of one sentence."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            said = ast.get_docstring(node)
            assert said, f"{node.name} in line {node.lineno} has no docstring"
            assert said.rstrip().endswith("."), f"{node.name}: {said!r} is no sentence"


def test_the_default_configuration_and_models_travel_with_the_wheel() -> None:
    """What the program looks for at run time is listed for the wheel."""
    import tomllib  # noqa: PLC0415 - as above

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included["models"] == "insect_edge/models"
