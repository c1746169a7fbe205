"""Every photograph is looked at once, also when it is there twice, and also when somebody interrupts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("tqdm", reason="the converter's extra is not installed")

from insect_converter.dataset import Photograph
from insect_converter.errors import TrainingError
from insect_converter.suspects import look
from insect_converter.suspects.store import FeatureStore
from support.photographs import draw, encoded

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


class MeanColour:
    """A backbone for which a picture is its mean colour, and that counts what it was shown."""

    def __init__(self, *, patience: int = 1000) -> None:
        self.shown = 0
        self.patience = patience

    def __call__(self, views: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Mean of R, G and B in 0..1; an interruption once patience is at its end."""
        if self.shown >= self.patience:
            raise KeyboardInterrupt
        self.shown += len(views)
        colours: NDArray[np.float32] = views.mean(axis=(1, 2), dtype=np.float32) / 255
        return colours


def photographs(folder: Path, *, count: int) -> list[Photograph]:
    """Drawn ones."""
    found = []
    for number in range(count):
        path = folder / f"{number:03}.png"
        path.write_bytes(encoded(draw("mantis", seed=number, width=40, height=32), ".png"))
        found.append(Photograph(path=path, name=f"mantis/{path.name}", label=0))
    return found


def test_features_are_those_of_the_centred_square_in_the_order_of_the_photographs(tmp_path: Path) -> None:
    """Red, green and blue come out as such, the left and right margins of a wide picture do not matter."""
    found = []
    for number, colour in enumerate([(0, 0, 255), (0, 255, 0), (255, 0, 0)]):
        pixels = np.full((30, 60, 3), 90, np.uint8)
        pixels[:, 15:45] = colour
        path = tmp_path / f"{number}.png"
        path.write_bytes(encoded(pixels, ".png"))
        found.append(Photograph(path=path, name=path.name, label=0))
    seen = look.see(found, backbone=MeanColour(), store=FeatureStore(tmp_path / "f.npz", key=""))
    assert seen.photographs == found
    np.testing.assert_allclose(seen.vectors(), np.eye(3), atol=0.01)


def test_the_same_file_twice_is_looked_at_once(tmp_path: Path) -> None:
    """Copies share features; each is called for the progress bar."""
    found = photographs(tmp_path, count=3)
    found[2].path.write_bytes(found[0].path.read_bytes())
    backbone, steps = MeanColour(), []
    store = FeatureStore(tmp_path / "f.npz", key="")
    seen = look.see(found, backbone=backbone, store=store, on_each=lambda: steps.append(1))
    assert backbone.shown == 2
    assert len(steps) == len(seen.features) == 3
    assert seen.features[2] is seen.features[0]


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A file that is no picture and one that has gone are left out, with the reason; the others are there."""
    found = photographs(tmp_path, count=3)
    found[0].path.write_bytes(b"nothing")
    found[1].path.unlink()
    seen = look.see(found, backbone=MeanColour(), store=FeatureStore(tmp_path / "f.npz", key=""))
    assert seen.photographs == found[2:]
    assert "not a picture" in seen.unreadable[found[0].path]
    assert "no such file" in seen.unreadable[found[1].path]


def test_a_second_look_needs_no_backbone(tmp_path: Path) -> None:
    """Known photographs come from the store, under other names too; only new ones are looked at."""
    found = photographs(tmp_path, count=3)
    first = look.see(found[:2], backbone=MeanColour(), store=FeatureStore(tmp_path / "f.npz", key=""))
    moved = found[0].path.rename(tmp_path / "moved.png")
    found[0] = Photograph(path=moved, name="moved", label=0)
    backbone = MeanColour()
    again = look.see(found, backbone=backbone, store=FeatureStore(tmp_path / "f.npz", key=""))
    assert backbone.shown == 1
    np.testing.assert_array_equal(again.vectors()[:2], first.vectors())


def test_an_interruption_keeps_what_was_seen(tmp_path: Path) -> None:
    """After Ctrl-C the next run goes on from the last whole batch."""
    found = photographs(tmp_path, count=70)
    with pytest.raises(KeyboardInterrupt):
        look.see(found, backbone=MeanColour(patience=64), store=FeatureStore(tmp_path / "f.npz", key=""))
    backbone = MeanColour()
    look.see(found, backbone=backbone, store=FeatureStore(tmp_path / "f.npz", key=""))
    assert backbone.shown == 6


def test_a_mirrored_picture_has_the_same_features(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the backbone says of a picture and of its mirror image is averaged; it is loaded once, when first used."""
    loaded = []

    def network(views: NDArray[np.float32]) -> NDArray[np.float32]:
        assert views.min() >= -1
        assert views.max() <= 1
        rows: NDArray[np.float32] = views.reshape(len(views), -1)
        return rows

    def load(weights: Path | None) -> look.Network:
        loaded.append(weights)
        return network

    monkeypatch.setattr(look, "_load", load)
    backbone = look.pretrained(None)
    assert not loaded
    views = np.random.default_rng(3).integers(0, 256, (2, 6, 6, 3), dtype=np.uint8)
    np.testing.assert_array_equal(backbone(views), backbone(views[:, :, ::-1]))
    assert not np.array_equal(backbone(views), backbone(views[:, ::-1]))
    assert loaded == [None]


def test_the_key_is_that_of_the_weights(tmp_path: Path) -> None:
    """Other weights have another key, wherever they lie; weights that are not there are one line."""
    (tmp_path / "a.h5").write_bytes(b"a")
    (tmp_path / "b.h5").write_bytes(b"b")
    (tmp_path / "c.h5").write_bytes(b"a")
    keys = {look.key_of(weights) for weights in (tmp_path / "a.h5", tmp_path / "b.h5", tmp_path / "c.h5", None)}
    assert len(keys) == 3
    with pytest.raises(TrainingError, match=r"no\.h5: cannot be read \(No such file or directory\): name the backbone"):
        look.key_of(tmp_path / "no.h5")
