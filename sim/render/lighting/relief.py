"""Surface slopes and gloss of a material in a view."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.assets.materials.material import Material

Floats = NDArray[np.float32]

LEVEL = 128
"""Byte value of a level surface."""
MAX_FACTOR = 2.5
"""Maximum ratio of the light on a slope to the light on a level surface."""


def relief_pixels(material: Material) -> NDArray[np.uint8]:
    """Returns an image (n, n, 3) with the relief of a material.

    Its channels are the slope along u, the slope along v, and the gloss.
    """
    return np.dstack([material.slope, material.gloss])


@dataclass(frozen=True, slots=True, eq=False)
class Relief:
    """Slopes and gloss in each pixel of a view.

    Attributes:
        pixels: (h, w, 3) uint8; see `relief_pixels`.
        step: Difference in slope between two byte values that differ by 1.
        material: The material.
    """

    pixels: NDArray[np.uint8]
    step: float
    material: Material

    def facing(self, along_u: float, along_v: float) -> Floats:
        """Light (h, w) on the slopes, relative to the light on a level surface; clipped to 0..`MAX_FACTOR`.

        Args:
            along_u: Component of the direction to the light along the texture's u axis, divided by its
                component along the normal of the level surface.
            along_v: Component along the texture's v axis, divided by the same component.
        """
        right, down = -self.step * along_u, -self.step * along_v
        u, v = (cv2.extractChannel(self.pixels, channel) for channel in (0, 1))
        lit = cv2.addWeighted(u, right, v, down, 1 - LEVEL * (right + down), dtype=cv2.CV_32F)
        return np.asarray(np.clip(lit, 0, MAX_FACTOR, out=lit), np.float32)
