"""The section `[regions]`: what it takes, what it refuses, and what the finder is told of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from insect_edge.config.parse import parse_config
from insect_edge.config.sections import Config
from insect_edge.config.settings import region_settings
from insect_edge.domain import Region
from insect_edge.errors import ConfigError
from insect_edge.regions.areas import Area
from insect_edge.regions.settings import RegionSettings
from support.proposals import box


def parsed(text: str) -> Config:
    """The configuration of a file with this text."""
    return parse_config(text.encode(), name="trap.toml", folder=Path())


def problems(text: str) -> list[str]:
    """The lines of the error that such a file causes."""
    with pytest.raises(ConfigError) as caught:
        parsed(text)
    return str(caught.value).splitlines()


def test_the_default_is_to_look_at_the_whole() -> None:
    """An empty file looks once a frame, at the centred square, with the finder's own defaults for the rest."""
    assert region_settings(Config()) == RegionSettings()


def test_rectangles_and_polygons_stand_side_by_side() -> None:
    """Four numbers are a rectangle, a list of pairs is a polygon."""
    config = parsed('[regions]\nmode = "areas"\nareas = [[0.1, 0.2, 0.3, 0.4], [[0, 0], [1, 0], [0.5, 1]]]')
    rectangle, polygon = region_settings(config).areas
    assert rectangle == Area.of(box(0.1, 0.2, 0.3, 0.4))
    assert polygon == Area(((0, 0), (1, 0), (0.5, 1)))


@pytest.mark.parametrize(
    "value",
    [
        "[[0.1, 0.2, 0.3]]",
        "[0.1, 0.2, 0.3, 0.4]",
        "[[[0, 0], [1, 1]]]",
        "[[[0, 0], [1, 0], [1, 1, 1]]]",
        "[[[0.1, 0.2], 0.5, [0.3, 0.4]]]",
        '"x"',
    ],
)
def test_what_is_no_area_is_told_what_one_looks_like(value: str) -> None:
    """The remedy shows both forms."""
    (line,) = problems(f'[regions]\nmode = "motion"\nareas = {value}')
    assert "[regions] areas" in line
    assert "rectangles [x, y, width, height] and of polygons [[x, y], [x, y], [x, y]]" in line


@pytest.mark.parametrize("value", ["0.01", "[]", "[0.5, 2]", '"half"'])
def test_tiles_that_are_none_are_refused(value: str) -> None:
    """A tile has a side between a twentieth and the whole."""
    (line,) = problems(f'[regions]\nmode = "grid"\ntiles = {value}')
    assert "from 0.05 to 1" in line


def test_one_scale_needs_no_list() -> None:
    """A single number is a list of one."""
    assert region_settings(parsed('[regions]\nmode = "grid"\ntiles = 0.25')).tiles == (0.25,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('mode = "areas"', "nothing says which"),
        ("areas = [[0, 0, 1, 1]]", 'choose mode = "areas"'),
        ("smallest = 0.3", "no animal would be of the right size"),
        ('mode = "motion"\nlargest = 0.012', "not above 0.012"),
        ('mode = "auto"\nlargest = 0.01', "not above 0.012"),
        ('mode = "contrast"\nlargest = 0.006', "not above 0.006"),
        ('mode = "motion"\ntiles = 0.25', 'mode = "motion" has no tiles: choose mode = "grid"'),
        ("tile_overlap = 0.5", 'mode = "whole" has no tiles: choose mode = "grid"'),
        ('mode = "auto"\nareas = [[[0, 0], [1, 1], [0.5, 0.5]]]', "inside it and not empty"),
        (
            'mode = "motion"\nareas = [[0, 0, 0.5, 1]]\n[camera]\nregion = [0.5, 0, 0.5, 1]',
            "[camera] region names another part",
        ),
        ('mode = "grid"\ntiles = 0.05', "1296 parts of a frame, max_crops = 8 of them in each frame"),
        (
            'mode = "grid"\n[policy]\nend_after = 100\n[camera]\nrate = 0.02',
            "each is looked at every 100 s, too rarely to follow any: larger tiles",
        ),
        (
            f'mode = "areas"\nareas = {[[0.01 * n, 0, 0.1, 0.1] for n in range(80)]}\n[camera]\nrate = 0.1',
            "fewer areas",
        ),
        ('mode = "movement"', 'one of "whole", "areas", "grid", "motion", "contrast", "auto"'),
    ],
)
def test_keys_that_contradict_each_other_are_told(text: str, said: str) -> None:
    """A mistake is found before the daemon starts, with the remedy."""
    (line,) = problems(f"[regions]\n{text}")
    assert said in line


@pytest.mark.parametrize(
    "text",
    [
        'mode = "contrast"\nlargest = 0.01',
        'mode = "motion"\nsmallest = 0.005\nlargest = 0.01',
        'mode = "grid"\ntiles = 0.05\nmax_crops = 100',
        'mode = "grid"\ntiles = 0.05\nareas = [[0.1, 0.1, 0.3, 0.3]]',
        'mode = "grid"\nmax_crops = 15\n[policy]\nend_after = 250\n[camera]\nrate = 0.01',
        "tiles = [0.5]\ntile_overlap = 0.25",
    ],
)
def test_what_can_work_is_taken(text: str) -> None:
    """Small animals on a sheet, a round in time, one that takes a single frame, and defaults that are written out."""
    assert parsed(f"[regions]\n{text}").regions


def test_a_rectangle_of_the_camera_limits_the_search() -> None:
    """In the searching modes it counts like an area; the square that is the default of mode `whole` does not."""
    searched = region_settings(parsed('[regions]\nmode = "motion"\n[camera]\nregion = [0.1, 0.2, 0.3, 0.4]'))
    assert searched.areas == (Area.of(box(0.1, 0.2, 0.3, 0.4)),)
    assert region_settings(parsed('[regions]\nmode = "motion"')).areas == ()
    whole = region_settings(parsed("[camera]\nregion = [0.1, 0.2, 0.3, 0.4]"))
    assert (whole.areas, whole.view) == ((), box(0.1, 0.2, 0.3, 0.4))
    assert region_settings(parsed('[camera]\nregion = "whole"')).view == Region.whole()


@pytest.mark.parametrize("mode", ["areas", "grid", "motion", "contrast", "auto"])
def test_where_animals_are_followed_what_nobody_chose_is_calmer(mode: str) -> None:
    """An animal behind a leaf is waited for, and twenty ants are no twenty alerts; what is chosen stands."""
    regions = f'[regions]\nmode = "{mode}"\nareas = [[0, 0, 0.5, 1]]\n'
    calm = parsed(regions)
    assert (calm.policy.end_after, calm.policy.cooldown, calm.alerts.cooldown) == (30.0, 300.0, 300.0)
    chosen = parsed(regions + "[policy]\nend_after = 10\n[alerts]\ncooldown = 0")
    assert (chosen.policy.end_after, chosen.alerts.cooldown) == (10.0, 0.0)
    assert parsed(regions + "[camera]\nrate = 0.1").policy.end_after == 30.0


def test_without_following_the_defaults_are_quick() -> None:
    """Mode `whole`, written or not, changes nothing."""
    for text in ("", '[regions]\nmode = "whole"', "[regions]\nmax_crops = 3"):
        config = parsed(text)
        assert (config.policy.end_after, config.alerts.cooldown) == (10.0, 0.0)


def test_the_example_leaves_those_defaults_alone() -> None:
    """Who takes the example and chooses a mode gets what the mode wants."""
    example = (Path(__file__).parents[3] / "deploy" / "insect-edge.example.toml").read_text(encoding="utf-8")
    chosen = parsed(example.replace('mode = "whole"', 'mode = "auto"'))
    assert chosen.regions.mode == "auto"
    assert (chosen.policy.end_after, chosen.alerts.cooldown) == (30.0, 300.0)
