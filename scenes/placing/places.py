"""Position samplers on the floor: uniform in a convex region, evenly spread, or in clusters."""

from collections.abc import Callable
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from scenes.settings import IntRange, Positive, Settings, length_m, uniform_int, within

Array = NDArray[np.float64]
Sampler = Callable[[np.random.Generator, int], Array]
"""Function of a generator and a number n, which samples n positions (n, 2) in metres."""

SPREAD_SHARE = 0.7
"""Minimum distance of evenly spread positions, divided by the square root of the area per position.
Sequential sampling does not reach values above 0.83."""


class ClusterSettings(Settings):
    """Clusters of objects, if `layout` is clusters."""

    number: Annotated[IntRange, within(1, 1000)] = (2, 5)
    """Number of clusters in a scene."""
    spread: Positive = (1.0, 2.0)
    """Standard deviation from the middle of a cluster, in multiples of the typical object size."""
    spread_m: Positive | None = None
    """Standard deviation in metres, in place of spread; null uses spread."""

    def sampler(self, rng: np.random.Generator, region_m: Array, unit_m: float) -> Sampler:
        """Samples the clusters of a scene, and returns a sampler for positions in them.

        Args:
            rng: Generator of the scene.
            region_m: Corners (k, 2) of a convex region, in metres.
            unit_m: The typical object size in metres.
        """
        deviation_m = length_m(rng, self.spread, self.spread_m, unit_m)
        centers = points_in(region_m, rng, uniform_int(rng, self.number))

        def places(rng: np.random.Generator, count: int) -> Array:
            chosen = centers[(rng.random(count) * len(centers)).astype(int)]
            return np.asarray(chosen + deviation_m * rng.standard_normal((count, 2)))

        return places


def rectangle(width_m: float, depth_m: float) -> Array:
    """Corners (4, 2) of a rectangle centred at the origin, with its width along x."""
    return np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * (width_m / 2, depth_m / 2)


def points_in(region_m: Array, rng: np.random.Generator, count: int) -> Array:
    """Samples points (count, 2) uniformly in a convex polygon (k, 2). Consumes three numbers per point."""
    first, edges = region_m[0], region_m[1:] - region_m[0]
    areas = np.abs(edges[:-1, 0] * edges[1:, 1] - edges[:-1, 1] * edges[1:, 0])
    which, one, other = rng.random((count, 3)).T
    triangles = np.searchsorted(areas.cumsum(), which * areas.sum(), "right").clip(max=len(areas) - 1)
    beyond = one + other > 1
    one, other = np.where(beyond, 1 - one, one), np.where(beyond, 1 - other, other)
    return np.asarray(first + one[:, None] * edges[triangles] + other[:, None] * edges[triangles + 1])


def are_inside(region_m: Array, points_m: Array) -> NDArray[np.bool_]:
    """For each point (n, 2), whether it is in the convex polygon (k, 2): bool (n,)."""
    edges, offsets = np.roll(region_m, -1, axis=0) - region_m, points_m[:, None] - region_m
    sides = edges[:, 0] * offsets[..., 1] - edges[:, 1] * offsets[..., 0]
    return np.asarray((sides >= 0).all(axis=1) | (sides <= 0).all(axis=1))


def even_distance_m(area_m2: float, number: int) -> float:
    """Minimum distance between `number` positions spread evenly over an area."""
    return SPREAD_SHARE * float(np.sqrt(area_m2 / max(number, 1)))
