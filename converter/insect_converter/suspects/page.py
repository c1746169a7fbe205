"""The suspects as a page of thumbnails that a person goes through in minutes: one file, no network."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

import cv2
import jinja2

from insect_edge.adapters.pictures import read_picture

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from insect_converter.suspects.listing import Row

_LONGER_SIDE = 280
"""Of a thumbnail in pixels: an animal is recognised, and a page of 300 of them stays under 6 MB."""
_JPEG_QUALITY = 78


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """What the page shows of a suspect beside its row.

    Attributes:
        row: of the list.
        thumbnail: JPEG in base64.
    """

    row: Row
    thumbnail: str


def thumbnails(rows: Sequence[Row], *, on_each: Callable[[], object] = lambda: None) -> list[Tile]:
    """Make the suspects' thumbnails: the whole photograph, since the animal may sit at its edge.

    Raises:
        ImageError: when a photograph has gone since it was looked at.
    """
    tiles = []
    for row in rows:
        tiles.append(Tile(row=row, thumbnail=_thumbnail(row.photograph)))
        on_each()
    return tiles


def render(tiles: Sequence[Tile], *, rows: Sequence[Row], photographs: Mapping[str, int]) -> str:
    """The page.

    Args:
        tiles: of the suspects that are shown, the most suspicious first.
        rows: of all suspects.
        photographs: how many there are of each label, the unsuspicious too.
    """
    suspects = Counter(row.label for row in rows)
    counted = Counter(row.label for row in rows if row.counted)
    shown = Counter(tile.row.label for tile in tiles)
    classes = [
        {
            "label": label,
            "photographs": count,
            "suspects": suspects[label],
            "counted": counted[label],
            "shown": shown[label],
        }
        for label, count in photographs.items()
    ]
    return _template().render(
        key=_key(tiles),
        photographs=sum(photographs.values()),
        suspects=len(rows),
        counted=sum(counted.values()),
        classes=classes,
        tiles=tiles,
    )


def _template() -> jinja2.Template:
    text = (resources.files(__package__) / "page.html.jinja").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(text)


def _key(tiles: Sequence[Tile]) -> str:
    """Under which a browser remembers what was ticked: another list begins afresh."""
    return hashlib.sha256("\n".join(tile.row.name for tile in tiles).encode()).hexdigest()[:16]


def _thumbnail(path: Path) -> str:
    pixels = read_picture(path)
    height, width = pixels.shape[:2]
    ratio = min(1.0, _LONGER_SIDE / max(height, width))
    size = max(1, round(width * ratio)), max(1, round(height * ratio))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return base64.b64encode(data.tobytes()).decode("ascii")
