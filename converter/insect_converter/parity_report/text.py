"""The report as a person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from insect_converter.parity_report.measured import ParityReport, Ranges, Sample
    from insect_converter.parity_report.statistics import Flip, Interval

WORST = 10
"""Layers, ranges and flips shown; the files have all of them."""

LAYERS_EXPLAINED = (
    "in steps of the layer's output, given exact input: rounding alone makes 0.29; a layer well above 1 loses detail,",
    "most often since its weights or its range are stretched by few outliers; a bias does not average out further on",
)
RANGES_EXPLAINED = (
    "share of float values outside what int8 can express there: well above 0.1 % means that the representative",
    "photographs do not show what these do",
)


def describe(report: ParityReport, *, every_flip: bool = False) -> str:
    """The whole report in text.

    Args:
        report: what was measured.
        every_flip: all flipped photographs, rather than the first ten.
    """
    sections = (
        _heading(report),
        _accuracies(report),
        _recalls(report),
        _flips(report.flips, shown=len(report.flips) if every_flip else WORST),
        _layers(report),
        _ranges(report.ranges),
        _gate(report),
    )
    return "\n\n".join("\n".join(lines) for lines in sections)


def _heading(report: ParityReport) -> list[str]:
    models = report.models
    named = "named on the card" if models.float_verified else "not named on the card: taken at your word"
    return [
        f"{models.model_id}: float against int8, both with {models.runtime}",
        f"  float  {models.float_file} ({models.float_sha256[:12]}…, {named})",
        f"  int8   model.tflite ({models.integer_sha256[:12]}…)",
        f"  {_photographs(report.sample)}",
    ]


def _photographs(sample: Sample) -> str:
    if sample.asked is not None:
        said = f"{sample.used} of the bundle's {sample.asked} test photographs, found by name and sha256"
        said += f"; {sample.missing} are not there" if sample.missing else ""
        return said + (f"; {sample.changed} have other content" if sample.changed else "")
    said = f"{sample.used} photographs; the model was made with {sample.trained_on} of them"
    said += f"; {sample.other_labels} with labels it does not know left out" if sample.other_labels else ""
    return said + (f"; {len(sample.unreadable)} unreadable" if sample.unreadable else "")


def _accuracies(report: ParityReport) -> list[str]:
    accuracies, drift = report.accuracies, report.drift
    low, quarter, three_quarters, high = (drift.quantiles[percent] for percent in (5, 25, 75, 95))
    halves = f"half from {quarter:+.3f} to {three_quarters:+.3f}, 90 % from {low:+.3f} to {high:+.3f}"
    return [
        f"top-1 float       {_interval(accuracies.floating)}",
        f"top-1 int8        {_interval(accuracies.integer)}",
        f"drop              {_interval(accuracies.drop)}  paired",
        f"agreement         {report.parity.agreement:7.4f}",
        f"same verdict      {report.same_verdict:7.4f}  the same label, unknown, or none, past all thresholds",
        f"calibration error {report.parity.expected_calibration_error:7.4f}",
        f"score drift      {drift.mean:+8.4f}  mean, largest {drift.largest:+.3f}",
        f"                  {drift.beyond_a_tenth:.1%} beyond 0.1, {halves}",
    ]


def _interval(interval: Interval) -> str:
    return f"{interval.value:7.4f}  95 % interval {interval.low:.4f} to {interval.high:.4f}"


def _recalls(report: ParityReport) -> list[str]:
    width = max(len("label"), *(len(row.label) for row in report.recalls))
    return [
        f"{'recall by label':<{width}}  photographs  float   int8  change",
        *(
            f"{row.label:<{width}}  {row.photographs:>11}  {row.floating:.3f}  {row.integer:.3f}  {row.change:+.3f}"
            for row in report.recalls
        ),
    ]


def _flips(flips: tuple[Flip, ...], *, shown: int) -> list[str]:
    counts = {kind: sum(flip.kind == kind for flip in flips) for kind in ("lost", "won", "moved")}
    heading = (
        f"{len(flips)} photographs flipped: {counts['lost']} lost (float was right), {counts['won']} won, "
        f"{counts['moved']} wrong either way"
    )
    rows = [
        f"  {flip.kind:<5} {flip.name} ({flip.truth}): {flip.floating} {flip.floating_score:.2f} -> "
        f"{flip.integer} {flip.integer_score:.2f}"
        for flip in flips[:shown]
    ]
    return [heading, *rows, *([f"  and {len(flips) - shown} more"] if len(flips) > shown else [])]


def _layers(report: ParityReport) -> list[str]:
    if report.layers is None:
        return [f"error by layer: not measured, {report.layers_missing}"]
    rows = report.layers[:WORST]
    width = max(len(row.layer) for row in rows)
    return [
        f"error by layer, the worst {len(rows)} of {len(report.layers)}",
        *(f"  {line}" for line in LAYERS_EXPLAINED),
        f"  {'layer':<{width}}  {'operator':<17}  rmse/scale    bias  largest",
        *(
            f"  {row.layer:<{width}}  {row.operator:<17}  {row.error:>10.2f}  {row.bias:>+6.2f}  {row.largest:>7.1f}"
            for row in rows
        ),
    ]


def _ranges(ranges: Ranges) -> list[str]:
    lines = ["representative dataset"]
    if ranges.coverage is None:
        lines.append("  coverage: not known, the photographs for training are not in the data")
    else:
        thin = [f"{label} {count}" for label, count in ranges.coverage.items() if count < ranges.per_label]
        found = f"{sum(ranges.coverage.values())} photographs of {len(ranges.coverage)} labels"
        short = f"fewer than {ranges.per_label} of {', '.join(thin)}" if thin else f"{ranges.per_label} of each"
        lines.append(f"  coverage: {found}, {short}")
    clipped = _percent(ranges.input_clipped)
    lines.append(f"  saturation on {ranges.measured_on} of the compared photographs: input {clipped} clipped")
    return lines + _saturation(ranges)


def _saturation(ranges: Ranges) -> list[str]:
    if ranges.layers is None:
        return ["  layers: not measured, the float file has other operators than the integer one"]
    rows = [row for row in ranges.layers[:WORST] if row.clipped > 0]
    if not rows:
        return [f"  layers: nothing is clipped in any of the {len(ranges.layers)}"]
    width = max(len(row.layer) for row in rows)
    clipping = sum(row.clipped > 0 for row in ranges.layers)
    return [
        f"  {clipping} of {len(ranges.layers)} layers clip something; the worst {len(rows)}",
        *(f"  {line}" for line in RANGES_EXPLAINED),
        f"  {'layer':<{width}}  {'operator':<17}   clipped  range, seen",
        *(
            f"  {row.layer:<{width}}  {row.operator:<17}  {_percent(row.clipped):>8}  "
            f"{row.low:.3g} to {row.high:.3g}, {row.seen_low:.3g} to {row.seen_high:.3g}"
            for row in rows
        ),
    ]


def _percent(share: float) -> str:
    """So that something never reads as nothing."""
    return "<0.001%" if 0 < share < 1e-5 else f"{share:.3%}"  # noqa: PLR2004 - what three places of a percentage show


def _gate(report: ParityReport) -> list[str]:
    if not report.failures:
        return ["within budget"]
    return ["over budget:", *(f"  {reason}" for reason in report.failures)]
