"""Photographs that show what is held back, and are learnt from all the same, are lent to no other part."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from insect_converter.dataset import Dataset, Photograph
from insect_converter.dealing import Group, deal
from insect_converter.pictures import Picture
from insect_converter.split import Part, divide

PIXELS = np.zeros((1, 1, 3), np.uint8)


def photograph(name: str, *, label: int = 0, part: Part | None = None) -> Photograph:
    """One by its name."""
    return Photograph(path=Path(name), name=name, label=label, split=part)


def test_what_stays_is_not_lent_where_a_part_is_lacking() -> None:
    """Validation is taken from training, from those groups that may go, whatever their ranks."""
    tests = [Group(members=(photograph(f"t{at}"),), part=Part.TEST, rank=f"t{at}") for at in range(2)]
    staying = [Group(members=(photograph(f"s{at}"),), part=Part.TRAIN, rank=f"a{at}", stays=True) for at in range(6)]
    going = [Group(members=(photograph(f"g{at}"),), part=Part.TRAIN, rank=f"z{at}") for at in range(3)]
    parts = deal([*tests, *staying, *going], ("aphid",), validation=0.2, test=0.2)
    assert {item.name for item in parts[Part.VALIDATION]} == {"g0", "g1"}
    assert len(parts[Part.TRAIN]) == 7


def test_kept_leaks_are_learnt_from_where_validation_is_taken_from_training() -> None:
    """Data that came without a validation part lends it none of what shows a test photograph."""
    motifs = np.random.default_rng(7).integers(2**63, size=12)
    found, pictures = [], {}
    for at, motif in enumerate(motifs):
        for part in (Part.TEST, Part.TRAIN) if at < 4 else (Part.TRAIN,):
            item = photograph(f"{part}/{at}.jpg", label=at % 2, part=part)
            found.append(item)
            pictures[item.path] = Picture(pixels=PIXELS, sha256=item.name, difference_hash=int(motif))
    dataset = Dataset(labels=("aphid", "bee"), photographs=tuple(found))
    split = divide(dataset, pictures, validation=0.2, test=0.2, seed=1, keep_leaks=True)
    assert split.leaks_kept == 4
    assert {f"train/{at}.jpg" for at in range(4)} <= {item.name for item in split.train}
    assert {item.label for item in split.validation} == {0, 1}
