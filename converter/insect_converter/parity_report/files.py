"""The report as files: text to read, JSON for programs, CSV for a spreadsheet. All of them or none."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import tempfile
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from insect_converter import parity
from insect_converter.errors import ExportError
from insect_converter.parity_report import text
from insect_converter.parity_report.statistics import Flip

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from insect_converter.parity_report.measured import ParityReport


def check_place(folder: Path) -> None:
    """Make sure that the files could be written, before the work begins.

    Raises:
        ExportError: when there is something at that place, or no folder can be made there.
    """
    if os.path.lexists(folder):
        raise ExportError(f"{folder}: there is something already: a report never overwrites, name a new folder")
    with _told(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent).cleanup()


def write(folder: Path, report: ParityReport) -> None:
    """Write `parity.txt`, `parity.json`, `flips.csv` and, where they were measured, `layers.csv` and `ranges.csv`.

    Raises:
        ExportError: when that is impossible; nothing is left behind then.
    """
    contents = {
        "parity.txt": text.describe(report, every_flip=True) + "\n",
        "parity.json": to_json(report),
        "flips.csv": _table(report.flips, header=[field.name for field in fields(Flip)]),
        **({"layers.csv": _table(report.layers)} if report.layers else {}),
        **({"ranges.csv": _table(report.ranges.layers)} if report.ranges.layers else {}),
    }
    check_place(folder)
    with _told(folder), tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        whole = Path(scratch) / folder.name
        whole.mkdir()
        for name, content in contents.items():
            (whole / name).write_text(content, encoding="utf-8", errors="backslashreplace")
        whole.rename(folder)


def to_json(report: ParityReport) -> str:
    """The whole report with the budgets it was held against."""
    content = asdict(report) | {"budgets": _budgets()}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _budgets() -> dict[str, float]:
    return {
        "top1_drop_bound": parity.SIGNIFICANT_DROP,
        "top1_drop": parity.LARGEST_DROP,
        "agreement": parity.LEAST_AGREEMENT,
        "expected_calibration_error": parity.LARGEST_CALIBRATION_ERROR,
    }


def _table(rows: Sequence[Any], *, header: list[str] | None = None) -> str:
    names = header or [field.name for field in fields(rows[0])]
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    return buffer.getvalue()


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise ExportError(f"{folder}: cannot be written ({reason}): make room or name another place") from error
