"""From stored 8-bit colours to the share of light that a surface reflects."""

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.assets.srgb import SRGB_TO_LINEAR

Floats = NDArray[np.float32]

_MIN_ALBEDO, _MAX_ALBEDO = 0.02, 0.85
"""What the blackest and the whitest paint send back of the light."""

_ALBEDO = np.float32(_MIN_ALBEDO) + np.float32(_MAX_ALBEDO - _MIN_ALBEDO) * SRGB_TO_LINEAR


def albedo_of(pixels: NDArray[np.uint8], tint: tuple[float, float, float] | None = None) -> Floats:
    """The share (..., 3) of light that surfaces of some 8-bit colours send back; no paint is quite black.

    Args:
        pixels: (h, w, 3), or any shape without a tint.
        tint: A colour, 0..1, that they are multiplied by.
    """
    if tint is None:
        return np.asarray(cv2.LUT(pixels, _ALBEDO), np.float32)
    places = np.rint(255 * np.array(tint)).astype(np.intp)
    white = np.float32(_MAX_ALBEDO - _MIN_ALBEDO) * SRGB_TO_LINEAR[:, None] * SRGB_TO_LINEAR[places]
    return np.asarray(cv2.LUT(pixels, (np.float32(_MIN_ALBEDO) + white)[None]), np.float32)
