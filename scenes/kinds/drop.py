"""The scene kind `drop`: objects fall onto a floor and come to rest."""

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from scenes.assets.catalogue import Catalogue
from scenes.looks import LookSettings
from scenes.scene import Array, Scene, UnplacedBody, random_disc
from scenes.settings import NonNegative, Positive, Range, Settings, Streams, uniform, within
from scenes.space import BoundingVolume, free_height
from scenes.spec import Body, Physics, RejectedDraw, SceneSpec, Surface
from scenes.walls import WallSettings

UPRIGHT_GAP_FACTOR = 0.02
"""Factor on the drop height of bodies that are released upright; from higher up, they would topple."""
MAX_RELEASE_HEIGHT = 60
"""Largest release height, in multiples of the typical object size; higher up, impacts would be too fast."""


class FloorSettings(LookSettings):
    """Colours and textures of the floor."""

    tile: Positive = (1.0, 8.0)
    """Side length of one texture tile, in multiples of the typical object size."""


class PhysicsSettings(Settings):
    """How objects fall and come to rest."""

    gravity_m_s2: Annotated[float, Field(gt=0, le=100)] = 9.81
    """Downward acceleration in m/s²."""
    time_step_s: Annotated[float, Field(ge=1e-4, le=0.01)] = 1 / 240
    """Length of one simulation step in seconds."""
    max_seconds: Annotated[float, Field(gt=0, le=60)] = 6.0
    """Simulated time in seconds after which a scene that still moves is rejected and drawn again."""


class Drop(Scene):
    """Objects fall onto a floor and come to rest."""

    kind: Literal["drop"] = "drop"
    spread: Positive = (1.0, 3.0)
    """Radius of the disc onto which objects fall, in multiples of the typical object size."""
    drop_height: NonNegative = (0.1, 0.5)
    """Free height below an object when it is released, in multiples of the typical object size."""
    friction: Annotated[Range, within(0.0, 10.0)] = (0.4, 0.9)
    """Friction coefficient of each object."""
    floor: FloorSettings = FloorSettings()
    """Colours and textures of the floor."""
    walls: WallSettings = WallSettings()
    """Walls around the objects, and their colours and textures."""
    physics: PhysicsSettings = PhysicsSettings()
    """How objects fall and come to rest."""

    def draw(self, scene: int, split: str, attempt: int, catalogue: Catalogue, streams: Streams) -> SceneSpec:
        """Draws a scene with bodies above the floor, at release heights where no bounding volumes overlap.

        Raises:
            RejectedDraw: `no_place` if the stack would be too high for a stable simulation.
        """
        unit_m = catalogue.typical_size_m
        radius_m = unit_m * uniform(streams("poses"), self.spread)
        placed: list[tuple[Array, BoundingVolume]] = []
        unplaced_bodies = list(self._unplaced(catalogue, streams))
        bodies: dict[int, Body] = {}
        # Upright bodies are placed first, so that they start on the floor. Each body has its own generator,
        # so the order changes no random number.
        for index in sorted(
            range(len(unplaced_bodies)), key=lambda index: unplaced_bodies[index].asset.standing is None
        ):
            bodies[index] = self._place(unplaced_bodies[index], radius_m, unit_m, placed)
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
        dropped = tuple(bodies[index] for index in range(len(bodies)))
        background = self._background(catalogue, streams)
        walls = self.walls.plan(streams, unit_m, catalogue.album("walls"))
        return SceneSpec(scene, split, attempt, dropped, floor, background, physics, walls)

    def _place(
        self,
        unplaced: UnplacedBody,
        radius_m: float,
        unit_m: float,
        placed: list[tuple[Array, BoundingVolume]],
    ) -> Body:
        """Draws the release pose and friction of a body, and adds its centre and volume to `placed`.

        Args:
            unplaced: The body.
            radius_m: Radius of the disc onto which objects fall.
            unit_m: The typical object size.
            placed: Centre (3,) and bounding volume of each body placed so far; the new body is released above
                those that are below it.

        Raises:
            RejectedDraw: `no_place` if the release height would be too large.
        """
        x, y = radius_m * random_disc(unplaced.rng)
        gap_m = unit_m * uniform(unplaced.rng, self.drop_height)
        if unplaced.asset.standing is not None:
            gap_m *= UPRIGHT_GAP_FACTOR
        center = np.array([x, y, free_height(x, y, unplaced.volume, placed) + gap_m])
        if center[2] > MAX_RELEASE_HEIGHT * unit_m + 10 * unplaced.radius_m:
            raise RejectedDraw("no_place")
        placed.append((center, unplaced.volume))
        body = unplaced.at(center, unplaced.random_rotation())
        return replace(body, friction=uniform(unplaced.rng, self.friction))
