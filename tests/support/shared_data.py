"""Photographs and models that are kept beside the repository, not in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parents[3] / "shared"


def data_folder() -> Path:
    """The photographs: `$INSECT_EDGE_DATA`, or `../shared/data` beside the repository; the test is skipped without."""
    return _present(Path(os.environ.get("INSECT_EDGE_DATA") or _BESIDE / "data"))


def models_folder() -> Path:
    """The models from elsewhere, `models` beside the photographs; the test is skipped without."""
    return _present(Path(os.environ.get("INSECT_EDGE_DATA") or _BESIDE / "data").resolve().parent / "models")


def _present(folder: Path) -> Path:
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there: set INSECT_EDGE_DATA to the folder of photographs")
    return folder
