"""`insect-edge model` in the terminal; what is checked in a process of its own is taken for sound here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from insect_edge.commands import model as model_command
from insect_edge.errors import ModelError
from insect_edge.models import switching
from insect_edge.models.store import ModelStore
from support import tiny_model

if TYPE_CHECKING:
    from pathlib import Path

ANSWER = {"labels": ["a", "b"], "runtime": "ai-edge-litert 2.3.0", "delegate": None, "signed": False}


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool, bool]]:
    """What was checked: the folder's name, with a configuration or not, against its labels or not."""
    seen: list[tuple[str, bool, bool]] = []

    def checked(folder: Path, *, config_path: str, fits: str = "") -> dict[str, Any]:
        seen.append((folder.name, bool(config_path), bool(fits)))
        return ANSWER

    monkeypatch.setattr(model_command, "checked", checked)
    return seen


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A configuration with two bundles in its folder."""
    path = tmp_path / "trap.toml"
    path.write_text('model.directory = "models"\n', encoding="utf-8")
    store = ModelStore(tmp_path / "models")
    bundle = tiny_model.write_bundle(tmp_path / "bundle")
    files = {file.name: file.read_bytes() for file in bundle.iterdir()}
    for name in (b"garden-2", b"garden-3"):
        renamed = files | {"card.json": files["card.json"].replace(b"tiny-garden-v1", name)}
        store.add(renamed, check=lambda _: None)
    return path


def said(trap: Path, *arguments: str) -> str:
    """What the command prints; what it raises comes through."""
    outcome = CliRunner().invoke(model_command.command, [*arguments, "--config", str(trap)], standalone_mode=False)
    if outcome.exception is not None:
        raise outcome.exception
    return outcome.stdout


@pytest.mark.usefixtures("checks")
def test_the_list_marks_what_is_used_and_what_is_fallen_back_on(trap: Path) -> None:
    """In words, and the same for programs."""
    said(trap, "use", "garden-2")
    lines = said(trap, "list").splitlines()
    assert [line.split(maxsplit=1)[0] for line in lines] == ["built-in", "*", "garden-3"]
    assert lines[0].endswith("the one before")
    assert lines[1].endswith("in use, on trial, not ready yet")
    facts = json.loads(said(trap, "list", "--json"))
    assert (facts["current"], facts["previous"], facts["proven"]) == ("garden-2", "built-in", False)
    assert [row["name"] for row in facts["models"] if row["current"]] == ["garden-2"]


def test_the_card_is_shown(trap: Path) -> None:
    """Of the model in use, or of the one named."""
    assert "garden-pests-v2" in said(trap, "info")
    shown = said(trap, "info", "garden-3")
    assert "model_id        garden-3" in shown
    assert "labels          4: background, lily-beetle" in shown
    assert json.loads(said(trap, "info", "garden-3", "--json"))["model_id"] == "garden-3"


def test_a_choice_is_checked_with_the_configuration_first(trap: Path, checks: list[tuple[str, bool, bool]]) -> None:
    """It is said when it takes effect, and what happens where it fails."""
    shown = said(trap, "use", "garden-3")
    assert checks == [("garden-3", True, True)]
    assert "garden-3: sound: 2 labels, golden vector answered on ai-edge-litert 2.3.0 (plain kernels)" in shown
    assert "it is on trial until it is ready: built-in is taken where it fails" in shown
    assert "garden-3: used from the daemon's next start on: sudo systemctl restart insect-edge" in shown


def test_what_is_not_sound_is_not_chosen(trap: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing has changed then."""

    def refuse(*_: object, **__: object) -> None:
        raise ModelError("the golden vector gave nonsense")

    monkeypatch.setattr(model_command, "checked", refuse)
    with pytest.raises(ModelError, match="nonsense"):
        said(trap, "use", "garden-3")
    assert ModelStore(trap.parent / "models").switch() == switching.Switch()


@pytest.mark.usefixtures("checks")
def test_back_is_where_one_was(trap: Path) -> None:
    """Without anywhere to go it says so."""
    with pytest.raises(ModelError, match="no model before built-in"):
        said(trap, "rollback")
    said(trap, "use", "garden-2")
    assert said(trap, "rollback").startswith("built-in, in place of garden-2: ")
    assert ModelStore(trap.parent / "models").switch().current == "built-in"


def test_verifying_takes_names_and_folders(trap: Path, checks: list[tuple[str, bool, bool]]) -> None:
    """The built-in model needs no signature, so no configuration either."""
    said(trap, "verify")
    said(trap, "verify", "garden-2")
    said(trap, "verify", str(trap.parent / "bundle"))
    assert checks == [("garden-pests-v2", False, False), ("garden-2", True, False), ("bundle", True, False)]


def test_installing_says_how_to_go_on(trap: Path, checks: list[tuple[str, bool, bool]]) -> None:
    """Without --use it is only kept; the same again is there already."""
    shown = said(trap, "install", str(trap.parent / "bundle"))
    assert "installed in" in shown
    assert "to use it: insect-edge model use tiny-garden-v1" in shown
    assert "was there already" in said(trap, "install", str(trap.parent / "bundle"), "--use")
    assert ModelStore(trap.parent / "models").switch().current == "tiny-garden-v1"
    assert checks[0][0].startswith(".incoming-")
    # Once for each, and where it is to be used at once with the configuration's labels.
    assert [(configured, fits) for _, configured, fits in checks] == [(True, False), (True, True)]


@pytest.mark.usefixtures("checks")
def test_what_replaces_the_model_in_use_is_said_to_be_on_trial(trap: Path) -> None:
    """Nobody is left to believe that it runs already, or that it has to work."""
    said(trap, "install", str(trap.parent / "bundle"), "--use")
    ModelStore(trap.parent / "models").change(lambda state: switching.ready(state, "tiny-garden-v1"))
    assert "was there already" in said(trap, "install", str(trap.parent / "bundle"), "--replace")
    (trap.parent / "bundle" / "labels.txt").write_text("slug\nground\nsnail\n", encoding="utf-8")
    shown = said(trap, "install", str(trap.parent / "bundle"), "--replace")
    assert "tiny-garden-v1: used from the daemon's next start on" in shown
    assert "on trial until it is ready: built-in is taken where it fails" in shown


def test_an_unknown_model_is_told_with_those_there_are(trap: Path) -> None:
    """For every command that takes a name."""
    for command in ("use", "info", "verify"):
        with pytest.raises(ModelError, match="garden-9: no such model: there are built-in, garden-2, garden-3"):
            said(trap, command, "garden-9")


def test_the_models_of_a_service_are_not_looked_for_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who forgets sudo is told, instead of choosing a model for nobody."""
    monkeypatch.setattr(model_command, "unit", lambda: {"LoadState": "loaded"})
    monkeypatch.setattr(model_command, "standard_configuration", lambda: None)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    outcome = CliRunner().invoke(model_command.command, ["use", "built-in"], standalone_mode=False)
    assert isinstance(outcome.exception, ModelError)
    assert "sudo insect-edge model" in str(outcome.exception)
