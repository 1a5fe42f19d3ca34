"""Objects fall onto a floor and come to rest."""

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from scenes.assets.catalogue import Catalogue
from scenes.looks import LookSettings
from scenes.scene import Array, Scene, random_disc, random_quaternion
from scenes.settings import NonNegative, Positive, Range, Settings, Streams, uniform, within
from scenes.spec import Physics, RejectedDraw, SceneSpec, Surface
from scenes.walls import WallSettings

MAX_HEIGHT = 60
"""Typical object sizes above which nothing is let go: from there it would hit too hard."""


class FloorSettings(LookSettings):
    """What the floor looks like."""

    tile: Positive = (1.0, 8.0)
    """Side of one texture tile, counted in typical object sizes."""


class PhysicsSettings(Settings):
    """How objects fall and come to rest."""

    gravity_m_s2: Annotated[float, Field(gt=0, le=100)] = 9.81
    """Downward acceleration."""
    time_step_s: Annotated[float, Field(ge=1e-4, le=0.01)] = 1 / 240
    """Length of one simulation step."""
    max_seconds: Annotated[float, Field(gt=0, le=60)] = 6.0
    """Simulated time after which a scene that still moves is drawn anew."""


class Drop(Scene):
    """Objects fall onto a floor and come to rest."""

    kind: Literal["drop"] = "drop"
    spread: Positive = (1.0, 3.0)
    """Radius of the disc that objects fall on, counted in typical object sizes."""
    drop_height: NonNegative = (0.1, 0.5)
    """Free height below an object when it is let go, counted in typical object sizes."""
    friction: Annotated[Range, within(0.0, 10.0)] = (0.4, 0.9)
    """Friction coefficient of each object."""
    floor: FloorSettings = FloorSettings()
    """Colours and textures of the floor."""
    walls: WallSettings = WallSettings()
    """Walls around the objects, and what they look like."""
    physics: PhysicsSettings = PhysicsSettings()
    """How objects fall and come to rest."""

    @property
    def image_folders(self) -> dict[str, str | None]:
        """For each role of a surface the folder that its images come from."""
        return {**super().image_folders, "floor": self.floor.images, "walls": self.walls.images}

    def draw(self, scene: int, split: str, attempt: int, catalogue: Catalogue, streams: Streams) -> SceneSpec:
        """Bodies above the floor, one over the other where their spheres would touch.

        Raises:
            RejectedDraw: `no_place` when the pile would be higher than physics settles well.
        """
        unit_m = catalogue.typical_size_m
        radius_m = unit_m * uniform(streams("poses"), self.spread)
        placed: list[tuple[Array, float]] = []
        bodies = []
        for loose in self._loose(catalogue, streams):
            x, y = radius_m * random_disc(loose.rng)
            gap_m = unit_m * uniform(loose.rng, self.drop_height)
            center = np.array([x, y, _free_height(x, y, loose.radius_m, placed) + gap_m])
            if center[2] > MAX_HEIGHT * unit_m + 10 * loose.radius_m:
                raise RejectedDraw("no_place")
            placed.append((center, loose.radius_m))
            body = loose.at(center, random_quaternion(loose.rng))
            bodies.append(replace(body, friction=uniform(loose.rng, self.friction)))
        look = streams("looks")
        floor = Surface(
            self.floor.draw(look, catalogue.album("floor")),
            unit_m * uniform(look, self.floor.tile),
            float(look.random() * 2 * np.pi),
        )
        physics = Physics(
            gravity_m_s2=self.physics.gravity_m_s2,
            time_step_s=self.physics.time_step_s,
            max_seconds=self.physics.max_seconds,
            bounds_m=3 * radius_m + 10 * unit_m,
        )
        background = self._background(catalogue, streams)
        room = self.walls.room(streams, unit_m, catalogue.album("walls"))
        return SceneSpec(scene, split, attempt, tuple(bodies), floor, background, physics, room)


def _free_height(x: float, y: float, radius_m: float, placed: list[tuple[Array, float]]) -> float:
    """The lowest centre height at which a sphere touches neither the floor nor what lies below its column."""
    height = radius_m
    for center, other_m in placed:
        flat = (x - center[0]) ** 2 + (y - center[1]) ** 2
        reach = (radius_m + other_m) ** 2
        if flat < reach:
            height = max(height, center[2] + float(np.sqrt(reach - flat)))
    return height
