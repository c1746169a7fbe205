"""The list of photographs that are not learnt from."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from insect_converter.errors import DatasetError

if TYPE_CHECKING:
    from pathlib import Path

_COLUMN = "name"


def read(path: Path) -> frozenset[str]:
    """Names from a CSV file with a column `name`, such as `suspects` writes, or from a text with one name a line.

    Raises:
        DatasetError: when it cannot be read or there is no name in it.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise DatasetError(f"{path}: cannot be read ({reason}): check the file named with --leave-out") from error
    lines = text.splitlines()
    if lines and _COLUMN in next(csv.reader(lines[:1])):
        found = [row[_COLUMN] or "" for row in csv.DictReader(io.StringIO(text, newline=""))]
    else:
        found = lines
    names = frozenset(name.strip() for name in found if name.strip())
    if not names:
        raise DatasetError(f"{path}: no name in it: list the photographs as split.csv calls them, or leave it out")
    return names
