"""The relief and the gloss of a material, as a view shows them."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.assets.materials.material import Material

Floats = NDArray[np.float32]

LEVEL = 128
"""The byte that stands for a level surface."""
MAX_FACTOR = 2.5
"""Largest ratio of the light on a slope to that on a level surface."""


def relief_pixels(material: Material) -> NDArray[np.uint8]:
    """The slopes along both axes and the gloss of a tile, (n, n, 3)."""
    return np.dstack([material.slope, material.gloss])


@dataclass(frozen=True, slots=True, eq=False)
class Relief:
    """Slopes and gloss in each pixel of a view.

    Attributes:
        pixels: (h, w, 3) uint8; see `relief_pixels`.
        step: Slope of one step of a byte.
        material: The material.
    """

    pixels: NDArray[np.uint8]
    step: float
    material: Material

    def facing(self, along_u: float, along_v: float) -> Floats:
        """Light (h, w) on the slopes relative to that on a level surface, from 0 to `MAX_FACTOR`.

        Args:
            along_u: The component of the direction to the light along the texture's u axis, divided by that
                along the normal of the level surface.
            along_v: The same along the v axis.
        """
        right, down = -self.step * along_u, -self.step * along_v
        u, v = (cv2.extractChannel(self.pixels, channel) for channel in (0, 1))
        lit = cv2.addWeighted(u, right, v, down, 1 - LEVEL * (right + down), dtype=cv2.CV_32F)
        return np.asarray(np.clip(lit, 0, MAX_FACTOR, out=lit), np.float32)
