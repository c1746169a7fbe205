"""Training that is killed goes on with `train --resume`, to the same weights as if nothing had happened."""

from __future__ import annotations

import importlib
import importlib.util
import json
import signal
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from insect_edge import model_bundle
from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.classifier import Classifier
from support.photographs import write_classes

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(importlib.util.find_spec("tensorflow") is None, reason="TensorFlow is not installed"),
]

RECIPE = """
name = "tiny"
network = "small-cnn"
image_size = 32
shorter_side = 40
validation = 0.2
test = 0.2

[small_cnn]
filters = [4, 8]
dense = 8

[head]
epochs = 0

[fine_tuning]
epochs = 40
image_size = 32
batch_size = 8
optimizer = "adamw"
learning_rate = 5e-3
dropout = 0.2
ema_momentum = 0.9
patience = 40
mixup = 0.3
"""


def command(*arguments: object) -> list[str]:
    """`insect-converter train` with some arguments."""
    return [str(Path(sys.executable).with_name("insect-converter")), "train", *map(str, arguments)]


def to_the_end(*arguments: object) -> str:
    """What a training says that ends well."""
    done = subprocess.run(command(*arguments), capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


def until_killed(text: str, *arguments: object) -> list[str]:
    """The lines of a training up to the one that begins with `text`, at which it is killed."""
    process = subprocess.Popen(command(*arguments), stderr=subprocess.PIPE, text=True)
    lines: list[str] = []
    assert process.stderr is not None
    with process, process.stderr:
        for line in process.stderr:
            lines.append(line)
            if line.startswith(text):
                process.kill()
                break
    assert process.returncode == -signal.SIGKILL, "".join(lines)
    return lines


def weights(run: Path) -> dict[str, bytes]:
    """The arrays of a run's float model, to the bit."""
    h5py = importlib.import_module("h5py")
    found: dict[str, bytes] = {}

    def keep(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = item[()].tobytes()

    with zipfile.ZipFile(run / "float.keras") as archive, archive.open("model.weights.h5") as file:
        h5py.File(file).visititems(keep)
    return found


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A training that nothing interrupted.

    Attributes:
        arguments: what it was started with, but for where it writes.
        run: its folder.
        bundle: its bundle.
        told: what it said.
    """

    arguments: list[str]
    run: Path
    bundle: Path
    told: str


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A tiny network trained on drawings from start to end."""
    home = tmp_path_factory.mktemp("whole")
    write_classes(home / "data", each=12)
    (home / "tiny.toml").write_text(RECIPE, encoding="utf-8")
    # So few photographs make calibration a matter of luck; the gate has tests of its own.
    arguments = [f"--data={home / 'data'}", f"--recipe={home / 'tiny.toml'}", "--seed=2", "--force"]
    run, bundle = home / "run", home / "tiny-v1"
    told = to_the_end(*arguments, "--run", run, "--out", bundle)
    return Trained(arguments=arguments, run=run, bundle=bundle, told=told)


def test_a_killed_training_goes_on_to_the_same_weights(whole: Trained, tmp_path: Path) -> None:
    """SIGKILL after an epoch, and again while the bundle is made: the float weights are the same to the bit."""
    run, bundle = tmp_path / "run", tmp_path / "tiny-v1"
    until_killed("epoch 3:", *whole.arguments, "--run", run, "--out", bundle)
    assert (run / "checkpoint.npz").is_file()
    told = until_killed("the float model is in", "--resume", run, "--force")
    (after,) = (int(line.split()[-1]) for line in told if line.startswith("going on after epoch"))
    assert after >= 2
    assert next(line for line in told if line.startswith("epoch")).startswith(f"epoch {after + 1}:")
    assert not bundle.exists()
    to_the_end("--resume", run, "--force")
    assert weights(run) == weights(whole.run)
    one, other = (json.loads((place / "history.json").read_text(encoding="utf-8")) for place in (whole.run, run))
    assert [record["loss"] for record in one] == [record["loss"] for record in other]
    assert (bundle / "model.tflite").read_bytes() == (whole.bundle / "model.tflite").read_bytes()
    assert sorted(path.name for path in run.iterdir()) == sorted(path.name for path in whole.run.iterdir())


def test_a_small_network_runs_on_the_pi(whole: Trained) -> None:
    """It comes out fully integer, its contract says that bytes are its real values, and the run knows its scores."""
    assert "no role for aphid, ladybird, mantis" in whole.told
    opened = model_bundle.open_model(whole.bundle)
    assert opened.card is not None
    assert (opened.card.input.mean, opened.card.input.std, opened.card.input.width) == (0.0, 1.0, 32)
    interpreter = LiteRtInterpreter(opened.content, name="tiny")
    Classifier(interpreter, opened.card)
    assert (interpreter.input.shape, interpreter.input.dtype) == ((1, 32, 32, 3), "uint8")
    # Drawings are nowhere white, so a step of the input is a little less than a byte's.
    assert 0.8 < interpreter.input.scale <= 1.0
    assert interpreter.input.zero_point == 0
    scores = json.loads((whole.run / "scores.json").read_text(encoding="utf-8"))
    assert scores["model_id"] == "tiny-v1"
    assert 0 <= scores["metrics"]["int8"]["top1"] <= 1
