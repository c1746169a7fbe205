"""What a bundle has proven says nothing about another one that takes its name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from insect_edge.models import switching
from insect_edge.models.store import ModelStore
from insect_edge.models.switching import Switch
from support import tiny_model

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Those of a sound bundle called tiny-garden-v1."""
    folder = tiny_model.write_bundle(tmp_path_factory.mktemp("bundle") / "bundle")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def passed(_: Path) -> None:
    """Every bundle is sound."""


def test_what_replaces_the_model_in_use_is_on_trial(tmp_path: Path, files: dict[str, bytes]) -> None:
    """Its name has proven itself, its content has not; another name's bundle changes nothing."""
    store = ModelStore(tmp_path)
    store.add(files, check=passed)
    proven = store.change(lambda _: Switch(current="tiny-garden-v1", previous="a", attempts=2))
    store.add(files | {"model.tflite": b"other"}, check=passed, replace=True)
    assert store.switch() == Switch(current="tiny-garden-v1", previous="a", proven=False)
    assert proven.proven
    other = store.change(lambda _: Switch(current="a", attempts=2))
    store.add(files, check=passed, replace=True)
    assert store.switch() == other


def test_what_replaces_the_model_before_is_not_fallen_back_on(tmp_path: Path, files: dict[str, bytes]) -> None:
    """It has proven nothing; the same bundle once more changes nothing."""
    store = ModelStore(tmp_path)
    store.add(files, check=passed)
    before = store.change(lambda _: Switch(current="a", previous="tiny-garden-v1", proven=False, attempts=1))
    assert store.add(files, check=passed, replace=True) == ("tiny-garden-v1", False)
    assert store.switch() == before
    store.add(files | {"model.tflite": b"other"}, check=passed, replace=True)
    assert store.switch() == replace(before, previous=None)
    assert switching.use(store.switch(), "tiny-garden-v1").proven is False
