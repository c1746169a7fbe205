"""Runs as tables that a person reads in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NOTHING = "-"
_GAP = "  "


def listed(summaries: Sequence[Mapping[str, Any]]) -> str:
    """A line a run."""
    header = ("run", "state", "recipe", "seed", "photos", "data", "epochs", "s/epoch", "waited", "val", "int8", "float")
    rows = [
        (
            entry["run"],
            entry["state"],
            _recipe(entry),
            entry["seed"],
            entry["photographs"],
            entry["data_sha256"][:8] or None,
            entry["epochs"],
            entry["seconds_per_epoch"],
            entry["waited_seconds"],
            entry["val_accuracy"],
            entry["scores"]["int8 top-1"],
            entry["scores"]["float top-1"],
        )
        for entry in summaries
    ]
    return table([header, *([_text(value) for value in row] for row in rows)], left=3)


def compared(comparison: Mapping[str, Any]) -> str:
    """Two runs side by side: what differs in recipe and origin, then all results with their difference."""
    one, other = comparison["runs"]
    parts = []
    for title, key in (("recipe", "recipe"), ("origin", "origin")):
        rows = [[name, *map(_text, values)] for name, values in comparison[key].items()]
        body = table([[title, one, other], *rows], left=3)
        parts.append(body if rows else f"{title}: no difference")
    rows = [[name, *map(_text, values), _change(*values)] for name, values in comparison["result"].items()]
    parts.append(table([["result", one, other, "change"], *rows], left=1))
    return "\n\n".join(parts)


def table(rows: Sequence[Sequence[str]], *, left: int) -> str:
    """Rows of text, the first the header, in columns.

    Args:
        rows: all of one length.
        left: columns from the left that are text and stand to the left; the others are figures.
    """
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        _GAP.join(
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join(lines)


def _recipe(entry: Mapping[str, Any]) -> str:
    changes = len(entry["changes"])
    return f"{entry['recipe']} +{changes}" if changes else str(entry["recipe"])


def _text(value: Any) -> str:
    if value is None or value == "":
        return _NOTHING
    if isinstance(value, float) and 0 < abs(value) <= 1:
        return f"{value:.4g}"
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_text, value))}]"
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _change(one: Any, other: Any) -> str:
    if any(not isinstance(value, int | float) or isinstance(value, bool) for value in (one, other)):
        return ""
    return f"{other - one:+.4g}"
