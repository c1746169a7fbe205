"""Findings into one HTML file that needs nothing else: no network, no script."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import jinja2

import insect_edge
from insect_converter.report import counted, pictured

if TYPE_CHECKING:
    from insect_converter.report.findings import Findings
    from insect_converter.report.section import Section


def sections(findings: Findings) -> list[Section]:
    """The page's sections in their order: what a grower asks first comes first."""
    return [
        counted.summary(findings),
        pictured.samples(findings),
        counted.distribution(findings),
        counted.curves(findings),
        counted.confusion(findings),
        counted.labels(findings),
        counted.orders(findings),
        counted.reliability(findings),
        counted.thresholds(findings),
        pictured.mistakes(findings),
        pictured.looks(findings),
        pictured.flips(findings),
        pictured.unusual(findings),
        counted.speed(findings),
        counted.origin(findings),
    ]


def render(findings: Findings, *, now: datetime | None = None) -> str:
    """The page's text.

    Args:
        findings: what it tells.
        now: aware; when it was made, by default this moment.
    """
    # Everything from outside is escaped, without exception by name or suffix; a name that the templates ask for and
    # that is not there is an error, not an empty place on the page.
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("insect_converter.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_refuse_nothing,
    )
    environment.filters.update(percent=percent, share=share, size=size, of_100=of_100, thousands=thousands)
    return environment.get_template("page.html.jinja").render(
        findings=findings,
        sections=sections(findings),
        made=(now or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M UTC"),
        version=insect_edge.__version__,
    )


def percent(value: float) -> str:
    """0.9076 as 90.8 %, with a space that does not break."""
    return f"{100 * value:.1f}\N{NO-BREAK SPACE}%"


def of_100(value: float) -> str:
    """0.9076 as 91."""
    return f"{100 * value:.0f}"


def share(value: float | None) -> str:
    """0.9076 as 0.908; a dash where there is nothing to divide by."""
    return "\N{EN DASH}" if value is None else f"{value:.3f}"


def thousands(value: int) -> str:
    """4865 as 4,865."""
    return f"{value:,}"


def size(value: int) -> str:
    """Bytes as megabytes (or kilobytes, where that is clearer)."""
    unit, number = ("MB", value / 1e6) if value >= 1e5 else ("kB", value / 1e3)  # noqa: PLR2004 - 0.1 MB
    return f"{number:.1f}\N{NO-BREAK SPACE}{unit}"


def _refuse_nothing(value: object) -> object:
    """A None on the page would be a mistake of the template."""
    if value is None:
        raise jinja2.UndefinedError("the page would say None")
    return value
