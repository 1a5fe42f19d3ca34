"""Objects in mid-air at any pose before a background: domain randomization without physics."""

from typing import Literal

import numpy as np

from scenes.assets.catalogue import Catalogue
from scenes.scene import Array, Scene, random_in_ball
from scenes.settings import Positive, Streams, uniform
from scenes.spec import RejectedDraw, SceneSpec

MAX_TRIES = 200


class Floating(Scene):
    """Objects in mid-air at any pose before a background; they may hide, but never cut each other."""

    kind: Literal["floating"] = "floating"
    spread: Positive = (2.0, 3.5)
    """Radius of the ball that objects float in, counted in typical object sizes."""

    def draw(self, scene: int, split: str, attempt: int, catalogue: Catalogue, streams: Streams) -> SceneSpec:
        """Bodies anywhere in a ball, their bounding spheres apart.

        Raises:
            RejectedDraw: `no_place` when the ball is too full.
        """
        radius_m = catalogue.typical_size_m * uniform(streams("poses"), self.spread)
        placed: list[tuple[Array, float]] = []
        bodies = []
        for loose in self._loose(catalogue, streams):
            quat = loose.turned()
            center = _free_center(loose.rng, radius_m, loose.radius_m, placed)
            placed.append((center, loose.radius_m))
            bodies.append(loose.at(center, quat))
        return SceneSpec(
            scene, split, attempt, tuple(bodies), None, self._background(catalogue, streams), None
        )


def _free_center(
    rng: np.random.Generator, radius_m: float, size_m: float, placed: list[tuple[Array, float]]
) -> Array:
    """A point in the ball where a sphere touches none of those placed."""
    for _ in range(MAX_TRIES):
        center = random_in_ball(rng) * radius_m
        if all(np.linalg.norm(center - other) >= size_m + other_m for other, other_m in placed):
            return center
    raise RejectedDraw("no_place")
