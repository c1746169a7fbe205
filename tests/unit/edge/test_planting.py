"""Any scene can be had by its name; wide ones as one wants them."""

from __future__ import annotations

from pathlib import Path

import pytest

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.adapters.simulated import SimulatedCamera
from insect_edge.composition.cameras import make_camera
from insect_edge.config.parse import parse_config
from insect_edge.errors import ConfigError
from insect_edge.garden.animals import ANIMALS
from insect_edge.garden.nuisances import Nuisance
from insect_edge.garden.planting import Planting
from insect_edge.garden.scene import SCENES
from insect_edge.garden.wide_ground import WIDE_GROUNDS
from insect_edge.garden.wide_scenes import WIDE_SCENES

SMALL = {"width": 160, "height": 90}


def test_scenes_name_what_can_be_drawn() -> None:
    """Every wide scene stands on a known ground and is visited by known animals; no name means two scenes."""
    for scene in WIDE_SCENES.values():
        assert scene.ground in WIDE_GROUNDS
        assert set(scene.comings.labels) <= set(ANIMALS)
    assert not set(WIDE_SCENES) & set(SCENES)
    assert {"bed", "bed-1", "bed-8", "windy", "still", "sheet"} <= set(WIDE_SCENES)


def test_a_wide_scene_can_be_changed() -> None:
    """Number, size and nuisances are those asked for, and else the scene's own."""
    drawn = Planting.of("windy", animals=2, size=0.1, nuisances=[]).garden(seed=0, frames_per_second=1.0, **SMALL)
    counts = [len(drawn.truths(number)) for number in range(0, 600, 20)]
    assert max(counts) == 2
    assert Planting.of("bed").nuisances is None


@pytest.mark.parametrize("changed", [{"animals": 2}, {"size": 0.1}, {"nuisances": [Nuisance.RAIN]}])
def test_scenes_with_one_animal_stay_as_they_are(changed: dict[str, object]) -> None:
    """What they do not have is refused, and the scenes that have it are named."""
    with pytest.raises(ConfigError, match=r"one animal at a time: leave .* out, or choose one of bed, bed-1"):
        Planting.of("garden", **changed)  # type: ignore[arg-type] # one of three


def test_unknown_scenes_are_refused() -> None:
    """With the names of all there are."""
    with pytest.raises(ConfigError, match=r"scene = 'moon': no such scene: one of ants, bed, bed-1, .*garden.*windy"):
        Planting.of("moon")


def test_the_camera_knows_all_animals_it_shows() -> None:
    """Many in a wide scene, one or none in the others, and no single truth where there are many."""
    wide = SimulatedCamera(clock=FakeClock(), scene="bed-3", frames_per_second=1.0, **SMALL)
    assert 0 < max(len(wide.truths(number)) for number in range(0, 300, 20)) <= 3
    with pytest.raises(ConfigError, match="simulated:bed-3 shows many animals: ask for its truths"):
        wide.truth(100)
    narrow = SimulatedCamera(clock=FakeClock(), scene="ants", frames_per_second=10.0, **SMALL)
    assert narrow.truths(10) == ()
    (sight,) = narrow.truths(60)
    assert (sight.label, sight.box, sight.identity, sight.moving) == ("ants", narrow.truth(60).box, 0, True)


def test_the_configuration_chooses_the_scene() -> None:
    """Number, size and nuisances reach the camera."""
    text = """
    [camera]
    source = "simulated"
    [camera.simulated]
    scene = "bed"
    animals = 1
    size = 0.1
    nuisances = ["rain", "noise"]
    width = 160
    height = 90
    """
    camera = make_camera(parse_config(text.encode(), name="c.toml", folder=Path()).camera, clock=FakeClock())
    assert isinstance(camera, SimulatedCamera)
    assert camera.name == "simulated:bed"
    assert max(len(camera.truths(number)) for number in range(0, 9000, 300)) == 1


def test_an_unknown_nuisance_is_a_configuration_error() -> None:
    """The message lists those there are."""
    text = '[camera]\nsource = "simulated"\n[camera.simulated]\nscene = "bed"\nnuisances = ["snow"]\n'
    with pytest.raises(ConfigError, match="any of leaves, branch, clouds, dusk, exposure, rain, wind, noise"):
        parse_config(text.encode(), name="c.toml", folder=Path())
