"""Albedo of surfaces from 8-bit sRGB colours."""

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.assets.srgb import SRGB_TO_LINEAR

Floats = NDArray[np.float32]

_MIN_ALBEDO, _MAX_ALBEDO = 0.02, 0.85
"""Albedo of black and of white surfaces: every real surface absorbs some light and reflects some."""

_ALBEDO = np.float32(_MIN_ALBEDO) + np.float32(_MAX_ALBEDO - _MIN_ALBEDO) * SRGB_TO_LINEAR


def albedo_of(pixels: NDArray[np.uint8], tint: tuple[float, float, float] | None = None) -> Floats:
    """Linear albedo of surfaces with given 8-bit sRGB colours, as an array of the shape of `pixels`.

    Args:
        pixels: (h, w, 3) sRGB colours; without a tint, the array may have any shape.
        tint: sRGB colour, 0..1, by which `pixels` are multiplied after conversion to linear light.
    """
    if tint is None:
        return np.asarray(cv2.LUT(pixels, _ALBEDO), np.float32)
    places = np.rint(255 * np.array(tint)).astype(np.intp)
    white = np.float32(_MAX_ALBEDO - _MIN_ALBEDO) * SRGB_TO_LINEAR[:, None] * SRGB_TO_LINEAR[places]
    return np.asarray(cv2.LUT(pixels, (np.float32(_MIN_ALBEDO) + white)[None]), np.float32)
