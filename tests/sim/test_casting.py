"""Rays find the triangles that a comparison of each ray with each triangle finds."""

import numpy as np
import pytest

from sim.render.raster.casting import cast
from tests.rig import Array


@pytest.mark.parametrize("size_m", [0.03, 0.1, 1.0])
@pytest.mark.parametrize("nearest_m", [-1.0, 0.3])
def test_the_nearest_triangle_is_found_whatever_its_size_and_place(size_m: float, nearest_m: float) -> None:
    rng = np.random.Generator(np.random.PCG64(4))
    middle = rng.uniform((-1, -1, nearest_m), (1, 1, 3), (300, 3))
    corners_m = middle[:, None] + size_m * rng.normal(size=(300, 3, 3))
    corners_m[::5] = np.round(8 * corners_m[::5]) / 8  # edges along rows, and triangles without an area
    x, y = np.meshgrid((np.arange(48) - 23.5) / 40, (np.arange(36) - 17.5) / 40)
    rays = np.stack([x, y + 0.004 * np.sin(37 * x)], axis=-1).reshape(-1, 2)
    faces = np.arange(900, dtype=np.int32).reshape(-1, 3).T
    found = cast(rays, corners_m.reshape(-1, 3).T.copy(), faces, 0.05)
    depths_m = all_depths(rays, corners_m)
    assert np.allclose(found.depth_m, depths_m.min(axis=1), rtol=1e-9)
    hit = np.flatnonzero(found.face >= 0)
    assert len(hit) > 9
    assert np.allclose(depths_m[hit, found.face[hit]], found.depth_m[hit], rtol=1e-9)


def all_depths(rays: Array, corners_m: Array) -> Array:
    """Depth (n, m) at which rays (n, 2) meet triangles (m, 3, 3); infinite where they do not."""
    directions = np.column_stack([rays, np.ones(len(rays))])
    a, b, c = np.moveaxis(corners_m, 1, 0)
    sides = [directions @ np.cross(*pair).T for pair in ((a, b), (b, c), (c, a))]
    inside = np.all([side >= 0 for side in sides], axis=0) | np.all([side <= 0 for side in sides], axis=0)
    with np.errstate(all="ignore"):
        depths_m = np.einsum("mi,mi->m", a, np.cross(b, c)) / np.sum(sides, axis=0)
    return np.where(inside & (depths_m > 0.05), depths_m, np.inf)
