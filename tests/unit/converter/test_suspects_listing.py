"""The list names photographs as the split does, whatever their files are called."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

from insect_converter.dataset import Photograph
from insect_converter.suspects import listing
from insect_converter.suspects.listing import Row

BYTES = Path(os.fsdecode(b"photos/caf\xe9.jpg"))


def row(rank: int, *, name: str, path: Path) -> Row:
    """A suspect."""
    return Row(
        rank=rank,
        photograph=path,
        name=name,
        label="slug",
        suggested="snail",
        quality=0.12345 * rank,
        counted=rank == 1,
    )


def test_the_list_can_be_read_back() -> None:
    """Commas, quotes and bytes that are no UTF-8 come through; a line each in the given order."""
    text = listing.to_csv([row(1, name='slug/a, "b".jpg', path=Path("a")), row(2, name="slug/c", path=BYTES)])
    lines = list(csv.DictReader(io.StringIO(text)))
    assert text.splitlines()[0] == "rank,name,path,label,suggested,quality"
    assert lines[0] == {
        "rank": "1",
        "name": 'slug/a, "b".jpg',
        "path": "a",
        "label": "slug",
        "suggested": "snail",
        "quality": "0.1235",
    }
    assert lines[1]["path"] == "photos/caf\\xe9.jpg"
    assert text.encode().decode() == text


def test_suspects_get_their_photographs_names_and_labels() -> None:
    """Positions become names, label numbers become words, and ranks count from 1."""
    from insect_converter.suspects.ranking import Suspect  # noqa: PLC0415 - needs the converter's extra

    photographs = [
        Photograph(path=Path(f"{name}.jpg"), name=f"x/{name}", label=label) for label, name in enumerate("ab")
    ]
    rows = listing.rows(
        [Suspect(position=1, suggested=0, quality=0.2, counted=True)], photographs, labels=("ants", "bees")
    )
    assert rows == [
        Row(rank=1, photograph=Path("b.jpg"), name="x/b", label="bees", suggested="ants", quality=0.2, counted=True)
    ]
