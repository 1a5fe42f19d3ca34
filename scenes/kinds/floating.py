"""The scene kind `floating`: objects in mid-air, in random poses, in front of a background.

This is domain randomization without physics.
"""

from typing import Literal

import numpy as np

from scenes.assets.catalogue import Catalogue
from scenes.scene import Array, Scene, random_in_ball
from scenes.settings import Positive, Streams, length_m
from scenes.spec import RejectedDraw, SceneSpec

MAX_TRIES = 200


class Floating(Scene):
    """Objects in mid-air in random poses before a background; they may occlude but never intersect."""

    kind: Literal["floating"] = "floating"
    spread: Positive = (2.0, 3.5)
    """Radius of the sphere in which objects float, in multiples of the typical object size."""
    spread_m: Positive | None = None
    """Radius in metres, in place of spread; null uses spread."""

    def draw(self, scene: int, split: str, attempt: int, catalogue: Catalogue, streams: Streams) -> SceneSpec:
        """Samples a scene with bodies at random points in a sphere; their bounding spheres do not overlap.

        Raises:
            RejectedDraw: `no_place` if no free position was found for a body in `MAX_TRIES` attempts.
        """
        radius_m = length_m(streams("poses"), self.spread, self.spread_m, catalogue.typical_size_m)
        placed: list[tuple[Array, float]] = []
        bodies = []
        for unplaced in self._unplaced(catalogue, streams):
            quat = unplaced.random_rotation()
            center = _free_center(unplaced.rng, radius_m, unplaced.radius_m, placed)
            placed.append((center, unplaced.radius_m))
            bodies.append(unplaced.at(center, quat))
        return SceneSpec(
            scene, split, attempt, tuple(bodies), None, self._background(catalogue, streams), None
        )


def _free_center(
    rng: np.random.Generator, radius_m: float, size_m: float, placed: list[tuple[Array, float]]
) -> Array:
    """Samples a centre (3,), in metres, for a sphere of radius `size_m` that overlaps no other sphere.

    Args:
        rng: Generator.
        radius_m: Radius of the ball around the origin in which centres are sampled.
        size_m: Radius of the sphere.
        placed: Centre (3,) and radius of each other sphere.

    Raises:
        RejectedDraw: `no_place` if no such centre was found in `MAX_TRIES` attempts.
    """
    for _ in range(MAX_TRIES):
        center = random_in_ball(rng) * radius_m
        if all(np.linalg.norm(center - other) >= size_m + other_m for other, other_m in placed):
            return center
    raise RejectedDraw("no_place")
