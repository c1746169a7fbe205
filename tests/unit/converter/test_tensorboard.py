"""Curves are written where TensorBoard is installed, and nothing happens elsewhere."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("tqdm", reason="the converter's extra is not installed")

from insect_converter import tensorboard

if TYPE_CHECKING:
    from pathlib import Path

RECORDS = [{"stage": "fine-tuning", "epoch": 1, "loss": 0.5, "val_accuracy": 0.75}]


def test_without_the_package_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is TensorFlow imported for it."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    tensorboard.TensorBoard(tmp_path).add(RECORDS, member=0)
    assert list(tmp_path.iterdir()) == []


def test_each_number_becomes_a_curve(tmp_path: Path, tensorflow: None) -> None:  # noqa: ARG001 - is imported first
    """The run's folder has a file of events that names them."""
    pytest.importorskip("tensorboard", reason="TensorBoard is not installed")
    tensorboard.TensorBoard(tmp_path).add(RECORDS, member=1)
    (events,) = (tmp_path / tensorboard.FOLDER).iterdir()
    content = events.read_bytes()
    assert b"fine-tuning 2/loss" in content
    assert b"fine-tuning 2/val_accuracy" in content
    assert b"stage" not in content
