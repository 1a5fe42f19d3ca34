"""Walls around the objects.

Their number and appearance are sampled together with the scene; their positions are computed after physics.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from scenes.assets.images import Album
from scenes.looks import LookSettings
from scenes.settings import IntRange, Positive, Share, ShareRange, Streams, length_m, uniform_int, within
from scenes.spec import Surface, Wall, WallPlan

OPEN_SIDE_FACTOR = 40
"""Sideways extent of a wall on a side where no other wall meets it, as a multiple of the distance of the
farthest wall or of the wall height, whichever is larger."""


class WallSettings(LookSettings):
    """Walls around the objects, and their colours and textures."""

    surface_kind: ClassVar[str] = "wall"
    saturation: ShareRange = (0.0, 0.4)
    """Saturation of the colour: 0 is grey."""
    textured: Share = 0.9
    """Fraction of surfaces with a texture; the others have one colour."""
    number: Annotated[IntRange, within(0, 4)] = (0, 0)
    """Number of walls, each at 90 degrees to the one before; 4 make a room. Walls never occlude objects."""
    gap: Positive = (0.5, 5.0)
    """Free space between the objects at rest and each wall, in multiples of the typical object size."""
    gap_m: Positive | None = None
    """Free space in metres, in place of gap; null uses gap."""
    height: Positive = (3.0, 12.0)
    """Height of the walls, in multiples of the typical object size."""
    height_m: Positive | None = None
    """Height of the walls in metres, in place of height; null uses height."""
    tile: Positive = (1.0, 8.0)
    """Side of a tile in typical object sizes; materials: natural size, clamped to 0.5 to 3 times this."""
    tile_m: Positive | None = None
    """Side length of a tile in metres, also of materials, in place of tile; null uses tile."""

    def plan(self, streams: Streams, unit_m: float, album: Album) -> WallPlan | None:
        """Samples the walls of a scene without their positions; None if the scene has no walls.

        Args:
            streams: Random generators of the scene.
            unit_m: The typical object size in metres.
            album: Images and texture variants to choose from.
        """
        rng = streams("walls")
        number = uniform_int(rng, self.number)
        if not number:
            return None
        turn_rad, height_m = 2 * np.pi * rng.random(), length_m(rng, self.height, self.height_m, unit_m)
        look = self.draw(rng, album)
        tile_m = self.tile_side_m(look, rng.random(), unit_m, self.tile, self.tile_m)
        surface = Surface(look, tile_m, 0.0)
        gaps_m = tuple(
            length_m(streams("walls", body=wall), self.gap, self.gap_m, unit_m) for wall in range(number)
        )
        return WallPlan(surface, float(turn_rad), height_m, gaps_m)


def walls_around(plan: WallPlan | None, bodies_m: Sequence[NDArray[np.float64]]) -> tuple[Wall, ...]:
    """Places walls around bodies; returns an empty tuple if `plan` is None.

    The gap between a wall and the bodies is measured at the point that is farthest in the direction of the
    wall. The walls also enclose the world origin.

    Args:
        plan: The walls without positions, or None for a scene without walls.
        bodies_m: Points (n, 3) of each body at rest, in the world.
    """
    if plan is None:
        return ()
    points_m = np.concatenate([np.zeros((1, 3)), *bodies_m])
    angles = [plan.turn_rad + index * np.pi / 2 for index in range(len(plan.gaps_m))]
    outward = [np.array([np.cos(angle), np.sin(angle)]) for angle in angles]
    distances = [
        float((points_m[:, :2] @ out).max(initial=0.0)) + gap
        for out, gap in zip(outward, plan.gaps_m, strict=True)
    ]
    far_m = OPEN_SIDE_FACTOR * max(*distances, plan.height_m)
    # A wall meets the next wall, 90 degrees further, at its high end, and the previous wall at its low end.
    ends = dict(enumerate(distances))
    closed = len(distances) == 4
    walls = []
    for index, (angle, distance) in enumerate(zip(angles, distances, strict=True)):
        before, after = ((index + step) % 4 if closed else index + step for step in (-1, 1))
        low_m, high_m = -ends.get(before, far_m), ends.get(after, far_m)
        walls.append(Wall(plan.surface, angle, distance, low_m, high_m, plan.height_m))
    return tuple(walls)
