"""Orthographic cameras that look along a light's direction, for shadow maps."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.render.raster.gbuffer import Array, ShadowMap
from sim.render.raster.matrices import look_along, orthographic

DRAWN_WHOLE_M = 0.15, 0.33
"""TinyRenderer clips no shadow map whose half side in metres is between these limits."""
SCALED_HALF_M = 0.25
"""Half side in metres to which shadow maps outside the limits `DRAWN_WHOLE_M` are scaled for rendering."""


@dataclass(frozen=True, slots=True, eq=False)
class LightView:
    """An orthographic camera that looks along a light's direction at the middle of a scene.

    Attributes:
        axes: (3, 3) world directions of the camera's right, down and forward axes, one per row.
        middle_m: (3,) the middle of the scene along these axes, in metres.
        half_m: Half the side of the square that the camera sees, in metres.
    """

    axes: Array
    middle_m: Array
    half_m: float

    @classmethod
    def of(cls, points_m: Array, direction: tuple[float, float, float]) -> "LightView":
        """Returns a camera that looks from the light at all given points, with a margin around them.

        Args:
            points_m: (n, 3) world positions in metres.
            direction: Unit vector from the scene towards the light.
        """
        to_light = np.array(direction)
        right = np.cross((0.0, 0.0, 1.0) if abs(to_light[2]) < 0.99 else (0.0, 1.0, 0.0), to_light)
        right /= np.linalg.norm(right)
        axes = np.stack([right, np.cross(right, to_light), -to_light])
        points = points_m @ axes.T
        low, high = points.min(axis=0), points.max(axis=0)
        return cls(axes, (low + high) / 2, float((high - low).max()) * 0.55 + 1e-6)

    def matrices(self) -> tuple[Array, Array]:
        """The view matrix and the projection matrix, (4, 4) each, for rendering the shadow map."""
        view = look_along(self.axes, self.middle_m - np.array([0.0, 0.0, 4 * self.half_m]))
        # TinyRenderer derives near and far planes from the matrix as if it were a perspective matrix, so that
        # maps of some sizes would be clipped or empty. Such maps are rendered at another scale.
        low_m, high_m = DRAWN_WHOLE_M
        drawn_m = self.half_m if low_m <= self.half_m <= high_m else SCALED_HALF_M
        view[:3] *= drawn_m / self.half_m
        return view, orthographic(drawn_m)

    def shadow_map(self, bodies: NDArray[np.bool_]) -> ShadowMap:
        """Returns the shadow map, given the pixels of this camera's image that show bodies.

        Args:
            bodies: (side, side) mask of these pixels.
        """
        blocked = np.where(bodies, np.uint8(255), np.uint8(0))
        right, down, _ = self.axes
        corner_m = self.middle_m[:2] - self.half_m
        return ShadowMap(blocked, right, down, corner_m, len(bodies) / (2 * self.half_m))
