"""BOP models of meshes: PLY files in millimetres, centred on the bounding box, and model sizes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenes.assets.mesh import Mesh
from scenes.geometry import Scale, Vec3, per_axis

Array = NDArray[np.float64]
MM = 1000.0
HEADER = """\
ply
format ascii 1.0
comment millimetres, z up
element vertex {vertices}
property float x
property float y
property float z
property float nx
property float ny
property float nz
property uchar red
property uchar green
property uchar blue
element face {faces}
property list uchar int vertex_indices
end_header
"""


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A BOP model.

    Attributes:
        points_mm: (n, 3), vertices.
        normals: (n, 3), unit normals.
        colors: (n, 3) uint8 RGB; textures are dropped.
        faces: (m, 3), vertex indices.
    """

    points_mm: Array
    normals: Array
    colors: NDArray[np.uint8]
    faces: NDArray[np.int32]

    def ply(self) -> bytes:
        """Encodes the model as ASCII PLY, which BOP requires."""
        numbers = np.hstack([self.points_mm, self.normals]).tolist()
        lines = [
            f"{' '.join(f'{number:.6f}' for number in row)} {red} {green} {blue}"
            for row, (red, green, blue) in zip(numbers, self.colors.tolist(), strict=True)
        ]
        lines += [f"3 {first} {second} {third}" for first, second, third in self.faces.tolist()]
        header = HEADER.format(vertices=len(self.points_mm), faces=len(self.faces))
        return (header + "\n".join(lines) + "\n").encode()


def model(mesh: Mesh, scale: Scale, center_m: Vec3) -> Model:
    """Builds the model of a mesh.

    Args:
        mesh: The mesh, in metres.
        scale: The scale of the mesh.
        center_m: The point of the scaled mesh that becomes the origin.
    """
    factors = np.array(per_axis(scale))
    normals = np.concatenate([part.normals for part in mesh.parts]) / factors
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    colors = [
        np.tile(np.rint(255 * np.array(part.color_rgb)), (len(part.vertices_m), 1)) for part in mesh.parts
    ]
    points_mm = MM * (mesh.vertices_m * factors - center_m)
    return Model(points_mm, normals, np.concatenate(colors).astype(np.uint8), mesh.faces)


def model_info(model: Model) -> dict[str, float]:
    """Returns the diameter and the bounding box of a model, in millimetres.

    The keys are BOP's: `diameter`, `min_x`, `min_y`, `min_z`, `size_x`, `size_y` and `size_z`.
    """
    low, high = model.points_mm.min(axis=0), model.points_mm.max(axis=0)
    info = {"diameter": diameter(model.points_mm)}
    info |= {f"min_{axis}": float(value) for axis, value in zip("xyz", low, strict=True)}
    return info | {f"size_{axis}": float(value) for axis, value in zip("xyz", high - low, strict=True)}


def diameter(points: Array) -> float:
    """Returns the largest distance between any two of the points (n, 3)."""
    from scipy.spatial import ConvexHull, QhullError  # imported here, because SciPy is slow to import

    try:
        points = points[ConvexHull(points).vertices]
    except QhullError:  # the points are coplanar
        points = np.unique(points, axis=0)
    return max(float(np.linalg.norm(points - point, axis=1).max()) for point in points)
