"""Surfaces for ray casting: double-precision triangles and their single-precision Embree scene."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim2coco.audit.geometry import Array, inverse

MARGIN = 1.5
"""Rays start this many sphere radii before their closest approach to the centre, never behind the camera."""
MAX_RAYS = 1 << 20
"""Maximum number of rays per Embree call."""


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """A triangle mesh for ray casting.

    Embree computes in single precision. Therefore its scene contains the mesh normalised to the unit sphere,
    and rays start just outside that sphere. Precision does not depend on the distance of the camera from the
    mesh, nor on the distance of the mesh from its origin.

    Attributes:
        vertices: (n, 3) float64, in the frame of the file or shape.
        centre: (3,), centre of the vertices' bounding box.
        radius: Largest distance of a vertex from the centre.
        scene: The Embree scene, in which the centre is the origin and the radius is 1.
    """

    vertices: Array
    centre: Array
    radius: float
    scene: Any = field(repr=False)

    @classmethod
    def of(cls, triangles: Array) -> "Surface":
        """Builds a surface from triangles (m, 3, 3)."""
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
        """Side lengths (3,) of the vertices' bounding box."""
        return np.asarray(np.ptp(self.vertices, axis=0))

    def depths(self, to_camera: Array, directions: Array) -> NDArray[np.float64]:
        """Returns the depths (n,) at which rays from the camera hit the surface; infinite for misses.

        Args:
            to_camera: (4, 4), any invertible affine transform from the vertex frame to the camera frame.
            directions: (n, 3), ray directions in the camera frame, scaled to z = 1.
        """
        back = inverse(to_camera)
        eye = (back[:3, 3] - self.centre) / self.radius
        linear = back[:3, :3] / self.radius
        parts = range(0, len(directions), MAX_RAYS)
        found = [self._cast(eye, directions[at : at + MAX_RAYS] @ linear.T) for at in parts]
        return np.concatenate(found) if found else np.zeros(0)

    def _cast(self, eye: Array, directions: Array) -> Array:
        """Returns t (n,) at which `eye` + t · direction hits the normalised surface; infinite for misses."""
        lengths = np.linalg.norm(directions, axis=1)
        unit = directions / lengths[:, None]
        begin = np.maximum(-(unit @ eye) - MARGIN, 0.0)
        starts = (eye + begin[:, None] * unit).astype(np.float32)
        hits = self.scene.run(starts, unit.astype(np.float32), output=1)
        t = (begin + hits["tfar"].astype(np.float64)) / lengths
        return np.where(hits["primID"] >= 0, t, np.inf)
