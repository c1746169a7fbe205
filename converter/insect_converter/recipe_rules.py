"""What a recipe's values may be, beyond their types: one that makes no sense is refused before an hour is spent."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from insect_converter.augment import Augmentation
    from insect_converter.recipes import FineTuning, Recipe

ALPHAS = (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)
"""Width multipliers of MobileNetV2 for which ImageNet weights are published."""
STRIDE = 32
"""MobileNetV2 halves a picture five times."""
LARGEST_SHRINK = 1.5
"""Of a photograph's shorter side to a training view: random views are drawn in one bilinear resampling, which skips
pixels beyond two, and a crop that follows the longer side is shrunk somewhat more."""

MOST_SCALE = 4.0
"""Area of a training crop against the picture's: at twice the side an animal is as small as it can be and be named."""


def problem(recipe: Recipe) -> str | None:
    """The first thing that makes no sense, with its value and remedy; None where all is well."""
    return next((text for wrong, text in _findings(recipe) if wrong), None)


def _findings(recipe: Recipe) -> Iterator[tuple[bool, str]]:
    yield _side("image_size", recipe.image_size)
    yield recipe.alpha not in ALPHAS, f"alpha = {recipe.alpha:g}: use one of {', '.join(map(str, ALPHAS))}"
    yield (
        recipe.shorter_side < recipe.image_size,
        f"shorter_side = {recipe.shorter_side}: at least image_size ({recipe.image_size}) is wanted",
    )
    yield _share("validation", recipe.validation)
    yield _share("test", recipe.test)
    yield _share("validation + test", recipe.validation + recipe.test)
    yield _share("thresholds: precision", recipe.thresholds.precision)
    yield _below_one("thresholds: false_alarms", recipe.thresholds.false_alarms)
    yield _at_least("head: epochs", recipe.head.epochs, 1)
    yield _positive("head: learning_rate", recipe.head.learning_rate)
    yield from _fine_tuning(recipe.fine_tuning)
    most = int(LARGEST_SHRINK * recipe.fine_tuning.image_size)
    yield (
        recipe.fine_tuning.epochs > 0 and recipe.shorter_side > most,
        f"shorter_side = {recipe.shorter_side}: at most {most} is wanted, {LARGEST_SHRINK:g} times the training views",
    )
    yield from _augmentation("augmentation", recipe.augmentation)
    yield from _augmentation("background_augmentation", recipe.background_augmentation)


def _fine_tuning(plan: FineTuning) -> Iterator[tuple[bool, str]]:
    place = "fine_tuning"
    yield _side(f"{place}: image_size", plan.image_size)
    yield _at_least(f"{place}: epochs", plan.epochs, 0)
    yield _at_least(f"{place}: batch_size", plan.batch_size, 1)
    yield _at_least(f"{place}: patience", plan.patience, 1)
    yield _at_least(f"{place}: background_repeat", plan.background_repeat, 1)
    yield _at_least(f"{place}: members", plan.members, 1)
    yield _at_least(f"{place}: warmup_epochs", plan.warmup_epochs, 0)
    yield _positive(f"{place}: learning_rate", plan.learning_rate)
    yield _below_one(f"{place}: dropout", plan.dropout)
    yield _below_one(f"{place}: label_smoothing", plan.label_smoothing)
    yield _below_one(f"{place}: ema_momentum", plan.ema_momentum)
    yield not 0 <= plan.mixup <= 1, f"{place}: mixup = {plan.mixup:g}: a share from 0 to 1 is wanted"
    yield (
        not 0 <= plan.cutmix <= 1 - plan.mixup,
        f"{place}: cutmix = {plan.cutmix:g}: a share from 0 to 1 is wanted, together with mixup",
    )


def _augmentation(place: str, plan: Augmentation) -> Iterator[tuple[bool, str]]:
    low, high = plan.scale
    yield (
        not 0 < low <= high <= MOST_SCALE,
        f"{place}: scale = [{low:g}, {high:g}]: two rising shares of the area, at most {MOST_SCALE:g}, are wanted",
    )
    low, high = plan.aspect
    yield not 0 < low <= high, f"{place}: aspect = [{low:g}, {high:g}]: two rising numbers above 0 are wanted"
    for name in ("brightness", "contrast", "saturation"):
        yield _below_one(f"{place}: {name}", getattr(plan, name))
    for name in ("flip_vertical", "erase", "blur", "inset", "texture"):
        chance = getattr(plan, name)
        yield not 0 <= chance <= 1, f"{place}: {name} = {chance:g}: a chance from 0 to 1 is wanted"


def _side(name: str, value: int) -> tuple[bool, str]:
    return value < STRIDE or value % STRIDE != 0, f"{name} = {value}: a multiple of {STRIDE} is wanted"


def _share(name: str, value: float) -> tuple[bool, str]:
    return not 0 < value < 1, f"{name} = {value:g}: a share between 0 and 1 is wanted"


def _below_one(name: str, value: float) -> tuple[bool, str]:
    return not 0 <= value < 1, f"{name} = {value:g}: 0 or more, and below 1, is wanted"


def _at_least(name: str, value: float, least: int) -> tuple[bool, str]:
    return value < least, f"{name} = {value:g}: at least {least} is wanted"


def _positive(name: str, value: float) -> tuple[bool, str]:
    return not value > 0, f"{name} = {value:g}: a number above 0 is wanted"
