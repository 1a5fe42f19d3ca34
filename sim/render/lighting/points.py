"""Point clouds on the surfaces of bodies, from which shadow maps are rendered."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scenes.assets.edges import face_normals
from scenes.assets.mesh import Mesh
from scenes.geometry import Vec3
from scenes.spec import SceneSpec
from sim.meshfiles import MeshFiles

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

MAX_ERROR = 3.5e-3
"""Maximum error of the mesh on which points are distributed, as a fraction of its longest side: less than the
distance between `MAX_POINTS` points, and a tenth of a pixel of most shadow maps."""
GOLDEN = 0.6180339887498949
"""Fractional part of the golden ratio: its multiples modulo 1 are evenly distributed."""
MIN_POINTS, MAX_POINTS = 64, 131072
"""Limits of the number of points on a body."""
CACHED_SHAPES, CACHED_AREAS = 48, 4096
"""Number of shapes whose points (at most 3 MiB each) are cached, and number of cached surface areas."""
FEW_FACES = 512
"""Number of triangles up to which furniture is sampled triangle by triangle."""
FLAT = 0.99999
"""A triangle counts as flat if the cosines between its normal and its vertex normals reach this value."""
R2_STEPS = 0.7548776662466927, 0.5698402909980532
"""Steps of Roberts's R2 sequence: any number of consecutive points covers a square evenly."""


@dataclass(frozen=True, slots=True, eq=False)
class Cloud:
    """World points on surfaces.

    Attributes:
        points_m: (3, n) points in metres.
        normal: (3, n) normals, interpolated from the vertex normals of the mesh.
        curved: (n,) whether the vertex normals of the point's triangle differ from its face normal.
        spacing_m: Approximate distance between neighbouring points.
    """

    points_m: Floats
    normal: Floats
    curved: NDArray[np.bool_]
    spacing_m: float

    def curved_points(self) -> "Cloud":
        """Takes every second point of the cloud, and returns those at which the surface is curved."""
        chosen = 2 * np.flatnonzero(self.curved[::2])
        points, normal = (rows.take(chosen, axis=1) for rows in (self.points_m, self.normal))
        return Cloud(points, normal, self.curved.take(chosen), self.spacing_m * 2**0.5)


Shape = tuple[str, Vec3]
"""Key of an asset, and the proportions of a body."""
SurfaceSamples = tuple[Floats, Floats, NDArray[np.bool_]]


class PointClouds:
    """Evenly distributed points on the surfaces of assets, cached by shape.

    Args:
        files: Meshes of the assets.
    """

    def __init__(self, files: MeshFiles) -> None:
        """Starts with empty caches."""
        self._files = files
        self._samples: dict[Shape, SurfaceSamples] = {}
        self.area = lru_cache(CACHED_AREAS)(self._area)

    def _area(self, shape: Shape) -> float:
        """Surface area of an asset scaled to a body's proportions, in square mesh units."""
        return float(_triangle_areas(self._shaped(shape)).sum())

    def _shaped(self, shape: Shape) -> Mesh:
        """Returns the mesh on which points are distributed: the coarsest level that is exact enough."""
        key, proportions = shape
        allowed_m = MAX_ERROR * max(self._files.assets[key].extents_m)
        errors_m = self._files.errors_m(key)
        level = max(level for level, error_m in enumerate(errors_m) if error_m <= allowed_m)
        return self._files.shaped(key, level, proportions)

    def finest_m(self, spec: SceneSpec) -> float:
        """Returns the point spacing in metres at which the largest body has `MAX_POINTS` points."""
        areas = (self.area((body.asset, body.proportions)) * body.largest_scale**2 for body in spec.bodies)
        return float(np.sqrt(max(areas) / MAX_POINTS))

    def sample(self, shape: Shape, count: int, recurs: bool = True) -> SurfaceSamples:
        """Samples points on an asset, in mesh units, and caches them.

        Args:
            shape: The asset and the proportions of the body.
            count: Number of points.
            recurs: Whether other scenes contain the shape, too. If so, up to twice as many points are cached.

        Returns:
            (3, count) points, (3, count) normals, and a (count,) mask of the points on curved surfaces.
        """
        known = self._samples.pop(shape, None)
        if known is None or len(known[2]) < count or (not recurs and len(known[2]) != count):
            mesh = self._shaped(shape)
            # The first points of a longer sequence are distributed evenly too, except with `sample_facets`,
            # whose points are sorted by triangle.
            longer = 1 << max(count - 1, 1).bit_length() if recurs else count
            if recurs or len(mesh.faces) > FEW_FACES:
                points, normals, curved = sample_surface(mesh, longer)
                known = _columns(points), _columns(normals), curved
            else:
                known = sample_facets(mesh, count)
        self._samples[shape] = known  # now the last entry; the first is the least recently used
        if len(self._samples) > CACHED_SHAPES:
            del self._samples[next(iter(self._samples))]
        return known[0][:, :count], known[1][:, :count], known[2][:count]

    def scene(self, spec: SceneSpec, spacing_m: float) -> Cloud:
        """Returns world points on the surfaces of all bodies of a scene, about `spacing_m` apart."""
        points, normals, curved = [], [], []
        for body in spec.bodies:
            shape, scale = (body.asset, body.proportions), body.largest_scale
            wanted = int(self.area(shape) * (scale / spacing_m) ** 2)
            count, recurs = min(max(wanted, MIN_POINTS), MAX_POINTS), body.role != "furniture"
            places, facing, curved_here = self.sample(shape, count, recurs)
            pose = self._files.center_pose(body)
            turn, shift = pose.rotation(), np.array(pose.position_m, np.float32)[:, None]
            points.append((turn * scale).astype(np.float32) @ places + shift)
            normals.append(turn.astype(np.float32) @ facing)
            curved.append(curved_here)
        places, facing = (np.concatenate(rows, axis=1) for rows in (points, normals))
        return Cloud(places, facing, np.concatenate(curved), spacing_m)


def sample_surface(mesh: Mesh, count: int) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Samples points evenly distributed over a surface; deterministic.

    Returns:
        (count, 3) points, (count, 3) normals, and a (count,) mask of the points on curved surfaces.
    """
    areas = _triangle_areas(mesh)
    steps = np.arange(count, dtype=np.float64)
    place = (steps * GOLDEN + 0.5) % 1.0 * areas.sum()
    faces = np.minimum(np.searchsorted(areas.cumsum(), place), len(areas) - 1)
    corners = mesh.faces[faces]
    first, second = _in_triangle(steps)
    shares = np.stack([1 - first - second, first, second], axis=1)
    normals = np.concatenate([part.normals for part in mesh.parts])
    return (
        _interpolate(mesh.vertices_m[corners], shares),
        _interpolate(normals[corners], shares),
        _curved(mesh, normals, corners) if count < len(areas) else _curved(mesh, normals, mesh.faces)[faces],
    )


def sample_facets(mesh: Mesh, count: int) -> SurfaceSamples:
    """Samples points on a mesh, triangle by triangle; much faster than `sample_surface`.

    The number of points on each triangle is proportional to its area.

    Returns:
        (3, count) points, (3, count) normals, and a (count,) mask of the points on curved surfaces.
    """
    areas = _triangle_areas(mesh)
    numbers = np.diff(np.rint(areas.cumsum() / areas.sum() * count).astype(np.int64), prepend=0)
    starts = np.cumsum(numbers) - numbers
    first, second = (
        share.astype(np.float32).take(np.arange(count) - np.repeat(starts, numbers))
        for share in _in_triangle(np.arange(numbers.max(), dtype=np.float64))
    )
    corners = np.ascontiguousarray(mesh.vertices_m[mesh.faces].transpose(1, 2, 0), np.float32)
    origin, one, other = (
        np.repeat(each, numbers, axis=1)
        for each in (corners[0], corners[1] - corners[0], corners[2] - corners[0])
    )
    normals = np.concatenate([part.normals for part in mesh.parts])
    facing = _columns(face_normals(mesh.vertices_m[mesh.faces]))
    smooth = _curved(mesh, normals, mesh.faces)
    return (
        origin + one * first + other * second,
        np.repeat(facing, numbers, axis=1),
        np.repeat(smooth, numbers),
    )


def _in_triangle(steps: Array) -> tuple[Array, Array]:
    """Distributes points evenly in a triangle, with a low-discrepancy sequence.

    Args:
        steps: (n,) number of each point in the sequence.

    Returns:
        Two arrays (n,): the barycentric weights of the second and of the third corner for each point.
    """
    first, second = ((steps * step + 0.5) % 1.0 for step in R2_STEPS)
    over = first + second > 1
    return np.where(over, 1 - first, first), np.where(over, 1 - second, second)


def _curved(mesh: Mesh, normals: Array, corners: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Returns which triangles lie on curved surfaces: their vertex normals differ from their face normals.

    Args:
        mesh: The mesh.
        normals: (n, 3) vertex normals of the mesh.
        corners: (k, 3) vertex indices of the triangles.

    Returns:
        (k,) mask of the triangles.
    """
    own = face_normals(mesh.vertices_m[corners])
    cosine = np.abs(np.einsum("nci,ni->nc", normals[corners], own))
    return np.asarray(cosine.min(axis=1) < FLAT)


def _columns(rows: Array) -> Floats:
    return np.ascontiguousarray(rows.T, np.float32)


def _interpolate(corners: Array, shares: Array) -> Array:
    """Points (n, 3) in triangles (n, 3, 3), by barycentric coordinates (n, 3)."""
    return np.asarray(np.einsum("nci,nc->ni", corners, shares))


def _triangle_areas(mesh: Mesh) -> Array:
    places = np.ascontiguousarray(mesh.vertices_m.T)
    a, b, c = (places.take(corner, axis=1) for corner in mesh.faces.T)
    one, other = b - a, c - a
    x, y, z = (one[i] * other[j] - one[j] * other[i] for i, j in ((1, 2), (2, 0), (0, 1)))
    return np.asarray(np.sqrt(x * x + y * y + z * z) / 2)
