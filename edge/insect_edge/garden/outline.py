"""Outlines of bodies and limbs: closed polygons in the drawing's own units (-1 … 1 each way, y downwards)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Point = tuple[float, float]


def ellipse(*, at: Point, radii: Point, turned: float = 0.0) -> NDArray[np.float64]:
    """An ellipse around `at`, turned clockwise by that many degrees.

    Returns:
        (96, 2) float64 points.
    """
    angle = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    points = np.stack([np.cos(angle) * radii[0], np.sin(angle) * radii[1]], axis=1)
    turn = np.deg2rad(turned)
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    turned_points: NDArray[np.float64] = points @ rotation + np.asarray(at)
    return turned_points


def smooth(points: Sequence[Point]) -> NDArray[np.float64]:
    """A closed smooth curve through `points` (uniform Catmull-Rom spline, 12 steps a span).

    Returns:
        (12 len(points), 2) float64 points.
    """
    knots = np.asarray(points, np.float64)
    return _catmull_rom(np.roll(knots, 1, axis=0), knots, np.roll(knots, -1, axis=0), np.roll(knots, -2, axis=0))


def curve(points: Sequence[Point]) -> NDArray[np.float64]:
    """An open smooth curve from the first to the last of `points`.

    Returns:
        (12 (len(points) - 1) + 1, 2) float64 points.
    """
    knots = np.asarray(points, np.float64)
    padded = np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    spans = _catmull_rom(padded[:-3], padded[1:-2], padded[2:-1], padded[3:])
    return np.concatenate([spans, knots[-1:]])


def tube(spine: Sequence[Point] | NDArray[np.float64], *, radii: Sequence[float]) -> NDArray[np.float64]:
    """A limb or a worm: what a disc of changing radius sweeps along `spine`.

    Args:
        spine: at least two points.
        radii: spread evenly over the spine's length, at least two; interpolated between.

    Returns:
        (n, 2) float64 points of the closed outline, with rounded ends.
    """
    points = np.asarray(spine, np.float64)
    steps = np.hypot(*np.diff(points, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)]) / max(float(steps.sum()), 1e-9)
    radius = np.interp(along, np.linspace(0, 1, len(radii)), radii)[:, None]
    tangent = np.gradient(points, axis=0)
    tangent /= np.maximum(np.hypot(*tangent.T)[:, None], 1e-9)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    left, right = points + normal * radius, points - normal * radius
    head = _cap(points[-1], normal[-1], tangent[-1], float(radius[-1, 0]))
    tail = _cap(points[0], -normal[0], -tangent[0], float(radius[0, 0]))
    return np.concatenate([left, head, right[::-1], tail])


def _cap(
    centre: NDArray[np.float64], normal: NDArray[np.float64], tangent: NDArray[np.float64], radius: float
) -> NDArray[np.float64]:
    angle = np.linspace(0, np.pi, 10)[1:-1, None]
    rounded: NDArray[np.float64] = centre + radius * (np.cos(angle) * normal + np.sin(angle) * tangent)
    return rounded


def _catmull_rom(
    before: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64], after: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Twelve points on each span from `start` to `end` (Catmull and Rom 1974, tension 1/2)."""
    t = np.linspace(0, 1, 12, endpoint=False)[None, :, None]
    p0, p1, p2, p3 = (each[:, None, :] for each in (before, start, end, after))
    spans = p1 + 0.5 * t * ((p2 - p0) + t * ((2 * p0 - 5 * p1 + 4 * p2 - p3) + t * (3 * (p1 - p2) + p3 - p0)))
    points: NDArray[np.float64] = spans.reshape(-1, 2)
    return points
