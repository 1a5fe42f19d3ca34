"""Scenes as points on their surfaces: what a light reaches first is then one `maximum` per light."""

import numpy as np
from numpy.typing import NDArray

from scenes.assets.mesh import Mesh
from scenes.spec import SceneSpec
from sim.meshfiles import MeshFiles

Floats = NDArray[np.float32]

GOLDEN = 0.6180339887498949
PLASTIC = 0.7548776662466927, 0.5698402909980532
"""Steps of Roberts's R2 sequence: any number of points in a row fills a square evenly."""


class PointClouds:
    """Evenly spread points on the surfaces of assets, made once for each number of points.

    Args:
        files: Where the meshes are.
    """

    def __init__(self, files: MeshFiles) -> None:
        """Nothing is made yet."""
        self._files = files
        self._known: dict[tuple[str, int], Floats] = {}
        self._areas: dict[str, float] = {}

    def area(self, key: str) -> float:
        """The surface of an asset, in square mesh units."""
        if key not in self._areas:
            self._areas[key] = float(_triangle_areas(self._files.assets[key].mesh).sum())
        return self._areas[key]

    def of(self, key: str, count: int) -> Floats:
        """Points (n, 3) on the surface of an asset, in mesh units: a power of two, at least `count`."""
        count = 1 << max(count - 1, 1).bit_length()
        if (key, count) not in self._known:
            self._known[key, count] = spread_points(self._files.assets[key].mesh, count)
        return self._known[key, count]

    def scene(self, spec: SceneSpec, spacing_m: float) -> Floats:
        """World points (3, n) on all bodies, about `spacing_m` apart."""
        clouds = [
            body.pose.apply(
                self.of(body.asset, int(self.area(body.asset) * (body.scale / spacing_m) ** 2))
                * np.float64(body.scale)
            )
            for body in spec.bodies
        ]
        return np.ascontiguousarray(np.concatenate(clouds).T, np.float32)


def spread_points(mesh: Mesh, count: int) -> Floats:
    """Points (count, 3) spread evenly over a surface, the same ones each time."""
    areas = _triangle_areas(mesh)
    steps = np.arange(count, dtype=np.float64)
    place = (steps * GOLDEN + 0.5) % 1.0 * areas.sum()
    triangle = np.minimum(np.searchsorted(areas.cumsum(), place), len(areas) - 1)
    first, second = ((steps * step + 0.5) % 1.0 for step in PLASTIC)
    over = first + second > 1
    first, second = np.where(over, 1 - first, first), np.where(over, 1 - second, second)
    a, b, c = np.moveaxis(mesh.vertices_m[mesh.faces[triangle]], 1, 0)
    return np.asarray(a + first[:, None] * (b - a) + second[:, None] * (c - a), np.float32)


def _triangle_areas(mesh: Mesh) -> NDArray[np.float64]:
    a, b, c = np.moveaxis(mesh.vertices_m[mesh.faces], 1, 0)
    return np.asarray(np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2)
