"""Grad-CAM: checked against networks whose map can be computed by hand, and as its users call it."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the converter's extra is not installed")
pytest.importorskip("matplotlib", reason="the converter's extra is not installed")
pytest.importorskip("tqdm", reason="the converter's extra is not installed")

from insect_converter import cli
from insect_converter.errors import TrainingError
from insect_converter.explain import workflow
from insect_converter.explain.workflow import ExplainOptions
from insect_edge.adapters.pictures import read_picture
from support import report_world, tiny_model

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from support.report_world import World

BEETLE = 1
"""Index of the label that lives on red and shuns green and blue."""


@pytest.fixture(scope="module")
def gradcam(tensorflow: None) -> ModuleType:  # noqa: ARG001 - is imported first, silently
    """The module under test."""
    return importlib.import_module("insect_converter.explain.gradcam")


@pytest.fixture(scope="module")
def world(tensorflow: None, tmp_path_factory: pytest.TempPathFactory) -> World:  # noqa: ARG001 - is imported first
    """A small garden with its float model."""
    built = report_world.build(tmp_path_factory.mktemp("garden"))
    report_world.write_float(built.run / "float.keras")
    return built


def half_red() -> np.ndarray:
    """A view that is red on its left half and grey on its right: (32, 32, 3) float32 in [-1, 1], R, G, B."""
    view = np.zeros((32, 32, 3), dtype=np.float32)
    view[:, :16] = (1, -1, -1)
    return view


@pytest.mark.parametrize("nested", [True, False])
def test_the_map_is_the_weighted_sum(gradcam: ModuleType, tmp_path: Path, *, nested: bool) -> None:
    """Behind a mean over all places the gradient is the dense layer's row, so the map is ReLU(weights x channels)."""
    model = report_world.write_float(tmp_path / "f.keras", nested=nested)
    view = np.random.default_rng(3).uniform(-1, 1, size=(32, 32, 3)).astype(np.float32)
    heat = gradcam.gradcam(model, view, label=BEETLE)
    expected = np.maximum(0, view @ tiny_model._WEIGHTS[BEETLE])
    assert heat.values == pytest.approx(expected / expected.max(), abs=1e-5)
    assert heat.outputs == pytest.approx(view.mean(axis=(0, 1)) @ tiny_model._WEIGHTS.T + tiny_model._BIAS, abs=1e-4)


def test_the_top_label_is_looked_into_unless_another_is_named(gradcam: ModuleType, world: World) -> None:
    """Half a picture of red: the beetle wins, and only the red half spoke for it; for the green one nothing did."""
    model = importlib.import_module("insect_converter.backbone").load_model(world.run / "float.keras")
    heat = gradcam.gradcam(model, half_red())
    assert heat.label == BEETLE
    assert (heat.values[:, :16] == 1).all()
    assert (heat.values[:, 16:] == 0).all()
    other = gradcam.gradcam(model, half_red(), label=2)
    assert other.label == 2
    assert (other.values == 0).all()


@pytest.mark.parametrize("ending", ["layer", "activation"])
def test_a_softmax_at_the_end_is_passed_by(gradcam: ModuleType, tmp_path: Path, ending: str) -> None:
    """A score of exactly 1 has no gradient left; the logit behind it has, and the model stays as it was."""
    keras = importlib.import_module("keras")
    logits = report_world.write_float(tmp_path / "f.keras", nested=False)
    loud = keras.layers.Dense(4, use_bias=False, activation="softmax" if ending == "activation" else None)
    scores = loud(logits.output)
    loud.set_weights([30 * np.eye(4, dtype=np.float32)])
    model = keras.Model(logits.input, keras.layers.Softmax()(scores) if ending == "layer" else scores)
    before = np.asarray(model(half_red()[np.newaxis]))[0]
    assert before[BEETLE] == 1
    heat = gradcam.gradcam(model, half_red())
    assert heat.values == pytest.approx(gradcam.gradcam(logits, half_red()).values)
    assert (heat.values[:, :16] == 1).all()
    assert not gradcam.are_scores(heat.outputs)
    assert gradcam.are_scores(before)
    assert np.array_equal(np.asarray(model(half_red()[np.newaxis]))[0], before)


def test_the_layer_is_left_as_it_was(gradcam: ModuleType, tmp_path: Path) -> None:
    """Looking into a model changes neither its answers nor its layers, also when looking fails."""
    model = report_world.write_float(tmp_path / "f.keras")
    layer = gradcam.feature_map_layer(model)
    call = layer.call
    gradcam.gradcam(model, half_red())
    assert layer.call == call
    with pytest.raises(Exception, match=r".+"):
        gradcam.gradcam(model, np.zeros((3, 3), dtype=np.float32))
    assert layer.call == call


def test_features_are_what_the_head_is_fed(gradcam: ModuleType, tmp_path: Path) -> None:
    """More pictures than a batch: their mean colours, in order."""
    model = report_world.write_float(tmp_path / "f.keras")
    views = np.random.default_rng(1).uniform(-1, 1, size=(40, 32, 32, 3)).astype(np.float32)
    assert gradcam.features(model, iter(views)) == pytest.approx(views.mean(axis=(1, 2)), abs=1e-5)


def test_networks_without_map_or_head_are_one_clear_line(gradcam: ModuleType) -> None:
    """A dense network has no map, a network without a dense layer no features."""
    keras = importlib.import_module("keras")
    pictures = keras.Input((4, 4, 3))
    flat = keras.Model(pictures, keras.layers.Dense(2)(keras.layers.Flatten()(pictures)), name="flat")
    with pytest.raises(TrainingError, match="flat: no layer has a map of features: Grad-CAM needs a convolutional"):
        gradcam.gradcam(flat, np.zeros((4, 4, 3), dtype=np.float32))
    headless = keras.Model(pictures, keras.layers.GlobalAveragePooling2D()(pictures), name="headless")
    with pytest.raises(TrainingError, match="headless: no dense layer at its end"):
        gradcam.features(headless, iter(np.zeros((1, 4, 4, 3), dtype=np.float32)))


def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object
) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of `insect-converter explain`."""
    monkeypatch.setattr(sys, "argv", ["insect-converter", "explain", *map(str, arguments)])
    try:
        cli.main()
    except SystemExit as left:
        said = capsys.readouterr()
        return int(left.code or 0), said.out, said.err
    said = capsys.readouterr()
    return 0, said.out, said.err


def test_pictures_are_written_and_told(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One file a photograph, named apart where two share a name; a broken one is told and does not keep the others."""
    beetle, other = world.data / "lily-beetle" / "10.png", world.data / "background" / "10.png"
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    code, out, err = run(
        monkeypatch,
        capsys,
        beetle,
        broken,
        other,
        "--run",
        world.run,
        "--bundle",
        world.bundle,
        "--out",
        tmp_path / "o",
    )
    assert code == 1
    assert err.count("\n") == 1
    assert "broken.png: not a picture" in err
    first, second = out.splitlines()
    assert first.startswith(f"{beetle}: lily-beetle 0.")
    assert first.endswith(f"-> {tmp_path / 'o' / '10-1.png'}")
    assert second.startswith(f"{other}: background 0.")
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == ["10-1.png", "10-2.png"]
    assert read_picture(tmp_path / "o" / "10-1.png").shape[2] == 3


def test_nothing_is_overwritten_and_another_label_can_be_asked(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The top label is told beside the named one; a second run leaves the first picture alone."""
    beetle = world.data / "lily-beetle" / "10.png"
    arguments = (beetle, "--run", world.run, "--label", "background", "--out", tmp_path)
    code, out, _ = run(monkeypatch, capsys, *arguments)
    assert code == 0
    assert f"{beetle}: background 0." in out
    assert "(top label: lily-beetle 0." in out
    before = (tmp_path / "10.png").read_bytes()
    code, _, err = run(monkeypatch, capsys, *arguments)
    assert (code, (tmp_path / "10.png").read_bytes()) == (1, before)
    assert "10.png: there is something already: name another folder with --out" in err


def asked(world: World, **changes: Any) -> ExplainOptions:
    """What a user asks for."""
    plain: dict[str, Any] = {"images": (world.data / "background" / "01.png",), "run": None, "float_file": None}
    plain |= {"bundle": None, "labels": None, "label": None, "out": world.home / "explained"}
    return ExplainOptions(**{**plain, **changes})


def test_what_does_not_fit_is_refused(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No model, no labels, no such label, a file for a folder: one line each, without TensorFlow, nothing written."""
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    lone = tmp_path / "lone.keras"
    lone.write_bytes((world.run / "float.keras").read_bytes())
    for changes, told in (
        ({}, "no float model: name a run with --run"),
        ({"float_file": lone}, r"lone\.keras: nothing says what its outputs mean: name its bundle with --bundle"),
        ({"float_file": tmp_path / "no.keras", "bundle": world.bundle}, r"no\.keras: no such file"),
        ({"run": world.run, "label": "ant"}, "ant: the model has no such label: choose from background, lily-beetle"),
        ({"run": tmp_path}, "no training run"),
        ({"run": world.run, "out": lone}, r"lone\.keras: not a folder: name another one with --out"),
    ):
        with pytest.raises(TrainingError, match=told) as caught:
            workflow.explain(asked(world, **changes))
        assert "\n" not in str(caught.value)
    assert not (world.home / "explained").exists()


def test_any_keras_classifier_can_be_asked(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A model from elsewhere with a label file; one that rescales pixels itself gets them as they are."""
    keras = importlib.import_module("keras")
    inner = report_world.write_float(tmp_path / "inner.keras")
    pixels = keras.Input((32, 32, 3))
    keras.Model(pixels, inner(keras.layers.Rescaling(1 / 127.5, offset=-1.0)(pixels))).save(tmp_path / "own.keras")
    (tmp_path / "labels.txt").write_text("nothing\nred\ngreen\nblue\n")
    for name in ("inner", "own"):
        changes = {"float_file": tmp_path / f"{name}.keras", "labels": tmp_path / "labels.txt", "out": tmp_path / name}
        assert workflow.explain(asked(world, images=(world.data / "lily-beetle" / "10.png",), **changes))
    inner_said, own_said = (line.split(" -> ")[0] for line in capsys.readouterr().out.splitlines())
    assert inner_said == own_said
    assert ": red 0." in own_said
