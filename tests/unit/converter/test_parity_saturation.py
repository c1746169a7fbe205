"""Ranges that are too narrow are found by what a float model computes."""

from __future__ import annotations

import numpy as np
import pytest

from insect_converter.parity_report import saturation
from insect_edge.card import InputContract
from insect_edge.tensors import TensorSpec
from support import tiny_model

CONTRACT = InputContract(width=tiny_model.SIZE, height=tiny_model.SIZE)
SHAPE = (1, tiny_model.SIZE, tiny_model.SIZE, 3)


def views() -> list[np.ndarray]:
    """A red, a green and a blue picture as input tensors: logits reach 8."""
    return [np.full(SHAPE, -1, np.float32) + 2 * np.eye(3, dtype=np.float32)[channel] for channel in range(3)]


def test_ranges_that_hold_clip_nothing() -> None:
    """The integer file expresses all that the float one computes, layer by layer."""
    rows = saturation.of_layers(tiny_model.classifier_model("float32"), tiny_model.classifier_model("uint8"), views())
    assert rows is not None
    assert sorted(row.operator for row in rows) == ["FULLY_CONNECTED", "MEAN"]
    assert [row.clipped for row in rows] == [0.0, 0.0]
    dense = next(row for row in rows if row.operator == "FULLY_CONNECTED")
    assert [dense.low, dense.high] == pytest.approx([-10.68, 9.8])
    assert [dense.seen_low, dense.seen_high] == pytest.approx([-4.0, 8.0])


def test_a_narrow_range_clips_and_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logits of 8 and -4 (nine of twelve) do not fit into -3.2 to 3.2; the pooling before them does."""
    monkeypatch.setattr(tiny_model, "_LOGIT_SCALE", (0.025, 0))
    rows = saturation.of_layers(tiny_model.classifier_model("float32"), tiny_model.classifier_model("int8"), views())
    assert rows is not None
    assert [(row.operator, row.clipped) for row in rows] == [("FULLY_CONNECTED", pytest.approx(0.75)), ("MEAN", 0.0)]


def test_files_of_different_networks_are_not_compared() -> None:
    """There is no telling which layer is which."""
    other = tiny_model.classifier_model("int8", softmax=True)
    assert saturation.of_layers(tiny_model.classifier_model("float32"), other, views()) is None


def test_the_input_is_held_against_all_pixel_values() -> None:
    """A scale of half the range clips what is darker or brighter than half grey."""
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    whole = TensorSpec(shape=(1, 16, 16, 1), dtype="uint8", scale=2 / 255, zero_point=127)
    half = TensorSpec(shape=(1, 16, 16, 1), dtype="uint8", scale=1 / 255, zero_point=127)
    contract = InputContract(width=16, height=16, color_order="grey")
    assert saturation.of_input([ramp], contract=contract, spec=whole) == 0.0
    assert saturation.of_input([ramp], contract=contract, spec=half) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    ("tensor", "layer"),
    [
        ("insects_1/mobilenetv2_1.00_1/block_2_add_1/add;insects_1/more", "block_2_add_1"),
        ("insects_1/bn_Conv1_1/batchnorm/add_1", "bn_Conv1_1"),
        ("StatefulPartitionedCall_1:0", "output"),
        ("tensor3", "tensor3"),
    ],
)
def test_layers_have_the_names_that_people_know(tensor: str, layer: str) -> None:
    """A tensor's name is a path of scopes; the layer's name is in it."""
    assert saturation.layer_name(tensor) == layer
