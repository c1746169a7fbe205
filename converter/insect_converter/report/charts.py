"""The charts of the page, one function each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import MaxNLocator, PercentFormatter

from insect_converter.report import svg

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from markupsafe import Markup
    from numpy.typing import NDArray

    from insect_converter.calibration import ReliabilityBin
    from insect_converter.report.numbers import ThresholdCurve

WIDTH, HEIGHT = 380, 270
_SMALL_WIDTH, _SMALL_HEIGHT = 180, 132
_MOST_LEVEL_NAMES = 4
"""Stages whose names fit side by side."""
_HEAT = LinearSegmentedColormap.from_list("heat", ["#f4f7fa", "#7fb2d6", "#0a6aa8", "#06304d"])


def curves(records: Sequence[Mapping[str, Any]], *, quantity: str, title: str) -> Markup | None:
    """One quantity of training over the epochs of all stages, on training and validation photographs.

    Args:
        records: of the run's history, in order; those without the quantity are passed over.
        quantity: `accuracy` or `loss`; on validation it is `val_` and that.
        title: of the chart.

    Returns:
        None where no record has it.
    """
    stages = _stages(records, quantity)
    if not stages:
        return None

    def paint(axes: Any) -> None:
        for key, colour, name in ((quantity, svg.FIRST, "training"), (f"val_{quantity}", svg.SECOND, "validation")):
            lines = [[(place, record[key]) for place, record in stage if key in record] for stage in stages]
            for number, points in enumerate(line for line in lines if line):
                marker = "o" if len(points) == 1 else "."
                label = name if number == 0 else None
                axes.plot(*zip(*points, strict=True), color=colour, label=label, marker=marker)
        _mark_stages(axes, stages)
        axes.set_title(title)
        if quantity == "accuracy":
            axes.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
            axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
        axes.legend(loc="best")

    says = f"{title}, epoch by epoch, on training and validation photographs"
    return svg.draw(paint, name=f"curve-{quantity}", says=says, width=WIDTH, height=HEIGHT)


def reliability(before: Sequence[ReliabilityBin], after: Sequence[ReliabilityBin]) -> Markup:
    """How often the model is right against how sure it said it was, before and after temperature scaling."""

    def paint(axes: Any) -> None:
        axes.plot([0, 1], [0, 1], color=svg.QUIET, linewidth=1, linestyle=(0, (3, 3)))
        axes.annotate("perfect", (0, 0), xytext=(0.06, 0.1), color=svg.QUIET, fontsize=10.5)
        rows = ((before, svg.SECOND, "s", "before temperature"), (after, svg.FIRST, "o", "after"))
        for bins, colour, marker, name in rows:
            points = [(one.score, one.right) for one in bins]
            axes.plot(*zip(*points, strict=True), color=colour, marker=marker, markersize=5, label=name)
        axes.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel="mean score of the top label", ylabel="share that is right")
        axes.set_title("Ten groups of photographs, by score")
        axes.legend(loc="upper left")

    says = "Reliability diagram: share of right answers against score, before and after temperature scaling"
    return svg.draw(paint, name="reliability", says=says, width=WIDTH, height=310)


def thresholds(curve: ThresholdCurve, *, chosen: float, label: str, name: str) -> Markup:
    """Precision and recall of one label by threshold, the chosen one marked."""

    def paint(axes: Any) -> None:
        axes.axvline(chosen, color=svg.INK, linewidth=1)
        axes.plot(curve.thresholds, curve.precision, color=svg.FIRST)
        axes.plot(curve.thresholds, curve.recall, color=svg.SECOND, linestyle=(0, (4, 1.5)))
        axes.set(xlim=(0, 1), ylim=(0, 1.03), xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.set_title(label, fontsize=11)

    says = f"Precision and recall of {label} by threshold; the chosen threshold is {chosen:.2f}"
    return svg.draw(paint, name=name, says=says, width=_SMALL_WIDTH, height=_SMALL_HEIGHT)


def confusion(matrix: NDArray[np.int64], *, labels: Sequence[str]) -> Markup:
    """The confusion matrix of many labels as a picture: share of each true label's photographs (rows) by answer."""
    shares = matrix / np.maximum(1, matrix.sum(axis=1, keepdims=True))

    def paint(axes: Any) -> None:
        axes.grid(visible=False)
        # By the square root of the share: a few mistakes among hundreds would be invisible.
        axes.imshow(np.sqrt(shares), cmap=_HEAT, vmin=0, vmax=1, interpolation="nearest", aspect="equal")
        axes.set_xticks(range(len(labels)), labels, rotation=90, fontsize=_tick_size(len(labels)))
        axes.set_yticks(range(len(labels)), labels, fontsize=_tick_size(len(labels)))
        axes.set(xlabel="answer", ylabel="truth")

    says = "Confusion matrix: each row a true label, each column an answer"
    return svg.draw(paint, name="confusion", says=says, width=820, height=820)


def _tick_size(labels: int) -> float:
    return float(np.clip(420 / labels, 4, 9))


def _stages(records: Sequence[Mapping[str, Any]], quantity: str) -> list[list[tuple[int, Mapping[str, Any]]]]:
    """The records that carry the quantity, numbered through, cut where a stage or a repetition of it begins."""
    stages: list[list[tuple[int, Mapping[str, Any]]]] = []
    last: Mapping[str, Any] | None = None
    carrying = (record for record in _epochs(records) if quantity in record or f"val_{quantity}" in record)
    for place, record in enumerate(carrying, start=1):
        goes_on = (
            last is not None
            and last.get("stage") == record.get("stage")
            and record.get("epoch", 0) > last.get("epoch", 0)
        )
        if not goes_on:
            stages.append([])
        stages[-1].append((place, record))
        last = record
    return stages


def _epochs(records: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """One record an epoch; a stage that is written down as a whole has them in its curves."""
    for record in records:
        epochs = record.get("curves")
        if not epochs:
            yield record
            continue
        for number in range(min(len(values) for values in epochs.values())):
            values = {key: values[number] for key, values in epochs.items()}
            yield {**values, "stage": record.get("stage"), "epoch": number + 1}


def _mark_stages(axes: Any, stages: Sequence[Sequence[tuple[int, Mapping[str, Any]]]]) -> None:
    """A quiet line where a stage begins, and its name below, in place of numbers that count through all stages."""
    for stage in stages[1:]:
        axes.axvline(stage[0][0] - 0.5, color=svg.QUIET, linewidth=0.8, linestyle=(0, (2, 3)))
    middles = [(stage[0][0] + stage[-1][0]) / 2 for stage in stages]
    names = [_stage_name(stage) for stage in stages]
    crowded = len(stages) > _MOST_LEVEL_NAMES
    axes.set_xticks(middles, names, rotation=40 if crowded else 0, ha="right" if crowded else "center")
    axes.set_xlim(0.4, stages[-1][-1][0] + 0.6)
    axes.grid(visible=False, axis="x")


def _stage_name(stage: Sequence[tuple[int, Mapping[str, Any]]]) -> str:
    """The stage, and of how many epochs it is told."""
    name = str(stage[0][1].get("stage", ""))
    return f"{name}\n{len(stage)} epochs" if len(stage) > 1 else name
