"""Charts as SVG that lives inside the page: its colours are the page's, in light and in dark, and its text is text."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape
from matplotlib import rc_context
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Callable

INK, QUIET, LINE = "#1f2a36", "#5d6b7a", "#d9dfe6"
FIRST, SECOND, THIRD = "#0a6aa8", "#c4540a", "#0b8a68"
"""Blue, vermilion and bluish green after Okabe and Ito (2008), darkened until they carry text on white: told apart with
every kind of colour vision."""
_VARIABLES = {INK: "ink", QUIET: "quiet", LINE: "line", FIRST: "first", SECOND: "second", THIRD: "third"}
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 11,
    "text.parse_math": False,
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": QUIET,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": QUIET,
    "ytick.labelcolor": QUIET,
    "legend.frameon": False,
    "legend.fontsize": 10.5,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
}
_POINTS = 72
_IDENTIFIER = re.compile(r'\s*\bid="([^"]+)"')
_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
_OPENING = re.compile(r"<svg\b[^>]*>", re.DOTALL)
_LEAKING = re.compile(r"<defs>\s*<style.*?</style>\s*</defs>", re.DOTALL)
"""Rules that would hold for the whole page."""
_FONT = re.compile(r"font: ([^;'\"]*?)([\d.]+)px [^;\"]*")
_FAMILY = re.compile(r"font-family: [^;\"]*")
"""The same as matplotlib writes it from 3.11 on."""


def draw(paint: Callable[[Any], None], *, name: str, says: str, width: float, height: float) -> Markup:
    """Paint a chart and make it part of the page.

    Args:
        paint: given a figure's axes, with the house's style in force.
        name: unique in the page, a word.
        says: what the chart shows, for whoever cannot see it.
        width: in points.
        height: in points.

    Returns:
        An `<svg>` element without identifiers of its own, foreign namespaces or fixed size.
    """
    with rc_context({**_STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=(width / _POINTS, height / _POINTS), layout="constrained")
        figure.patch.set_alpha(0)
        axes = figure.add_subplot()
        axes.patch.set_alpha(0)
        paint(axes)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg")
    return Markup(_inline(buffer.getvalue(), name=name, says=says, width=width, height=height))  # noqa: S704 - ours


def _inline(text: str, *, name: str, says: str, width: float, height: float) -> str:
    """The element alone, its references kept apart from those of other charts, its colours named by the page."""
    text = _LEAKING.sub("", _METADATA.sub("", text[text.index("<svg") :]))
    used = set(re.findall(r'(?:url\(#|href="#)([^")]+)', text))
    text = _IDENTIFIER.sub(lambda found: f' id="{name}-{found[1]}"' if found[1] in used else "", text)
    text = re.sub(r"url\(#", f"url(#{name}-", text)
    text = re.sub(r'xlink:href="#', f'href="#{name}-', text)
    # The page's own typeface; the size is a number of the drawing, which grows and shrinks with it.
    text = _FAMILY.sub("font-family: var(--typeface)", _FONT.sub(r"font: \1\2px var(--typeface)", text))
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, f"var(--{variable})")
    opening = f'<svg role="img" aria-label="{escape(says)}" viewBox="0 0 {width:g} {height:g}" class="chart">'
    return re.sub(r"\s*\n\s*", " ", _OPENING.sub(lambda _: opening, text, count=1)).strip()
