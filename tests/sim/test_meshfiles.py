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
    errors_m = files.errors_m(key)
    assert len(errors_m) >= 3
    planes = ConvexHull(files.mesh(key, 0).vertices_m).equations
    for index, error_m in enumerate(errors_m):
        assert (files.mesh(key, index).vertices_m @ planes[:, :3].T + planes[:, 3]).max() < 1e-8
        if index:
            assert files.level(key, 0.999 * MAX_ERROR_PX / error_m) == index
            assert files.level(key, 1.001 * MAX_ERROR_PX / error_m) == index - 1
    assert np.isfinite(errors_m).all()
