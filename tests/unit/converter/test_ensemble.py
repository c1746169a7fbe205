"""Several networks side by side answer with the mean of their calibrated logits."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.postprocess import dequantize

if TYPE_CHECKING:
    from types import ModuleType

SIZE = 64


@pytest.fixture(scope="module")
def ensemble(tensorflow: None) -> ModuleType:  # noqa: ARG001 - is imported first, silently
    """The module under test."""
    return importlib.import_module("insect_converter.ensemble")


@pytest.fixture(scope="module")
def members(ensemble: ModuleType) -> list[Any]:  # noqa: ARG001 - brings TensorFlow
    """Two networks that end in pooling, as MobileNetV2 does, of chance weights and unlike width."""
    backbones = importlib.import_module("insect_converter.backbone")
    keras = importlib.import_module("keras")
    made = []
    for seed, width in ((1, 8), (2, 12)):
        keras.utils.set_random_seed(seed)
        pictures = keras.Input((None, None, 3))
        maps = keras.layers.Conv2D(width, 3, strides=4, activation="relu6", use_bias=False)(pictures)
        backbone = keras.Model(pictures, keras.layers.GlobalAveragePooling2D()(maps))
        made.append(backbones.build_model(backbone, labels=3, image_size=SIZE, dropout=0.5))
    return made


@pytest.fixture(scope="module")
def views() -> Any:
    """Pictures of noise."""
    return np.random.default_rng(7).uniform(-1, 1, (4, SIZE, SIZE, 3)).astype(np.float32)


def test_the_answer_is_the_mean_of_the_calibrated_answers(ensemble: ModuleType, members: list[Any], views: Any) -> None:
    """Each member counts in proportion to how sure it may be, and none is changed."""
    before = [member.get_weights() for member in members]
    together = ensemble.build(members, [0.5, 2.0], image_size=SIZE)
    expected = np.mean([members[0].predict(views, verbose=0) / 0.5, members[1].predict(views, verbose=0) / 2.0], axis=0)
    np.testing.assert_allclose(together.predict(views, verbose=0), expected, atol=1e-5)
    for member, weights in zip(members, before, strict=True):
        assert all(np.array_equal(one, other) for one, other in zip(member.get_weights(), weights, strict=True))


def test_it_can_be_saved_looked_into_and_taught_by_like_any_other(
    ensemble: ModuleType, members: list[Any], views: Any, tmp_path: Any
) -> None:
    """A saved one answers the same, its last feature map has all members' channels, and it takes other sizes."""
    backbones = importlib.import_module("insect_converter.backbone")
    gradcam = importlib.import_module("insect_converter.explain.gradcam")
    together = ensemble.build(members, [1.0, 1.0], image_size=SIZE)
    together.save(tmp_path / "float.keras")
    loaded = backbones.load_model(tmp_path / "float.keras")
    expected = together.predict(views, verbose=0)
    np.testing.assert_allclose(loaded.predict(views, verbose=0), expected, atol=1e-6)
    channels = sum(member.layers[1].output.shape[-1] for member in members)
    assert gradcam.feature_map_layer(loaded).output.shape[-1] == channels
    heat = gradcam.gradcam(loaded, views[0])
    np.testing.assert_allclose(heat.outputs, expected[0], atol=1e-4)
    assert gradcam.features(loaded, iter(views)).shape == (4, channels)
    wider = backbones.resized(loaded, loaded.layers[1], image_size=None)
    assert wider.predict(np.zeros((1, 96, 96, 3), np.float32), verbose=0).shape == (1, 3)


def test_weights_are_averaged(ensemble: ModuleType, members: list[Any], views: Any) -> None:
    """The mean of a network and one that was moved a little is in the middle, and of one with itself the same."""
    keras = importlib.import_module("keras")
    first, second = (keras.models.clone_model(members[0]) for _ in range(2))
    first.set_weights(members[0].get_weights())
    second.set_weights([weights + 0.5 for weights in members[0].get_weights()])
    made = ensemble.average([first, second])
    for weights, start in zip(made.get_weights(), members[0].get_weights(), strict=True):
        np.testing.assert_allclose(weights, start + 0.25, atol=1e-6)
    assert made.predict(views, verbose=0).shape == (4, 3)


def test_it_becomes_fully_integer(ensemble: ModuleType, members: list[Any], views: Any) -> None:
    """The integer graph has one concatenation of the members' maps, whose answers keep to the float ones."""
    quantize = importlib.import_module("insect_converter.quantize")
    together = ensemble.build(members, [1.0, 1.0], image_size=SIZE)
    with quantize.saved(together) as folder:
        content = quantize.to_integer(folder, lambda: ([view[np.newaxis]] for view in views))
    assert quantize.inspect(content).operators["CONCATENATION"] == 1
    interpreter = LiteRtInterpreter(content, name="ensemble")
    scale, zero = interpreter.input.scale, interpreter.input.zero_point
    fed = np.rint(views[:1] / scale + zero).clip(0, 255).astype(np.uint8)
    answer = dequantize(interpreter.invoke(fed), interpreter.output)
    assert np.abs(answer - together.predict(views[:1], verbose=0)[0]).max() < 6 * interpreter.output.scale
