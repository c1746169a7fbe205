"""What a recipe's values may be, beyond their types: one that makes no sense is refused before an hour is spent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from insect_converter.recipe_parts import Balance, Network

if TYPE_CHECKING:
    from collections.abc import Iterator

    from insect_converter.augment import Augmentation
    from insect_converter.recipe_parts import FineTuning
    from insect_converter.recipes import Recipe

ALPHAS = (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)
"""Width multipliers of MobileNetV2 for which ImageNet weights are published."""
STRIDE = 32
"""MobileNetV2 halves a picture five times."""
LARGEST_SHRINK = 1.5
"""Of a photograph's shorter side to a training view: random views are drawn in one bilinear resampling, which skips
pixels beyond two, and a crop that follows the longer side is shrunk somewhat more."""

LARGEST_SMALL_CNN = 512
"""Side in pixels: its dense layer has a weight for each place, which is 130 million at this size."""
MOST_SHEAR = 60.0
"""Degrees."""
MOST_SMOOTHING = 0.5
"""Share of a target that may go to other labels: at half, the label would be no better than the others."""
MOST_ADJUSTMENT = 2.0
"""Times the labels' shares: beyond, rare labels win over likely ones."""
MOST_SCALE = 4.0
"""Area of a training crop against the picture's: at twice the side an animal is as small as it can be and be named."""


def problem(recipe: Recipe) -> str | None:
    """The first thing that makes no sense, with its value and remedy; None where all is well."""
    return next((text for wrong, text in _findings(recipe) if wrong), None)


def _findings(recipe: Recipe) -> Iterator[tuple[bool, str]]:
    yield from _small_cnn(recipe) if recipe.network is Network.SMALL_CNN else _mobilenet(recipe)
    yield (
        recipe.shorter_side < recipe.image_size,
        f"shorter_side = {recipe.shorter_side}: at least image_size ({recipe.image_size}) is wanted",
    )
    yield _share("validation", recipe.validation)
    yield _share("test", recipe.test)
    yield _share("validation + test", recipe.validation + recipe.test)
    yield _share("thresholds: precision", recipe.thresholds.precision)
    yield _below_one("thresholds: false_alarms", recipe.thresholds.false_alarms)
    yield (
        not 0 <= recipe.logit_adjustment <= MOST_ADJUSTMENT,
        f"logit_adjustment = {recipe.logit_adjustment:g}: 0 to {MOST_ADJUSTMENT:g} is wanted",
    )
    yield _at_least("head: epochs", recipe.head.epochs, 0)
    yield _positive("head: learning_rate", recipe.head.learning_rate)
    yield from _fine_tuning(recipe.fine_tuning)
    yield (
        recipe.head.epochs + recipe.fine_tuning.epochs < 1,
        "head: epochs and fine_tuning: epochs = 0: train something",
    )
    most = int(LARGEST_SHRINK * (recipe.fine_tuning.first_image_size or recipe.fine_tuning.image_size))
    yield (
        recipe.fine_tuning.epochs > 0 and recipe.shorter_side > most,
        f"shorter_side = {recipe.shorter_side}: at most {most} is wanted, {LARGEST_SHRINK:g} times the training views",
    )
    yield (
        recipe.balance is Balance.SAMPLING and recipe.fine_tuning.background_repeat > 1,
        f"fine_tuning: background_repeat = {recipe.fine_tuning.background_repeat}: balance = 'sampling' wants 1",
    )
    yield from _augmentation("augmentation", recipe.augmentation)
    yield from _augmentation("background_augmentation", recipe.background_augmentation)


def _mobilenet(recipe: Recipe) -> Iterator[tuple[bool, str]]:
    yield _side("image_size", recipe.image_size)
    yield recipe.alpha not in ALPHAS, f"alpha = {recipe.alpha:g}: use one of {', '.join(map(str, ALPHAS))}"
    plan = recipe.fine_tuning
    yield _side("fine_tuning: image_size", plan.image_size)
    first = plan.first_image_size
    yield first != 0 and _side("", first)[0], f"fine_tuning: first_image_size = {first}: 0 or a multiple of {STRIDE}"
    yield (
        first > plan.image_size,
        f"fine_tuning: first_image_size = {first}: at most image_size ({plan.image_size}) is wanted",
    )


def _small_cnn(recipe: Recipe) -> Iterator[tuple[bool, str]]:
    filters, plan = recipe.small_cnn.filters, recipe.fine_tuning
    least = 2 ** len(filters)
    yield (
        not least <= recipe.image_size <= LARGEST_SMALL_CNN,
        f"image_size = {recipe.image_size}: from {least} to {LARGEST_SMALL_CNN} is wanted for small-cnn",
    )
    yield (
        not filters or min(filters) < 1,
        f"small_cnn: filters = {list(filters)}: one number above 0 for each convolution is wanted",
    )
    yield _at_least("small_cnn: dense", recipe.small_cnn.dense, 1)
    yield (
        recipe.head.epochs > 0,
        f"head: epochs = {recipe.head.epochs}: small-cnn has no pretrained features: set it to 0",
    )
    yield (
        plan.image_size != recipe.image_size,
        f"fine_tuning: image_size = {plan.image_size}: small-cnn has one size, {recipe.image_size}",
    )
    yield (
        plan.first_image_size != 0,
        f"fine_tuning: first_image_size = {plan.first_image_size}: small-cnn has one size: set it to 0",
    )


def _fine_tuning(plan: FineTuning) -> Iterator[tuple[bool, str]]:
    place = "fine_tuning"
    yield _at_least(f"{place}: epochs", plan.epochs, 0)
    yield _at_least(f"{place}: batch_size", plan.batch_size, 1)
    yield _at_least(f"{place}: patience", plan.patience, 1)
    yield _at_least(f"{place}: background_repeat", plan.background_repeat, 1)
    yield _at_least(f"{place}: unknown_repeat", plan.unknown_repeat, 0)
    yield _at_least(f"{place}: members", plan.members, 1)
    yield _at_least(f"{place}: warmup_epochs", plan.warmup_epochs, 0)
    yield _positive(f"{place}: learning_rate", plan.learning_rate)
    for name in ("momentum", "weight_decay", "dropout", "label_smoothing", "taxonomy_smoothing", "ema_momentum"):
        yield _below_one(f"{place}: {name}", getattr(plan, name))
    smoothing = plan.label_smoothing + plan.taxonomy_smoothing
    yield (
        smoothing >= MOST_SMOOTHING,
        f"{place}: label_smoothing + taxonomy_smoothing = {smoothing:g}: below {MOST_SMOOTHING:g} is wanted",
    )
    yield (
        not 0 < plan.layer_decay <= 1,
        f"{place}: layer_decay = {plan.layer_decay:g}: above 0, and at most 1, is wanted",
    )
    yield (
        not 0 < plan.distillation <= 1,
        f"{place}: distillation = {plan.distillation:g}: a share above 0, and at most 1, is wanted",
    )
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
    yield (
        not 0 <= plan.shear <= MOST_SHEAR,
        f"{place}: shear = {plan.shear:g}: degrees from 0 to {MOST_SHEAR:g} are wanted",
    )
    for name in ("flip_vertical", "erase", "blur", "inset", "texture", "trivial"):
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
