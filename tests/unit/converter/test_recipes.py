"""Recipes are data: found by name or path, read strictly, and they survive the way through a run's record."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from insect_converter import recipes
from insect_converter.errors import RecipeError
from insect_converter.recipes import LabelFacts, Recipe
from insect_edge.domain import Role, Taxon

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """
name = "mine"
image_size = 96
alpha = 0.35
shorter_side = 128

[fine_tuning]
epochs = 0

[augmentation]
scale = [0.5, 1]

[labels]
aphid = { role = "pest", order = "Hemiptera", family = "Aphididae" }
soil = { role = "background" }
bee = { genus = "Apis" }
"""


@pytest.mark.parametrize("name", recipes.names())
def test_every_recipe_of_the_package_is_sound(name: str) -> None:
    """Each reads without complaint, is called like its file, and says what to expect of it."""
    recipe = recipes.load(name)
    assert recipe.name == name
    assert recipe.expected != Recipe(name="x").expected


def test_the_default_recipe_is_there() -> None:
    """The command line's default is one of them."""
    assert "garden-pests" in recipes.names()


def test_a_recipe_of_ones_own_is_read(tmp_path: Path) -> None:
    """Values are taken, tables merged with their defaults, label facts split into role and taxon."""
    path = tmp_path / "mine.toml"
    path.write_text(TEXT, encoding="utf-8")
    recipe = recipes.load(str(path))
    assert (recipe.name, recipe.image_size, recipe.alpha) == ("mine", 96, 0.35)
    assert recipe.head == recipes.Head()
    assert recipe.augmentation.scale == (0.5, 1.0)
    assert recipe.labels == {
        "aphid": LabelFacts(role=Role.PEST, taxon=Taxon(order="Hemiptera", family="Aphididae")),
        "soil": LabelFacts(role=Role.BACKGROUND),
        "bee": LabelFacts(taxon=Taxon(genus="Apis")),
    }


def test_the_contract_is_the_recipe_size() -> None:
    """The model on the Pi sees squares of the recipe's size."""
    contract = recipes.parse(TEXT, source="x").contract()
    assert (contract.width, contract.height, contract.color_order) == (96, 96, "rgb")


def test_facts_are_known_for_every_label() -> None:
    """A label the recipe does not know has no facts, except that `background` is background."""
    recipe = recipes.parse(TEXT, source="x")
    assert recipe.facts("aphid").role is Role.PEST
    assert recipe.facts("moth") == LabelFacts()
    assert recipe.facts("background") == LabelFacts(role=Role.BACKGROUND)
    told = recipes.parse('name = "x"\nlabels.background.role = "neutral"', source="x")
    assert told.facts("background").role is Role.NEUTRAL


def test_a_recipe_survives_json() -> None:
    """What a run writes down is read back as the same recipe."""
    for recipe in (recipes.parse(TEXT, source="x"), *map(recipes.load, recipes.names())):
        assert recipes.from_dict(json.loads(json.dumps(recipe.as_dict())), source="run") == recipe


def test_the_network_decides_what_a_byte_is() -> None:
    """The small network divides by 255 itself, so its real values are the bytes; MobileNetV2 wants [-1, 1]."""
    small = recipes.load("small-cnn").contract()
    assert (small.width, small.mean, small.std) == (180, 0.0, 1.0)
    large = recipes.load("garden-pests").contract()
    assert (large.width, large.mean, large.std) == (224, 127.5, 127.5)
    assert (small.crop, large.crop) == ("whole-frame", "centred-square")


def test_values_are_changed_one_by_one() -> None:
    """Dotted keys reach into tables, values are TOML, plain words are text, labels too, and the rest stays."""
    changes = ["fine_tuning.epochs=3", "fine_tuning.frozen_until=block_1_add", "augmentation.scale=[0.5, 1]"]
    changes += ["labels.ants.role=beneficial", "labels.ants.genus=Formica", 'labels."a b".role = "pest"']
    changed, before = recipes.load("garden-pests", changes), recipes.load("garden-pests")
    assert (changed.fine_tuning.epochs, changed.fine_tuning.frozen_until) == (3, "block_1_add")
    assert changed.augmentation.scale == (0.5, 1.0)
    assert changed.labels["ants"] == LabelFacts(
        role=Role.BENEFICIAL, taxon=Taxon(order="Hymenoptera", family="Formicidae", genus="Formica")
    )
    assert changed.labels["a b"].role is Role.PEST
    assert changed.head == before.head
    assert changed.fine_tuning.learning_rate == before.fine_tuning.learning_rate


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("fine_tuning.epoch=3", "garden-pests: fine_tuning: epoch: no such key: choose from background_repeat, "),
        ("head.epochs=many", "garden-pests: head: epochs = 'many': a whole number is wanted"),
        ("head.epochs=-1", "garden-pests: head: epochs = -1: at least 0 is wanted"),
        ("deterministic=yes", "garden-pests: deterministic = 'yes': true or false is wanted"),
        ("network=large", "garden-pests: network = 'large': one of mobilenet-v2, small-cnn is wanted"),
        ("image_size.x=3", "--set image_size.x=3: image_size = 224 is no table: leave out what follows the dot"),
        ("fine_tuning=3", "garden-pests: fine_tuning = 3: a table is wanted"),
        ("epochs", "--set epochs: key=value is wanted, such as --set fine_tuning.epochs=3"),
        ("=3", "--set =3: key=value is wanted"),
        ("two words=3", "--set two words=3: key=value is wanted"),
    ],
)
def test_a_change_with_a_mistake_is_one_clear_line(change: str, message: str) -> None:
    """The change, or the key it leads to, stands in the message with what is wanted."""
    with pytest.raises(RecipeError) as caught:
        recipes.load("garden-pests", [change])
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_a_recipe_extends_one_of_the_package() -> None:
    """What it does not say is the other's, table by table, but for the name and the score."""
    base = recipes.load("garden-pests")
    mine = recipes.parse('extends = "garden-pests"\nname = "mine"\n[fine_tuning]\nepochs = 3', source="x")
    assert (mine.name, mine.expected) == ("mine", Recipe(name="x").expected)
    assert mine.fine_tuning.epochs == 3
    assert mine.fine_tuning.mixup == base.fine_tuning.mixup
    assert mine.labels == base.labels


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "x.toml: not TOML: "),
        ("", "x.toml: name is missing: add it"),
        ('name = "x"\nepochs = 3', "x.toml: epochs: no such key: choose from alpha, "),
        ('name = "x"\n[head]\nepoch = 3', "x.toml: head: epoch: no such key: choose from epochs, "),
        ('name = "x"\nalpha = 0.36', "x.toml: alpha = 0.36: use one of 0.35, "),
        ('name = "x"\nlabels = 3', "x.toml: labels = 3: a table is wanted"),
        ('name = "x"\nlabels.ant = "pest"', "x.toml: labels: ant = 'pest': a table is wanted"),
        ('name = "x"\nlabels.ant.role = "evil"', "x.toml: labels: ant: role = 'evil': one of pest, "),
        ('name = "x"\nlabels.ant.colour = "red"', "x.toml: labels: ant: colour: no such key: choose from "),
        ('name = "x"\nlabels.ant.order = 3', "x.toml: labels: ant: taxon: order = 3: "),
        ('extends = "garden-pests"', "x.toml: name is missing: add it"),
        ('extends = "x"\nname = "x"', "x.toml: extends = 'x': name another recipe of the package: "),
        ('extends = ["head-only"]\nname = "x"', "x.toml: extends = ['head-only']: name another"),
        ('name = "x"\nsmall_cnn.filters = [8, "x"]', "x.toml: small_cnn: filters = 'x': a whole number is wanted"),
        ('name = "x"\nsmall_cnn.filters = 8', "x.toml: small_cnn: filters = 8: a list of numbers is wanted"),
    ],
)
def test_a_recipe_with_a_mistake_is_one_clear_line(tmp_path: Path, text: str, message: str) -> None:
    """File, key, value and remedy stand in one line."""
    path = tmp_path / "x.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecipeError) as caught:
        recipes.load(str(path))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_recipe_of_that_name_is_one_clear_line() -> None:
    """The names there are stand in the message."""
    with pytest.raises(RecipeError, match=r"recipe nothing: there is none .* garden-pests.*\.toml"):
        recipes.load("nothing")


def test_a_recipe_file_that_cannot_be_read_is_one_clear_line(tmp_path: Path) -> None:
    """A path without a file, and a file that is no text, are named."""
    with pytest.raises(RecipeError, match=r"gone\.toml: cannot be read \(No such file"):
        recipes.load(str(tmp_path / "gone.toml"))
    (tmp_path / "latin.toml").write_bytes(b'name = "K\xe4fer"')
    with pytest.raises(RecipeError, match=r"latin\.toml: cannot be read \(not UTF-8 text\)"):
        recipes.load(str(tmp_path / "latin.toml"))
