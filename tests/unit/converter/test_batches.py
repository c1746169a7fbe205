"""Batches are drawn from seed, epoch and photograph, and hold every photograph once an epoch."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_converter.augment import Augmentation
from insect_converter.recipes import FineTuning
from insect_edge.card import InputContract
from support.photographs import draw

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from numpy.typing import NDArray

STILL = Augmentation(
    scale=(1.0, 1.0), aspect=(1.0, 1.0), flip=False, brightness=0.0, contrast=0.0, saturation=0.0, hue=0.0
)
STAGE = FineTuning(image_size=32, batch_size=4)


@pytest.fixture(scope="module")
def batches(tensorflow: None) -> ModuleType:  # noqa: ARG001 - is imported first, silently
    """The module under test."""
    return importlib.import_module("insect_converter.batches")


def batches_of(
    batches: ModuleType,
    pictures: Sequence[NDArray[np.uint8]],
    labels: Sequence[int],
    *plans: Augmentation,
    stage: FineTuning = STAGE,
    seed: int = 1,
    **treatment: Any,
) -> Any:
    """Batches of pictures, with a plan for each label."""
    treated = batches.LabelPlan(augmentations=plans, **treatment)
    return batches.AugmentedBatches(pictures, labels, plan=stage, treatment=treated, seed=seed)


def greys(batches: ModuleType, *, count: int = 10, seed: int = 1, stage: FineTuning = STAGE, **treatment: Any) -> Any:
    """Batches of plain grey pictures of three labels, whose shade says which is which."""
    pictures = [np.full((32, 32, 3), 10 * number, np.uint8) for number in range(count)]
    labels = [number % 3 for number in range(count)]
    return batches_of(batches, pictures, labels, STILL, STILL, STILL, stage=stage, seed=seed, **treatment)


def shades(views: NDArray[np.float32]) -> list[int]:
    """Which pictures are in a batch."""
    return [round((float(view.mean()) + 1) * 127.5 / 10) for view in views]


def shades_of_epoch(made: Any, epoch: int) -> list[int]:
    """Which pictures are in an epoch, in its order."""
    return [shade for index in range(len(made)) for shade in shades(made.batch(epoch, index).views)]


def test_an_epoch_has_each_photograph_once(batches: ModuleType) -> None:
    """The last batch is smaller, targets are one-hot and belong to their pictures, values lie in [-1, 1]."""
    made = greys(batches)
    assert len(made) == 3
    for index in range(3):
        batch = made.batch(1, index)
        assert (batch.views.dtype, batch.views.shape[1:]) == (np.float32, (32, 32, 3))
        assert batch.views.min() >= -1
        assert batch.views.max() <= 1
        assert [int(row.argmax()) for row in batch.targets] == [number % 3 for number in shades(batch.views)]
        assert np.array_equal(batch.targets.sum(axis=1), np.ones(len(batch.targets)))
        assert batch.weights is None
    assert sorted(shades_of_epoch(made, 1)) == list(range(10))


def test_epochs_differ_and_can_be_repeated(batches: ModuleType) -> None:
    """The next epoch has another order; the same seed has the same epochs, another seed others."""
    first, second = shades_of_epoch(greys(batches), 1), shades_of_epoch(greys(batches), 2)
    assert shades_of_epoch(greys(batches), 1) == first
    assert second != first
    assert shades_of_epoch(greys(batches, seed=2), 1) != first


def test_a_batch_depends_on_nothing_that_was_drawn_before(batches: ModuleType) -> None:
    """Out of order, as a resumed run draws it, a batch is the same to the bit."""
    plan = replace(STAGE, mixup=0.5, cutmix=0.5)
    pictures = [draw("mantis", seed=seed) for seed in range(8)]

    def made() -> Any:
        return batches_of(batches, pictures, [0, 1] * 4, Augmentation(erase=0.5), Augmentation(trivial=1.0), stage=plan)

    straight = made()
    once = [straight.batch(epoch, index) for epoch in (1, 2, 3) for index in range(2)]
    again = made().batch(3, 1)
    assert np.array_equal(again.views, once[-1].views)
    assert np.array_equal(again.targets, once[-1].targets)


def test_views_differ_from_epoch_to_epoch(batches: ModuleType) -> None:
    """The same photograph is seen otherwise each time, and the same way in the same epoch."""
    made = batches_of(batches, [draw("mantis", seed=1)], [0], Augmentation())
    first, again = made.batch(1, 0).views, made.batch(1, 0).views
    assert np.array_equal(first, again)
    assert not np.array_equal(first, made.batch(2, 0).views)


def test_each_label_has_its_own_plan(batches: ModuleType) -> None:
    """A background that is erased leaves the others whole."""
    white = np.full((32, 32, 3), 255, np.uint8)
    batch = batches_of(batches, [white] * 8, [0, 1] * 4, STILL, Augmentation(erase=1.0)).batch(1, 0)
    assert [bool(view.min() < 0.9) for view in batch.views] == [bool(row[1]) for row in batch.targets]


def test_colours_are_in_the_order_of_the_network(batches: ModuleType) -> None:
    """Pictures come in as B, G, R and go out as R, G, B."""
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 2] = 255
    assert batches_of(batches, [red], [0], STILL).batch(1, 0).views[0, 4, 4].tolist() == [1.0, -1.0, -1.0]


def test_values_are_those_of_the_contract(batches: ModuleType) -> None:
    """A network that rescales for itself gets the bytes, in training as in judging."""
    contract = InputContract(width=32, height=32, mean=0.0, std=1.0)
    white = np.full((32, 32, 3), 255, np.uint8)
    treated = batches.LabelPlan(augmentations=[STILL])
    made = batches.AugmentedBatches([white], [0], plan=STAGE, treatment=treated, seed=1, contract=contract)
    assert made.batch(1, 0).views.max() == 255.0
    assert batches.PlainBatches(white[np.newaxis], contract=contract)[0][0].min() == 255.0
    assert batches.PlainBatches(white[np.newaxis])[0][0].min() == 1.0


def test_plain_batches_are_the_views_in_order(batches: ModuleType) -> None:
    """Bytes become values in [-1, 1] batch by batch, with their targets where there are."""
    views = np.arange(40, dtype=np.uint8).repeat(4 * 4 * 3).reshape(40, 4, 4, 3)
    targets = np.eye(40, dtype=np.float32)
    made = batches.PlainBatches(views, targets)
    assert len(made) == 2
    seen = [made[index] for index in range(2)]
    assert np.allclose(np.concatenate([part for part, _ in seen])[:, 0, 0, 0], np.arange(40) / 127.5 - 1, atol=1e-6)
    assert np.array_equal(np.concatenate([part for _, part in seen]), targets)
    assert len(batches.PlainBatches(views)[0]) == 1


def test_the_background_occurs_several_times(batches: ModuleType) -> None:
    """Each photograph of the background's labels is repeated, the others are there once."""
    labels = np.array([0, 2, 1])
    assert batches.repeat_background(labels, background={2}, times=3).tolist() == [0, 1, 1, 1, 2]
    assert batches.repeat_background(labels, background=(), times=3).tolist() == [0, 1, 2]


def test_a_repeated_picture_is_seen_another_way_each_time(batches: ModuleType) -> None:
    """Repeats would teach nothing if they were copies."""
    plan = replace(STAGE, background_repeat=4)
    made = batches_of(batches, [draw("mantis", seed=1)], [0], Augmentation(), stage=plan, background={0})
    assert len({view.tobytes() for view in made.batch(1, 0).views}) == 4


@pytest.mark.parametrize("kind", ["mixup", "cutmix"])
def test_animals_are_mixed_with_animals_and_never_with_background(batches: ModuleType, kind: str) -> None:
    """Targets become shares among the animals; what is background stays as it is, whole."""
    plan = replace(STAGE, batch_size=12, **{kind: 1.0})
    batch = greys(batches, count=12, stage=plan, background={2}).batch(1, 0)
    assert np.allclose(batch.targets.sum(axis=1), 1.0)
    background = batch.targets[:, 2] > 0
    assert batch.targets[background].tolist() == [[0.0, 0.0, 1.0]] * 4
    assert {round((float(view.mean()) + 1) * 127.5) for view in batch.views[background]} == {20, 50, 80, 110}
    assert ((batch.targets[~background] > 0).sum(axis=1) > 1).any()


def test_a_small_animal_lies_within_a_picture_of_the_background(batches: ModuleType) -> None:
    """An inset shows both, and the label remains the animal's."""
    black, white = np.zeros((32, 32, 3), np.uint8), np.full((32, 32, 3), 255, np.uint8)
    plans = replace(STILL, inset=1.0), STILL
    batch = batches_of(batches, [white, black], [0, 1], *plans, background={1}).batch(1, 0)
    shares = {
        int(row.argmax()): float((view.mean() + 1) / 2) for view, row in zip(batch.views, batch.targets, strict=True)
    }
    assert 0.02 < shares[0] < 0.6
    assert shares[1] == 0.0


def test_targets_are_smoothed_and_weighted_by_label(batches: ModuleType) -> None:
    """What a label shares with its kin and how much its photographs count hold for mixed views in proportion."""
    smoothing = np.array([[0.8, 0.2, 0.0], [0.1, 0.9, 0.0], [0.0, 0.0, 1.0]], np.float32)
    weights = np.array([1.0, 2.0, 4.0], np.float32)
    batch = greys(batches, smoothing=smoothing, weights=weights).batch(1, 0)
    labels = [shade % 3 for shade in shades(batch.views)]
    assert np.array_equal(batch.targets, smoothing[labels])
    assert batch.weights.tolist() == weights[labels].tolist()
    mixed = greys(batches, stage=replace(STAGE, mixup=1.0), weights=weights).batch(1, 0)
    assert np.allclose(mixed.weights, mixed.targets @ weights)


def test_a_sampled_epoch_has_as_many_views_of_each_label(batches: ModuleType) -> None:
    """Of eleven photographs of one label and one of the other, each has six views, which differ."""
    pictures = [draw("mantis", seed=seed) for seed in range(12)]
    plans = Augmentation(), Augmentation()
    made = batches_of(batches, pictures, [0] * 11 + [1], *plans, stage=replace(STAGE, batch_size=12), sampled=True)
    batch = made.batch(1, 0)
    rare = batch.views[batch.targets[:, 1] == 1]
    assert batch.targets.sum(axis=0).tolist() == [6, 6]
    assert len({view.tobytes() for view in rare}) == 6
    assert not np.array_equal(batch.views, made.batch(2, 0).views)


def test_views_grow_where_the_plan_says_so(batches: ModuleType) -> None:
    """Sides rise in even steps from the first size to the last, and the views have them."""
    plan = replace(STAGE, epochs=6, first_image_size=32, image_size=96)
    assert [batches.side_at(plan, epoch) for epoch in range(1, 7)] == [32, 32, 64, 64, 96, 96]
    made = greys(batches, stage=plan)
    assert [made.batch(epoch, 0).views.shape[1] for epoch in (1, 3, 5)] == [32, 64, 96]
    assert {batches.side_at(STAGE, epoch) for epoch in range(1, 11)} == {32}


@given(first=st.integers(1, 8), grown=st.integers(0, 8), epochs=st.integers(1, 40))
def test_sides_never_shrink_and_end_at_the_full_size(batches: ModuleType, first: int, grown: int, epochs: int) -> None:
    """Whatever the plan, sides are multiples of 32 within its limits, and the last epoch has the full one if it can."""
    plan = replace(STAGE, epochs=epochs, first_image_size=32 * first, image_size=32 * (first + grown))
    sides = [batches.side_at(plan, epoch) for epoch in range(1, epochs + 1)]
    assert sides == sorted(sides)
    assert sides[0] == plan.first_image_size
    assert all(side % 32 == 0 for side in sides)
    assert sides[-1] <= plan.image_size
    if epochs > grown:
        assert sides[-1] == plan.image_size
