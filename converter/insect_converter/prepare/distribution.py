"""Draw how many photographs each class has: the long tail at a glance."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

from insect_converter.parts import Part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

COLOURS = {Part.TRAIN: "#2f6f4f", Part.TEST: "#e0a030", Part.VALIDATION: "#8fb8a0"}
"""Told apart also without colour vision and on grey paper."""
_WIDTH_INCHES, _INCHES_PER_CLASS, _MARGIN_INCHES = 8.0, 0.24, 1.4
_TALLEST_INCHES = 60.0
_DOTS_PER_INCH = 110


def require() -> None:
    """Import what draws, so that its absence is told before the long work.

    Raises:
        ModuleNotFoundError: without matplotlib.
    """
    import matplotlib.figure  # noqa: F401, PLC0415 - takes its time


def draw(counts: Mapping[str, Mapping[Part, int]]) -> bytes:
    """Bars from the largest class to the smallest, a colour a part.

    Args:
        counts: photographs per class and part.

    Returns:
        A PNG file.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - takes its time

    ordered = sorted(counts, key=lambda label: (-sum(counts[label].values()), label))
    height = min(_TALLEST_INCHES, _MARGIN_INCHES + _INCHES_PER_CLASS * len(ordered))
    figure = Figure(figsize=(_WIDTH_INCHES, height), dpi=_DOTS_PER_INCH, layout="constrained")
    axes = figure.add_subplot()
    _bars(axes, ordered, counts)
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # Names in scripts that the font lacks come out as boxes, which is no reason to talk.
        warnings.simplefilter("ignore", UserWarning)
        figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _bars(axes: Axes, ordered: list[str], counts: Mapping[str, Mapping[Part, int]]) -> None:
    rows = range(len(ordered))
    starts = [0] * len(ordered)
    for part, colour in COLOURS.items():
        widths = [counts[label][part] for label in ordered]
        axes.barh(rows, widths, left=starts, color=colour, label=part.value, height=0.8)
        starts = [start + width for start, width in zip(starts, widths, strict=True)]
    for row, total in zip(rows, starts, strict=True):
        axes.annotate(f"{total:,}", (total, row), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8)
    axes.set_yticks(rows, ordered, fontsize=8)
    for text in axes.get_yticklabels():
        text.set_parse_math(False)  # a dollar sign in a name is a dollar sign
    axes.set_ylim(len(ordered) - 0.4, -0.6)
    axes.set_xlim(0, max(starts) * 1.1)
    axes.set_xlabel("photographs")
    axes.set_title(f"{sum(starts):,} photographs of {len(ordered)} classes", loc="left", fontsize=11)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=len(COLOURS), frameon=False, fontsize=8)
