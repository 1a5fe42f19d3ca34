"""Levels of detail stay within the convex hull of the mesh, which decides the part of the image to draw."""

from pathlib import Path

import numpy as np
from scipy.spatial import ConvexHull

from scenes.assets.shapes import sphere
from sim.meshfiles import MAX_ERROR_PX, MeshFiles
from tests.rig import catalogue_of


def test_the_coarsest_level_within_the_error_is_chosen_and_lies_within_the_hull(tmp_path: Path) -> None:
    files = MeshFiles(catalogue_of({"sphere": sphere(0.1, 150)}), tmp_path)
    (key,) = files.assets
    levels = files.levels(key)
    assert len(levels) >= 3
    planes = ConvexHull(levels[0].mesh.vertices_m).equations
    for index, level in enumerate(levels):
        assert (level.mesh.vertices_m @ planes[:, :3].T + planes[:, 3]).max() < 1e-9
        if index:
            assert files.level(key, 0.999 * MAX_ERROR_PX / level.error_m) == index
            assert files.level(key, 1.001 * MAX_ERROR_PX / level.error_m) == index - 1
    assert np.isfinite([level.error_m for level in levels]).all()
