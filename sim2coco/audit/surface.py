"""Surfaces for ray casting: triangles in double precision, and Embree's single-precision scene of them."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim2coco.audit.geometry import Array, inverse

MARGIN = 1.5
"""Rays start where they enter a sphere of this many radii about the surface."""
MAX_RAYS = 1 << 20
"""Number of rays that are cast in one call."""


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """Triangles that rays can be cast at.

    Embree computes in single precision. So its scene contains the surface moved and scaled into a unit
    sphere, and rays begin just before it: neither the distance of the camera nor that of the mesh from its
    own origin costs any precision.

    Attributes:
        vertices: (n, 3) float64, in the frame of the file, or of the shape.
        centre: (3,) Centre of the box of the vertices.
        radius: Largest distance of a vertex from it.
        scene: Embree's scene, in which the centre is the origin and the radius 1.
    """

    vertices: Array
    centre: Array
    radius: float
    scene: Any = field(repr=False)

    @classmethod
    def of(cls, triangles: Array) -> "Surface":
        """The surface of triangles (m, 3, 3)."""
        from embreex.mesh_construction import TriangleMesh
        from embreex.rtcore_scene import EmbreeScene

        vertices, faces = np.unique(triangles.reshape(-1, 3), axis=0, return_inverse=True)
        centre = (vertices.min(axis=0) + vertices.max(axis=0)) / 2
        radius = float(np.linalg.norm(vertices - centre, axis=1).max())
        scene = EmbreeScene(robust=True)
        unit = ((vertices - centre) / radius).astype(np.float32)
        TriangleMesh(scene, unit, faces.reshape(-1, 3).astype(np.int32))
        return cls(vertices, centre, radius, scene)

    @property
    def extents(self) -> Array:
        """Sides (3,) of the bounding box of the vertices."""
        return np.asarray(np.ptp(self.vertices, axis=0))

    def depths(self, to_camera: Array, directions: Array) -> NDArray[np.float64]:
        """The depths (n,) at which rays from the camera meet the surface; infinite where they do not.

        Args:
            to_camera: (4, 4) from the frame of the vertices to the camera; any invertible affine transform.
            directions: (n, 3) Directions in the camera frame, scaled to a depth of 1.
        """
        back = inverse(to_camera)
        eye = (back[:3, 3] - self.centre) / self.radius
        linear = back[:3, :3] / self.radius
        parts = range(0, len(directions), MAX_RAYS)
        found = [self._cast(eye, directions[at : at + MAX_RAYS] @ linear.T) for at in parts]
        return np.concatenate(found) if found else np.zeros(0)

    def _cast(self, eye: Array, directions: Array) -> Array:
        """The parameters t (n,) at which `eye` + t · direction meets the surface in the unit sphere."""
        lengths = np.linalg.norm(directions, axis=1)
        unit = directions / lengths[:, None]
        begin = np.maximum(-(unit @ eye) - MARGIN, 0.0)
        starts = (eye + begin[:, None] * unit).astype(np.float32)
        hits = self.scene.run(starts, unit.astype(np.float32), output=1)
        t = (begin + hits["tfar"].astype(np.float64)) / lengths
        return np.where(hits["primID"] >= 0, t, np.inf)
