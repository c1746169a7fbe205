"""What moves the weights in fine-tuning: the rule, its learning rate over time, and over the depth of the network."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import keras

from insect_converter.recipe_parts import Optimizer, Schedule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from insect_converter.recipe_parts import FineTuning

NOT_DECAYED = ("bias", "gamma", "beta")
"""Names of what only shifts and scales: decay would shrink what must be free."""
_BLOCK = re.compile(r"block_\d+(?=_)|expanded_conv(?=_)")
"""Names of MobileNetV2's layers begin with that of their block."""


class _Layered:
    """Mixed into a rule of Keras: a learning rate and a weight decay of its own for each variable.

    Keras has one rate for all; `update_step` is what its optimizers are made to override. Weight decay is done here,
    too, since Keras multiplies it by the common rate, and layers that hardly learn would be decayed all the same.
    """

    def __init__(self, *, factors: Sequence[float], decays: Sequence[float], **options: Any) -> None:
        """Hold the plan.

        Args:
            factors: of the learning rate, one for each trainable variable in the model's order.
            decays: of the weights, likewise.
            options: of the rule.
        """
        super().__init__(**options)
        self._factors = tuple(factors)
        self._decays = tuple(decays)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Decay a variable and move it, at its own rate."""
        place = self._get_variable_index(variable)  # type: ignore[attr-defined]  # of the rule it is mixed into
        rate = keras.ops.cast(learning_rate, variable.dtype) * self._factors[place]
        if self._decays[place]:
            self.assign_sub(variable, variable * rate * self._decays[place])  # type: ignore[attr-defined]  # as above
        super().update_step(gradient, variable, rate)  # type: ignore[misc]  # as above


class LayeredAdam(_Layered, keras.optimizers.Adam):  # type: ignore[misc]  # Keras ships no types
    """Adam with a rate for each variable."""


class LayeredSgd(_Layered, keras.optimizers.SGD):  # type: ignore[misc]  # Keras ships no types
    """SGD with a rate for each variable."""


class LayeredRmsprop(_Layered, keras.optimizers.RMSprop):  # type: ignore[misc]  # Keras ships no types
    """RMSprop with a rate for each variable."""


_LAYERED = {
    Optimizer.ADAM: LayeredAdam,
    Optimizer.ADAMW: LayeredAdam,
    Optimizer.SGD: LayeredSgd,
    Optimizer.RMSPROP: LayeredRmsprop,
}


def build(plan: FineTuning, *, steps: int, backbone: Any, trained: Sequence[Any]) -> Any:
    """The optimizer of a recipe's second stage.

    Args:
        plan: of the stage.
        steps: of an epoch.
        backbone: whose depth decides how fast each layer learns, where the plan wants that.
        trained: the trainable variables of the whole model, in its order.
    """
    options: dict[str, Any] = {"learning_rate": schedule(plan, steps=steps)}
    if plan.ema_momentum:
        options |= {"use_ema": True, "ema_momentum": plan.ema_momentum}
    options |= _of_the_rule(plan)
    decay = None if plan.optimizer is Optimizer.ADAM else plan.weight_decay
    if plan.layer_decay < 1:
        decays = [0.0 if _is_free(variable.name) else decay or 0.0 for variable in trained]
        factors = rate_factors(backbone, trained, decay=plan.layer_decay)
        return _LAYERED[plan.optimizer](factors=factors, decays=decays, **options)
    rules = {
        Optimizer.ADAM: keras.optimizers.Adam,
        Optimizer.ADAMW: keras.optimizers.AdamW,
        Optimizer.SGD: keras.optimizers.SGD,
        Optimizer.RMSPROP: keras.optimizers.RMSprop,
    }
    optimizer = rules[plan.optimizer](weight_decay=decay, **options)
    optimizer.exclude_from_weight_decay(var_names=list(NOT_DECAYED))
    return optimizer


def _of_the_rule(plan: FineTuning) -> dict[str, Any]:
    """Options that only some rules have."""
    if plan.optimizer is Optimizer.SGD:
        return {"momentum": plan.momentum, "nesterov": True}
    if plan.optimizer is Optimizer.RMSPROP:
        return {"momentum": plan.momentum, "rho": 0.9, "epsilon": 1e-3}
    return {}


def schedule(plan: FineTuning, *, steps: int) -> Any:
    """The learning rate by step: a linear rise, then a cosine to zero or the same for ever."""
    warmup = round(plan.warmup_epochs * steps)
    if plan.schedule is Schedule.CONSTANT and not warmup:
        return plan.learning_rate
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup else plan.learning_rate,
        warmup_target=plan.learning_rate if warmup else None,
        warmup_steps=warmup,
        decay_steps=max(1, plan.epochs * steps - warmup),
        # At an end of 1 the cosine stays where it began: after the rise, a constant.
        alpha=1.0 if plan.schedule is Schedule.CONSTANT else 0.0,
    )


def rate_factors(backbone: Any, trained: Sequence[Any], *, decay: float) -> list[float]:
    """Factor of the learning rate for each trainable variable: `decay` to the power of the blocks above its own.

    A block is one of MobileNetV2's by its name, or any other layer with weights. What is not of the backbone, the
    head, has a factor of 1.
    """
    blocks: list[str] = []
    block_of: dict[int, int] = {}
    for layer in backbone.layers:
        if not layer.weights:
            continue
        found = _BLOCK.match(layer.name)
        name = found.group() if found else re.sub(r"^(bn_)?|_bn$", "", layer.name)
        if name not in blocks:
            blocks.append(name)
        block_of |= {id(variable): blocks.index(name) for variable in layer.weights}
    return [decay ** (len(blocks) - block_of.get(id(variable), len(blocks))) for variable in trained]


def _is_free(name: str) -> bool:
    return any(word in name for word in NOT_DECAYED)
