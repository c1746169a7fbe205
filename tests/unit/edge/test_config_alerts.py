"""Thresholds of counts in the configuration file: what is taken, and how clearly the rest is refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from insect_edge.config.parse import parse_config
from insect_edge.config.settings import policy_settings
from insect_edge.errors import ConfigError
from insect_edge.policy.thresholds import CountThreshold, Per, RateThreshold

if TYPE_CHECKING:
    from insect_edge.config.sections import Config


def parsed(text: str) -> Config:
    """The configuration of a file with this text."""
    return parse_config(text.encode(), name="trap.toml", folder=Path())


def problems(text: str) -> list[str]:
    """The lines of the error that such a file causes."""
    with pytest.raises(ConfigError) as caught:
        parsed(text)
    return str(caught.value).splitlines()


THRESHOLDS = """
[[alerts.thresholds]]
label = "slug"
more_than = 5
per = "trap-day"
rearm_below = 3
[[alerts.thresholds]]
label = "moth"
factor = 2
cooldown = 3600
also_sightings = true
"""


def test_thresholds_come_in_two_kinds() -> None:
    """A count over a time, and a rate that grew; what is left out is as documented."""
    alerts = policy_settings(parsed(THRESHOLDS)).alerts
    assert alerts.thresholds == (
        CountThreshold(label="slug", more_than=5.0, per=Per.TRAP_DAY, rearm_below=3.0),
        RateThreshold(label="moth", factor=2.0, minimum_days=3.5, cooldown=3600.0, also_sightings=True),
    )
    assert alerts.words(["ants", "slug", "moth"]) == (
        "slug: more than 5 per trap-day",
        "moth: rate doubled against the mean of the last 7 days",
        "every sighting of ants, moth",
    )


WRONG_THRESHOLDS = [
    # one table, what of it is shown, and what is said about it
    ("more_than = 5\nper = 'hour'", "label", "missing: whose animals are counted"),
    ("label = 'slug'", "more_than", "missing, and factor too"),
    ("label = 'slug'\nmore_than = 5", "per", "missing: more than so many in what time"),
    ("label = 'slug'\nmore_than = -1\nper = 'hour'", "more_than = -1", "must be a number of animals from 0 to 1000000"),
    ("label = 'slug'\nmore_than = 5\nper = 'month'", 'per = "month"', 'must be one of "trap-day", "hour", "night"'),
    ("label = 'slug'\nmore_than = 5\nper = 'hour'\nfactor = 2", "factor = 2", "a threshold has more_than or factor"),
    ("label = 'slug'\nfactor = 2\nper = 'hour'", 'per = "hour"', "goes with more_than, not with factor"),
    ("label = 'slug'\nmore_than = 5\nper = 'day'\nminimum_count = 3", "minimum_count = 3", "goes with factor"),
    ("label = 'slug'\nfactor = 1", "factor = 1", "must be a number above 1 and at most 1000"),
    ("label = 'slug'\nfactor = 2\nrearm_below = 3", "rearm_below = 3", "above factor = 2"),
    (
        "label = 'slug'\nfactor = 2\nagainst_days = 2\nminimum_days = 3",
        "minimum_days = 3",
        "more than against_days",
    ),
    ("label = 'slug'\nfactor = 2\nlimit = 3", "limit = 3", "unknown key"),
    ("label = 'slug'\nfacter = 2\nfactor = 3", "facter = 2", 'unknown key: did you mean "factor"?'),
    ("label = 3\nfactor = 3", "label = 3", "must be a text in quotes"),
]


@pytest.mark.parametrize(("table", "shown", "said"), WRONG_THRESHOLDS)
def test_a_wrong_threshold_is_told_with_its_number(table: str, shown: str, said: str) -> None:
    """Which of several tables it is, the key with its value, and the remedy, in one line."""
    (line,) = problems(f"{THRESHOLDS}[[alerts.thresholds]]\n{table}\n")
    assert line.startswith(f"trap.toml: [[alerts.thresholds]] 3: {shown}: ")
    assert said in line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("alerts.thresholds = 3", "[alerts] thresholds = 3: "),
        ('[alerts.thresholds]\nlabel = "slug"', "[alerts.thresholds]: "),
        ('alerts.thresholds = ["slug"]', '[[alerts.thresholds]] 1: "slug": '),
        ("alerts.thresholds = [{}, [3]]", "[[alerts.thresholds]] 2: [3]: "),
    ],
)
def test_a_threshold_that_is_no_table_is_told_how_to_write_one(text: str, shown: str) -> None:
    """Numbers, texts and a table in single brackets alike."""
    assert any(
        line.startswith(f"trap.toml: {shown}") and "write [[alerts.thresholds]] on a line of its own" in line
        for line in problems(text)
    )


def test_thresholds_go_with_the_rest_of_the_alerts() -> None:
    """One for a label that may not alert could never fire, and one that stands there twice says nothing new."""
    lines = problems(f'[alerts]\nnever = ["slug"]\nonly = ["ants"]\n{THRESHOLDS}{THRESHOLDS}')
    assert [line.removeprefix("trap.toml: [[alerts.thresholds]] ").split(",")[0] for line in lines] == [
        '1: label = "slug": is also in never',
        '2: label = "moth": is not in only',
        '3: label = "slug": is also in never',
        '3: label = "slug": the same threshold stands there before: take one out',
        '4: label = "moth": is not in only',
        '4: label = "moth": the same threshold stands there before: take one out',
    ]


@pytest.mark.parametrize(
    ("more", "again"),
    [
        ("factor = 2", "factor = 2.0\nagainst_days = 7"),
        ("more_than = 5.2\nper = 'day'", "more_than = 5.2000001\nper = 'day'"),
        ("more_than = 5\nper = 'day'", "more_than = 5\nper = 'day'\nrearm_below = 2"),
    ],
)
def test_the_same_threshold_in_other_words_stands_there_before(more: str, again: str) -> None:
    """What is left out is its default, and what would be told alike is one rule."""
    table = "[[alerts.thresholds]]\nlabel = 'slug'\n{}\n"
    (line,) = problems(table.format(more) + table.format(again))
    assert line.startswith('trap.toml: [[alerts.thresholds]] 2: label = "slug": the same threshold stands there before')
    assert parsed(table.format("factor = 2") + table.format("factor = 2\nagainst_days = 6"))


@pytest.mark.parametrize(
    ("policy", "per", "most"),
    [
        ("", "hour", 12),
        ("", "trap-day", 558),
        ("", "week", 1951),
        ("cooldown = 3600", "hour", 1),
        ("cooldown = 0", "hour", 361),
    ],
)
def test_a_count_that_a_resting_label_cannot_come_to_is_refused(policy: str, per: str, most: int) -> None:
    """In mode `whole` a label starts an event each `end_after` and `cooldown` at most."""
    text = f"[policy]\n{policy}\n[[alerts.thresholds]]\nlabel = 'slug'\nmore_than = {{}}\nper = '{per}'\n"
    (line,) = problems(text.format(most))
    assert line.startswith(f"trap.toml: [[alerts.thresholds]] 1: more_than = {most}: could never be passed: ")
    assert f"{most} per {per}: write less than that, or count each animal with [regions] mode" in line
    assert parsed(text.format(most - 0.5))
    assert parsed(text.format(most) + "[regions]\nmode = 'auto'")


@pytest.mark.parametrize("per", ["night", "day"])
def test_a_night_has_no_length_to_compute_with(per: str) -> None:
    """In the far north it lasts for weeks."""
    assert parsed(f"[[alerts.thresholds]]\nlabel = 'slug'\nmore_than = 5000\nper = '{per}'")


@pytest.mark.parametrize("night", ["20-6", "24:00-06:00", "20:00-20:00", "20:00"])
def test_a_night_that_is_none_is_refused(night: str) -> None:
    """Two different times of day are wanted."""
    (line,) = problems(f'[site]\nnight = "{night}"')
    assert line.startswith(f'trap.toml: [site] night = "{night}": ')


def test_a_position_decides_between_night_and_day_and_hours_do_where_there_is_none() -> None:
    """Both stand in the section of the site."""
    assert policy_settings(parsed('[site]\nnight = "21:30-05:00"')).alerts.daylight.night == (21.5, 5.0)
    assert policy_settings(parsed("")).alerts.daylight.position is None
    assert policy_settings(parsed("[site]\nlatitude = 47.4\nlongitude = 8.5")).alerts.daylight.position == (47.4, 8.5)
