"""The occluding floor and walls: the plane z = 0, and vertical rectangles that stand on it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sim2coco.audit.geometry import Array, Camera, inverse

SUNK_M = 0.001
"""The floor hides only points more than this far below it, because bodies at rest sink in slightly."""


@dataclass(frozen=True, slots=True)
class Wall:
    """A vertical rectangle, visible only from the side on which the world origin lies.

    The fields are those of a wall in a record.
    """

    azimuth_rad: float
    distance_m: float
    low_m: float
    high_m: float
    height_m: float

    def depths(self, eye_m: Array, directions: Array) -> Array:
        """Depth (n,) at which each ray hits the wall; infinite if it misses the wall.

        Args:
            eye_m: (3,) position of the camera in the world.
            directions: (n, 3) directions of the rays in the world, as vectors of depth 1.
        """
        cosine, sine = np.cos(self.azimuth_rad), np.sin(self.azimuth_rad)
        outward, sideways = np.array([cosine, sine, 0.0]), np.array([-sine, cosine, 0.0])
        away_m = self.distance_m - outward @ eye_m
        with np.errstate(divide="ignore", invalid="ignore"):
            t = away_m / (directions @ outward)
            points = eye_m + t[:, None] * directions
        along, height = points @ sideways, points[:, 2]
        met = (away_m > 0) & (t > 0) & (along >= self.low_m) & (along <= self.high_m)
        return np.where(met & (height >= 0) & (height <= self.height_m), t, np.inf)


@dataclass(frozen=True, slots=True)
class Room:
    """The occluders in a scene that are not bodies: the walls, and the floor if there is one."""

    floor: bool
    walls: tuple[Wall, ...] = ()

    @classmethod
    def parse(cls, settled: Any) -> "Room":
        """Parses the room from the settled scene of a record."""
        keys = ("azimuth_rad", "distance_m", "low_m", "high_m", "height_m")
        walls = (Wall(*(float(wall[key]) for key in keys)) for wall in settled.get("walls") or ())
        return cls(settled["spec"]["floor"] is not None, tuple(walls))

    def depths(self, camera: Camera, points_px: Array) -> Array:
        """Depth (n,) at each image point, beyond which the floor or a wall hides bodies.

        The depth is infinite where there is neither.

        Args:
            camera: The camera.
            points_px: (n, 2) image points.
        """
        to_world = inverse(camera.from_world)
        eye_m, directions = to_world[:3, 3], camera.directions(points_px) @ to_world[:3, :3].T
        depth = np.full(len(points_px), np.inf)
        if self.floor:
            with np.errstate(divide="ignore"):
                plane = -(eye_m[2] + SUNK_M) / directions[:, 2]
            depth = np.where(directions[:, 2] < 0, plane, np.inf)
        for wall in self.walls:
            depth = np.minimum(depth, wall.depths(eye_m, directions))
        return depth
