"""A plan of changes is data: read strictly, and refused before anything is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from insect_converter.ablation import plan as plans
from insect_converter.ablation.plan import BASELINE, Need, Plan, Switch
from insect_converter.errors import RecipeError

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, text: str) -> str:
    """A plan's file."""
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("name", plans.names())
def test_plans_of_the_package_are_sound(name: str) -> None:
    """Each has changes, and each change differs from the recipe as it is or needs something beside it."""
    plan = plans.load(name)
    base = plan.recipe_of(plan.switches()[0])
    assert plan.switches()[0] == Switch(name=BASELINE)
    assert len(plan.switch) > 3
    for switch in plan.switch:
        assert plan.recipe_of(switch) != base or switch.needs


def test_a_plan_of_ones_own_is_read(tmp_path: Path) -> None:
    """What all runs have in common, and what one has besides, is laid over the recipe."""
    text = 'recipe = "head-only"\nset = ["head.epochs=3"]\n[[switch]]\nname = "more"\nset = ["head.epochs=9"]\n'
    plan = plans.load(written(tmp_path, text + 'needs = ["leave-out"]\n'))
    assert plan == Plan(
        recipe="head-only",
        set=("head.epochs=3",),
        switch=(Switch(name="more", set=("head.epochs=9",), needs=(Need.LEAVE_OUT,)),),
    )
    assert [plan.recipe_of(switch).head.epochs for switch in plan.switches()] == [3, 9]
    assert plans.load(written(tmp_path, 'recipe = "head-only"\n')).switch == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("recipe = ", "not TOML"),
        ("set = []", "recipe is missing: add it"),
        ('recipe = "nothing"', "recipe nothing: there is none of that name"),
        ('recipe = "head-only"\nseeds = 3', "seeds: no such key"),
        ('recipe = "head-only"\nset = ["head.epoch=3"]', "head: epoch: no such key"),
        ('recipe = "head-only"\n[[switch]]\nname = "a"\nset = ["alpha=7"]', "alpha = 7: use one of"),
        ('recipe = "head-only"\n[[switch]]\nname = "a"\nneeds = ["luck"]', "one of leave-out, teacher, unknown"),
        ('recipe = "head-only"\n[[switch]]\nname = "baseline"', "two changes are called 'baseline': give each a name"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """The file, the key and what is wanted are named."""
    with pytest.raises(RecipeError, match=message):
        plans.load(written(tmp_path, text))


def test_a_plan_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """A name is looked for in the package, a file where it should be."""
    with pytest.raises(RecipeError, match=r"plan nothing: there is none of that name: choose one of .*garden-pests"):
        plans.load("nothing")
    with pytest.raises(RecipeError, match=r"none.toml: cannot be read .*: check the path of the plan"):
        plans.load(str(tmp_path / "none.toml"))
