"""Batches are drawn from seed, epoch and photograph, and hold every photograph once an epoch."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from insect_converter.augment import Augmentation
from insect_converter.recipes import FineTuning
from support.photographs import draw

if TYPE_CHECKING:
    from types import ModuleType

STILL = Augmentation(
    scale=(1.0, 1.0), aspect=(1.0, 1.0), flip=False, brightness=0.0, contrast=0.0, saturation=0.0, hue=0.0
)
STAGE = FineTuning(image_size=32, batch_size=4)


@pytest.fixture(scope="module")
def batches(tensorflow: None) -> ModuleType:  # noqa: ARG001 - is imported first, silently
    """The module under test."""
    return importlib.import_module("insect_converter.batches")


def augmented(
    batches: ModuleType, *, plan: Augmentation = STILL, seed: int = 1, count: int = 10, background: tuple[int, ...] = ()
) -> Any:
    """Batches of four of plain grey pictures whose shade says which is which."""
    pictures = [np.full((32, 32, 3), 10 * number, np.uint8) for number in range(count)]
    labels = [number % 3 for number in range(count)]
    return batches.AugmentedBatches(
        pictures, labels, plan=STAGE, augmentations=[plan] * 3, background=background, seed=seed
    )


def shades(views: np.ndarray) -> list[int]:
    """Which pictures are in a batch."""
    return [round((float(view.mean()) + 1) * 127.5 / 10) for view in views]


def test_an_epoch_has_each_photograph_once(batches: ModuleType) -> None:
    """The last batch is smaller, targets are one-hot and belong to their pictures, values lie in [-1, 1]."""
    made = augmented(batches)
    assert len(made) == 3
    seen = []
    for index in range(3):
        views, targets = made[index]
        assert (views.dtype, views.shape[1:]) == (np.float32, (32, 32, 3))
        assert views.min() >= -1
        assert views.max() <= 1
        assert [int(row.argmax()) for row in targets] == [number % 3 for number in shades(views)]
        assert np.array_equal(targets.sum(axis=1), np.ones(len(targets)))
        seen += shades(views)
    assert sorted(seen) == list(range(10))


def test_epochs_differ_and_can_be_repeated(batches: ModuleType) -> None:
    """The next epoch has another order; the same seed has the same epochs, another seed others."""

    def epochs(seed: int) -> list[list[int]]:
        made = augmented(batches, seed=seed)
        orders = []
        for _ in range(2):
            orders.append([shade for index in range(3) for shade in shades(made[index][0])])
            made.on_epoch_end()
        return orders

    assert epochs(1) == epochs(1)
    assert epochs(1)[0] != epochs(1)[1]
    assert epochs(1)[0] != epochs(2)[0]


def test_views_differ_from_epoch_to_epoch(batches: ModuleType) -> None:
    """The same photograph is seen otherwise each time, and the same way in the same epoch."""
    plan = Augmentation()
    made = batches.AugmentedBatches(
        [draw("mantis", seed=1)], [0], plan=STAGE, augmentations=[plan], background=(), seed=1
    )
    first, again = made[0][0], made[0][0]
    made.on_epoch_end()
    assert np.array_equal(first, again)
    assert not np.array_equal(first, made[0][0])


def test_each_label_has_its_own_plan(batches: ModuleType) -> None:
    """A background that is erased leaves the others whole."""
    white = np.full((32, 32, 3), 255, np.uint8)
    plans = [STILL, Augmentation(erase=1.0)]
    made = batches.AugmentedBatches([white] * 8, [0, 1] * 4, plan=STAGE, augmentations=plans, background=(), seed=1)
    views, targets = made[0]
    assert [bool(view.min() < 0.9) for view in views] == [bool(row[1]) for row in targets]


def test_colours_are_in_the_order_of_the_network(batches: ModuleType) -> None:
    """Pictures come in as B, G, R and go out as R, G, B."""
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 2] = 255
    made = batches.AugmentedBatches([red], [0], plan=STAGE, augmentations=[STILL], background=(), seed=1)
    assert made[0][0][0, 4, 4].tolist() == [1.0, -1.0, -1.0]


def test_training_moves_on_one_epoch_at_a_time(batches: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keras draws ahead in a thread, yet all batches of an epoch are of the same one, so that runs can be repeated."""
    keras = importlib.import_module("keras")
    made = augmented(batches)
    draw_batch, drawn = type(made).__getitem__, []

    def remembered(self: Any, index: int) -> Any:
        drawn.append((self._epoch, index))
        return draw_batch(self, index)

    monkeypatch.setattr(type(made), "__getitem__", remembered)
    model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten(), keras.layers.Dense(3)])
    model.compile("sgd", "mse")
    model.fit(made, epochs=3, shuffle=False, verbose=0)
    # Before the first epoch Keras has a look at some batches, which counts as an epoch of its own.
    assert drawn[-9:] == [(epoch, index) for epoch in (1, 2, 3) for index in range(3)]


def test_plain_batches_are_the_views_in_order(batches: ModuleType) -> None:
    """Bytes become values in [-1, 1] batch by batch, with their targets where there are."""
    views = np.arange(40, dtype=np.uint8).repeat(4 * 4 * 3).reshape(40, 4, 4, 3)
    targets = np.eye(40, dtype=np.float32)
    made = batches.PlainBatches(views, targets)
    assert len(made) == 2
    assert np.allclose(np.concatenate([made[0][0], made[1][0]]), views / 127.5 - 1.0, atol=1e-6)
    assert np.array_equal(np.concatenate([made[0][1], made[1][1]]), targets)
    (alone,) = batches.PlainBatches(views)[1]
    assert alone.shape == (8, 4, 4, 3)


def test_background_is_repeated(batches: ModuleType) -> None:
    """Each background picture occurs as often as asked, everything else once, in order."""
    labels = np.array([0, 2, 1])
    assert batches.repeat_background(labels, background={2}, times=3).tolist() == [0, 1, 1, 1, 2]
    assert batches.repeat_background(labels, background=(), times=3).tolist() == [0, 1, 2]


def test_a_repeated_picture_is_seen_another_way_each_time(batches: ModuleType) -> None:
    """Repeats would teach nothing if they were copies."""
    plan = replace(STAGE, background_repeat=4)
    made = batches.AugmentedBatches(
        [draw("mantis", seed=1)], [0], plan=plan, augmentations=[Augmentation()], background={0}, seed=1
    )
    views, _ = made[0]
    assert len({view.tobytes() for view in views}) == 4


@pytest.mark.parametrize("kind", ["mixup", "cutmix"])
def test_animals_are_mixed_with_animals_and_never_with_background(batches: ModuleType, kind: str) -> None:
    """Targets become shares among the animals; what is background stays as it is, whole."""
    plan = replace(STAGE, batch_size=12, **{kind: 1.0})
    pictures = [np.full((32, 32, 3), 10 * number, np.uint8) for number in range(12)]
    labels = [number % 3 for number in range(12)]
    made = batches.AugmentedBatches(pictures, labels, plan=plan, augmentations=[STILL] * 3, background={2}, seed=1)
    views, targets = made[0]
    assert np.allclose(targets.sum(axis=1), 1.0)
    background = targets[:, 2] > 0
    assert targets[background].tolist() == [[0.0, 0.0, 1.0]] * 4
    assert {round((float(view.mean()) + 1) * 127.5) for view in views[background]} == {20, 50, 80, 110}
    assert ((targets[~background] > 0).sum(axis=1) > 1).any()


def test_a_small_animal_lies_within_a_picture_of_the_background(batches: ModuleType) -> None:
    """An inset shows both, and the label remains the animal's."""
    black, white = np.zeros((32, 32, 3), np.uint8), np.full((32, 32, 3), 255, np.uint8)
    plans = [replace(STILL, inset=1.0), STILL]
    made = batches.AugmentedBatches([white, black], [0, 1], plan=STAGE, augmentations=plans, background={1}, seed=1)
    views, targets = made[0]
    shares = {int(row.argmax()): float((view.mean() + 1) / 2) for view, row in zip(views, targets, strict=True)}
    assert 0.02 < shares[0] < 0.6
    assert shares[1] == 0.0
