"""Wide scenes: their truth is what their pixels show, and everything about them is repeatable and can be switched."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from insect_edge.garden.arrivals import Comings
from insect_edge.garden.nuisances import Nuisance
from insect_edge.garden.planting import Planting
from insect_edge.garden.weather import sway
from insect_edge.garden.wide import WideGarden
from insect_edge.garden.wide_ground import WIDE_GROUNDS
from insect_edge.garden.wide_scenes import WIDE_SCENES, WideScene

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from insect_edge.garden.sight import Sight

WIDTH, HEIGHT = 480, 270
BARE: frozenset[Nuisance] = frozenset()
EVERYTHING = frozenset(Nuisance)
LABELS = WIDE_SCENES["bed"].comings.labels


def plant(
    *, nuisances: frozenset[Nuisance] = BARE, places: int = 8, labels: tuple[str, ...] = LABELS, seed: int = 2
) -> WideGarden:
    """A small bed, one frame a second, with animals of 12 to 38 pixels."""
    comings = Comings(labels=labels, places=places, sizes=(0.025, 0.08))
    scene = WideScene(ground="bed", comings=comings, nuisances=nuisances)
    return WideGarden(scene, seed=seed, width=WIDTH, height=HEIGHT, frames_per_second=1.0)


garden = lru_cache(plant)
"""The same, planted once."""


def edges(sight: Sight) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the box, in pixels; right and bottom are outside."""
    box = sight.box
    left, top = round(box.x * WIDTH), round(box.y * HEIGHT)
    return left, top, left + round(box.width * WIDTH), top + round(box.height * HEIGHT)


def changed(first: NDArray[np.uint8], second: NDArray[np.uint8], *, by: int) -> NDArray[np.bool_]:
    """(height, width) where two frames differ by more than that many grey levels."""
    difference: NDArray[np.bool_] = np.abs(first.astype(int) - second).max(axis=2) > by
    return difference


@pytest.fixture(scope="module")
def full() -> WideGarden:
    """A bed with everything."""
    return garden(nuisances=EVERYTHING)


def test_any_frame_by_number_in_any_order(full: WideGarden) -> None:
    """Frames asked for forwards, backwards and in another garden of the same seed agree in every pixel and truth."""
    numbers = (5, 140, 141, 700, 2000)
    forwards = [(full.frame(number), full.truths(number)) for number in numbers]
    again = plant(nuisances=EVERYTHING)
    for number, (frame, truths) in reversed(list(zip(numbers, forwards, strict=True))):
        assert np.array_equal(again.frame(number), frame)
        assert again.truths(number) == truths
        assert np.array_equal(full.frame(number), frame)


def test_another_seed_is_another_garden(full: WideGarden) -> None:
    """Ground, plants and animals differ."""
    other = garden(nuisances=EVERYTHING, seed=3)
    assert changed(full.frame(200), other.frame(200), by=20).mean() > 0.3
    assert full.truths(200) != other.truths(200)


@pytest.fixture
def bare_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing casts a shadow, and the ground has a colour that no animal has: what differs is an animal."""

    def magenta(*, width: int, height: int, generator: np.random.Generator) -> NDArray[np.uint8]:
        del generator
        return np.full((height, width, 3), (255, 0, 255), np.uint8)

    monkeypatch.setattr("insect_edge.garden.sprite._SHADOW_STRENGTH", 0.0)
    monkeypatch.setitem(WIDE_GROUNDS, "bed", magenta)


@pytest.mark.usefixtures("bare_truth")
@pytest.mark.parametrize("nuisances", [BARE, frozenset({Nuisance.LEAVES, Nuisance.WIND})], ids=["bare", "leaves"])
def test_the_truth_is_what_the_pixels_show(nuisances: frozenset[Nuisance]) -> None:
    """The picture differs from that without animals in their boxes alone, and right up to their edges."""
    lively, empty = (plant(nuisances=nuisances, places=places) for places in (8, 0))
    looked = 0
    for number in range(100, 800, 70):
        animals = changed(lively.frame(number), empty.frame(number), by=80)
        outside = changed(lively.frame(number), empty.frame(number), by=160)
        for sight in lively.truths(number, least=0.0):
            left, top, right, bottom = edges(sight)
            outside[top:bottom, left:right] = False
            inside = animals[top:bottom, left:right]
            strips = (inside[:2], inside[-2:], inside[:, :2], inside[:, -2:])
            assert all(strip.any() for strip in strips) or sight.visible < 0.1, (number, sight)
            looked += 1
        assert not outside.any(), number
    assert looked > 30


@pytest.mark.usefixtures("bare_truth")
def test_each_animal_alone_is_where_its_box_says() -> None:
    """With one animal in the garden what has changed is its box, but for the tips of its feelers."""
    lively, empty = plant(places=1), plant(places=0)
    seen = 0
    for number in range(5, 1200, 40):
        for sight in lively.truths(number, least=0.0):
            rows, columns = np.nonzero(changed(lively.frame(number), empty.frame(number), by=70))
            found = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
            assert found == pytest.approx(edges(sight), abs=3)
            seen += 1
    assert seen > 10


def test_identities_are_never_used_again(full: WideGarden) -> None:
    """An animal keeps its label, and stays in sight, but for what hides it, from its first frame to its last."""
    seen: dict[int, list[int]] = defaultdict(list)
    labels: dict[int, str] = {}
    for number in range(0, 3600, 40):
        for sight in full.truths(number, least=0.0):
            seen[sight.identity].append(number)
            assert labels.setdefault(sight.identity, sight.label) == sight.label
    assert len(labels) > 80
    assert all(numbers[-1] - numbers[0] <= 180 for numbers in seen.values())


@pytest.mark.parametrize("places", [1, 3])
def test_no_more_animals_than_places(places: int) -> None:
    """Never more at once, and now and then that many."""
    drawn = garden(places=places)
    counts = [len(drawn.truths(number, least=0.0)) for number in range(0, 3000, 60)]
    assert max(counts) == places


def test_animals_are_as_long_as_asked_for() -> None:
    """The longer side of an ant's box is about its length; turned by 45 degrees it is shorter, its legs aside."""
    comings = Comings(labels=("ants",), sizes=(0.08, 0.08))
    scene = WideScene(ground="bed", comings=comings, nuisances=frozenset())
    drawn = WideGarden(scene, seed=1, width=WIDTH, height=HEIGHT, frames_per_second=1.0)
    sides = [
        max(sight.box.width * WIDTH, sight.box.height * HEIGHT) / WIDTH
        for number in range(60, 900, 30)
        for sight in drawn.truths(number, least=0.98)
    ]
    assert len(sides) > 20
    assert 0.055 < min(sides) < max(sides) < 0.09


def test_who_moves_has_moved() -> None:
    """A box that has shifted since a second ago is that of a moving animal; one at rest is pixel for pixel the same."""
    drawn = garden()
    kinds = set()
    for number in range(60, 600, 20):
        before = {sight.identity: sight for sight in drawn.truths(number - 1, least=0.99)}
        for sight in drawn.truths(number, least=0.99):
            kinds.add(sight.moving)
            if sight.identity in before and not sight.moving:
                assert edges(sight) == pytest.approx(edges(before[sight.identity]), abs=1)
            elif sight.identity in before and abs(sight.box.x - before[sight.identity].box.x) * WIDTH > 2:
                assert sight.moving
    assert kinds == {True, False}


def test_hidden_animals_are_left_out_unless_asked_for() -> None:
    """Under leaves less is visible; by default animals are told that are at least half to be seen."""
    drawn = garden(nuisances=frozenset({Nuisance.LEAVES, Nuisance.WIND}))
    all_of_them = [(n, sight) for n in range(60, 1500, 40) for sight in drawn.truths(n, least=0.0)]
    hidden = [(n, sight) for n, sight in all_of_them if sight.visible < 0.5]
    assert hidden
    assert all(0 < sight.visible <= 1 for _, sight in all_of_them)
    for number, sight in hidden:
        assert sight.identity not in {other.identity for other in drawn.truths(number)}
    assert all(sight in drawn.truths(number) for number, sight in all_of_them if sight.visible >= 0.5)


def test_nothing_stirs_in_the_still_scene() -> None:
    """But for the noise, which is small, all frames are the same, for hours."""
    scene = WIDE_SCENES["still"]
    noisy, silent = (
        WideGarden(replace(scene, nuisances=chosen), seed=0, width=WIDTH, height=HEIGHT, frames_per_second=1.0)
        for chosen in (scene.nuisances, BARE)
    )
    assert np.array_equal(silent.frame(10), silent.frame(9000))
    assert not np.array_equal(noisy.frame(10), noisy.frame(9000))
    assert not changed(noisy.frame(10), noisy.frame(9000), by=30).any()
    assert noisy.truths(500) == ()


DISTURBED = {
    Nuisance.LEAVES: (100.0, 101.0),
    Nuisance.BRANCH: (100.0, 102.0),
    Nuisance.CLOUDS: (100.0, 106.0),
    Nuisance.DUSK: (1400.0, 2200.0),
    Nuisance.EXPOSURE: (100.0, 250.0),
    Nuisance.WIND: (100.0, 102.0),
    Nuisance.NOISE: (100.0, 101.0),
}
"""Seconds between which it can be seen."""


@pytest.mark.parametrize("nuisance", DISTURBED)
def test_each_nuisance_can_be_switched(nuisance: Nuisance) -> None:
    """Alone, without animals, it changes the picture between two moments; with nothing, nothing does."""
    drawn = garden(nuisances=frozenset({nuisance}), places=0)
    first, second = (drawn.frame(round(moment)) for moment in DISTURBED[nuisance])
    assert changed(first, second, by=3).any()
    calm = garden(places=0)
    assert np.array_equal(*(calm.frame(round(moment)) for moment in DISTURBED[nuisance]))


def test_nuisances_change_nothing_about_the_animals(full: WideGarden) -> None:
    """Who comes when, and who moves, is the same in a calm garden."""
    for number in (100, 300, 900):
        calm = {sight.identity: sight for sight in garden().truths(number, least=0.0)}
        for sight in full.truths(number, least=0.9):
            assert (sight.label, sight.moving) == (calm[sight.identity].label, calm[sight.identity].moving)
            assert sight.box.x == pytest.approx(calm[sight.identity].box.x, abs=0.01)


def test_the_wind_moves_animals_with_the_ground() -> None:
    """In a swaying picture the boxes sway along, and who rests still counts as resting."""
    calm, windy = garden(), garden(nuisances=frozenset({Nuisance.WIND}))
    strong = [number for number in range(60, 900) if abs(sway(number)[0]) * HEIGHT > 1.4][:12]
    ratios: list[float] = []
    for number in strong:
        swayed = {sight.identity: sight for sight in windy.truths(number, least=0.97)}
        still = [sight for sight in calm.truths(number, least=0.97) if sight.identity in swayed]
        pairs = [(sight, swayed[sight.identity]) for sight in still]
        assert [first.moving for first, _ in pairs] == [second.moving for _, second in pairs]
        expected = sway(number)[0] * HEIGHT
        ratios += [(second.box.x - first.box.x) * WIDTH / expected for first, second in pairs]
    assert np.mean(ratios) == pytest.approx(1, abs=0.25)  # boxes are whole pixels, and the wind moves them by two


def test_a_dark_frame_is_noise_about_black(full: WideGarden) -> None:
    """Whatever the scene shows by day."""
    assert full.dark(3).mean() < 4
    assert full.dark(3).any()


@pytest.mark.parametrize(("width", "height"), [(64, 48), (90, 160), (333, 77)])
@pytest.mark.parametrize("scene", ["bed", "sheet"])
def test_any_size_can_be_drawn(scene: str, width: int, height: int) -> None:
    """Small, upright and odd frames come out in their size, with truths that fit."""
    drawn = Planting.of(scene, size=0.2).garden(seed=1, width=width, height=height, frames_per_second=1.0)
    for number in range(0, 400, 57):
        assert drawn.frame(number).shape == (height, width, 3)
        assert all(sight.visible >= 0.5 for sight in drawn.truths(number))
