"""The scene kind `drop`: objects fall onto a floor and come to rest."""

from typing import Annotated, Literal

from scenes.assets.catalogue import Catalogue
from scenes.floor import FloorSettings
from scenes.placing.physics import PhysicsSettings
from scenes.placing.release import Release
from scenes.scene import Scene, random_disc
from scenes.settings import NonNegative, Positive, Range, Streams, length_m, within
from scenes.spec import SceneSpec
from scenes.walls import WallSettings


class Drop(Scene):
    """Objects fall onto a floor and come to rest."""

    kind: Literal["drop"] = "drop"
    spread: Positive = (1.0, 3.0)
    """Radius of the disc onto which objects fall, in multiples of the typical object size."""
    spread_m: Positive | None = None
    """Radius in metres, in place of spread; null uses spread."""
    drop_height: NonNegative = (0.1, 0.5)
    """Free height below an object when it is released, in multiples of the typical object size."""
    drop_height_m: NonNegative | None = None
    """Free height in metres, in place of drop_height; null uses drop_height."""
    friction: Annotated[Range, within(0.0, 10.0)] = (0.4, 0.9)
    """Friction coefficient of each object."""
    floor: FloorSettings = FloorSettings()
    """Colours and textures of the floor."""
    walls: WallSettings = WallSettings()
    """Walls around the objects, and their colours and textures."""
    physics: PhysicsSettings = PhysicsSettings()
    """How objects fall and come to rest."""

    def draw(self, scene: int, split: str, attempt: int, catalogue: Catalogue, streams: Streams) -> SceneSpec:
        """Samples a scene with bodies above the floor, at heights where no bounding volumes overlap.

        Raises:
            RejectedDraw: `no_place` if the stack would be too high for a stable simulation.
        """
        unit_m = catalogue.typical_size_m
        radius_m = length_m(streams("poses"), self.spread, self.spread_m, unit_m)
        release = Release(unit_m, self.drop_height, self.friction, drop_height_m=self.drop_height_m)
        unplaced = list(self._unplaced(catalogue, streams))
        bodies = release.bodies(unplaced, lambda body: radius_m * random_disc(body.rng))
        floor = self.floor.surface(streams("looks"), unit_m, catalogue.album("floor"))
        background = self._background(catalogue, streams)
        physics = self.physics.within(3 * radius_m + 10 * unit_m)
        room = self.walls.plan(streams, unit_m, catalogue.album("walls"))
        return SceneSpec(scene, split, attempt, bodies, floor, background, physics, room)
