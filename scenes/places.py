"""Places on the floor: anywhere in a convex region, evenly spread, or in clusters."""

from collections.abc import Callable
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from scenes.settings import IntRange, Positive, Settings, length_m, uniform_int, within

Array = NDArray[np.float64]
Sampler = Callable[[np.random.Generator], Array]
"""A function that draws a place (2,), in metres."""

SPREAD_SHARE = 0.7
"""Distance between even places, as a share of the side of the square that each place has for itself; places
drawn one by one do not fit more densely than 0.83."""


class ClusterSettings(Settings):
    """Clusters of objects, if `layout` is clusters."""

    number: Annotated[IntRange, within(1, 1000)] = (2, 5)
    """Number of clusters in a scene."""
    spread: Positive = (1.0, 2.0)
    """Standard deviation from the middle of a cluster, in multiples of the typical object size."""
    spread_m: Positive | None = None
    """The same in metres, in place of spread; null uses spread."""

    def sampler(self, rng: np.random.Generator, region_m: Array, unit_m: float) -> Sampler:
        """Draws the clusters of a scene, and returns the function that draws places in them.

        Args:
            rng: Generator of the scene.
            region_m: Corners (k, 2) of a convex region, in metres.
            unit_m: The typical object size in metres.
        """
        deviation_m = length_m(rng, self.spread, self.spread_m, unit_m)
        centers = np.array([point_in(region_m, rng) for _ in range(uniform_int(rng, self.number))])

        def place(rng: np.random.Generator) -> Array:
            center = centers[int(rng.random() * len(centers))]
            return np.asarray(center + deviation_m * rng.standard_normal(2))

        return place


def rectangle(width_m: float, depth_m: float) -> Array:
    """Corners (4, 2) of a rectangle around the origin, with its width along x."""
    return np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * (width_m / 2, depth_m / 2)


def point_in(region_m: Array, rng: np.random.Generator) -> Array:
    """A point (2,) distributed uniformly in a convex polygon (k, 2). Draws three random numbers."""
    first, edges = region_m[0], region_m[1:] - region_m[0]
    areas = np.abs(edges[:-1, 0] * edges[1:, 1] - edges[:-1, 1] * edges[1:, 0])
    which, one, other = rng.random(3)
    triangle = min(int(np.searchsorted(areas.cumsum(), which * areas.sum(), "right")), len(areas) - 1)
    if one + other > 1:
        one, other = 1 - one, 1 - other
    return np.asarray(first + one * edges[triangle] + other * edges[triangle + 1])


def is_inside(region_m: Array, point_m: Array) -> bool:
    """Whether a point (2,) is in a convex polygon (k, 2)."""
    edges, offsets = np.roll(region_m, -1, axis=0) - region_m, point_m - region_m
    sides = edges[:, 0] * offsets[:, 1] - edges[:, 1] * offsets[:, 0]
    return bool((sides >= 0).all() or (sides <= 0).all())


def even_distance_m(area_m2: float, number: int) -> float:
    """Distance that evenly spread places keep, if `number` of them have an area to themselves."""
    return SPREAD_SHARE * float(np.sqrt(area_m2 / max(number, 1)))
