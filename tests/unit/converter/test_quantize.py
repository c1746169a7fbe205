"""Float Keras models become TFLite, fully integer, and what did not is found out by reading the file."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from insect_converter.errors import ConversionError
from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.postprocess import dequantize
from support import tiny_model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from numpy.typing import NDArray

SIDE = 16


def pictures() -> Iterator[list[NDArray[np.float32]]]:
    """Representative input tensors."""
    generator = np.random.default_rng(1)
    for _ in range(20):
        yield [generator.uniform(-1, 1, size=(1, SIDE, SIDE, 3)).astype(np.float32)]


@dataclass(frozen=True, kw_only=True)
class Converted:
    """A tiny network and both its files."""

    model: Any
    floating: bytes
    integer: bytes


@pytest.fixture(scope="module")
def quantize(tensorflow: None) -> ModuleType:  # noqa: ARG001 - is imported first, silently
    """The module under test, which imports TensorFlow."""
    return importlib.import_module("insect_converter.quantize")


@pytest.fixture(scope="module")
def converted(quantize: ModuleType) -> Converted:
    """A convolution, batch normalisation, ReLU6, pooling and a dense layer, quantized once for all tests."""
    import keras  # noqa: PLC0415 - only once TensorFlow is there

    keras.utils.set_random_seed(1)
    layers = [
        keras.layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False),
        keras.layers.BatchNormalization(),
        keras.layers.ReLU(6.0),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(3),
    ]
    model = keras.Sequential([keras.Input((SIDE, SIDE, 3)), *layers])
    with quantize.saved(model) as folder:
        return Converted(model=model, floating=quantize.to_float(folder), integer=quantize.to_integer(folder, pictures))


def test_every_operator_is_integer(quantize: ModuleType, converted: Converted) -> None:
    """The file has bytes in and out, scales per channel, and integer kernels only."""
    report = quantize.inspect(converted.integer)
    assert (report.input_type, report.output_type) == ("UINT8", "UINT8")
    assert report.per_channel >= 1
    assert report.operators["CONV_2D"] == 1
    assert report.operators["FULLY_CONNECTED"] == 1
    assert list(report.operators) == sorted(report.operators)


def test_a_float_model_is_found_out(quantize: ModuleType, converted: Converted) -> None:
    """A file that computes in floating point is refused, with the number of tensors and the first one's name."""
    with pytest.raises(ConversionError, match=r"^\d+ tensors are not integer, the first is \S+: an operator has no"):
        quantize.inspect(converted.floating)


def test_a_scale_for_the_whole_tensor_is_not_enough(quantize: ModuleType) -> None:
    """An integer model with weights per tensor is refused: it costs accuracy nobody measured."""
    with pytest.raises(ConversionError, match="input INT8, output INT8, 0 weights per channel: bytes in and out and"):
        quantize.inspect(tiny_model.classifier_model("int8"))


def test_wide_integers_at_the_ends_are_not_bytes(quantize: ModuleType) -> None:
    """An integer model that takes 32 bits is none the Pi can feed."""
    with pytest.raises(ConversionError, match="input INT32, output INT32"):
        quantize.inspect(tiny_model.one_operator("ABS", dtype="int32"))


def test_integer_answers_are_near_the_float_ones(converted: Converted) -> None:
    """Both files run on the Pi's interpreter; the float one answers as Keras does, the other within steps."""
    floating = LiteRtInterpreter(converted.floating, name="float")
    integer = LiteRtInterpreter(converted.integer, name="int8")
    for (picture,) in list(pictures())[:5]:
        truth = np.asarray(converted.model(picture))[0]
        assert np.allclose(floating.invoke(picture), truth, atol=1e-4)
        pixels = np.rint(picture / integer.input.scale + integer.input.zero_point).clip(0, 255).astype(np.uint8)
        answer = dequantize(integer.invoke(pixels), integer.output)
        assert np.abs(answer - truth).max() < 6 * integer.output.scale


def test_conversion_is_silent(quantize: ModuleType, converted: Converted, capfd: pytest.CaptureFixture[str]) -> None:
    """What the converter's C++ side says about its progress stays off the terminal."""
    with quantize.saved(converted.model) as folder:
        quantize.to_float(folder)
    assert capfd.readouterr() == ("", "")
    assert not folder.exists()


def test_an_operator_without_integer_kernel_is_one_clear_line(quantize: ModuleType) -> None:
    """TensorFlow's own refusal, pages long, becomes one line."""
    import keras  # noqa: PLC0415 - only once TensorFlow is there
    import tensorflow as tf  # noqa: PLC0415 - only once TensorFlow is there

    class Bessel(keras.layers.Layer):  # type: ignore[misc]  # Keras ships no types
        def call(self, inputs: Any) -> Any:
            return tf.math.bessel_i0e(inputs)

    inputs = keras.Input((SIDE, SIDE, 3))
    model = keras.Model(inputs, Bessel()(inputs))
    with quantize.saved(model) as folder, pytest.raises(ConversionError) as caught:
        quantize.to_integer(folder, pictures)
    assert str(caught.value).startswith("TensorFlow's converter refuses the model (")
    assert "\n" not in str(caught.value)
