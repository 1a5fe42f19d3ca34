"""Walls around the objects: how many are drawn with the scene, where they stand is known once that rests."""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from scenes.assets.images import Album
from scenes.looks import LookSettings
from scenes.settings import IntRange, Positive, Streams, uniform, uniform_int, within
from scenes.spec import Surface, Wall, WallPlan

LONG = 40
"""How far a wall runs on where no other one meets it, over the distance of the farthest and the height."""


class WallSettings(LookSettings):
    """Walls around the objects, and what they look like."""

    number: Annotated[IntRange, within(0, 4)] = (0, 0)
    """Walls, each a quarter turn from the one before; 4 make a room. None hides an object."""
    gap: Positive = (0.5, 5.0)
    """Free space between the objects at rest and each wall, counted in typical object sizes."""
    height: Positive = (3.0, 12.0)
    """Height of the walls, counted in typical object sizes."""
    tile: Positive = (1.0, 8.0)
    """Side of one texture tile, counted in typical object sizes."""

    def room(self, streams: Streams, unit_m: float, album: Album) -> WallPlan | None:
        """The walls of a scene; None where there are none.

        Args:
            streams: Of the scene.
            unit_m: The typical object size.
            album: What to choose pictures from.
        """
        rng = streams("walls")
        number = uniform_int(rng, self.number)
        if not number:
            return None
        turn_rad, height_m = 2 * np.pi * rng.random(), unit_m * uniform(rng, self.height)
        surface = Surface(self.draw(rng, album), unit_m * uniform(rng, self.tile), 0.0)
        gaps_m = tuple(unit_m * uniform(streams("walls", body=wall), self.gap) for wall in range(number))
        return WallPlan(surface, float(turn_rad), height_m, gaps_m)


def walls_around(room: WallPlan | None, bodies_m: Sequence[NDArray[np.float64]]) -> tuple[Wall, ...]:
    """The walls of a room around bodies, each at its gap from the outermost point.

    Args:
        room: As drawn; None where there are no walls.
        bodies_m: Points (n, 3) of each body at rest; the origin counts as one more.
    """
    if room is None:
        return ()
    points_m = np.concatenate([np.zeros((1, 3)), *bodies_m])
    angles = [room.turn_rad + index * np.pi / 2 for index in range(len(room.gaps_m))]
    outward = [np.array([np.cos(angle), np.sin(angle)]) for angle in angles]
    distances = [
        float((points_m[:, :2] @ out).max(initial=0.0)) + gap
        for out, gap in zip(outward, room.gaps_m, strict=True)
    ]
    far_m = LONG * max(*distances, room.height_m)
    # A quarter turn on lies what is to the left of one who looks at the wall from outside.
    ends = dict(enumerate(distances))
    closed = len(distances) == 4
    walls = []
    for index, (angle, distance) in enumerate(zip(angles, distances, strict=True)):
        before, after = ((index + step) % 4 if closed else index + step for step in (-1, 1))
        low_m, high_m = -ends.get(before, far_m), ends.get(after, far_m)
        walls.append(Wall(room.surface, angle, distance, low_m, high_m, room.height_m))
    return tuple(walls)
