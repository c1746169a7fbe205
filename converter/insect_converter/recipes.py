"""Recipes: how a model is trained, as data."""

from __future__ import annotations

import dataclasses
import importlib.resources
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from insect_converter.augment import Augmentation
from insect_converter.errors import RecipeError
from insect_converter.plain_values import from_plain
from insect_converter.recipe_rules import problem
from insect_edge.card import InputContract
from insect_edge.domain import BACKGROUND, Role, Taxon

_RANKS = ("order", "family", "genus")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """First stage: a linear head on the cached features of the frozen backbone.

    Attributes:
        epochs: passes over the cached features.
        learning_rate: peak, of AdamW, decaying as a cosine.
        weight_decay: decoupled.
    """

    epochs: int = 60
    learning_rate: float = 2e-3
    weight_decay: float = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class FineTuning:
    """Second stage: the whole network on random views; batch-norm statistics stay frozen.

    Attributes:
        epochs: at most; 0 leaves the backbone as it is.
        image_size: side of the training views in pixels; somewhat under the recipe's own is quicker and no worse,
            since random crops show things larger than they will be seen (Touvron et al., "Fixing the train-test
            resolution discrepancy", 2019).
        frozen_until: the backbone's last layer that stays as it is, with all before it: edges and textures transfer,
            and the layers at high resolution are the slowest to train. Empty to train all.
        batch_size: photographs a step.
        learning_rate: peak, of AdamW.
        warmup_epochs: linear rise to the peak; then a cosine down to zero.
        weight_decay: decoupled.
        label_smoothing: share of the target spread over all labels.
        dropout: between pooling and head.
        ema_momentum: of the moving average of the weights that is validated and kept; 0 for none.
        patience: epochs without a better validation score after which training stops.
        background_repeat: how many views of each background picture an epoch has.
        mixup: share of batches whose animals are blended with one another (Zhang et al., 2018).
        cutmix: share of batches whose animals have a rectangle of one another (Yun et al., 2019).
        members: how often fine-tuning is run from the same head, each time with views and an order of its own; the
            weights are averaged where that validates better than the best alone (Wortsman et al., "Model soups",
            2022). It costs time in training and none on the Pi.
    """

    epochs: int = 10
    image_size: int = 224
    frozen_until: str = ""
    batch_size: int = 32
    learning_rate: float = 2e-4
    warmup_epochs: float = 1.0
    weight_decay: float = 0.05
    label_smoothing: float = 0.1
    dropout: float = 0.2
    ema_momentum: float = 0.0
    patience: int = 5
    background_repeat: int = 1
    mixup: float = 0.0
    cutmix: float = 0.0
    members: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFacts:
    """What a label means.

    Attributes:
        role: None where the recipe does not say.
        taxon: None where the recipe does not say.
    """

    role: Role | None = None
    taxon: Taxon | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdTarget:
    """What the per-label thresholds are fitted for, on the validation photographs.

    Attributes:
        precision: wanted share of right verdicts among those that carry a label.
        false_alarms: highest share of background pictures that may get any label as their verdict.
    """

    precision: float = 0.9
    false_alarms: float = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that decides how a model comes out, beside the photographs and the seed.

    Attributes:
        name: of the recipe.
        expected: the score to expect and on what, in words.
        image_size: side of the input in pixels.
        alpha: width multiplier of MobileNetV2.
        shorter_side: pixels to which photographs are reduced in memory.
        validation: share of photographs, in (0, 1).
        test: share of photographs, in (0, 1).
        head: first stage.
        fine_tuning: second stage.
        augmentation: of photographs of insects.
        background_augmentation: of pictures of the background.
        labels: what the labels mean, by name.
        thresholds: what they are fitted for.
    """

    name: str
    expected: str = "not measured"
    image_size: int = 224
    alpha: float = 1.0
    shorter_side: int = 256
    validation: float = 0.1
    test: float = 0.1
    head: Head = field(default_factory=Head)
    fine_tuning: FineTuning = field(default_factory=FineTuning)
    augmentation: Augmentation = field(default_factory=Augmentation)
    background_augmentation: Augmentation = field(default_factory=Augmentation)
    labels: dict[str, LabelFacts] = field(default_factory=dict)
    thresholds: ThresholdTarget = field(default_factory=ThresholdTarget)

    def contract(self) -> InputContract:
        """The input the recipe's model has on the Pi."""
        return InputContract(width=self.image_size, height=self.image_size)

    def facts(self, label: str) -> LabelFacts:
        """What the recipe says of a label; one called `background` is background also where it says nothing."""
        facts = self.labels.get(label, LabelFacts())
        if facts.role is None and label == BACKGROUND:
            return dataclasses.replace(facts, role=Role.BACKGROUND)
        return facts

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the card."""
        return dataclasses.asdict(self)


def names() -> list[str]:
    """The recipes in the package."""
    folder = importlib.resources.files("insect_converter") / "recipes"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load(name: str) -> Recipe:
    """A recipe of the package by name, or one of the user's own by the path of its file.

    Raises:
        RecipeError: when there is none, or it has a key that means nothing or a value that makes no sense.
    """
    if name.endswith(".toml"):
        try:
            text = Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8 text"
            raise RecipeError(f"{name}: cannot be read ({reason}): check the path of the recipe") from error
    elif name in names():
        text = (importlib.resources.files("insect_converter") / "recipes" / f"{name}.toml").read_text(encoding="utf-8")
    else:
        raise RecipeError(
            f"recipe {name}: there is none of that name: choose one of {', '.join(names())}, or a .toml file"
        )
    return parse(text, source=name)


def parse(text: str, *, source: str) -> Recipe:
    """A recipe from TOML text.

    Raises:
        RecipeError: as `load`.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{source}: not TOML: {error}") from error
    labels = content.pop("labels", {})
    for facts in labels.values() if isinstance(labels, dict) else ():
        if isinstance(facts, dict):
            # A recipe's author writes the taxon's ranks beside the role; a run's record keeps them apart.
            ranks = {rank: facts.pop(rank) for rank in _RANKS if rank in facts}
            facts.update({"taxon": ranks} if ranks else {})
    return from_dict({**content, "labels": labels}, source=source)


def from_dict(content: dict[str, Any], *, source: str) -> Recipe:
    """A recipe from what `Recipe.as_dict` gave, also after a way through JSON.

    Raises:
        RecipeError: as `load`.
    """
    recipe: Recipe = from_plain(Recipe, content, place=source)
    found = problem(recipe)
    if found is not None:
        raise RecipeError(f"{source}: {found}")
    return recipe
