"""Objects fall onto a floor and come to rest."""

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from scenes.assets.catalogue import Catalogue
from scenes.looks import LookSettings
from scenes.scene import Array, Loose, Scene, random_disc
from scenes.settings import NonNegative, Positive, Range, Settings, Streams, uniform, within
from scenes.space import Space, free_height
from scenes.spec import Body, Physics, RejectedDraw, SceneSpec, Surface
from scenes.walls import WallSettings

STANDING_GAP = 0.02
"""Share of the free height from which what stands is let go: from higher up it would tumble."""
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

    def draw(self, scene: int, split: str, attempt: int, catalogue: Catalogue, streams: Streams) -> SceneSpec:
        """Bodies above the floor, one over the other where what they take up would touch.

        Raises:
            RejectedDraw: `no_place` when the pile would be higher than physics settles well.
        """
        unit_m = catalogue.typical_size_m
        radius_m = unit_m * uniform(streams("poses"), self.spread)
        placed: list[tuple[Array, Space]] = []
        all_loose = list(self._loose(catalogue, streams))
        bodies: dict[int, Body] = {}
        # What stands comes first, so that nothing lies below it: the draws of bodies are their own.
        for index in sorted(range(len(all_loose)), key=lambda index: all_loose[index].asset.standing is None):
            bodies[index] = self._above(all_loose[index], radius_m, unit_m, placed)
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
        room = self.walls.room(streams, unit_m, catalogue.album("walls"))
        return SceneSpec(scene, split, attempt, dropped, floor, background, physics, room)

    def _above(self, loose: Loose, radius_m: float, unit_m: float, placed: list[tuple[Array, Space]]) -> Body:
        """A body where it is let go, over those placed before; it is added to them.

        Raises:
            RejectedDraw: `no_place`.
        """
        x, y = radius_m * random_disc(loose.rng)
        gap_m = unit_m * uniform(loose.rng, self.drop_height)
        if loose.asset.standing is not None:
            gap_m *= STANDING_GAP
        center = np.array([x, y, free_height(x, y, loose.space, placed) + gap_m])
        if center[2] > MAX_HEIGHT * unit_m + 10 * loose.radius_m:
            raise RejectedDraw("no_place")
        placed.append((center, loose.space))
        body = loose.at(center, loose.turned())
        return replace(body, friction=uniform(loose.rng, self.friction))
