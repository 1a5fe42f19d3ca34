"""From stored 8-bit colours to the share of light that a surface reflects."""

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_DARKEST, _WHITEST = 0.02, 0.85
"""What the blackest and the whitest paint send back of the light."""


def _decoded() -> Floats:
    """The light (256,) behind each 8-bit value (IEC 61966-2-1)."""
    value = np.arange(256) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)


_LINEAR = _decoded()
_PAINT = np.float32(_DARKEST) + np.float32(_WHITEST - _DARKEST) * _LINEAR


def paint(pixels: NDArray[np.uint8], tint: tuple[float, float, float] | None = None) -> Floats:
    """The share (..., 3) of light that surfaces of some 8-bit colours send back; no paint is quite black.

    Args:
        pixels: (h, w, 3), or any shape without a tint.
        tint: A colour, 0..1, that they are multiplied by.
    """
    if tint is None:
        return np.asarray(cv2.LUT(pixels, _PAINT), np.float32)
    places = np.rint(255 * np.array(tint)).astype(np.intp)
    tables = np.float32(_DARKEST) + np.float32(_WHITEST - _DARKEST) * _LINEAR[:, None] * _LINEAR[places]
    return np.asarray(cv2.LUT(pixels, tables[None]), np.float32)
