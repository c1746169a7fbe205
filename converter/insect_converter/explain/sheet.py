"""The picture that `explain` writes: what the Pi sees beside where the model looked, with label and score."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from matplotlib import rc_context
from matplotlib.figure import Figure

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_DOTS_PER_INCH = 160
_INK, _QUIET = "#1d2733", "#5b6775"


def draw(view: NDArray[np.uint8], overlay: NDArray[np.uint8], *, title: str, note: str) -> bytes:
    """Two pictures side by side, as the bytes of a PNG file.

    Args:
        view: (height, width, 3) uint8, B, G, R.
        overlay: of the same size.
        title: said above both.
        note: said below, smaller.
    """
    # Labels are the user's words: a dollar sign in one is no formula.
    with rc_context({"font.family": "sans-serif", "text.parse_math": False}):
        figure = Figure(figsize=(6.4, 3.9), dpi=_DOTS_PER_INCH, facecolor="white")
        for place, (pixels, caption) in enumerate(((view, "what the Pi sees"), (overlay, "where the model looked"))):
            axes = figure.add_axes((0.025 + 0.4875 * place, 0.115, 0.4625, 0.759))
            axes.imshow(pixels[..., ::-1], interpolation="lanczos")
            axes.set_axis_off()
            axes.set_title(caption, fontsize=8, color=_QUIET, pad=3, loc="left")
        figure.text(0.025, 0.955, title, fontsize=12, color=_INK, va="center", weight="bold")
        figure.text(0.025, 0.06, note, fontsize=7.5, color=_QUIET, va="center")
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
