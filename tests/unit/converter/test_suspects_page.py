"""The page is one file that needs no network and shows every suspect as a whole picture."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

pytest.importorskip("jinja2", reason="the converter's extra is not installed")

from insect_converter.suspects import page
from insect_converter.suspects.listing import Row
from insect_edge.errors import ImageError
from support.photographs import draw, encoded

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = '<script>alert("x")</script> & co.jpg'


class Elements(HTMLParser):
    """Every element's name and attributes, and the text of those struck out."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.struck: list[str] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.found.append((tag, dict(attrs)))
        self._inside = tag

    def handle_data(self, data: str) -> None:
        """Keep a text that is struck out."""
        if self._inside == "s":
            self.struck.append(data)
        self._inside = ""

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of that name."""
        return [attributes for name, attributes in self.found if name == tag]


def rows(folder: Path) -> list[Row]:
    """Three suspects, the first estimated to be mislabelled, the last with a hostile name."""
    found = []
    for rank, (label, name) in enumerate([("slug", "a.png"), ("moth", "b.png"), ("slug", HOSTILE)], start=1):
        path = folder / f"{rank}.png"
        path.write_bytes(encoded(draw("mantis", seed=rank, width=700, height=350), ".png"))
        quality, counted = 0.1 * rank, rank == 1
        found.append(
            Row(rank=rank, photograph=path, name=name, label=label, suggested="bees", quality=quality, counted=counted)
        )
    return found


def rendered(listed: list[Row], *, show: int = 9) -> str:
    """The page of those suspects."""
    return page.render(page.thumbnails(listed[:show]), rows=listed, photographs={"bees": 4, "moth": 5, "slug": 6})


def test_the_page_needs_nothing_but_itself(tmp_path: Path) -> None:
    """No element fetches anything, no style or script names an address, and the browser is told to allow none."""
    text = rendered(rows(tmp_path))
    elements = Elements(text)
    assert "://" not in re.sub(r"base64,[^\"]*", "", text)
    assert all(str(image["src"]).startswith("data:image/jpeg;base64,") for image in elements.all("img"))
    assert not any("src" in attributes for attributes in elements.all("script"))
    assert not elements.all("link")
    policy = next(meta for meta in elements.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert str(policy["content"]).startswith("default-src 'none'")


def test_each_suspect_has_a_tile_with_its_label_struck_out(tmp_path: Path) -> None:
    """Tiles come in order, nothing is ticked, and a name is text whatever is in it."""
    elements = Elements(rendered(rows(tmp_path)))
    boxes = [box for box in elements.all("input") if box.get("type") == "checkbox"]
    assert [box["data-name"] for box in boxes] == ["a.png", "b.png", HOSTILE]
    assert [box["data-suggested"] for box in boxes] == ["bees"] * 3
    assert ["checked" in box for box in boxes] == [False, False, False]
    assert elements.struck == ["slug", "moth", "slug"]
    assert len(elements.all("script")) == 1


def test_the_page_says_what_it_leaves_out(tmp_path: Path) -> None:
    """Where there are more suspects than are shown, both figures are told, and the classes have theirs."""
    text = " ".join(rendered(rows(tmp_path), show=2).split())
    assert "Of 15 photographs in 3 classes, 3 look more like another class" in text
    assert "The 2 most suspicious are shown" in text
    assert "All are shown" in " ".join(rendered(rows(tmp_path)).split())
    assert "<td>slug</td><td>6</td><td>2</td><td>1</td>" in text
    assert "<td>bees</td><td>4</td><td>0</td><td>0</td>" in text


def test_a_page_of_nothing_is_a_page() -> None:
    """Where nothing is suspicious the page says so."""
    assert "no label looks wrong" in " ".join(rendered([]).split())


def test_a_thumbnail_shows_the_whole_photograph(tmp_path: Path) -> None:
    """It is reduced to 280 pixels and neither cropped nor squeezed; small ones are left as they are."""
    listed = rows(tmp_path)
    listed[1].photograph.write_bytes(encoded(draw("mantis", seed=1, width=50, height=40), ".png"))
    sizes = []
    for tile in page.thumbnails(listed[:2]):
        data = np.frombuffer(base64.b64decode(tile.thumbnail), np.uint8)
        decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
        assert decoded is not None
        sizes.append(decoded.shape[:2])
    assert sizes == [(140, 280), (40, 50)]


def test_a_photograph_that_has_gone_is_named(tmp_path: Path) -> None:
    """One that was deleted meanwhile ends the page with its name."""
    listed = rows(tmp_path)
    listed[0].photograph.unlink()
    with pytest.raises(ImageError, match=r"1\.png: no such file"):
        page.thumbnails(listed)
