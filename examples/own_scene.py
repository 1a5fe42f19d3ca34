"""A scene of your own: objects fall onto a block, and some of them off it."""

from typing import Literal

from scenes.assets.catalogue import Catalogue
from scenes.assets.mesh import Mesh
from scenes.furnishing.furniture import CUBE, FurnitureSettings, cubes, cuboid
from scenes.placing.release import Release
from scenes.scene import Scene, random_disc
from scenes.settings import Positive, Streams, uniform
from scenes.spec import Physics, SceneSpec


class Block(Scene):
    """Objects fall onto a block, and some of them off it."""

    kind: Literal["block"] = "block"
    height: Positive = (1.0, 3.0)
    """Height of the block, in multiples of the typical object size."""
    block: FurnitureSettings = FurnitureSettings(textured=0.5)
    """Colours and textures of the block."""

    @property
    def furniture(self) -> dict[str, Mesh]:
        """A cube with sides of 1 m."""
        return cubes()

    def draw(self, scene: int, split: str, attempt: int, catalogue: Catalogue, streams: Streams) -> SceneSpec:
        """Samples a block that is three typical objects wide, and objects above it."""
        rng, unit_m = streams("furniture"), catalogue.typical_size_m
        top_m, half_m = unit_m * uniform(rng, self.height), 1.5 * unit_m
        parts = [cuboid((-half_m, -half_m, 0.0), (half_m, half_m, top_m))]
        block = self.block.piece(rng, catalogue.album("block"), catalogue.furniture[CUBE], parts)
        release = Release(unit_m, (0.1, 0.5), (0.4, 0.9), lambda x, y, volume: top_m + volume.below_m)
        objects = list(self._unplaced(catalogue, streams))
        bodies = release.bodies(objects, lambda body: half_m * random_disc(body.rng))
        backdrop = self._background(catalogue, streams)  # floor and background have the same look
        physics = Physics(9.81, 1 / 240, 6.0, bounds_m=20 * unit_m)
        return SceneSpec(scene, split, attempt, (*bodies, *block), backdrop, backdrop, physics)
