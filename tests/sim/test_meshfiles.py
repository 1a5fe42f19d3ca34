"""Levels of detail stay within the convex hull of the mesh."""

import numpy as np
import pytest
import trimesh
from scipy.spatial import ConvexHull

from scenes.assets.mesh import Mesh, Part
from scenes.assets.shapes import SHAPES
from sim.meshfiles import outer_box


def wire() -> Mesh:
    """A thin rod along the diagonal: its bounding box is nearly empty."""
    rod = trimesh.creation.cylinder(0.01, segment=[[0, 0, 0], [1, 1, 1]], sections=32)
    vertices = np.array(rod.vertices)
    part = Part(vertices, np.array(rod.vertex_normals), np.zeros((len(vertices), 2)), np.array(rod.faces))
    return Mesh((part,))


@pytest.mark.parametrize("mesh", [wire(), SHAPES["sphere"](0.1), SHAPES["bracket"](0.1)])
def test_the_coarsest_level_lies_within_the_hull(mesh: Mesh) -> None:
    coarse = outer_box(mesh)
    assert len(coarse.faces) == 12
    planes = ConvexHull(mesh.vertices_m).equations
    outside_m = (coarse.vertices_m @ planes[:, :3].T + planes[:, 3]).max()
    assert outside_m < 1e-9
    # The simplified mesh still extends along the diagonal of the mesh.
    reach = np.linalg.norm(np.ptp(coarse.vertices_m, axis=0)) / np.linalg.norm(
        np.ptp(mesh.vertices_m, axis=0)
    )
    assert reach > 0.5
