"""A backbone taken out of a `.tflite` classifier computes what the file computes, and can be trained on."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from insect_converter.errors import TrainingError
from insect_converter.pretrained import job
from insect_converter.pretrained.tflite import Source
from support import tiny_model
from support.photographs import write_classes
from support.shared_data import models_folder

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

SIDE = 32


@pytest.fixture(scope="module")
def restore(tensorflow: None) -> ModuleType:  # noqa: ARG001 - is imported first, silently
    """The module that needs TensorFlow."""
    return importlib.import_module("insect_converter.pretrained.restore")


@pytest.fixture(scope="module")
def trained(restore: ModuleType) -> Any:  # noqa: ARG001 - has TensorFlow imported
    """A narrow MobileNetV2 whose batch normalisation says something."""
    keras = importlib.import_module("keras")
    keras.utils.set_random_seed(3)
    network = keras.applications.MobileNetV2(
        input_shape=(SIDE, SIDE, 3), alpha=0.35, include_top=False, pooling="avg", weights=None
    )
    draw = np.random.default_rng(3)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            count = layer.get_weights()[0].size
            ranges = ((0.5, 1.5), (-0.5, 0.5), (-0.2, 0.2), (0.5, 2.0))
            layer.set_weights([draw.uniform(*reach, count).astype(np.float32) for reach in ranges])
    return network


@pytest.fixture(scope="module")
def file(trained: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same network as a float `.tflite`, its batch normalisation folded away."""
    tensorflow = importlib.import_module("tensorflow")
    path = tmp_path_factory.mktemp("model") / "model.tflite"
    path.write_bytes(tensorflow.lite.TFLiteConverter.from_keras_model(trained).convert())
    return path


def views(count: int) -> np.ndarray:
    """Pictures of noise in [-1, 1]."""
    return np.random.default_rng(5).uniform(-1, 1, (count, SIDE, SIDE, 3)).astype(np.float32)


def test_the_network_computes_what_the_file_does(restore: ModuleType, trained: Any, file: Path) -> None:
    """The width is found by the shapes, and the features are the trained network's."""
    network = restore.network_of(Source(file).convolutions(), source="model.tflite")
    wanted = trained.predict_on_batch(views(8))
    assert np.abs(network.predict_on_batch(views(8)) - wanted).max() < 1e-3 * np.abs(wanted).max()


def test_normalisation_is_that_of_the_photographs(restore: ModuleType, file: Path) -> None:
    """After restoring, features are the same, and each normalisation knows what its convolution puts out."""
    keras = importlib.import_module("keras")
    network = restore.network_of(Source(file).convolutions(), source="model.tflite")
    before = network.predict_on_batch(views(8))
    restore.restore(network, views(40))
    assert np.abs(network.predict_on_batch(views(8)) - before).max() < 1e-3 * np.abs(before).max()
    first = keras.Model(network.input, network.get_layer("Conv1").output).predict_on_batch(views(40))
    scale, shift, mean, variance = network.get_layer("bn_Conv1").get_weights()
    assert mean == pytest.approx(first.mean(axis=(0, 1, 2)), abs=1e-4)
    assert variance == pytest.approx(first.var(axis=(0, 1, 2)), rel=1e-3)
    assert scale == pytest.approx(np.sqrt(variance + 1e-3), rel=1e-3)
    assert shift.std() > 0


def test_the_source_tells_its_own_features(trained: Any, file: Path) -> None:
    """What the file's graph pools is what the network it was made from pools."""
    view = views(1)
    wanted = trained.predict_on_batch(view)[0]
    assert np.abs(Source(file).features(view[0]) - wanted).max() < 1e-3 * np.abs(wanted).max()


def test_another_network_is_refused(restore: ModuleType, tmp_path: Path) -> None:
    """A model that pools but has other convolutions is named with their number."""
    path = tmp_path / "colours.tflite"
    path.write_bytes(tiny_model.classifier_model())
    with pytest.raises(TrainingError, match=r"colours.tflite: its 0 convolutions are not those of a MobileNetV2"):
        restore.network_of(Source(path).convolutions(), source=str(path))


def test_what_is_no_classifier_is_refused(tmp_path: Path) -> None:
    """No model, a missing file and a graph without pooling each get a line."""
    path = tmp_path / "model.tflite"
    with pytest.raises(TrainingError, match="cannot be read"):
        Source(path)
    path.write_bytes(b"no model at all")
    with pytest.raises(TrainingError, match=r"no \.tflite model this runtime takes"):
        Source(path)
    path.write_bytes(tiny_model.one_operator("RELU"))
    with pytest.raises(TrainingError, match="it pools nothing"):
        Source(path)


def test_other_pixels_are_refused(tmp_path: Path) -> None:
    """A quantized model that takes pixels in other units would learn from noise."""
    graph = tiny_model.Graph()
    graph.inputs = [graph.tensor((1, SIDE, SIDE, 3), "uint8", quantization=(1 / 255, 0))]
    axes = graph.constant(np.array([1, 2], np.int32))
    pooled = graph.tensor((1, 3), "uint8", quantization=(1 / 255, 0))
    options = graph.schema.ReducerOptionsT()
    graph.outputs = [graph.operator("MEAN", [graph.inputs[0], axes], pooled, options=options)]
    path = tmp_path / "model.tflite"
    path.write_bytes(graph.write())
    with pytest.raises(TrainingError, match=r"takes pixels from 0\.00 to 1\.00"):
        Source(path)


def options(file: Path, data: Path, out: Path, *, force: bool = False) -> job.Options:
    """What a user asks for."""
    return job.Options(model=file, data=data, photographs=20, seed=1, out=out, force=force)


def test_the_job_writes_weights_that_training_takes(
    trained: Any, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file's weights, loaded as training loads them, compute the file's features; a second run asks first."""
    write_classes(tmp_path / "data", each=8)
    out = tmp_path / "new" / "insects.weights.h5"
    job.run(options(file, tmp_path / "data", out))
    assert "features correlate with the file's own by 1.0000" in capsys.readouterr().err
    keras = importlib.import_module("keras")
    network = keras.applications.MobileNetV2(
        input_shape=(None, None, 3), alpha=0.35, include_top=False, pooling="avg", weights=str(out)
    )
    wanted = trained.predict_on_batch(views(4))
    assert np.abs(network.predict_on_batch(views(4)) - wanted).max() < 1e-3 * np.abs(wanted).max()
    with pytest.raises(TrainingError, match="there is something already"):
        job.run(options(file, tmp_path / "data", out))
    job.run(options(file, tmp_path / "data", out, force=True))


def test_a_name_keras_does_not_write_is_refused(tmp_path: Path) -> None:
    """The suffix is told before anything is read."""
    with pytest.raises(TrainingError, match=r"weights.keras: Keras writes weights to names that end in \.weights\.h5"):
        job.run(options(tmp_path / "none.tflite", tmp_path, tmp_path / "weights.keras"))


def test_a_graph_that_computes_otherwise_is_refused(
    restore: ModuleType, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights of the right shapes whose features are others are not written."""
    write_classes(tmp_path / "data", each=8)
    monkeypatch.setattr(restore, "restore", lambda network, _: network.set_weights([w * 0 for w in network.weights]))
    out = tmp_path / "insects.weights.h5"
    with pytest.raises(TrainingError, match="features correlate with the file's own by"):
        job.run(options(file, tmp_path / "data", out))
    assert not out.exists()


def test_a_published_insect_model_gives_its_backbone(restore: ModuleType) -> None:
    """The quantized classifier of a thousand insect species: its features come out of the float network."""
    source = Source(models_folder() / "coral" / "mobilenet_v2_1.0_224_inat_insect_quant.tflite")
    network = restore.network_of(source.convolutions(), source="coral")
    cv2 = importlib.import_module("cv2")
    picture = cv2.imread(str(models_folder() / "coral" / "dragonfly.bmp"))
    view = cv2.resize(picture, (source.side, source.side), interpolation=cv2.INTER_AREA)[..., ::-1]
    real = (view.astype(np.float32) / 127.5 - 1).astype(np.float32)
    ours, theirs = network.predict_on_batch(real[np.newaxis])[0], source.features(real)
    assert np.corrcoef(ours, theirs)[0, 1] > 0.99
