"""Lens distortion by OpenCV's formulas, implemented independently of the renderer."""

from math import atan, hypot
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SHARE = 1e-6
"""Step, as a fraction of the distance from the axis, for the finite difference at the limit radius."""


def distorted(lens: Any, points: Array) -> Array:
    """Applies lens distortion to normalised image coordinates (n, 2).

    Beyond the distance `linear_beyond` from the axis, the formula is extrapolated linearly along the radius.

    Args:
        lens: The `distortion` of a camera in a record; if it is None, the points are returned unchanged.
        points: (n, 2), x and y at depth 1.
    """
    if lens is None:
        return points
    return np.array([_point(lens, float(x), float(y)) for x, y in points])


def _point(lens: Any, x: float, y: float) -> tuple[float, float]:
    limit, radius = float(lens["linear_beyond"]), hypot(x, y)
    if radius <= limit:
        return _formula(lens, x, y)
    share = limit / radius
    at = _formula(lens, x * share, y * share)
    before = _formula(lens, x * share * (1 - SHARE), y * share * (1 - SHARE))
    steps = (radius - limit) / (limit * SHARE)
    return at[0] + steps * (at[0] - before[0]), at[1] + steps * (at[1] - before[1])


def _formula(lens: Any, x: float, y: float) -> tuple[float, float]:
    square = x * x + y * y
    if lens["kind"] == "fisheye":
        k1, k2, k3, k4 = map(float, lens["coefficients"])
        angle = atan(square**0.5)
        bent = angle + k1 * angle**3 + k2 * angle**5 + k3 * angle**7 + k4 * angle**9
        factor = bent / square**0.5 if square else 1.0
        return x * factor, y * factor
    if lens["kind"] != "brown":
        raise ValueError(f"unknown distortion {lens['kind']!r}"[:60])
    k1, k2, p1, p2, k3, k4, k5, k6 = map(float, lens["coefficients"])
    above = 1 + k1 * square + k2 * square**2 + k3 * square**3
    factor = above / (1 + k4 * square + k5 * square**2 + k6 * square**3)
    return (
        x * factor + 2 * p1 * x * y + p2 * (square + 2 * x * x),
        y * factor + 2 * p2 * x * y + p1 * (square + 2 * y * y),
    )
