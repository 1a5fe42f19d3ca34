"""The fractions of sky light and of lamp light that reach the floor between bodies."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.render.lighting.sky import FLOOR_PX, Sky
from sim.render.lighting.sun import SoftShadow

Floats = NDArray[np.float32]

BLUR_PX = 5
"""Width of the box filter on the light that the floor reflects, in pixels of the half-size floor grid."""
MOST_ROWS = 32_766
"""Maximum number of rows that `cv2.remap` accepts in one call."""


@dataclass(frozen=True, slots=True, eq=False)
class FloorLight:
    """The fraction of the sky's light that reaches the floor.

    Attributes:
        sky: (px, px) fraction of the sky's light that reaches each pixel of the floor grid (`scene.floor`).
        scene: How the bodies of the scene hide the sky.
    """

    sky: Floats
    scene: Sky

    def sky_fraction(self, x: Floats, y: Floats) -> Floats:
        """Fraction of the sky's light that reaches floor points x, y (h, w)."""
        return self._on_grid(self.sky, x, y)

    def reflected(self, shadow: SoftShadow, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Fractions of the sky's light and of a lamp's light that reach the floor around each point.

        They are averages over a square around the point, because light that the floor reflects comes from
        an area.

        Args:
            shadow: Shadows of the lamp.
            x: (h, w) world x in metres.
            y: (h, w) world y in metres.

        Returns:
            sky: (h, w) fraction of the sky's light.
            lamp: (h, w) fraction of the lamp's light.
        """
        assert self.scene.floor is not None
        step = slice(None, None, 2)
        lamp = 1 - shadow.on_floor(*(plane[step, step] for plane in self.scene.floor.centres()))
        coarse = cv2.resize(self.sky, (FLOOR_PX // 2, FLOOR_PX // 2), interpolation=cv2.INTER_AREA)
        both = cv2.blur(cv2.merge([coarse, lamp]), (BLUR_PX, BLUR_PX), borderType=cv2.BORDER_REPLICATE)
        wide = cv2.resize(both, (FLOOR_PX, FLOOR_PX))
        return self._on_grid(wide[..., 0], x, y), self._on_grid(wide[..., 1], x, y)

    def _on_grid(self, values: cv2.typing.MatLike, x: Floats, y: Floats) -> Floats:
        assert self.scene.floor is not None
        u, v = self.scene.floor.pixel_coordinates(x, y)
        parts = [
            cv2.remap(
                values, u[part], v[part], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=1.0
            )
            for part in (np.s_[start : start + MOST_ROWS] for start in range(0, len(u), MOST_ROWS))
        ]
        return np.asarray(np.concatenate(parts) if len(parts) > 1 else parts[0], np.float32)
