"""The optimizer is the one the recipe names, at the rates it names."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from insect_converter.recipe_parts import Optimizer, Schedule
from insect_converter.recipes import FineTuning

if TYPE_CHECKING:
    from types import ModuleType

PLAN = FineTuning(epochs=10, warmup_epochs=2.0, learning_rate=1e-3, weight_decay=0.1)


@pytest.fixture(scope="module")
def optimizers(tensorflow: None) -> ModuleType:  # noqa: ARG001 - is imported first, silently
    """The module under test."""
    return importlib.import_module("insect_converter.optimizers")


@pytest.fixture(scope="module")
def model() -> Any:
    """Layers named as MobileNetV2 names its own, in a stem, two blocks and a head."""
    keras = importlib.import_module("keras")
    keras.utils.set_random_seed(1)
    layers = keras.layers
    names = ("Conv1", "bn_Conv1", "expanded_conv_project", "block_1_expand", "block_1_project_BN", "Conv_1_bn")
    features = pictures = keras.Input((4,))
    for name in names:
        kind = layers.BatchNormalization(name=name) if "bn" in name.lower() else layers.Dense(4, name=name)
        features = kind(features)
    backbone = keras.Model(pictures, features)
    return keras.Model(pictures, layers.Dense(2, name="logits")(backbone(pictures)))


def built(optimizers: ModuleType, model: Any, plan: FineTuning) -> Any:
    """The optimizer of a plan, for a model."""
    return optimizers.build(plan, steps=5, backbone=model.layers[1], trained=model.trainable_variables)


def moved(optimizer: Any, model: Any, *, steps: int = 3) -> dict[str, np.ndarray]:
    """What each variable becomes when its gradient is 1 for some steps; the model is as before then."""
    before = model.get_weights()
    ones = [np.ones(variable.shape, np.float32) for variable in model.trainable_variables]
    keras = importlib.import_module("keras")
    for _ in range(steps):
        optimizer.apply([keras.ops.convert_to_tensor(one) for one in ones], model.trainable_variables)
    after = {variable.path: variable.numpy() for variable in model.trainable_variables}
    model.set_weights(before)
    return after


def test_the_rate_rises_and_falls(optimizers: ModuleType) -> None:
    """From nothing to its peak, and as a cosine to nothing."""
    schedule = optimizers.schedule(PLAN, steps=5)
    assert [float(schedule(step)) for step in (0, 5, 10, 30, 50)] == pytest.approx(
        [0.0, 5e-4, 1e-3, 5e-4, 0.0], abs=1e-6
    )


def test_a_constant_rate_stays(optimizers: ModuleType) -> None:
    """With or without a rise before it."""
    schedule = optimizers.schedule(replace(PLAN, schedule=Schedule.CONSTANT), steps=5)
    assert [float(schedule(step)) for step in (5, 10, 30, 50, 900)] == pytest.approx([5e-4, *[1e-3] * 4])
    assert optimizers.schedule(replace(PLAN, schedule=Schedule.CONSTANT, warmup_epochs=0.0), steps=5) == 1e-3
    cosine = optimizers.schedule(replace(PLAN, warmup_epochs=0.0), steps=5)
    assert [float(cosine(step)) for step in (0, 25, 50)] == pytest.approx([1e-3, 5e-4, 0.0], abs=1e-6)


@pytest.mark.parametrize("rule", Optimizer)
@pytest.mark.parametrize("layer_decay", [1.0, 0.5])
def test_biases_and_scales_do_not_decay(
    optimizers: ModuleType, model: Any, *, rule: Optimizer, layer_decay: float
) -> None:
    """Weight decay moves kernels only, and none with `adam`."""
    plan = replace(PLAN, optimizer=rule, layer_decay=layer_decay, warmup_epochs=0.0)
    decayed = moved(built(optimizers, model, plan), model)
    free = moved(built(optimizers, model, replace(plan, weight_decay=0.0)), model)
    changed = {path for path in decayed if not np.array_equal(decayed[path], free[path])}
    kernels = {path for path in decayed if path.endswith("kernel")}
    assert changed == (set() if rule is Optimizer.ADAM else kernels)


def test_each_block_has_a_rate_of_its_own(optimizers: ModuleType, model: Any) -> None:
    """The head has the full rate, and each block below it half of the one above."""
    factors = optimizers.rate_factors(model.layers[1], model.trainable_variables, decay=0.5)
    by_layer = {
        variable.path.split("/")[-2]: factor
        for variable, factor in zip(model.trainable_variables, factors, strict=True)
    }
    assert by_layer == {
        "Conv1": 1 / 16,
        "bn_Conv1": 1 / 16,
        "expanded_conv_project": 1 / 8,
        "block_1_expand": 1 / 4,
        "block_1_project_BN": 1 / 4,
        "Conv_1_bn": 1 / 2,
        "logits": 1.0,
    }


@pytest.mark.parametrize("rule", [Optimizer.ADAMW, Optimizer.SGD])
def test_layers_move_as_far_as_their_rates(optimizers: ModuleType, model: Any, rule: Optimizer) -> None:
    """A step is the plain rule's, times the factor, decay included."""
    plan = replace(PLAN, optimizer=rule, warmup_epochs=0.0)
    before = {variable.path: variable.numpy() for variable in model.trainable_variables}
    plain = moved(built(optimizers, model, plan), model, steps=1)
    layered = moved(built(optimizers, model, replace(plan, layer_decay=0.5)), model, steps=1)
    factors = optimizers.rate_factors(model.layers[1], model.trainable_variables, decay=0.5)
    for path, factor in zip(before, factors, strict=True):
        wanted = before[path] + factor * (plain[path] - before[path])
        assert np.allclose(layered[path], wanted, atol=1e-6), path


def test_sgd_has_nesterov_momentum(optimizers: ModuleType, model: Any) -> None:
    """And the moving average is kept by whatever rule."""
    optimizer = built(optimizers, model, replace(PLAN, optimizer=Optimizer.SGD, momentum=0.8, ema_momentum=0.99))
    assert (optimizer.momentum, optimizer.nesterov) == (0.8, True)
    assert (optimizer.use_ema, optimizer.ema_momentum) == (True, 0.99)


def test_rmsprop_has_momentum_and_layered_rates(optimizers: ModuleType, model: Any) -> None:
    """Its options are those of MobileNet's own training; lower layers move less where the plan says so."""
    plan = replace(PLAN, optimizer=Optimizer.RMSPROP, momentum=0.8, weight_decay=0.0, warmup_epochs=0.0)
    plain = built(optimizers, model, plan)
    assert (type(plain).__name__, plain.rho, plain.momentum, plain.epsilon) == ("RMSprop", 0.9, 0.8, 1e-3)
    layered = moved(built(optimizers, model, replace(plan, layer_decay=0.5)), model)
    start = {variable.path: variable.numpy() for variable in model.trainable_variables}
    steps = {path: np.abs(value - start[path]).mean() for path, value in layered.items()}
    kernels = [value for path, value in steps.items() if path.endswith("kernel")]
    assert kernels == sorted(kernels)
    assert kernels[0] < kernels[-1] / 4
