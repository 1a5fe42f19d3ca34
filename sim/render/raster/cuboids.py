"""Furniture that consists of cuboids: its depth by a ray through each pixel centre, as that of floors.

Boards, walls of bins and table tops fill much of the image. TinyRenderer spends 0.2 µs on each of their
pixels; to compare a ray with the six planes of a cuboid takes a tenth of that.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from scenes.assets.mesh import Mesh
from scenes.geometry import Pose
from scenes.shot import Camera
from scenes.spec import Body
from sim.boxes import Box
from sim.meshfiles import MeshFiles
from sim.render.raster.gbuffer import Array
from sim.render.raster.rays import box_rays

TOLERANCE = 1e-9
"""Allowed error of the corners of a cuboid, as a fraction of its largest side."""
FACES = 12
"""Triangles of a cuboid."""


@dataclass(frozen=True, slots=True, eq=False)
class Cuboid:
    """A cuboid in view of a camera.

    Attributes:
        half_m: (3,) half of its sides.
        eye_m: (3,) position of the camera in its frame, whose origin is its middle.
        turn: (3, 3) axes of the camera in its frame, in columns.
    """

    half_m: Array
    eye_m: Array
    turn: Array

    @property
    def facing(self) -> list[int]:
        """The axes whose faces the camera sees: at most one face of each."""
        return [axis for axis in range(3) if abs(self.eye_m[axis]) > self.half_m[axis]]


class Cuboids:
    """Tells which bodies are drawn as cuboids.

    Args:
        files: Meshes of the assets.
    """

    def __init__(self, files: MeshFiles) -> None:
        """Looks at no mesh yet."""
        self._files = files
        self._half_sides = cache(lambda key: half_sides(files.mesh(key, 0)))

    def __contains__(self, body: Body) -> bool:
        """Whether a body is a piece of furniture whose mesh is a cuboid without a texture of its own."""
        return body.role == "furniture" and self._half_sides(body.asset) is not None

    def seen(self, body: Body, camera: Camera) -> Cuboid:
        """A body, which is a cuboid, as a camera sees it."""
        half = self._half_sides(body.asset)
        assert half is not None
        eye: Pose = camera.pose.inside(self._files.center_pose(body))
        return Cuboid(half * np.array(body.axes), np.array(eye.position_m), eye.rotation())


def half_sides(mesh: Mesh) -> Array | None:
    """Half of the sides (3,) of a mesh that is a cuboid around the origin; None for any other mesh."""
    if len(mesh.parts) != 1 or mesh.parts[0].texture is not None or len(mesh.faces) != FACES:
        return None
    corners = mesh.vertices_m[mesh.faces]
    half = np.asarray(np.abs(corners).max(axis=(0, 1)))
    if np.abs(np.abs(corners) - half).max() > TOLERANCE * half.max():
        return None
    flat = (np.ptp(corners, axis=1) <= TOLERANCE * half.max()).any(axis=1)
    areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
    surface = 8 * (half[0] * half[1] + half[1] * half[2] + half[2] * half[0])
    return half if flat.all() and np.isclose(areas.sum(), surface, rtol=1e-6) else None


def cuboid_depth(cuboid: Cuboid, camera: Camera, box: Box) -> Array:
    """Depths (h, w) in metres of a cuboid alone at the pixel centres of a box; infinite beside it.

    A ray enters the space between two parallel planes, unless the camera is between them, and leaves it. It
    meets the cuboid if it has entered the last of the three spaces before it leaves the first.
    """
    along = along_rays(camera, box)
    shape = box[3] - box[1], box[2] - box[0]
    # Inverse depth: it is linear in the image, and negative behind the camera.
    enters, leaves = np.full(shape, np.inf), np.full(shape, -np.inf)
    for row, half_m, eye_m in zip(cuboid.turn, cuboid.half_m, cuboid.eye_m, strict=True):
        side = np.copysign(1.0, eye_m)
        outside_m = side * eye_m - half_m
        least_m = TOLERANCE * half_m  # a camera in a plane is beside it
        if outside_m > 0:
            np.minimum(enters, along(row * (-side / max(outside_m, least_m))), out=enters)
        else:
            np.maximum(leaves, along(row * (side / max(-outside_m, least_m))), out=leaves)
        np.maximum(leaves, along(row * (-side / (half_m + side * eye_m))), out=leaves)
    met = (enters >= leaves) & (enters > 0) & np.isfinite(enters)
    depth_m = np.full(shape, np.inf)
    np.divide(1.0, enters, out=depth_m, where=met)
    return depth_m


def along_rays(camera: Camera, box: Box) -> Callable[[Array], Array]:
    """A function that returns the products (h, w) of a vector (3,) and pixels' rays, scaled to depth 1."""
    if camera.distortion is not None:
        rays = box_rays(camera, box)
        return lambda row: np.asarray(rays @ row[:2] + row[2])
    x = (np.arange(box[0], box[2]) + 0.5 - camera.cx) / camera.fx
    y = (np.arange(box[1], box[3]) + 0.5 - camera.cy) / camera.fy
    return lambda row: np.asarray(row[0] * x + (row[1] * y + row[2])[:, None])
