"""A model's life on a device: installed, chosen, on trial, proven, broken, given up."""

from __future__ import annotations

import json
import shutil
import tarfile
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from insect_edge.commands.model import command as model_command
from insect_edge.errors import ModelError
from support import story, tiny_model
from support.mosquitto import Subscriber, free_port
from support.mosquitto import running as broker_running
from support.story import TOPIC
from support.trap import Trap

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e

MANAGED = {"path": None, "directory": "models"}


def bundle(folder: Path, name: str) -> Path:
    """A sound bundle of that name, in an archive."""
    made = tiny_model.write_bundle(folder / name)
    card = made / "card.json"
    card.write_text(card.read_text(encoding="utf-8").replace("tiny-garden-v1", name), encoding="utf-8")
    with tarfile.open(folder / f"{name}.tar.gz", "w:gz") as archive:
        archive.add(made, arcname=name)
    shutil.rmtree(made)
    return folder / f"{name}.tar.gz"


def model(trap: Trap, *arguments: str) -> list[str]:
    """The lines that `insect-edge model ARGUMENTS` says on this device."""
    words = [*arguments, "--config", str(trap.configuration)]
    outcome = CliRunner().invoke(model_command, words, standalone_mode=False)
    if outcome.exception is not None:
        raise outcome.exception
    return outcome.stdout.splitlines()


def switch(trap: Trap) -> dict[str, object]:
    """What is remembered of models."""
    content: dict[str, object] = json.loads((trap.folder / "models" / "switch.json").read_bytes())
    return content


def test_a_model_from_its_installation_to_its_end(tmp_path: Path) -> None:
    """Chosen, it proves itself with the next start; a later one that is broken is given up after three, and told."""
    with broker_running(tmp_path / "broker") as broker, Subscriber(broker, f"{TOPIC}/#") as subscriber:
        trap = Trap(tmp_path / "trap", port=broker.port, model=MANAGED)
        model(trap, "install", str(bundle(tmp_path, "garden-2")), "--use")
        with trap.running() as daemon:
            daemon.wait_for_line("model garden-2 has proven itself")
            assert daemon.stop() == 0, str(daemon)
        assert (switch(trap)["current"], switch(trap)["proven"]) == ("garden-2", True)

        chosen = model(trap, "install", str(bundle(tmp_path, "garden-3")), "--use")
        assert chosen[-1] == "it is on trial until it is ready: garden-2 is taken where it fails"
        damaged = trap.folder / "models" / "garden-3" / "model.tflite"
        damaged.write_bytes(damaged.read_bytes()[:-1] + b"!")
        for _ in range(3):
            with trap.running() as daemon:
                assert daemon.wait() == 1, str(daemon)
                assert "sha256 is" in daemon.errors[-1]
        before = len(subscriber.received)
        with trap.running() as daemon:
            daemon.wait_for_line("model garden-3 is given up: it failed to start 3 times in a row; garden-2 is used")
            daemon.wait_for_line("first frame")
            subscriber.wait_until(
                lambda: any(b"model_rolled_back" in payload for _, payload, _ in subscriber.received[before:])
            )
            assert daemon.stop() == 0, str(daemon)
        health = story.latest(subscriber, "health")
    assert health["model_id"] == "garden-2"
    listed = model(trap, "list")
    assert [line.split()[:2] for line in listed if line.startswith("*")] == [["*", "garden-2"]]
    assert listed[-1] == "garden-3 was given up: it failed to start 3 times in a row"


def test_a_bundle_that_is_not_sound_never_gets_in(tmp_path: Path) -> None:
    """A golden vector that does not come out is found before anything is switched, and nothing of it stays."""
    trap = Trap(tmp_path, port=free_port(), model=MANAGED)
    folder = tiny_model.write_bundle(tmp_path / "bundle")
    content = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    content["golden"]["score"] = 0.01
    (folder / "card.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ModelError, match="the golden vector gave"):
        model(trap, "install", str(folder), "--use")
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["lock"]


def test_labels_of_the_configuration_have_to_be_in_the_model(tmp_path: Path) -> None:
    """A model that this configuration could not be run with is not chosen."""
    trap = Trap(tmp_path, port=free_port(), model=MANAGED, policy={"roles.wasp": "pest"})
    with pytest.raises(ModelError, match="wasp"):
        model(trap, "install", str(bundle(tmp_path, "garden-2")), "--use")
    assert not (tmp_path / "models" / "switch.json").exists()


def test_a_configured_path_comes_first(tmp_path: Path) -> None:
    """Where the configuration names the model itself, nothing that would have no effect is done."""
    trap = Trap(tmp_path, port=free_port(), model={"directory": "models"})
    with pytest.raises(ModelError, match="says which model is used: take it out first"):
        model(trap, "use", "built-in")
