"""What bodies take up before they fall: spheres about what tumbles, cylinders about what stands."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Space:
    """How far a body reaches from its centre of mass, in metres.

    Attributes:
        aside_m: Horizontally.
        below_m: Downwards.
        above_m: Upwards.
        round: Whether it is a sphere; else an upright cylinder.
    """

    aside_m: float
    below_m: float
    above_m: float
    round: bool


def ball(radius_m: float) -> Space:
    """The sphere that holds a body however it is turned."""
    return Space(radius_m, radius_m, radius_m, True)


def cylinder(aside_m: float, below_m: float, above_m: float) -> Space:
    """What holds a body that is turned about the vertical only."""
    return Space(aside_m, below_m, above_m, False)


def free_height(
    x: float, y: float, space: Space, placed: Sequence[tuple[NDArray[np.float64], Space]]
) -> float:
    """The lowest centre height at which a body touches neither the floor nor what lies below its column."""
    height = space.below_m
    for center, other in placed:
        flat = (x - center[0]) ** 2 + (y - center[1]) ** 2
        if flat < (space.aside_m + other.aside_m) ** 2:
            height = max(height, center[2] + _over(other, space, flat))
    return height


def _over(lower: Space, upper: Space, flat_m2: float) -> float:
    """How far the centre of one must lie over that of the other, at a squared horizontal distance."""
    if lower.round and upper.round:
        return float(np.sqrt((lower.aside_m + upper.aside_m) ** 2 - flat_m2))
    beside = np.sqrt(flat_m2)
    return _reach(lower, lower.above_m, beside - upper.aside_m) + _reach(
        upper, upper.below_m, beside - lower.aside_m
    )


def _reach(space: Space, straight_m: float, aside_m: float) -> float:
    """How far it reaches upwards or downwards at a distance from its axis; `straight_m` in a cylinder."""
    return float(np.sqrt(space.aside_m**2 - max(aside_m, 0.0) ** 2)) if space.round else straight_m
