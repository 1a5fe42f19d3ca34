"""The scene kind `clutter`: a dense pile of mutually occluding objects."""

from typing import Annotated, Literal

import numpy as np

from scenes.assets.catalogue import Catalogue
from scenes.floor import FloorSettings
from scenes.placing.physics import PhysicsSettings
from scenes.placing.release import PILE_TRIES, Release
from scenes.scene import Scene, random_disc
from scenes.settings import IntRange, NonNegative, Positive, Range, Streams, uniform, within
from scenes.spec import SceneSpec
from scenes.walls import WallSettings


class Clutter(Scene):
    """A dense pile of objects on a floor, which hide each other."""

    kind: Literal["clutter"] = "clutter"
    num_objects: Annotated[IntRange, within(0, 4000)] = (15, 30)
    """Number of labelled objects in a scene."""
    num_distractors: Annotated[IntRange, within(0, 1000)] = (0, 6)
    """Number of unlabelled objects in a scene, chosen from assets.distractors."""
    density: Positive = (1.2, 3.0)
    """Number of objects per squared typical object size of floor area; above 1, they pile up in layers."""
    drop_height: NonNegative = (0.05, 0.2)
    """Free height below an object when it is released, in multiples of the typical object size."""
    friction: Annotated[Range, within(0.0, 10.0)] = (0.6, 1.0)
    """Friction coefficient of each object."""
    floor: FloorSettings = FloorSettings()
    """Colours and textures of the floor."""
    walls: WallSettings = WallSettings()
    """Walls around the objects, and their colours and textures."""
    physics: PhysicsSettings = PhysicsSettings(max_seconds=4.0)
    """How objects fall and come to rest."""

    def draw(self, scene: int, split: str, attempt: int, catalogue: Catalogue, streams: Streams) -> SceneSpec:
        """Samples a scene with bodies above a disc whose area grows with their number.

        Raises:
            RejectedDraw: `no_place` if the stack would be too high for a stable simulation.
        """
        unit_m = catalogue.typical_size_m
        unplaced = list(self._unplaced(catalogue, streams))
        density = uniform(streams("poses"), self.density)
        radius_m = unit_m * float((max(len(unplaced), 1) / (density * np.pi)) ** 0.5)
        release = Release(unit_m, self.drop_height, self.friction, tries=PILE_TRIES)
        bodies = release.bodies(unplaced, lambda body: radius_m * random_disc(body.rng))
        floor = self.floor.surface(streams("looks"), unit_m, catalogue.album("floor"))
        background = self._background(catalogue, streams)
        physics = self.physics.within(3 * radius_m + 10 * unit_m, pile=True)
        room = self.walls.plan(streams, unit_m, catalogue.album("walls"))
        return SceneSpec(scene, split, attempt, bodies, floor, background, physics, room)
