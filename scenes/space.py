"""Bounding volumes of bodies at release: spheres, or cylinders for bodies that are released upright."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class BoundingVolume:
    """Extents of a bounding volume in metres, measured from the body's centre of mass.

    Attributes:
        aside_m: Horizontal extent.
        below_m: Downward extent.
        above_m: Upward extent.
        round: Whether the volume is a sphere; otherwise it is a vertical cylinder.
    """

    aside_m: float
    below_m: float
    above_m: float
    round: bool


def bounding_sphere(radius_m: float) -> BoundingVolume:
    """The sphere that encloses a body in any orientation."""
    return BoundingVolume(radius_m, radius_m, radius_m, True)


def bounding_cylinder(aside_m: float, below_m: float, above_m: float) -> BoundingVolume:
    """The vertical cylinder that encloses a body in any rotation about the vertical axis.

    The arguments are the attributes of `BoundingVolume` with the same names.
    """
    return BoundingVolume(aside_m, below_m, above_m, False)


def free_height(
    x: float, y: float, volume: BoundingVolume, placed: Sequence[tuple[NDArray[np.float64], BoundingVolume]]
) -> float:
    """Returns the smallest height of a body's centre, in metres, that clears the floor and all placed bodies.

    Args:
        x: x coordinate of the body's centre, in metres.
        y: y coordinate of the body's centre, in metres.
        volume: Bounding volume of the body.
        placed: Centre (3,) and bounding volume of each body that is already placed.
    """
    height = volume.below_m
    for center, other in placed:
        flat = (x - center[0]) ** 2 + (y - center[1]) ** 2
        if flat < (volume.aside_m + other.aside_m) ** 2:
            height = max(height, center[2] + _touching_distance(other, volume, flat))
    return height


def _touching_distance(lower: BoundingVolume, upper: BoundingVolume, flat_m2: float) -> float:
    """Returns the vertical distance between the centres of two volumes that touch.

    Args:
        lower: The lower volume.
        upper: The upper volume.
        flat_m2: Square of the horizontal distance between their centres.
    """
    if lower.round and upper.round:
        return float(np.sqrt((lower.aside_m + upper.aside_m) ** 2 - flat_m2))
    beside = np.sqrt(flat_m2)
    return _vertical_extent(lower, lower.above_m, beside - upper.aside_m) + _vertical_extent(
        upper, upper.below_m, beside - lower.aside_m
    )


def _vertical_extent(volume: BoundingVolume, straight_m: float, aside_m: float) -> float:
    """Extent of a volume above or below its centre, at a horizontal distance from its axis.

    Args:
        volume: The volume.
        straight_m: The extent if the volume is a cylinder, at any distance; not used for a sphere.
        aside_m: Horizontal distance from the axis, in metres; negative values are treated as 0.
    """
    return float(np.sqrt(volume.aside_m**2 - max(aside_m, 0.0) ** 2)) if volume.round else straight_m
