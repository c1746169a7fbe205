"""Recipes: how a model is trained, as data."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.resources
import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from insect_converter.augment import Augmentation
from insect_converter.errors import RecipeError
from insect_converter.plain_values import from_plain
from insect_converter.recipe_parts import Balance, Crop, FineTuning, Head, Network, SmallCnn, ThresholdTarget
from insect_converter.recipe_rules import problem
from insect_edge.card import InputContract
from insect_edge.domain import BACKGROUND, Role, Taxon

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "Augmentation",
    "Balance",
    "Crop",
    "FineTuning",
    "Head",
    "LabelFacts",
    "Network",
    "Recipe",
    "SmallCnn",
    "ThresholdTarget",
    "from_dict",
    "load",
    "names",
    "parse",
]

_RANKS = ("order", "family", "genus")


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
class Recipe:
    """Everything that decides how a model comes out, beside the photographs and the seed.

    Attributes:
        name: of the recipe.
        expected: the score to expect and on what, in words.
        network: what learns.
        image_size: side of the input in pixels.
        crop: what of a picture is looked at, in training as on the Pi.
        alpha: width multiplier of MobileNetV2.
        small_cnn: layers of the network of that name.
        shorter_side: pixels to which photographs are reduced in memory.
        validation: share of photographs, in (0, 1).
        test: share of photographs, in (0, 1).
        balance: what is done for labels with few photographs; in the first stage, whose features are computed once,
            sampling is done by weights, which comes to the same.
        deterministic: let TensorFlow use operations only whose results do not depend on which thread was first.
        head: first stage.
        fine_tuning: second stage.
        augmentation: of photographs of insects.
        background_augmentation: of pictures of the background.
        labels: what the labels mean, by name.
        thresholds: what they are fitted for.
        logit_adjustment: how much of the labels' shares in training is taken out of the logits, see
            `insect_converter.logit_adjustment`; 0 for nothing, 1 for all.
    """

    name: str
    expected: str = "not measured"
    network: Network = Network.MOBILENET_V2
    image_size: int = 224
    crop: Crop = Crop.CENTRED_SQUARE
    alpha: float = 1.0
    small_cnn: SmallCnn = field(default_factory=SmallCnn)
    shorter_side: int = 256
    validation: float = 0.1
    test: float = 0.1
    balance: Balance = Balance.NONE
    deterministic: bool = True
    head: Head = field(default_factory=Head)
    fine_tuning: FineTuning = field(default_factory=FineTuning)
    augmentation: Augmentation = field(default_factory=Augmentation)
    background_augmentation: Augmentation = field(default_factory=Augmentation)
    labels: dict[str, LabelFacts] = field(default_factory=dict)
    thresholds: ThresholdTarget = field(default_factory=ThresholdTarget)
    logit_adjustment: float = 0.0

    def contract(self) -> InputContract:
        """The input the recipe's model has on the Pi."""
        if self.network is Network.SMALL_CNN:
            # It divides by 255 itself, so the bytes of a picture are its real values.
            return InputContract(width=self.image_size, height=self.image_size, mean=0.0, std=1.0, crop=self.crop.value)
        return InputContract(width=self.image_size, height=self.image_size, crop=self.crop.value)

    @property
    def learns_unknown(self) -> bool:
        """Whether training is to see photographs of unknown insects, where it is given some."""
        return bool(self.fine_tuning.unknown_repeat and self.fine_tuning.epochs)

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


def load(name: str, changes: Sequence[str] = ()) -> Recipe:
    """A recipe of the package by name, or one of the user's own by the path of its file.

    Args:
        name: or a path that ends in `.toml`.
        changes: `key=value` each, as `train --set` takes them: dotted keys, values as in TOML, plain words as text.

    Raises:
        RecipeError: when there is none, or it has a key that means nothing or a value that makes no sense.
    """
    return parse(_text(name), source=name, changes=changes)


def _text(name: str) -> str:
    if name.endswith(".toml"):
        try:
            return Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8 text"
            raise RecipeError(f"{name}: cannot be read ({reason}): check the path of the recipe") from error
    if name in names():
        return (importlib.resources.files("insect_converter") / "recipes" / f"{name}.toml").read_text(encoding="utf-8")
    raise RecipeError(f"recipe {name}: there is none of that name: choose one of {', '.join(names())}, or a .toml file")


def parse(text: str, *, source: str, changes: Sequence[str] = ()) -> Recipe:
    """A recipe from TOML text.

    Args:
        text: of the recipe; `extends = "name"` at its top takes what it does not say from that recipe of the package.
        source: named in messages.
        changes: as for `load`.

    Raises:
        RecipeError: as `load`.
    """
    content = _tables(text, source=source)
    for change in changes:
        _merge(content, _setting(change), place=f"--set {change}")
    labels = content.pop("labels", {})
    for facts in labels.values() if isinstance(labels, dict) else ():
        if isinstance(facts, dict):
            # A recipe's author writes the taxon's ranks beside the role; a run's record keeps them apart.
            ranks = {rank: facts.pop(rank) for rank in _RANKS if rank in facts}
            facts.update({"taxon": ranks} if ranks else {})
    return from_dict({**content, "labels": labels}, source=source)


def _tables(text: str, *, source: str) -> dict[str, Any]:
    """What the text says, on top of what it extends."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{source}: not TOML: {error}") from error
    base = content.pop("extends", None)
    if base is None:
        return content
    if base not in names() or base == content.get("name"):
        raise RecipeError(f"{source}: extends = {base!r}: name another recipe of the package: {', '.join(names())}")
    below = _tables(_text(base), source=base)
    # A name says which values are meant, and a score was measured for them: neither is handed on.
    below = {key: value for key, value in below.items() if key not in {"name", "expected"}}
    _merge(below, content, place=source)
    return below


def _setting(change: str) -> dict[str, Any]:
    """A change as a table: `head.epochs=3` gives `{"head": {"epochs": 3}}`."""
    key, equals, value = change.partition("=")
    wanted = f"--set {change}: key=value is wanted, such as --set fine_tuning.epochs=3"
    if not equals or not key.strip():
        raise RecipeError(wanted)
    for text in (value, json.dumps(value)):
        with contextlib.suppress(tomllib.TOMLDecodeError):
            return tomllib.loads(f"{key} = {text}")
    raise RecipeError(wanted)


def _merge(content: dict[str, Any], changes: dict[str, Any], *, place: str) -> None:
    """Lay some values over others, table by table."""
    for key, value in changes.items():
        below = content.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            _merge(below, value, place=place)
        elif isinstance(value, dict) and below is not None:
            raise RecipeError(f"{place}: {key} = {below!r} is no table: leave out what follows the dot")
        else:
            content[key] = value


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
