"""What six-legged animals seen from above have in common: legs, feelers, and bodies symmetrical about their length."""

from __future__ import annotations

from typing import TYPE_CHECKING

from insect_edge.garden.outline import Point, curve, ellipse, smooth, tube

if TYPE_CHECKING:
    from collections.abc import Sequence

    from insect_edge.garden.canvas import Canvas, Skin


def legs(
    canvas: Canvas, *, joints: Sequence[Sequence[Point]], radii: Sequence[float], skin: Skin, stride: float
) -> None:
    """Three pairs of legs in the alternating tripod gait.

    Args:
        canvas: to draw on.
        joints: for each pair, front to hind, the joints of its lower leg from the body to the foot.
        radii: thickness along a leg.
        skin: of the legs.
        stride: -1 … 1, how far the first tripod is forward.
    """
    for pair, leg in enumerate(joints):
        for side in (-1, 1):
            forward = 0.07 * stride * side * (-1) ** pair
            reach = len(leg) - 1
            moved = [(x + forward * number / reach, y * side) for number, (x, y) in enumerate(leg)]
            canvas.fill(tube(moved, radii=radii), skin)


def feelers(canvas: Canvas, *, joints: Sequence[Point], radii: Sequence[float], skin: Skin, bent: bool = False) -> None:
    """A pair of antennae, curved, or elbowed where `bent`."""
    for side in (-1, 1):
        points = [(x, y * side) for x, y in joints]
        canvas.fill(tube(points if bent else curve(points), radii=radii), skin)


def body(canvas: Canvas, *, half: Sequence[Point], skin: Skin) -> None:
    """A body symmetrical about the x axis, from the outline of its lower half, front to back."""
    mirrored = [(x, -y) for x, y in reversed(half) if y]
    canvas.fill(smooth([*half, *mirrored]), skin)


def eyes(canvas: Canvas, *, at: Point, radii: Point, skin: Skin, turned: float = 0.0) -> None:
    """A pair of eyes, the lower one at `at`."""
    for side in (-1, 1):
        canvas.fill(ellipse(at=(at[0], at[1] * side), radii=radii, turned=turned * side), skin)
