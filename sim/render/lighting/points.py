"""Scenes as points on their surfaces: what a light reaches first is then one `maximum` per light."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scenes.assets.mesh import Mesh, face_normals
from scenes.geometry import Vec3
from scenes.spec import SceneSpec
from sim.meshfiles import MeshFiles

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

GOLDEN = 0.6180339887498949
MIN_POINTS, MAX_POINTS = 64, 131072
"""Points on the smallest and the largest body."""
CACHED_SHAPES, CACHED_AREAS = 48, 4096
"""Shapes whose points are remembered, at most 3 MiB each: catalogues may be large; and whose areas are."""
FLAT = 0.99999
"""Cosine between normals of a triangle and of its corners from which on it counts as flat."""
R2_STEPS = 0.7548776662466927, 0.5698402909980532
"""Steps of Roberts's R2 sequence: any number of points in a row fills a square evenly."""


@dataclass(frozen=True, slots=True, eq=False)
class Cloud:
    """Points on surfaces.

    Attributes:
        points_m: (3, n).
        normal: (3, n) between those of the mesh's vertices, so smooth where the surface is.
        curved: (n,) whether the normals of the triangle's corners differ from its own.
        spacing_m: About how far apart they are.
    """

    points_m: Floats
    normal: Floats
    curved: NDArray[np.bool_]
    spacing_m: float

    def curved_points(self) -> "Cloud":
        """Every second point where the surface is curved."""
        chosen = 2 * np.flatnonzero(self.curved[::2])
        points, normal = (rows.take(chosen, axis=1) for rows in (self.points_m, self.normal))
        return Cloud(points, normal, self.curved.take(chosen), self.spacing_m * 2**0.5)


Shape = tuple[str, Vec3]
"""The key of an asset and the proportions of a body."""
SurfaceSamples = tuple[Floats, Floats, NDArray[np.bool_]]


class PointClouds:
    """Evenly spread points on the surfaces of assets.

    Args:
        files: Where the meshes are.
    """

    def __init__(self, files: MeshFiles) -> None:
        """Nothing is made yet."""
        self._files = files
        self._samples: dict[Shape, SurfaceSamples] = {}
        self.area = lru_cache(CACHED_AREAS)(self._area)

    def _area(self, shape: Shape) -> float:
        """The surface of an asset in the proportions of a body, in square mesh units."""
        return float(_triangle_areas(self._files.shaped(shape[0], 0, shape[1])).sum())

    def sample(self, shape: Shape, count: int) -> SurfaceSamples:
        """Points (3, count) on an asset, in mesh units, normals (3, count), and where it is curved (count,).

        The first so many of more points are spread as evenly, so one set of each shape is enough.
        """
        known = self._samples.pop(shape, None)
        if known is None or len(known[2]) < count:
            mesh = self._files.shaped(shape[0], 0, shape[1])
            points, normals, curved = sample_surface(mesh, 1 << max(count - 1, 1).bit_length())
            known = _columns(points), _columns(normals), curved
        self._samples[shape] = known  # the last one is the one used last
        if len(self._samples) > CACHED_SHAPES:
            del self._samples[next(iter(self._samples))]
        return known[0][:, :count], known[1][:, :count], known[2][:count]

    def scene(self, spec: SceneSpec, spacing_m: float) -> Cloud:
        """World points on all bodies, about `spacing_m` apart."""
        points, normals, curved = [], [], []
        for body in spec.bodies:
            shape, scale = (body.asset, body.proportions), body.largest_scale
            wanted = int(self.area(shape) * (scale / spacing_m) ** 2)
            places, facing, curved_here = self.sample(shape, min(max(wanted, MIN_POINTS), MAX_POINTS))
            turn = body.pose.rotation()
            shift = np.array(body.pose.position_m, np.float32)[:, None]
            points.append((turn * scale).astype(np.float32) @ places + shift)
            normals.append(turn.astype(np.float32) @ facing)
            curved.append(curved_here)
        places, facing = (np.concatenate(rows, axis=1) for rows in (points, normals))
        return Cloud(places, facing, np.concatenate(curved), spacing_m)


def sample_surface(mesh: Mesh, count: int) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Points (count, 3) spread evenly over a surface, the same ones each time.

    Returns:
        The points, their normals (count, 3), and whether the surface is curved there (count,).
    """
    areas = _triangle_areas(mesh)
    steps = np.arange(count, dtype=np.float64)
    place = (steps * GOLDEN + 0.5) % 1.0 * areas.sum()
    faces = np.minimum(np.searchsorted(areas.cumsum(), place), len(areas) - 1)
    corners = mesh.faces[faces]
    first, second = ((steps * step + 0.5) % 1.0 for step in R2_STEPS)
    over = first + second > 1
    first, second = np.where(over, 1 - first, first), np.where(over, 1 - second, second)
    shares = np.stack([1 - first - second, first, second], axis=1)
    normals = np.concatenate([part.normals for part in mesh.parts])
    return (
        _interpolate(mesh.vertices_m[corners], shares),
        _interpolate(normals[corners], shares),
        _curved(mesh, normals)[faces],
    )


def _curved(mesh: Mesh, normals: Array) -> NDArray[np.bool_]:
    """Which triangles have corners whose normals are not their own: (m,)."""
    own = face_normals(mesh.vertices_m[mesh.faces])
    cosine = np.abs(np.einsum("nci,ni->nc", normals[mesh.faces], own))
    return np.asarray(cosine.min(axis=1) < FLAT)


def _columns(rows: Array) -> Floats:
    return np.ascontiguousarray(rows.T, np.float32)


def _interpolate(corners: Array, shares: Array) -> Array:
    """What lies between three corners (n, 3, 3) at some shares (n, 3) of each."""
    return np.asarray(np.einsum("nci,nc->ni", corners, shares))


def _triangle_areas(mesh: Mesh) -> Array:
    a, b, c = np.moveaxis(mesh.vertices_m[mesh.faces], 1, 0)
    return np.asarray(np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2)
