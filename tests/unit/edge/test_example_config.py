"""The example configuration is complete, true and usable as it is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from insect_edge.config.alerts import Threshold
from insect_edge.config.parse import parse_config
from insect_edge.config.sections import FOLLOWING, Config
from insect_edge.config.types import Section

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = Path(__file__).parents[3] / "deploy" / "insect-edge.example.toml"
TEXT = EXAMPLE.read_text(encoding="utf-8")
OPTIONAL = re.compile(r"^#(?=[a-z_]+ = |\[\[)", flags=re.MULTILINE)
LABEL_TABLES = {("policy", "thresholds"), ("policy", "roles")}
SEVERAL = ("alerts", "thresholds")
DEPENDING = {(section, name) for section, others in FOLLOWING.items() for name in others}
"""Their defaults depend on another key: written out they would be chosen."""


def keys(section: Section, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every key of the schema below a section, with its default."""
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, Section):
            yield from keys(value, (*place, name))
        else:
            yield (*place, name), value


def at(tables: dict[str, Any], place: tuple[str, ...]) -> Any:
    """The value there; KeyError where there is none."""
    for part in place:
        tables = tables[part]
    return tables


ALL_KEYS = list(keys(Config()))


def test_the_example_is_the_default() -> None:
    """The file as it is amounts to an empty file."""
    assert parse_config(TEXT.encode(), name="example", folder=Path()) == Config()


@pytest.mark.parametrize(("place", "default"), ALL_KEYS, ids=[".".join(place) for place, _ in ALL_KEYS])
def test_every_key_is_shown_with_its_default(place: tuple[str, ...], default: Any) -> None:
    """A key with a default stands there with it; a key without stands there commented out, with a sensible value."""
    if place in LABEL_TABLES:
        assert at(tomllib.loads(TEXT), place) == {}
        return
    if place == SEVERAL:
        shown = {key for table in at(tomllib.loads(OPTIONAL.sub("", TEXT)), place) for key in table}
        assert shown == set(Threshold.model_fields)
        return
    if default is None or place in DEPENDING:
        with pytest.raises(KeyError):
            at(tomllib.loads(TEXT), place)
        at(tomllib.loads(OPTIONAL.sub("", TEXT)), place)
        return
    value = at(tomllib.loads(TEXT), place)
    assert type(default)(value) == default


def test_the_optional_keys_are_valid_too() -> None:
    """The file with every comment mark taken off an optional key has no key unknown and no value wrong."""
    text = OPTIONAL.sub("", TEXT).replace("enabled = false", "enabled = true")
    config = parse_config(text.encode(), name="example", folder=Path("/etc/insect-edge"))
    assert config.device.id == "greenhouse-1"
    assert config.policy.thresholds == {"slug": 0.7}
