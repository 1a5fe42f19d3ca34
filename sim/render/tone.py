"""From stored colours to light, and from light to a picture as a camera makes it."""

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_STEPS = 4096
_BRIGHTEST = 16.0
"""Light above this is white."""


def _decoded() -> Floats:
    value = np.arange(256) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _filmic(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """A film's answer to light: a soft toe, a soft shoulder (fit of ACES by Narkowicz 2015)."""
    return np.clip(light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14), 0, 1)


def _encoded(value: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(value <= 0.0031308, 12.92 * value, 1.055 * value ** (1 / 2.4) - 0.055)


LINEAR = _decoded()
"""The light (256,) behind each 8-bit value (IEC 61966-2-1)."""
_light = _BRIGHTEST * (np.arange(_STEPS) / (_STEPS - 1)) ** 2
_CURVE = np.rint(255 * _encoded(_filmic(0.6 * _light))).astype(np.uint8)


def linear(pixels: NDArray[np.uint8]) -> Floats:
    """The light (..., 3), 0..1, behind 8-bit colours."""
    return np.asarray(cv2.LUT(pixels, LINEAR), np.float32)


def developed(light: Floats) -> NDArray[np.uint8]:
    """The 8-bit picture (H, W, 3) that a camera makes of light; 1 is a well lit white sheet.

    The table is entered with the root of the light, so that it is fine where eyes are.
    """
    root = cv2.sqrt(np.clip(light, 0, np.float32(_BRIGHTEST)))
    steps = root * np.float32((_STEPS - 1) / _BRIGHTEST**0.5) + np.float32(0.5)
    return _CURVE.take(steps.astype(np.uint16))
