"""The layer that loses most in integer is the one the quantization debugger puts first."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from insect_converter.errors import ConversionError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from numpy.typing import NDArray

SIDE = 16


def pictures() -> Iterator[list[NDArray[np.float32]]]:
    """Input tensors."""
    generator = np.random.default_rng(1)
    for _ in range(8):
        yield [generator.uniform(-1, 1, size=(1, SIDE, SIDE, 3)).astype(np.float32)]


@pytest.fixture(scope="module")
def layers(tensorflow: None) -> ModuleType:  # noqa: ARG001 - is imported first, silently
    """The module under test, which imports TensorFlow."""
    return importlib.import_module("insect_converter.parity_report.layers")


@pytest.fixture(scope="module")
def network(layers: ModuleType) -> Any:  # noqa: ARG001 - TensorFlow is there then
    """Two convolutions; in the second one weight of each filter is so large that the others fall between the steps."""
    keras = importlib.import_module("keras")
    keras.utils.set_random_seed(1)
    easy = keras.layers.Conv2D(8, 1, name="easy")
    hard = keras.layers.Conv2D(8, 1, activation="relu", name="hard")
    ends = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(3, name="logits")]
    model = keras.Sequential([keras.Input((SIDE, SIDE, 3)), easy, hard, *ends])
    weights, bias = hard.get_weights()
    weights[:, :, 0, :] = 400.0
    easy_weights, easy_bias = easy.get_weights()
    # The input channel of the large weights is always nothing, so float does not notice them.
    easy_weights[..., 0] = 0.0
    easy.set_weights([easy_weights, easy_bias])
    hard.set_weights([weights, bias])
    return model


def test_the_layer_with_stretched_weights_is_the_worst(layers: ModuleType, network: Any) -> None:
    """Its error is many steps; a layer that only rounds is near 0.29 of one."""
    with importlib.import_module("insect_converter.quantize").saved(network) as folder:
        rows = layers.measure(folder, representative=pictures, pictures=pictures)
    assert rows[0].layer.startswith("hard")
    assert rows[0].operator == "CONV_2D"
    assert rows[0].error > 3
    assert rows[0].largest > rows[0].error
    easy = next(row for row in rows if row.layer.startswith("easy"))
    assert 0.2 < easy.error < 0.6
    assert [row.error for row in rows] == sorted((row.error for row in rows), reverse=True)


def test_a_tensorflow_without_the_debugger_is_told(
    layers: ModuleType, network: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is marked experimental: when it goes, one line says so."""
    monkeypatch.delattr(layers.tf.lite.experimental, "QuantizationDebugger")
    with (
        importlib.import_module("insect_converter.quantize").saved(network) as folder,
        pytest.raises(ConversionError, match=r"TensorFlow 2.* has no quantization debugger: install"),
    ):
        layers.measure(folder, representative=pictures, pictures=pictures)
