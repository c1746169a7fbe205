"""Recipes that make no sense are refused with the value and what is wanted."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import pytest

from insect_converter.recipe_rules import problem
from insect_converter.recipes import Balance, Head, Network, Recipe, SmallCnn

SOUND = Recipe(name="sound")


def changed(key: str, value: Any) -> Recipe:
    """A sound recipe with one other value; `head.epochs` reaches inside."""
    table, _, name = key.rpartition(".")
    if not table:
        return replace(SOUND, **{name: value})
    return replace(SOUND, **{table: replace(getattr(SOUND, table), **{name: value})})


def test_the_defaults_are_sound() -> None:
    """A recipe of which only the name is said makes sense."""
    assert problem(SOUND) is None


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("image_size", 225, "image_size = 225: a multiple of 32 is wanted"),
        ("image_size", 0, "image_size = 0: a multiple of 32"),
        ("fine_tuning.image_size", -32, "fine_tuning: image_size = -32: a multiple of 32"),
        ("alpha", 0.9, "alpha = 0.9: use one of 0.35, 0.5"),
        ("shorter_side", 200, r"shorter_side = 200: at least image_size \(224\)"),
        ("shorter_side", 400, "shorter_side = 400: at most 336 is wanted, 1.5 times the training views"),
        ("validation", 0.0, "validation = 0: a share between 0 and 1"),
        ("test", 1.0, "test = 1: a share between 0 and 1"),
        ("test", 0.9, r"validation \+ test = 1: a share between 0 and 1"),
        ("test", math.nan, "test = nan: a share between 0 and 1"),
        ("thresholds.precision", 90.0, "thresholds: precision = 90: a share"),
        ("thresholds.false_alarms", 2.0, "thresholds: false_alarms = 2: 0 or more, and below 1"),
        ("head.epochs", -1, "head: epochs = -1: at least 0"),
        ("logit_adjustment", -0.5, "logit_adjustment = -0.5: 0 to 2 is wanted"),
        ("head.learning_rate", 0.0, "head: learning_rate = 0: a number above 0"),
        ("fine_tuning.epochs", -1, "fine_tuning: epochs = -1: at least 0"),
        ("fine_tuning.batch_size", 0, "fine_tuning: batch_size = 0: at least 1"),
        ("fine_tuning.patience", 0, "fine_tuning: patience = 0: at least 1"),
        ("fine_tuning.background_repeat", 0, "fine_tuning: background_repeat = 0: at least 1"),
        ("fine_tuning.unknown_repeat", -1, "fine_tuning: unknown_repeat = -1: at least 0"),
        ("fine_tuning.warmup_epochs", -0.5, "fine_tuning: warmup_epochs = -0.5: at least 0"),
        ("fine_tuning.learning_rate", -1e-4, "fine_tuning: learning_rate = -0.0001: a number above 0"),
        ("fine_tuning.dropout", 1.0, "fine_tuning: dropout = 1: 0 or more, and below 1"),
        ("fine_tuning.label_smoothing", -0.1, "fine_tuning: label_smoothing = -0.1: 0 or more"),
        ("fine_tuning.ema_momentum", 1.0, "fine_tuning: ema_momentum = 1: 0 or more, and below 1"),
        ("augmentation.scale", (0.0, 1.0), r"augmentation: scale = \[0, 1\]: two rising shares"),
        ("augmentation.scale", (0.9, 0.3), r"augmentation: scale = \[0.9, 0.3\]: two rising shares"),
        ("background_augmentation.aspect", (2.0, 1.0), r"background_augmentation: aspect = \[2, 1\]: two rising"),
        (
            "augmentation.scale",
            (0.3, 5.0),
            r"augmentation: scale = \[0.3, 5\]: two rising shares of the area, at most 4",
        ),
        ("augmentation.inset", 1.5, "augmentation: inset = 1.5: a chance from 0 to 1"),
        ("background_augmentation.texture", -0.5, "background_augmentation: texture = -0.5: a chance"),
        ("fine_tuning.mixup", 1.5, "fine_tuning: mixup = 1.5: a share from 0 to 1"),
        ("fine_tuning.cutmix", 1.5, "fine_tuning: cutmix = 1.5: a share from 0 to 1"),
        ("augmentation.contrast", 1.5, "augmentation: contrast = 1.5: 0 or more, and below 1"),
        ("augmentation.shear", 90.0, "augmentation: shear = 90: degrees from 0 to 60"),
        ("augmentation.trivial", -1.0, "augmentation: trivial = -1: a chance from 0 to 1"),
        ("fine_tuning.first_image_size", 100, "fine_tuning: first_image_size = 100: 0 or a multiple of 32"),
        ("fine_tuning.first_image_size", 256, r"fine_tuning: first_image_size = 256: at most image_size \(224\)"),
        ("fine_tuning.first_image_size", 128, "shorter_side = 256: at most 192 is wanted, 1.5 times the training"),
        ("fine_tuning.momentum", 1.0, "fine_tuning: momentum = 1: 0 or more, and below 1"),
        ("fine_tuning.weight_decay", -0.1, "fine_tuning: weight_decay = -0.1: 0 or more"),
        ("fine_tuning.layer_decay", 0.0, "fine_tuning: layer_decay = 0: above 0, and at most 1"),
        ("fine_tuning.layer_decay", 1.1, "fine_tuning: layer_decay = 1.1: above 0, and at most 1"),
        ("fine_tuning.taxonomy_smoothing", -0.1, "fine_tuning: taxonomy_smoothing = -0.1: 0 or more"),
        ("fine_tuning.taxonomy_smoothing", 0.4, r"fine_tuning: label_smoothing \+ taxonomy_smoothing = 0.5: below 0.5"),
    ],
)
def test_each_rule_names_value_and_remedy(key: str, value: Any, message: str) -> None:
    """One value out of its range is found, named and explained."""
    found = problem(changed(key, value))
    assert found is not None
    assert re.match(message, found)


def test_photographs_may_be_large_where_there_is_no_fine_tuning() -> None:
    """Without random views nothing is skipped by shrinking."""
    recipe = replace(SOUND, shorter_side=400, fine_tuning=replace(SOUND.fine_tuning, epochs=0))
    assert problem(recipe) is None


SMALL = replace(
    SOUND,
    network=Network.SMALL_CNN,
    image_size=180,
    head=Head(epochs=0),
    fine_tuning=replace(SOUND.fine_tuning, image_size=180),
)


def test_a_small_network_has_any_one_size() -> None:
    """It needs no multiple of 32."""
    assert problem(SMALL) is None


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        (replace(SMALL, image_size=4), "image_size = 4: from 8 to 512 is wanted for small-cnn"),
        (replace(SMALL, image_size=1024), "image_size = 1024: from 8 to 512 is wanted for small-cnn"),
        (replace(SMALL, small_cnn=SmallCnn(filters=())), "small_cnn: filters = []: one number above 0"),
        (replace(SMALL, small_cnn=SmallCnn(filters=(8, 0))), "small_cnn: filters = [8, 0]: one number above 0"),
        (replace(SMALL, small_cnn=SmallCnn(dense=0)), "small_cnn: dense = 0: at least 1"),
        (replace(SMALL, head=Head(epochs=3)), "head: epochs = 3: small-cnn has no pretrained features: set it to 0"),
        (replace(SMALL, fine_tuning=SOUND.fine_tuning), "fine_tuning: image_size = 224: small-cnn has one size, 180"),
        (
            replace(SMALL, fine_tuning=replace(SMALL.fine_tuning, first_image_size=96)),
            "fine_tuning: first_image_size = 96: small-cnn has one size: set it to 0",
        ),
        (
            replace(SMALL, fine_tuning=replace(SMALL.fine_tuning, epochs=0)),
            "head: epochs and fine_tuning: epochs = 0: train something",
        ),
        (
            replace(SOUND, balance=Balance.SAMPLING, fine_tuning=replace(SOUND.fine_tuning, background_repeat=2)),
            "fine_tuning: background_repeat = 2: balance = 'sampling' wants 1",
        ),
    ],
)
def test_values_that_do_not_go_together_are_named(recipe: Recipe, message: str) -> None:
    """What one value makes of another is explained."""
    found = problem(recipe)
    assert found is not None
    assert found.startswith(message)


def test_a_batch_is_mixed_one_way_or_the_other() -> None:
    """The shares of both ways together are at most all batches."""
    recipe = replace(SOUND, fine_tuning=replace(SOUND.fine_tuning, mixup=0.6, cutmix=0.5))
    assert problem(recipe) == "fine_tuning: cutmix = 0.5: a share from 0 to 1 is wanted, together with mixup"
